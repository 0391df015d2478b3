import { literal } from '../compute/kernelText.ts';
import { sign } from './elementwise.ts';
import type { OptimizerOf, Rule } from './rule.ts';

/**
 * Lion (X. Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023), as optax.lion:
 * p ← p − rate · (sign(β₁m + (1 − β₁)g) + λp); m ← β₂m + (1 − β₂)g. The sign of 0 is 0.
 */
export function lion({ beta1, beta2 }: OptimizerOf<'lion'>): Rule {
  const mixed = (beta: number) => `${literal(beta)} * moment1 + ${literal(1 - beta)} * gradient`;
  return {
    slots: { moment1: 0 },
    numbers: {},
    terms: { direction: mixed(beta1) },
    next: { moment1: mixed(beta2), parameter: `parameter - rate * ${sign('direction')}` },
    decoupled: true,
  };
}
