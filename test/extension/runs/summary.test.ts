import { describe, expect, it } from 'vitest';
import { english } from '../../../src/core/messages/message.ts';
import { endReasons, endStates, runStates, type RunStatus } from '../../../src/core/runs/record.ts';
import { RunHistory, Speed } from '../../../src/extension/runs/history.ts';
import {
  actionsOf,
  duration,
  headline,
  mainMetric,
  notes,
  shortNumber,
} from '../../../src/extension/runs/summary.ts';

const status: RunStatus = {
  version: 1,
  id: 'r',
  name: 'iris',
  state: 'running',
  created: '',
  step: 240,
  epoch: 12,
  epochs: 50,
  loss: 0.21,
  seconds: 3.2,
};
const own = { controlled: true, trusted: true };

describe('a run in words', () => {
  it('has a complete sentence for every state and reason', () => {
    for (const state of runStates)
      for (const reason of [undefined, ...endReasons])
        for (const one of [
          headline({ ...status, state, ...(reason === undefined ? {} : { reason }) }),
          ...notes(
            {
              ...status,
              state,
              best: { step: 1, epoch: 1, loss: Number.NaN },
              ...(reason === undefined ? {} : { reason }),
            },
            0.1,
          ),
        ])
          expect(english(one), `${state} ${reason ?? ''}`).toMatch(/^[A-Z][^{}]*[.…]$/);
  });

  it('says where training stands', () => {
    expect(english(headline(status))).toBe('Training: epoch 12 of 50, loss 0.21.');
    expect(english(headline({ ...status, state: 'starting' }, { phase: 'reading', share: 0.427 }))).toBe(
      'Reading the data: 43 %…',
    );
  });

  it('says at which step the loss was lost, names the cause and what to do', () => {
    const stopped: RunStatus = { ...status, state: 'stopped', reason: 'notFinite', loss: Number.NaN };
    expect(english(headline(stopped))).toContain('step 240');
    expect(
      notes(stopped, 0.5)
        .map((note) => english(note))
        .join(' '),
    ).toMatch(/learning rate 0\.5 is too high.*0\.05/);
  });

  it('names the metric that belongs to the task', () => {
    expect(english(mainMetric({ accuracy: 0.96667 })!)).toBe('accuracy 0.967');
    expect(english(mainMetric({ rmse: 1234.5678, r2: 0.4 })!)).toBe('RMSE 1235');
    expect(mainMetric({})).toBeUndefined();
  });

  it('writes numbers and durations shortly', () => {
    expect(
      [0, 0.000012345, 123456, 1e7, Number.NaN, Number.NEGATIVE_INFINITY].map((value) => shortNumber(value)),
    ).toEqual(['0', '1.23e-5', '123500', '1.00e+7', 'NaN', '-∞']);
    expect([0.04, 4.83, 42, 185, 7800].map((value) => duration(value))).toEqual([
      '40 ms',
      '4.8 s',
      '42 s',
      '3 min 5 s',
      '2 h 10 min',
    ]);
  });
});

describe('what can be asked of a run', () => {
  it('is nothing but reading in a workspace that is not trusted', () => {
    for (const state of runStates)
      expect(
        actionsOf(
          { ...status, state, best: { step: 1, epoch: 1, loss: 1 } },
          { controlled: true, trusted: false },
        ),
      ).toEqual(['showLog']);
  });

  it('is nothing while another window or a terminal trains it', () => {
    expect(actionsOf(status, { controlled: false, trusted: true })).toEqual([]);
  });

  it('fits the state', () => {
    expect(actionsOf(status, own)).toEqual(['pause', 'stop']);
    expect(actionsOf({ ...status, state: 'paused' }, own)).toEqual(['resume', 'stop']);
    expect(actionsOf({ ...status, state: 'starting' }, own)).toEqual(['stop']);
    expect(actionsOf({ ...status, state: 'stopping' }, own)).toEqual([]);
    for (const state of endStates) expect(actionsOf({ ...status, state }, own)).toContain('trainAgain');
  });

  it('offers the model only when there is one, and continuing only where it leads somewhere', () => {
    const best = { step: 1, epoch: 1, loss: 1 };
    expect(actionsOf({ ...status, state: 'failed', reason: 'crash' }, own)).not.toContain('predict');
    expect(actionsOf({ ...status, state: 'failed', reason: 'crash', best }, own)).toEqual(
      expect.arrayContaining(['predict', 'exportWeights', 'continue', 'showLog']),
    );
    expect(actionsOf({ ...status, state: 'finished', best }, own)).not.toContain('continue');
    expect(actionsOf({ ...status, state: 'stopped', reason: 'notFinite', best }, own)).not.toContain(
      'continue',
    );
  });
});

describe('the history of a run', () => {
  it('sorts lines into curves', () => {
    const history = new RunHistory();
    history.append([
      { type: 'step', step: 1, loss: 2 },
      { type: 'step', step: 2, loss: Number.POSITIVE_INFINITY },
      {
        type: 'epoch',
        step: 2,
        epoch: 1,
        loss: 1.5,
        validationLoss: 1.7,
        metrics: { rmse: 3, r2: -1, unknown: 4 },
        seconds: 1,
      },
    ]);
    const values = Object.fromEntries(
      [...history.series].map(([id, series]) => [id, [...series.data().last]]),
    );
    expect(values).toEqual({
      loss: [2, Number.POSITIVE_INFINITY],
      epochLoss: [1.5],
      validationLoss: [1.7],
      accuracy: [],
      rmse: [3],
      r2: [-1],
    });
  });

  it('measures the speed of the last second', () => {
    const speed = new Speed();
    expect(speed.perSecond).toBeUndefined();
    for (let i = 0; i <= 20; i++) speed.read(i * 10, i * 100);
    expect(speed.perSecond).toBeCloseTo(100, 6);
    for (let i = 1; i <= 20; i++) speed.read(200 + i * 50, 2000 + i * 100);
    expect(speed.perSecond).toBeCloseTo(500, 6);
    speed.reset();
    expect(speed.perSecond).toBeUndefined();
  });
});
