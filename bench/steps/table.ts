import { stepTimes, type ContenderResult, type Curve, type GrowthFile, type RowResult } from './results.ts';
import { median, overtakings } from './statistics.ts';
import type { Line, Row } from './tasks.ts';

/** Two tables as Markdown: what each contender takes, and the ratios that are aimed at. */
export function stepsTable(measured: readonly RowResult[], rows: readonly Row[]): string {
  const lines = rows.flatMap((row) => {
    const found = measured.find(({ task }) => task === row.task.id);
    return found === undefined ? [] : row.lines.map((line) => ratioLine(found, line));
  });
  const ratios =
    lines.length === 0
      ? []
      : [
          table(
            ['one training step', 'against', 'ratio, best', 'ratio, median', 'reach at least', 'aim'],
            lines,
          ),
          '',
        ];
  return [...ratios, ...measured.map(timesTable)].join('\n');
}

function ratioLine(row: RowResult, line: Line): string[] {
  const ours = row.contenders.find(({ id }) => id === line.ours);
  const peers = row.contenders.filter(({ id }) => line.against.includes(id));
  const goals = [line.reach, line.aim].map((goal) => (goal === undefined ? '' : String(goal)));
  if (ours === undefined || stepTimes(ours).length === 0)
    return [row.title, line.title, `not measured: ${ours?.absent ?? 'it takes no part'}`, '', ...goals];
  if (peers.every((peer) => stepTimes(peer).length === 0))
    return [row.title, line.title, `not measured: ${peers[0]?.absent ?? 'it takes no part'}`, '', ...goals];
  const ratio = (of: (times: readonly number[]) => number) =>
    Math.min(
      ...peers
        .map(stepTimes)
        .filter((times) => times.length > 0)
        .map(of),
    ) / of(stepTimes(ours));
  return [row.title, line.title, digits(ratio(best)), digits(ratio(median)), ...goals];
}

function timesTable(row: RowResult): string {
  const body = row.contenders.map((contender) => {
    const times = stepTimes(contender);
    if (times.length === 0)
      return [contender.name, `not measured: ${contender.absent ?? 'no window'}`, '', '', ''];
    return [
      contender.name,
      digits(best(times)),
      digits(median(times)),
      String(times.length),
      agreement(contender),
    ];
  });
  return `**${row.title}**\n\n${table(['who', 'best, ms', 'median, ms', 'windows', 'differs from Loss Lab by'], body)}`;
}

function agreement({ id, difference, compared, unchecked, differs }: ContenderResult): string {
  if (id === 'ours-1') return '';
  const share = difference === undefined ? `not checked: ${unchecked ?? ''}` : difference.toExponential(0);
  const found = compared === 1 ? `${share} (first loss only)` : share;
  return differs === undefined ? found : `${found}; ${differs}`;
}

const best = (times: readonly number[]): number => Math.min(...times);

/** Three digits without an exponent. */
export function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** A Markdown table. */
export function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')}\n`;
}

/** A table for each curve, and where one device overtakes another. */
export function growthTables({ curves, devices }: GrowthFile): string {
  const absent = Object.entries(devices).flatMap(([id, { absent: reason }]) =>
    reason === undefined ? [] : [`${id} is not measured: ${reason}.`],
  );
  const tables = curves.map((curve) => {
    const ids = Object.keys(curve.devices);
    const body = curve.sizes.map((size, i) => [
      size.toLocaleString('en'),
      ...ids.map((id) => {
        const time = curve.devices[id]![i];
        return time === null || time === undefined ? 'not measured' : digits(time);
      }),
    ]);
    const head = [curve.axis, ...ids.map((id) => `${devices[id]?.label ?? id}, ms`)];
    const change = changes(curve, ids).map((sentence) => `- ${sentence}`);
    return `**${curve.title}**\n\n${table(head, body)}\n${change.join('\n')}\n`;
  });
  return [...absent.map((sentence) => `${sentence}\n`), ...tables].join('\n');
}

/** For each pair of devices, where the cheaper one changes, or that it does not. */
function changes({ axis, sizes, devices }: Curve, ids: readonly string[]): string[] {
  const found: string[] = [];
  for (const [i, a] of ids.entries()) {
    for (const b of ids.slice(i + 1)) {
      const known = sizes.flatMap((size, k) => {
        const [one, other] = [devices[a]![k], devices[b]![k]];
        return typeof one === 'number' && typeof other === 'number' ? [{ size, one, other }] : [];
      });
      if (known.length === 0) continue;
      const { first, changes: crossings } = overtakings(
        known.map(({ size }) => size),
        known.map(({ one }) => one),
        known.map(({ other }) => other),
      );
      const name = { a, b };
      const rival = { a: b, b: a };
      if (first === undefined) found.push(`${a} and ${b} take about as long at every size.`);
      else if (crossings.length === 0)
        found.push(`${name[first]} is never overtaken by ${rival[first]} at these sizes.`);
      for (const { size, cheaper } of crossings) {
        const place = Number(size.toPrecision(2)).toLocaleString('en');
        found.push(`${name[cheaper]} overtakes ${rival[cheaper]} at about ${axis} ${place}.`);
      }
    }
  }
  return found;
}
