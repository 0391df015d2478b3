import { describe, expect, it } from 'vitest';
import { StopRules } from '../../../src/core/training/stopRules.ts';
import { experiment } from './datasets.ts';

/** Epochs until patience ends a run with these validation losses; undefined where it does not. */
function endsAfter(
  losses: readonly number[],
  patience: { epochs: number; minDelta?: number },
): number | undefined {
  const { training } = experiment({ loss: { id: 'huber' }, training: { epochs: 1000, patience } });
  const rules = new StopRules(training, 1);
  for (const [i, validationLoss] of losses.entries()) {
    rules.closed({ step: i + 1, epoch: i + 1 }, { loss: 0, validationLoss, seconds: 0 });
    if (rules.end !== undefined) {
      expect(rules.end).toBe('patience');
      return i + 1;
    }
  }
  return undefined;
}

describe('patience', () => {
  it('counts epochs in a row without an improvement', () => {
    expect(endsAfter([5, 4, 4, 4, 3], { epochs: 3 })).toBeUndefined();
    expect(endsAfter([5, 4, 4, 4, 4, 3], { epochs: 3 })).toBe(5);
    expect(endsAfter([5, 6], { epochs: 1 })).toBe(2);
    expect(endsAfter([5, 4, 3, 2, 1], { epochs: 1 })).toBeUndefined();
  });

  it('wants an improvement over the last one by more than minDelta, as Keras and PyTorch Lightning', () => {
    // 0.6 is not below 1 − 0.5, and does not lower the bar; 0.4 is.
    expect(endsAfter([1, 0.6, 0.4, 0.35, 0.3], { epochs: 2, minDelta: 0.5 })).toBe(5);
    expect(endsAfter([1, 0.5], { epochs: 1, minDelta: 0.5 })).toBe(2);
  });

  it('takes a loss that is no number for none', () => {
    expect(endsAfter([NaN, 1, NaN, NaN], { epochs: 2 })).toBe(4);
  });
});
