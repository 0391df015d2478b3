const iso = /^(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?(Z|[+-]\d\d:?\d\d)?)?)?$/;

/**
 * Seconds from the beginning of 1970 to a date or time of ISO 8601: `2024-05`, `2024-05-31`, `2024-05-31 14:00:05Z`;
 * without a zone it is taken as UTC. Undefined for other text.
 */
export function secondsOf(cell: string): number | undefined {
  const match = iso.exec(cell);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) =>
    Number(match[i] ?? (i === 3 ? 1 : 0)),
  ) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second >= 61) return undefined;
  const days = daysTo(year, month) + day - 1;
  if (days >= daysTo(month === 12 ? year + 1 : year, month === 12 ? 1 : month + 1)) return undefined;
  return 86_400 * days + 3600 * hour + 60 * minute + second - offset(match[7]);
}

/** Days from 1 January 1970 to the first of a month of the Gregorian calendar. */
function daysTo(year: number, month: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const ofMonths = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1]!;
  return 365 * before + leapDays + ofMonths + (isLeap && month > 2 ? 1 : 0) - 719_162;
}

/** Seconds by which a zone such as `+02:00` is ahead of UTC. */
function offset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const seconds = 3600 * Number(zone.slice(1, 3)) + 60 * Number(zone.slice(-2));
  return zone.startsWith('-') ? -seconds : seconds;
}
