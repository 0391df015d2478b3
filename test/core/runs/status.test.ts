import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { message } from '../../../src/core/messages/message.ts';
import { toPanelSchema } from '../../../src/core/protocol/panel.ts';
import { parseJson } from '../../../src/core/runs/files.ts';
import { formatStatus } from '../../../src/core/runs/log.ts';
import { statusSchema, type RunStatus } from '../../../src/core/runs/record.ts';

const plain: RunStatus = {
  version: 1,
  id: '20260101-000000-iris-000000',
  name: 'a',
  state: 'stopped',
  reason: 'notFinite',
  created: '2026-01-01T00:00:00Z',
  step: 7,
  epoch: 1,
  epochs: 100,
  loss: NaN,
  seconds: 12.3,
};
const rows = message('{count} rows', { count: 3 });
const status: RunStatus = {
  ...plain,
  note: message('Stopped at step {step}.', { step: 7 }),
  device: { id: 'cpu', label: 'JavaScript', why: message('JavaScript, as you asked.') },
  dataNotes: [message('{rows} for training.', { rows })],
};

describe('status.json', () => {
  it('is read back as it was written, its sentences with their parts', () => {
    expect(parseJson(statusSchema, formatStatus(status))).toEqual(status);
  });

  it.each([
    ['note', 'Stopped at step 7.'],
    ['dataNotes', ['3 rows for training.']],
    ['device', { id: 'cpu', label: 'JavaScript', why: 'JavaScript.' }],
  ])('is refused where %s holds mere text, which no one can translate', (key, value) => {
    expect(parseJson(statusSchema, JSON.stringify({ ...plain, loss: 1, [key]: value }))).toBeUndefined();
  });
});

describe('the page of a panel', () => {
  const delta = (of: object) => ({
    type: 'delta',
    seq: 1,
    run: { status: of, lossName: 'Huber', headline: 'Stopped.', notes: [], actions: [] },
    changes: {},
  });

  it('gets sentences in the language of the user, never messages', () => {
    const shown = {
      ...plain,
      loss: 'NaN',
      device: { label: 'JavaScript', why: 'JavaScript, as you asked.' },
      dataNotes: ['3 rows for training.'],
    };
    expect(v.is(toPanelSchema, delta(shown))).toBe(true);
    expect(v.is(toPanelSchema, delta({ ...shown, dataNotes: status.dataNotes }))).toBe(false);
    expect(v.is(toPanelSchema, delta({ ...shown, device: status.device }))).toBe(false);
  });
});
