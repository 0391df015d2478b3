import type { MetricsLine } from './record.ts';

/** Most lines of one batch message. */
export const batchLines = 256;

/**
 * Thins lines for the chart to at most `limit` (at least 16), in the order of their steps: of every group of
 * neighbours of one type the lines with the smallest, the largest and the last loss stay, and the first one whose loss
 * is not finite; of samples the last stay. The log on disk keeps every line.
 */
export function coalesce(lines: readonly MetricsLine[], limit: number = batchLines): readonly MetricsLine[] {
  if (lines.length <= limit) return lines;
  const kept = new Set<MetricsLine>();
  for (const type of ['step', 'epoch'] as const) {
    const ofType = lines.filter((line): line is LossLine => line.type === type);
    const groups = Math.max(1, Math.floor(limit / 2 / 4));
    const size = Math.ceil(ofType.length / groups);
    for (let start = 0; start < ofType.length; start += size) keepOf(ofType.slice(start, start + size), kept);
  }
  const samples = lines.findLast((line) => line.type === 'samples');
  if (samples !== undefined) kept.add(samples);
  return lines.filter((line) => kept.has(line));
}

type LossLine = Exclude<MetricsLine, { type: 'samples' }>;

function keepOf(group: readonly LossLine[], kept: Set<MetricsLine>): void {
  let min: LossLine | undefined;
  let max: LossLine | undefined;
  for (const line of group) {
    if (!Number.isFinite(line.loss)) continue;
    if (min === undefined || line.loss < min.loss) min = line;
    if (max === undefined || line.loss > max.loss) max = line;
  }
  for (const line of [min, max, group.find((l) => !Number.isFinite(l.loss)), group.at(-1)]) {
    if (line !== undefined) kept.add(line);
  }
}
