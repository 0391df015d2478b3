import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { fromTrainerSchema } from '../../../src/core/protocol/trainer.ts';
import { readLine } from '../../../src/core/runs/line.ts';
import { metricsLineSchema, type RunStatus } from '../../../src/core/runs/record.ts';

const good: readonly unknown[] = [
  { type: 'step', step: 1, loss: 0.5 },
  { type: 'step', step: 2, loss: Number.NaN },
  { type: 'step', step: 3, loss: '-Infinity' },
  {
    type: 'epoch',
    step: 3,
    epoch: 1,
    loss: 'NaN',
    validationLoss: 2,
    metrics: { r2: 'Infinity' },
    seconds: 1,
  },
  { type: 'epoch', step: 3, epoch: 1, loss: 1, validationLoss: Number.NaN, metrics: { r2: -1 }, seconds: 1 },
  { type: 'epoch', step: 3, epoch: 1, loss: 1, validationLoss: undefined, metrics: undefined, seconds: 1 },
];
const broken: readonly unknown[] = [
  ...[
    undefined,
    null,
    3,
    'step',
    [],
    {},
    { type: 'step' },
    { step: 1, loss: 1 },
    { type: 'other', step: 1, loss: 1 },
  ],
  { type: 'step', step: '1', loss: 1 },
  { type: 'step', step: Number.NaN, loss: 1 },
  { type: 'step', step: 1, loss: 'much' },
  { type: 'step', step: 1, loss: null },
  { type: 'epoch', step: 3, epoch: 1, loss: 1 },
  { type: 'epoch', step: 3, epoch: 1, loss: 1, seconds: Number.NaN },
  { type: 'epoch', step: 3, epoch: 1, loss: 1, validationLoss: 'low', seconds: 1 },
  { type: 'epoch', step: 3, epoch: 1, loss: 1, metrics: { r2: 'good' }, seconds: 1 },
  { type: 'epoch', step: 3, epoch: 1, loss: 1, metrics: null, seconds: 1 },
];

describe('a line of the log', () => {
  it('is read as its schema says', () => {
    for (const value of good) expect(readLine(value)).toEqual(v.parse(metricsLineSchema, value));
    for (const value of broken) {
      expect(v.is(metricsLineSchema, value)).toBe(false);
      expect(readLine(value)).toBeUndefined();
    }
  });

  it('spoils its batch where it is none', () => {
    const status: RunStatus = {
      ...{ version: 1, id: 'a', name: 'a', state: 'running', created: '2026-01-01T00:00:00Z' },
      ...{ step: 3, epoch: 1, epochs: 2, seconds: 1 },
    };
    const read = (lines: unknown) => v.safeParse(fromTrainerSchema, { type: 'batch', lines, status });
    expect(read(good)).toMatchObject({ success: true, output: { lines: good.map(readLine), status } });
    for (const lines of [undefined, 'lines', { length: 0 }, [...good, broken[0]]])
      expect(read(lines).success).toBe(false);
  });
});
