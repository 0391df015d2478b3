import { literal } from '../compute/kernelText.ts';
import { nextMoment1, nextMoment2 } from './adam.ts';
import type { OptimizerOf, Rule } from './rule.ts';

/**
 * NAdam as torch.optim.NAdam defines it (T. Dozat, "Incorporating Nesterov Momentum into Adam", 2016): Adam's moments
 * and μₜ = β₁(1 − ½ · 0.96^(tψ)); p ← p − rate · ((1 − μₜ)/(1 − ∏μ) · g + μₜ₊₁/(1 − μₜ₊₁∏μ) · m) / (√(v/(1 − β₂ᵗ)) + ε),
 * the products up to μₜ. With the momentum decay ψ = 1 this is Keras's Nadam.
 */
export function nadam({ beta1, beta2, epsilon, momentumDecay }: OptimizerOf<'nadam'>): Rule {
  const momentum = (update: number) => beta1 * (1 - 0.5 * 0.96 ** (update * momentumDecay));
  const product = productsOf(momentum);
  return {
    slots: { moment1: 0, moment2: 0 },
    numbers: {
      gradientShare: (update, rate) => (rate * (1 - momentum(update))) / (1 - product(update)),
      momentShare: (update, rate) => {
        const following = momentum(update + 1);
        return (rate * following) / (1 - product(update) * following);
      },
      scale: (update) => 1 / Math.sqrt(1 - beta2 ** update),
    },
    next: {
      moment1: nextMoment1(beta1),
      moment2: nextMoment2(beta2),
      parameter: `parameter - (gradientShare * gradient + momentShare * nextMoment1) / (Math.sqrt(nextMoment2) * scale + ${literal(epsilon)})`,
    },
    decoupled: false,
  };
}

/** ∏ f(i) for i = 1 … n; remembers the last n, because updates ask in order. */
function productsOf(f: (i: number) => number): (n: number) => number {
  let [reached, product] = [0, 1];
  return (n) => {
    if (n < reached) [reached, product] = [0, 1];
    // Of factors below 1 the product ends at 0, however far away n is.
    while (reached < n && product > 0) product *= f(++reached);
    return product;
  };
}
