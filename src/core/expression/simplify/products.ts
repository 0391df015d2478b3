/** Products as maps: coefficient · Π base^exponent, in the order of writing. */
import * as b from '../build.ts';
import { constant, inputsOf, type Apply, type Expr } from '../expression.ts';

export interface Product {
  readonly coefficient: number;
  /** Whole exponents other than 0. */
  readonly factors: ReadonlyMap<Expr, number>;
}

export const one = constant(1);
export const zero = constant(0);

interface Call<Op extends string> extends Apply {
  readonly op: Op;
}
export function is<Op extends string>(e: Expr, op: Op): e is Call<Op> {
  return e.kind === 'apply' && e.op === op;
}
export const isZero = (e: Expr): boolean => e.kind === 'const' && e.value === 0;
export const isSum = (e: Expr): e is Apply => is(e, 'add') || is(e, 'sub');
/** The same for all data: made of constants, parameters and sizes. */
export const isFixed = (e: Expr): boolean => e.axes.length === 0 && inputsOf(e).length === 0;
/** An argument of an operation; by default the first. */
export const arg = (e: Apply, at = 0): Expr => e.args[at]!;

export function product(coefficient: number, factors: Iterable<readonly [Expr, number]> = []): Product {
  return { coefficient, factors: new Map(factors) };
}

export function multiply(...products: readonly Product[]): Product {
  let coefficient = 1;
  const factors = new Map<Expr, number>();
  for (const p of products) {
    coefficient *= p.coefficient;
    for (const [base, exponent] of p.factors) {
      const total = (factors.get(base) ?? 0) + exponent;
      if (total === 0) factors.delete(base);
      else factors.set(base, total);
    }
  }
  return { coefficient, factors };
}

export function power(p: Product, exponent: number): Product {
  if (exponent === 0) return product(1);
  return product(
    Math.pow(p.coefficient, exponent),
    [...p.factors].map(([base, e]) => [base, e * exponent] as const),
  );
}

/** A product without one of its bases. */
export function without(p: Product, base: Expr): Product {
  return product(
    p.coefficient,
    [...p.factors].filter(([other]) => other !== base),
  );
}

/** The only base of a product, where that has the exponent 1. */
export function onlyBase({ factors }: Product): Expr | undefined {
  const [only] = factors;
  return factors.size === 1 && only?.[1] === 1 ? only[0] : undefined;
}

/** What two products have in common, up to the sign of the coefficient. */
export function sharedPart(p: Product, q: Product): Product {
  const shared = new Map<Expr, number>();
  for (const [base, e] of p.factors) {
    const common = commonExponent(e, q.factors.get(base) ?? 0);
    if (common !== 0) shared.set(base, common);
  }
  const same = Math.abs(p.coefficient) === Math.abs(q.coefficient);
  const coefficient = same ? Math.abs(p.coefficient) * (p.coefficient < 0 && q.coefficient < 0 ? -1 : 1) : 1;
  return { coefficient, factors: shared };
}

/** The exponent that divides out of both: the smaller one if they have one sign, else 0. */
export function commonExponent(e: number, f: number): number {
  return Math.sign(e) === Math.sign(f) ? Math.sign(e) * Math.min(Math.abs(e), Math.abs(f)) : 0;
}

/** The base to a positive power. */
export function raised(base: Expr, exponent: number): Expr {
  if (exponent === 1) return base;
  return exponent === 2 ? b.square(base) : b.pow(base, exponent);
}

/** Finite whatever the data are, so that it may leave a guarded branch. */
export function isSafe(base: Expr, exponent: number): boolean {
  return base.kind === 'size' || (base.kind === 'param' && exponent > 0);
}

export function safePart(p: Product): Product {
  return product(
    p.coefficient,
    [...p.factors].filter(([base, e]) => isSafe(base, e)),
  );
}

type Rule = (p: Product, base: Expr, exponent: number) => Product | undefined;

/** Replaces bases with exponents: `[[x, -1], [y, 1]]` divides by x and multiplies by y. */
const exchange = (p: Product, ...changes: readonly (readonly [Expr, number])[]) =>
  changes.reduce((result, change) => multiply(result, product(1, [change])), p);

const rules: readonly Rule[] = [
  // |x|² → x²
  (p, base, e) => (is(base, 'abs') && e % 2 === 0 ? exchange(p, [base, -e], [arg(base), e]) : undefined),
  // √x² → x
  (p, base, e) => (is(base, 'sqrt') && e % 2 === 0 ? exchange(p, [base, -e], [arg(base), e / 2]) : undefined),
  // sign(x)·|x| → x, sign(x)·x → |x|, sign(x)·tanh|x| → tanh x
  (p, base, e) => {
    if (!is(base, 'sign') || e !== 1) return undefined;
    const [x, size] = [arg(base), b.abs(arg(base))];
    if (p.factors.get(size) === 1) return exchange(p, [base, -1], [size, -1], [x, 1]);
    if (p.factors.get(x) === 1) return exchange(p, [base, -1], [x, -1], [size, 1]);
    const curved = b.tanh(size);
    if (p.factors.get(curved) === 1) return exchange(p, [base, -1], [curved, -1], [b.tanh(x), 1]);
    return undefined;
  },
  // √x/x → 1/√x
  (p, base, e) =>
    is(base, 'sqrt') && e > 0 && (p.factors.get(arg(base)) ?? 0) < 0
      ? exchange(p, [base, -2], [arg(base), 1])
      : undefined,
  // x^k/x → x^(k − 1)
  (p, base, e) => {
    if (!is(base, 'pow') || e !== 1 || p.factors.get(arg(base)) !== -1) return undefined;
    const k = arg(base, 1);
    const less = k.kind === 'const' ? constant(k.value - 1) : b.sub(k, 1);
    return exchange(p, [base, -1], [arg(base), 1], [b.pow(arg(base), less), 1]);
  },
  // e^u·σ(−u) → σ(u)
  (p, base, e) => {
    if (!is(base, 'exp') || e !== 1) return undefined;
    const u = arg(base);
    const other = b.sigmoid(is(u, 'neg') ? arg(u) : b.neg(u));
    return p.factors.get(other) === 1 ? exchange(p, [base, -1], [other, -1], [b.sigmoid(u), 1]) : undefined;
  },
  // 1/(1 + e^u) → σ(−u)
  (p, base, e) => {
    if (!is(base, 'add') || e !== -1) return undefined;
    const [first, second] = [arg(base), arg(base, 1)];
    const grown = first === one ? second : second === one ? first : undefined;
    if (grown === undefined || !is(grown, 'exp')) return undefined;
    const u = arg(grown);
    return exchange(p, [base, 1], [b.sigmoid(is(u, 'neg') ? arg(u) : b.neg(u)), 1]);
  },
];

/** A product after the identities that hold between its factors; those that are whole are not looked into. */
export function reduced(p: Product, isWhole: (base: Expr) => boolean): Product {
  for (const [base, exponent] of p.factors) {
    if (isWhole(base)) continue;
    for (const rule of rules) {
      const result = rule(p, base, exponent);
      if (result !== undefined) return reduced(result, isWhole);
    }
  }
  return p;
}
