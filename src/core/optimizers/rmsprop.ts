import { literal } from '../compute/kernelText.ts';
import type { OptimizerOf, Rule } from './rule.ts';

/**
 * RMSprop as torch.optim.RMSprop defines it (G. Hinton, lecture 6e of "Neural Networks for Machine Learning", 2012):
 * s ← αs + (1 − α)g²; d = g/(√s + ε); centred (A. Graves, 2013) a ← αa + (1 − α)g and s − a² in the place of s. With
 * momentum b ← μb + d; p ← p − rate · b, else p ← p − rate · d.
 *
 * Keras has ε under the root and the rate inside the momentum, b ← μb + rate · g/√(s + ε); its weight decay is decoupled.
 */
export function rmsprop({
  convention,
  smoothing,
  epsilon,
  momentum,
  centered,
}: OptimizerOf<'rmsprop'>): Rule {
  const isKeras = convention === 'keras';
  const [keep, take, e] = [literal(smoothing), literal(1 - smoothing), literal(epsilon)];
  const variance = centered ? 'nextSquare - nextMean * nextMean' : 'nextSquare';
  const direction = isKeras
    ? `gradient / Math.sqrt(${variance} + ${e})`
    : `gradient / (Math.sqrt(${variance}) + ${e})`;
  const smoothed = {
    square: `${keep} * square + ${take} * gradient * gradient`,
    ...(centered ? { mean: `${keep} * mean + ${take} * gradient` } : {}),
  };
  const slots = { square: 0, ...(centered ? { mean: 0 } : {}) };
  if (momentum === 0) {
    return {
      slots,
      numbers: {},
      next: { ...smoothed, parameter: `parameter - rate * ${direction}` },
      decoupled: isKeras,
    };
  }
  const carried = `${literal(momentum)} * velocity`;
  return {
    slots: { ...slots, velocity: 0 },
    numbers: {},
    next: {
      ...smoothed,
      velocity: isKeras ? `${carried} + rate * ${direction}` : `${carried} + ${direction}`,
      parameter: isKeras ? 'parameter - nextVelocity' : 'parameter - rate * nextVelocity',
    },
    decoupled: isKeras,
  };
}
