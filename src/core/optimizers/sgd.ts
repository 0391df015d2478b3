import { literal } from '../compute/kernelText.ts';
import type { OptimizerOf, Rule } from './rule.ts';

/**
 * Stochastic gradient descent as torch.optim.SGD defines it (on the full batch: gradient descent):
 * v ← μv + (1 − dampening)·g, where the first step takes v = g undampened; p ← p − rate · v, or with Nesterov
 * p ← p − rate · (g + μv). Without momentum v is g. (I. Sutskever et al., "On the importance of initialization and
 * momentum in deep learning", 2013, in PyTorch's form with the rate outside of v.)
 */
export function sgd({ momentum, dampening, nesterov }: OptimizerOf<'sgd'>): Rule {
  if (momentum === 0) {
    return { slots: {}, numbers: {}, next: { parameter: 'parameter - rate * gradient' }, decoupled: false };
  }
  const mu = literal(momentum);
  return {
    slots: { velocity: 0 },
    numbers: { undamped: (update) => (update === 1 ? 1 : 1 - dampening) },
    next: {
      velocity: `${mu} * velocity + undamped * gradient`,
      parameter: nesterov
        ? `parameter - rate * (gradient + ${mu} * nextVelocity)`
        : 'parameter - rate * nextVelocity',
    },
    decoupled: false,
  };
}
