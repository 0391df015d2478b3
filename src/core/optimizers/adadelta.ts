import { literal } from '../compute/kernelText.ts';
import type { OptimizerOf, Rule } from './rule.ts';

/**
 * Adadelta as torch.optim.Adadelta and Keras define it (M. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012):
 * s ← ρs + (1 − ρ)g²; d = √(a + ε)/√(s + ε) · g; a ← ρa + (1 − ρ)d²; p ← p − rate · d.
 */
export function adadelta({ smoothing, epsilon }: OptimizerOf<'adadelta'>): Rule {
  const [keep, take, e] = [literal(smoothing), literal(1 - smoothing), literal(epsilon)];
  return {
    slots: { square: 0, change: 0 },
    numbers: {},
    terms: { delta: `Math.sqrt(change + ${e}) / Math.sqrt(nextSquare + ${e}) * gradient` },
    next: {
      square: `${keep} * square + ${take} * gradient * gradient`,
      change: `${keep} * change + ${take} * delta * delta`,
      parameter: 'parameter - rate * delta',
    },
    decoupled: false,
  };
}
