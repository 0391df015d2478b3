/** Replaces `{name}` by its argument; an argument that is missing stays visible. */
export function fill(template: string, args: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(args[name] ?? whole));
}

/** Numbers as the page shows them, in the host's language. */
export interface Format {
  /** A measured value: four significant digits, powers of ten where it is tiny or huge. */
  value(value: number): string;
  /** A tick of an axis: as short as it can be. */
  tick(value: number): string;
  count(value: number): string;
  share(value: number): string;
  duration(seconds: number): string;
}

export function createFormat(language: string | undefined, notFinite: string): Format {
  const locale = language === undefined || language === '' ? undefined : language;
  const fixed = new Intl.NumberFormat(locale, {
    minimumSignificantDigits: 4,
    maximumSignificantDigits: 4,
    useGrouping: false,
  });
  const short = new Intl.NumberFormat(locale, { maximumSignificantDigits: 6, useGrouping: false });
  const power = new Intl.NumberFormat(locale, { notation: 'scientific', maximumFractionDigits: 2 });
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const share = new Intl.NumberFormat(locale, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const extreme = (value: number): boolean =>
    value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6);
  // A small e, as in code and in the sentences beside.
  const scientific = (value: number): string => power.format(value).replace('E', 'e');
  return {
    value: (value) =>
      !Number.isFinite(value) ? notFinite : extreme(value) ? scientific(value) : fixed.format(value),
    tick: (value) => (extreme(value) ? scientific(value) : short.format(value)),
    count: (value) => whole.format(value),
    share: (value) => (Number.isFinite(value) ? share.format(value) : notFinite),
    duration: (seconds) => {
      if (seconds < 1) return `${whole.format(seconds * 1000)} ms`;
      if (seconds < 60)
        return `${new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(seconds)} s`;
      const minutes = Math.floor(seconds / 60);
      const rest = Math.floor(seconds % 60);
      return minutes < 60
        ? `${minutes}:${String(rest).padStart(2, '0')} min`
        : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')} h`;
    },
  };
}
