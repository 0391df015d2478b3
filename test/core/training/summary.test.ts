import { describe, expect, it } from 'vitest';
import { english } from '../../../src/core/messages/message.ts';
import { endReasons, type RunStatus } from '../../../src/core/runs/record.ts';
import { parseExperiment, type ExperimentInput } from '../../../src/core/training/experiment.ts';
import { duration, figure, runSummary } from '../../../src/core/training/summary.ts';

const experiment = (more: Partial<ExperimentInput> = {}) => {
  const parsed = parseExperiment({
    version: 1,
    data: { source: 'builtin', name: 'iris' },
    loss: { id: 'huber' },
    ...more,
  });
  if (!parsed.ok) throw new Error('bad experiment');
  return parsed.value;
};
const status: RunStatus = {
  version: 1,
  id: 'a',
  name: 'a',
  state: 'finished',
  reason: 'epochs',
  created: '2026-01-01T00:00:00Z',
  step: 400,
  epoch: 100,
  epochs: 100,
  seconds: 12.3,
};
const text = (changes: Partial<RunStatus>, more: Partial<ExperimentInput> = {}) => {
  const { headline, notes } = runSummary({ ...status, ...changes }, experiment(more));
  return [headline, ...notes].map(english);
};

describe('the summary of a run', () => {
  it('has a sentence for every reason, with every placeholder filled', () => {
    for (const reason of endReasons) {
      const sentences = text({ reason, state: reason === 'epochs' ? 'finished' : 'failed' });
      expect(sentences.length).toBeGreaterThan(0);
      for (const sentence of sentences) expect(sentence).not.toMatch(/[{}]|undefined/);
    }
  });

  it('says what was reached on the validation part', () => {
    const best = { step: 320, epoch: 80, loss: 0.0712345 };
    expect(text({ best, validationLoss: 0.0712345, metrics: { accuracy: 29 / 30 } })).toEqual([
      'Finished all 100 epochs in 12 s.',
      'Best model: epoch 80, with accuracy 96.67 % and loss 0.07123 on the validation part.',
    ]);
    expect(
      text({ best, validationLoss: 0.072, metrics: { 'recall@1': 0.9666, 'map@r': 0.87654 } })[1],
    ).toContain('of the same class for 96.66 % of its rows; the mean average precision is 0.8765.');
    expect(text({ best, validationLoss: 0.072, metrics: { rmse: 54.321, r2: 0.5 } })[1]).toBe(
      'Best model: epoch 80, with RMSE 54.32, R² 0.5 and loss 0.07123 on the validation part.',
    );
    expect(
      text({ best, validationLoss: 0.072, metrics: { rmse: 2, r2: 0.5, alpha: 0.123456, c: 3 } }).slice(1),
    ).toEqual([
      'Best model: epoch 80, with RMSE 2, R² 0.5 and loss 0.07123 on the validation part.',
      'Its figures: alpha 0.1235, c 3.',
    ]);
    expect(text({ best, metrics: { level: 0.8 } })[2]).toBe('Its figures: level 0.8.');
    expect(text({ best })[1]).toBe(
      'Lowest training loss: 0.07123, in epoch 80. There was no validation part.',
    );
  });

  it('says how far a run got that did not finish', () => {
    const stopped = { state: 'stopped', reason: 'user' } as const;
    expect(text({ ...stopped, step: 0, epoch: 0 })[0]).toBe('Stopped by you before the first step.');
    expect(text({ ...stopped, step: 3, epoch: 0 })[0]).toBe('Stopped by you in the first epoch.');
    expect(text({ ...stopped, epoch: 1 })[0]).toBe('Stopped by you after 1 of 100 epochs.');
    expect(text({ epochs: 1, epoch: 1, seconds: 0.02 })[0]).toBe('Finished 1 epoch in 0.02 s.');
  });

  it('says which stop rule ended a run', () => {
    const at = { epoch: 7, step: 28 };
    expect(text({ ...at, reason: 'steps' })[0]).toBe('Finished all 28 steps in 12 s.');
    expect(text({ ...at, reason: 'target' }, { training: { target: { loss: 0.25 } } })[0]).toBe(
      'Finished after 7 of 100 epochs, in 12 s: the target loss of 0.25 is reached.',
    );
    expect(text({ ...at, reason: 'patience' }, { training: { patience: { epochs: 5 } } })[0]).toBe(
      'Finished after 7 of 100 epochs, in 12 s: the loss had not improved for 5 epochs.',
    );
    expect(text({ ...at, reason: 'patience' }, { training: { patience: { epochs: 1 } } })[0]).toContain(
      'did not improve any more',
    );
    expect(text({ ...at, reason: 'budget' }, { training: { seconds: 12 } })[0]).toBe(
      'Finished after step 28: the time for training, 12 s, is used up.',
    );
  });

  it('points out over-fitting, and only that', () => {
    const best = { step: 80, epoch: 20, loss: 0.5 };
    expect(text({ best, validationLoss: 0.7 }).at(-1)).toContain('rose from 0.5 in epoch 20 to 0.7');
    expect(text({ best, validationLoss: 0.51 }).join(' ')).not.toContain('over-fit');
    expect(text({ best: { ...best, epoch: 100 }, validationLoss: 0.5 }).join(' ')).not.toContain('over-fit');
  });

  it('names the step and the usual causes of a loss that is not finite', () => {
    const end = { state: 'stopped', reason: 'notFinite', step: 7 } as const;
    const scaled = text(end, { optimizer: { type: 'sgd', rate: 5 } });
    expect(scaled[0]).toContain('step 7');
    expect(scaled[1]).toBe('Usually the learning rate is too high. It was 5; try 0.5.');
    expect(scaled.join(' ')).not.toContain('not scaled');
    const raw = text(end, { scaling: { features: 'none', target: 'none' } }).join(' ');
    expect(raw).toContain('features are not scaled');
    expect(raw).toContain('target is not scaled');
  });

  it('says where a live run is', () => {
    expect(text({ state: 'running', epoch: 3 })).toEqual(['Training: epoch 4 of 100.']);
    expect(text({ state: 'paused', epoch: 3 })).toEqual(['Paused after epoch 3 of 100.']);
  });
});

describe('figures and durations', () => {
  it('have four digits and units that people use', () => {
    expect([0.1234567, 123456, 1234567, 0.000012345, 0.5, 0, NaN, -Infinity].map(figure)).toEqual([
      '0.1235',
      '123500',
      '1.23e+6',
      '1.23e-5',
      '0.5',
      '0',
      'NaN',
      '-∞',
    ]);
    expect([0, 0.0234, 0.04, 0.44, 9.94, 59.6, 60, 200, 3599.7, 7500].map(duration)).toEqual([
      '0.001 s',
      '0.02 s',
      '0.04 s',
      '0.4 s',
      '9.9 s',
      '1 min',
      '1 min',
      '3 min 20 s',
      '1 h',
      '2 h 5 min',
    ]);
  });
});
