import { literal } from '../compute/kernelText.ts';
import { correction, nextMoment1 } from './adam.ts';
import type { OptimizerOf, Rule } from './rule.ts';

/**
 * Adamax as torch.optim.Adamax defines it (Kingma, Ba 2015, section 7.1): m ← β₁m + (1 − β₁)g; u ← max(β₂u, |g| + ε);
 * p ← p − rate/(1 − β₁ᵗ) · m/u. Keras adds ε to u in the last fraction instead, and its weight decay is decoupled.
 */
export function adamax({ beta1, beta2, epsilon, convention }: OptimizerOf<'adamax'>): Rule {
  const isKeras = convention === 'keras';
  const [faded, e] = [`${literal(beta2)} * largest`, literal(epsilon)];
  return {
    slots: { moment1: 0, largest: 0 },
    numbers: { stepSize: (update, rate) => rate / correction(beta1, update, convention) },
    next: {
      moment1: nextMoment1(beta1),
      largest: `Math.max(${faded}, Math.abs(gradient)${isKeras ? '' : ` + ${e}`})`,
      parameter: `parameter - stepSize * nextMoment1 / ${isKeras ? `(nextLargest + ${e})` : 'nextLargest'}`,
    },
    decoupled: isKeras,
  };
}
