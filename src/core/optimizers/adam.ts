import { literal } from '../compute/kernelText.ts';
import type { OptimizerOf, Rule } from './rule.ts';

/**
 * Adam (D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", 2015) and AdamW, which differs in its decoupled
 * weight decay (I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", 2019), as torch.optim defines them:
 * m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; p ← p − rate/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε). With AMSGrad (S. Reddi
 * et al., "On the Convergence of Adam and Beyond", 2018) the largest v so far stands in the place of v.
 *
 * Keras corrects the whole fraction instead, so that its ε weighs more in the first steps:
 * p ← p − rate · √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v + ε), where the powers (but nothing else) are those of the βs rounded to
 * single precision; its weight decay is decoupled in both.
 */
export function adam(options: OptimizerOf<'adam' | 'adamw'>): Rule {
  const { beta1, beta2, epsilon, amsgrad = false } = options;
  const isKeras = options.convention === 'keras';
  const scale = (update: number) => 1 / Math.sqrt(correction(beta2, update, options.convention));
  const root = `Math.sqrt(${amsgrad ? 'nextLargest' : 'nextMoment2'})`;
  return {
    slots: { moment1: 0, moment2: 0, ...(amsgrad ? { largest: 0 } : {}) },
    numbers: {
      stepSize: (update, rate) =>
        rate / correction(beta1, update, options.convention) / (isKeras ? scale(update) : 1),
      ...(isKeras ? {} : { scale }),
    },
    next: {
      moment1: nextMoment1(beta1),
      moment2: nextMoment2(beta2),
      ...(amsgrad ? { largest: 'Math.max(largest, nextMoment2)' } : {}),
      parameter: `parameter - stepSize * nextMoment1 / (${isKeras ? root : `${root} * scale`} + ${literal(epsilon)})`,
    },
    decoupled: isKeras || options.type === 'adamw',
  };
}

/** 1 − βᵗ, what a running mean that started from 0 lacks. Keras takes the power of β rounded to single precision. */
export function correction(beta: number, update: number, convention?: 'torch' | 'keras'): number {
  return 1 - (convention === 'keras' ? Math.fround(beta) : beta) ** update;
}

/** Running mean of the gradient. */
export function nextMoment1(beta1: number): string {
  return `${literal(beta1)} * moment1 + ${literal(1 - beta1)} * gradient`;
}

/** Running mean of its square. */
export function nextMoment2(beta2: number): string {
  return `${literal(beta2)} * moment2 + ${literal(1 - beta2)} * gradient * gradient`;
}
