/** Sums as maps from terms to coefficients. */
import { nodesOf, type Expr } from '../expression.ts';

/** In the order of writing; a constant is the coefficient of 1. */
export type Terms = ReadonlyMap<Expr, number>;

export function accumulate(terms: Map<Expr, number>, core: Expr, coefficient: number): void {
  terms.set(core, (terms.get(core) ?? 0) + coefficient);
}

export function negated(terms: Terms): Map<Expr, number> {
  return new Map([...terms].map(([core, coefficient]) => [core, -coefficient]));
}

/** Number of nodes, shared ones once. */
export function weight(e: Expr): number {
  return nodesOf(e).length;
}
