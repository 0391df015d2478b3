import { describe, expect, it } from 'vitest';
import { english, message } from '../../../src/core/messages/message.ts';
import { endReasons, endStates, runStates, type RunStatus } from '../../../src/core/runs/record.ts';
import { RunHistory, Speed } from '../../../src/extension/runs/history.ts';
import { actionsOf, headline, mainMetric, notes } from '../../../src/extension/runs/summary.ts';

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
            { controlled: true },
          ),
        ])
          expect(english(one), `${state} ${reason ?? ''}`).toMatch(/^[A-Z][^{}]*[.…]$/);
  });

  it('calls the judge of a generator by its name', () => {
    const metrics = { 'energy distance': 0.02, 'energy distance of real rows': 0.01 };
    const judged = { ...status, validationLoss: 0.05, metrics, best: { step: 200, epoch: 10, loss: 0.02 } };
    expect(english(headline(judged))).toBe('Training: epoch 12 of 50, energy distance 0.05.');
    expect(english(mainMetric(metrics)!)).toBe('energy distance 0.02');
    const ended = notes({ ...judged, state: 'finished', reason: 'epochs' }, own).map((note) => english(note));
    expect(ended.slice(0, 2)).toEqual([
      'Best generator: epoch 10, with an energy distance of 0.02 to real rows. That of other real rows is 0.01.',
      'The energy distance rose from 0.02 in epoch 10 to 0.05. The best generator is kept.',
    ]);
    // As much as two samples differ by chance is no rise.
    const near = { ...judged, validationLoss: 0.029, state: 'finished', reason: 'epochs' } as const;
    expect(
      notes(near, own)
        .map((note) => english(note))
        .join(),
    ).not.toMatch(/rose/);
  });

  it('says where training stands', () => {
    expect(english(headline(status))).toBe('Training: epoch 12 of 50, loss 0.21.');
    expect(
      english(headline({ ...status, state: 'starting' }, { phase: { phase: 'reading', share: 0.427 } })),
    ).toBe('Reading the data: 43 %…');
  });

  it('says at which step the loss was lost, and names the usual causes', () => {
    const stopped: RunStatus = { ...status, state: 'stopped', reason: 'notFinite', loss: Number.NaN };
    expect(english(headline(stopped))).toContain('step 240');
    expect(notes(stopped, { controlled: true }).map(english).join(' ')).toMatch(
      /learning rate is too high.*outliers/,
    );
  });

  it('says of a run that was cut short what its note says, once', () => {
    const note = message(
      'The training process was ended at step 7. Resume continues from the last checkpoint.',
    );
    const failed: RunStatus = { ...status, state: 'failed', reason: 'killed', note };
    expect(headline(failed)).toEqual(note);
    expect(notes(failed, { controlled: true })).toEqual([]);
  });

  it('says who trains a run that this window only follows', () => {
    expect(notes(status, { controlled: true })).toEqual([]);
    expect(notes(status, { controlled: false }).map(english).join(' ')).toContain('Another window');
  });

  it('names the metric that belongs to the task', () => {
    expect(english(mainMetric({ accuracy: 0.96667 })!)).toBe('accuracy 0.967');
    expect(english(mainMetric({ rmse: 1234.5678, r2: 0.4 })!)).toBe('RMSE 1235');
    expect(english(mainMetric({ 'recall@1': 0.98765, 'map@r': 0.5 })!)).toBe('recall@1 0.988');
    expect(mainMetric({})).toBeUndefined();
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
