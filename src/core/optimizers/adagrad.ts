import { literal } from '../compute/kernelText.ts';
import type { OptimizerOf, Rule } from './rule.ts';

/**
 * Adagrad as torch.optim.Adagrad defines it (J. Duchi et al., "Adaptive Subgradient Methods", 2011):
 * s ← s + g²; p ← p − rate/(1 + (t − 1) · rateDecay) · g/(√s + ε). Keras has ε under the root, starts from s = 0.1, knows
 * no decay of the rate, and its weight decay is decoupled.
 */
export function adagrad(options: OptimizerOf<'adagrad'>): Rule {
  const e = literal(options.epsilon);
  const square = 'square + gradient * gradient';
  if (options.convention === 'keras') {
    return {
      // Keras makes its constants in single precision, whatever it computes in.
      slots: { square: Math.fround(options.accumulator) },
      numbers: {},
      next: { square, parameter: `parameter - rate * gradient / Math.sqrt(nextSquare + ${e})` },
      decoupled: true,
    };
  }
  const { rateDecay } = options;
  return {
    slots: { square: options.accumulator },
    numbers: { stepSize: (update, rate) => rate / (1 + (update - 1) * rateDecay) },
    next: { square, parameter: `parameter - stepSize * gradient / (Math.sqrt(nextSquare) + ${e})` },
    decoupled: false,
  };
}
