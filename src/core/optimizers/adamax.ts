import { literal } from '../compute/kernelText.ts';
import { nextMoment1 } from './adam.ts';
import type { OptimizerOf, Rule } from './rule.ts';

/**
 * Adamax as torch.optim.Adamax defines it (Kingma, Ba 2015, section 7.1): m ← β₁m + (1 − β₁)g; u ← max(β₂u, |g| + ε);
 * p ← p − rate/(1 − β₁ᵗ) · m/u.
 */
export function adamax({ beta1, beta2, epsilon }: OptimizerOf<'adamax'>): Rule {
  return {
    slots: { moment1: 0, largest: 0 },
    numbers: { stepSize: (update, rate) => rate / (1 - beta1 ** update) },
    next: {
      moment1: nextMoment1(beta1),
      largest: `Math.max(${literal(beta2)} * largest, Math.abs(gradient) + ${literal(epsilon)})`,
      parameter: 'parameter - stepSize * nextMoment1 / nextLargest',
    },
    decoupled: false,
  };
}
