import { describe, expect, it } from 'vitest';
import { coalesce } from '../../../src/core/runs/coalesce.ts';
import { formatLine, LogReader, parseLine } from '../../../src/core/runs/log.ts';
import type { MetricsLine } from '../../../src/core/runs/record.ts';

const step = (n: number, loss: number): MetricsLine => ({ type: 'step', step: n, loss });
const samples = (n: number): MetricsLine => ({
  type: 'samples',
  step: n,
  epoch: n,
  columns: ['a'],
  real: [],
  generated: [],
});
const epoch = (n: number, loss: number): MetricsLine => ({
  type: 'epoch',
  step: n,
  epoch: n,
  loss,
  seconds: 0,
});

describe('metrics log', () => {
  it('writes every number so that it is read back exactly', () => {
    const awkward = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.1, Number.NaN, Infinity, -Infinity];
    for (const loss of awkward) expect(parseLine(formatLine(step(3, loss)).trimEnd())).toEqual(step(3, loss));
    const full: MetricsLine = {
      type: 'epoch',
      step: 9,
      epoch: 3,
      loss: Number.NaN,
      validationLoss: Infinity,
      metrics: { accuracy: 0.5, r2: -Infinity },
      seconds: 1.5,
    };
    expect(parseLine(formatLine(full).trimEnd())).toEqual(full);
  });

  it('reads pieces cut anywhere, skips what is broken and leaves out a torn end', () => {
    const text = `${formatLine(step(1, 1))}{"type":"step","st\n${formatLine(step(2, Number.NaN))}{"type":"other"}\n${formatLine(step(3, 3))}{"type":"step","step":4,"lo`;
    for (const size of [1, 7, 1000]) {
      const seen: MetricsLine[] = [];
      const reader = new LogReader((line) => void seen.push(line));
      for (let at = 0; at < text.length; at += size) reader.push(text.slice(at, at + size));
      expect(seen).toEqual([step(1, 1), step(2, Number.NaN), step(3, 3)]);
      expect(reader.end()).toEqual({ lines: 3, torn: 3 });
    }
  });

  it('counts a torn end only where there is one', () => {
    const reader = new LogReader(() => undefined);
    reader.push(formatLine(step(1, 1)));
    expect(reader.end()).toEqual({ lines: 1, torn: 0 });
  });
});

describe('coalesce', () => {
  it('leaves a short batch alone', () => {
    const lines = [step(1, 1), epoch(1, 1)];
    expect(coalesce(lines)).toBe(lines);
  });

  it('keeps to the limit and keeps extremes, the first non-finite loss and the newest line of each type', () => {
    const lines: MetricsLine[] = [];
    for (let n = 1; n <= 5000; n++) {
      lines.push(
        step(n, n === 777 ? 1e9 : n === 3001 ? -1e9 : n >= 4000 && n < 4010 ? Number.NaN : Math.cos(n)),
      );
      lines.push(epoch(n, n === 1234 ? 50 : Math.sin(n)));
      if (n % 1000 === 0) lines.push(samples(n));
    }
    const kept = coalesce(lines);
    expect(kept.filter(({ type }) => type === 'samples')).toEqual([samples(5000)]);
    expect(kept.length).toBeLessThanOrEqual(256);
    expect(kept).toEqual(
      expect.arrayContaining([
        step(777, 1e9),
        step(3001, -1e9),
        step(4000, Number.NaN),
        epoch(1234, 50),
        ...lines.slice(-3),
      ]),
    );
    expect(kept.map((line) => line.step)).toEqual([...kept.map((line) => line.step)].sort((a, b) => a - b));
  });
});
