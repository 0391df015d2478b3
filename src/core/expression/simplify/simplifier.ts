/** Rewrites an expression bottom-up: sums and products as maps, conditions, functions. The rules lie beside. */
import * as b from '../build.ts';
import { constant, nodesOf, truth, type Apply, type Axis, type Expr } from '../expression.ts';
import { primitive } from '../primitives.ts';
import { withArgs } from '../rewrite.ts';
import { simplerFunction } from './functions.ts';
import { compareExpr } from './order.ts';
import {
  arg,
  is,
  isFixed,
  isSafe,
  isSum,
  isZero,
  multiply,
  one,
  onlyBase,
  power,
  product,
  raised,
  reduced,
  safePart,
  sharedPart,
  zero,
  type Product,
} from './products.ts';
import { simplerSum } from './sums.ts';
import { accumulate, negated, weight, type Terms } from './terms.ts';

/** A `where` of which one branch is zero. */
export interface Guard {
  readonly condition: Expr;
  readonly then: Expr;
  readonly otherwise: Expr;
}

/** What is known beyond the expression itself. */
export interface Facts {
  /** Kept as they are, inside and out. */
  readonly whole: ReadonlySet<Expr>;
  /** Whether positions are known to lie on an axis. */
  readonly isValid: (position: Expr, axis: Axis) => boolean;
  /** Whether the elements along an axis sum to one. */
  readonly isDistribution: (e: Expr, axis: Axis) => boolean;
}

export class Simplifier {
  readonly facts: Facts;
  readonly #done = new Map<Expr, Expr>();
  readonly #factors = new Map<Expr, Product>();
  readonly #terms = new Map<Expr, Terms>();
  #depth = 0;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  /** One pass over an expression. */
  visit(root: Expr): Expr {
    for (const node of nodesOf(root)) {
      if (this.#done.has(node)) continue;
      this.#done.set(node, this.#visited(node));
    }
    return this.#done.get(root)!;
  }

  #visited(node: Expr): Expr {
    if (node.kind !== 'apply' || this.isWhole(node)) return node;
    const args = node.args.map((a) => this.#done.get(a)!);
    return this.node(withArgs(node, args));
  }

  isWhole(e: Expr): boolean {
    return this.facts.whole.has(e);
  }

  /** A node whose arguments are simple already. */
  node(node: Expr): Expr {
    if (node.kind !== 'apply' || this.isWhole(node)) return node;
    const folded = foldConstants(node);
    if (folded !== undefined) return folded;
    switch (node.op) {
      case 'add':
      case 'sub':
        return this.sum(this.terms(node));
      case 'neg':
      case 'mul':
      case 'div':
      case 'square':
      case 'pow':
        return this.product(this.factors(node));
      case 'where':
        return this.where(arg(node), arg(node, 1), arg(node, 2));
      default:
        return simplerFunction(this, node) ?? node;
    }
  }

  // ---- products

  factors(e: Expr): Product {
    const known = this.#factors.get(e);
    if (known !== undefined) return known;
    const result = this.#factorsOf(e);
    this.#factors.set(e, result);
    return result;
  }

  #factorsOf(e: Expr): Product {
    // An infinite constant is a factor like any other: 0 · ∞ must not be worked out.
    if (e.kind === 'const') return Number.isFinite(e.value) ? product(e.value) : product(1, [[e, 1]]);
    if (e.kind !== 'apply' || this.isWhole(e)) return product(1, [[e, 1]]);
    switch (e.op) {
      case 'neg':
        return multiply(product(-1), this.factors(arg(e)));
      case 'mul':
        return multiply(this.factors(arg(e)), this.factors(arg(e, 1)));
      case 'div': {
        const below = this.factors(arg(e, 1));
        if (below.coefficient === 0) return product(1, [[e, 1]]);
        return multiply(this.factors(arg(e)), power(below, -1));
      }
      case 'square':
        return power(this.factors(arg(e)), 2);
      case 'pow': {
        const exponent = arg(e, 1);
        const isWholeNumber = exponent.kind === 'const' && Number.isInteger(exponent.value);
        const base = isWholeNumber ? this.factors(arg(e)) : undefined;
        if (!isWholeNumber || base === undefined || (base.coefficient === 0 && exponent.value <= 0))
          return product(1, [[e, 1]]);
        return power(base, exponent.value);
      }
      case 'add':
      case 'sub': {
        // y - x and x - y are one base with a sign.
        const [coefficient, base] = this.#oriented(e);
        return product(coefficient, [[base, 1]]);
      }
      default:
        return product(1, [[e, 1]]);
    }
  }

  /** A sum up to its sign: of the two the one whose first term in the order of expressions is positive. */
  #oriented(sum: Apply): [1 | -1, Expr] {
    const terms = this.terms(sum);
    const cores = [...terms.keys()].filter((core) => core.kind !== 'const');
    const first = cores.reduce<Expr | undefined>(
      (x, y) => (x === undefined || compareExpr(y, x) < 0 ? y : x),
      undefined,
    );
    if (first === undefined || terms.get(first)! > 0) return [1, sum];
    return [-1, this.writeSum(negated(terms))];
  }

  /** The simplest expression of a product. */
  product(p: Product): Expr {
    const { coefficient, factors } = reduced(p, (base) => this.isWhole(base));
    if (coefficient === 0) return zero;
    const guarded = [...factors].find(([base, e]) => e === 1 && this.guarded(base) !== undefined);
    if (guarded !== undefined) {
      const others = [...factors].filter(([base]) => base !== guarded[0]);
      const moving = others.filter(([base, e]) => !isSafe(base, e));
      if (moving.length > 0) {
        // What is multiplied with a guarded value belongs inside the guard.
        const { condition, then, otherwise } = this.guarded(guarded[0])!;
        const into = (branch: Expr) =>
          isZero(branch) ? zero : this.product(multiply(this.factors(branch), product(1, moving)));
        const inside = this.where(condition, into(then), into(otherwise));
        const outside = product(
          coefficient,
          others.filter(([base, e]) => isSafe(base, e)),
        );
        return this.product(multiply(outside, this.factors(inside)));
      }
    }
    return this.#multipliedOut(coefficient, factors) ?? this.writeProduct({ coefficient, factors });
  }

  /** (a/x + c)·x → a + c·x where that is shorter. */
  #multipliedOut(coefficient: number, factors: ReadonlyMap<Expr, number>): Expr | undefined {
    for (const [sum, exponent] of factors) {
      if (exponent !== 1 || this.#loose(sum) === undefined) continue;
      const terms = [...this.terms(sum)].map(([core, c]) => ({ c, p: this.factors(core) }));
      for (const [base, e] of factors) {
        if (e < 1 || !terms.some(({ p }) => (p.factors.get(base) ?? 0) < 0)) continue;
        const next = new Map<Expr, number>();
        for (const { c, p } of terms) {
          const q = multiply(p, product(1, [[base, 1]]));
          accumulate(next, this.writeProduct(product(1, q.factors)), c * q.coefficient);
        }
        const short = this.sum(next);
        if (weight(short) >= weight(b.mul(sum, base))) continue;
        const rest = multiply(
          { coefficient, factors },
          product(1, [
            [sum, -1],
            [base, -1],
          ]),
        );
        return this.product(multiply(rest, this.factors(short)));
      }
    }
    return undefined;
  }

  guarded(e: Expr): Guard | undefined {
    if (!is(e, 'where') || this.isWhole(e)) return undefined;
    const [condition, then, otherwise] = e.args as readonly [Expr, Expr, Expr];
    return isZero(then) || isZero(otherwise) ? { condition, then, otherwise } : undefined;
  }

  writeProduct({ coefficient, factors }: Product): Expr {
    let sign = coefficient < 0 ? -1 : 1;
    let amount = Math.abs(coefficient);
    const above: Expr[] = [];
    const below: Expr[] = [];
    // A small fraction such as 1/3 reads better as a division; halves stay in front.
    if (amount < 0.5 && Number.isInteger(1 / amount)) {
      below.push(constant(1 / amount));
      amount = 1;
    }
    for (const [base, exponent] of factors) {
      let written = base;
      if (sign < 0 && exponent === 1 && isSum(base) && !this.isWhole(base)) {
        written = this.writeSum(negated(this.terms(base)));
        sign = 1;
      }
      (exponent > 0 ? above : below).push(raised(written, Math.abs(exponent)));
    }
    // Scalars lead, as people write: δ·sign(r).
    above.sort((x, y) => Math.min(x.axes.length, 1) - Math.min(y.axes.length, 1));
    if (amount !== 1 || above.length === 0) above.unshift(constant(amount));
    const top = above.reduce((x, y) => b.mul(x, y));
    const quotient =
      below.length === 0
        ? top
        : b.div(
            top,
            below.reduce((x, y) => b.mul(x, y)),
          );
    if (sign > 0) return quotient;
    return quotient.kind === 'const' ? constant(-quotient.value) : b.neg(quotient);
  }

  // ---- sums

  terms(e: Expr): Terms {
    const known = this.#terms.get(e);
    if (known !== undefined) return known;
    const result = this.#termsOf(e);
    this.#terms.set(e, result);
    return result;
  }

  #termsOf(e: Expr): Terms {
    const terms = new Map<Expr, number>();
    const collect = (part: Expr, factor: number): void => {
      const loose = this.#loose(part);
      if (loose !== undefined) {
        collect(arg(loose), factor);
        collect(arg(loose, 1), loose.op === 'add' ? factor : -factor);
        return;
      }
      if (part.kind !== 'apply') {
        const isNumber = part.kind === 'const' && Number.isFinite(part.value);
        accumulate(terms, isNumber ? one : part, isNumber ? factor * part.value : factor);
        return;
      }
      const p = this.factors(part);
      const only = onlyBase(p);
      if (only !== undefined && this.#loose(only) !== undefined) collect(only, factor * p.coefficient);
      else accumulate(terms, this.writeProduct(product(1, p.factors)), factor * p.coefficient);
    };
    collect(e, 1);
    return terms;
  }

  /** A sum that may be taken apart. */
  #loose(e: Expr): Apply | undefined {
    return isSum(e) && !this.isWhole(e) ? e : undefined;
  }

  /** The simplest expression of a sum. */
  sum(given: Terms): Expr {
    const terms = new Map([...given].filter(([, coefficient]) => coefficient !== 0));
    if (terms.size === 0) return zero;
    if (terms.size > 1) return this.#bounded(() => simplerSum(this, terms)) ?? this.writeSum(terms);
    const [[core, coefficient]] = terms as unknown as readonly [readonly [Expr, number]];
    return this.product(multiply(product(coefficient), this.factors(core)));
  }

  /** A rule leads to further sums; should rules ever undo each other, this ends it. */
  #bounded(rule: () => Expr | undefined): Expr | undefined {
    if (this.#depth > 60) return undefined;
    this.#depth++;
    const result = rule();
    this.#depth--;
    return result;
  }

  writeSum(terms: Terms): Expr {
    const write = (core: Expr, amount: number) =>
      this.writeProduct(multiply(product(amount), this.factors(core)));
    const entries = [...terms];
    const lead = Math.max(
      0,
      entries.findIndex(([, coefficient]) => coefficient > 0),
    );
    const ordered = [entries[lead]!, ...entries.filter((_, i) => i !== lead)];
    let result: Expr | undefined;
    for (const [core, coefficient] of ordered) {
      const term = write(core, Math.abs(coefficient));
      if (result === undefined) result = coefficient < 0 ? write(core, coefficient) : term;
      else result = coefficient < 0 ? b.sub(result, term) : b.add(result, term);
    }
    return result!;
  }

  // ---- conditions

  /**
   * The simplest choice. A condition on parameters alone never joins one on data: the branch that it rules out may
   * divide by zero, and is not computed where cases of parameters are.
   */
  where(condition: Expr, given: Expr, otherwise: Expr): Expr {
    const then = this.#whereHolds(condition, given);
    if (condition.kind === 'const') return condition.value !== 0 ? then : otherwise;
    if (then === otherwise) return then;
    // The positive part is 0 elsewhere by itself.
    if (isZero(otherwise) && this.#isPositivePart(given, condition)) return given;
    if (is(condition, 'not')) return this.where(arg(condition), otherwise, then);
    if (this.#isChoice(then)) {
      const [inner, yes, no] = then.args as readonly [Expr, Expr, Expr];
      if (inner === condition) return this.where(condition, yes, otherwise);
      if (no === otherwise && isFixed(inner) === isFixed(condition))
        return this.where(this.node(b.and(condition, inner)), yes, otherwise);
    }
    if (this.#isChoice(otherwise)) {
      const [inner, yes, no] = otherwise.args as readonly [Expr, Expr, Expr];
      if (inner === condition) return this.where(condition, then, no);
      if (no === then && isFixed(inner) === isFixed(condition))
        return this.where(this.node(b.and(this.node(b.not(condition)), inner)), yes, then);
      if (yes === then && isFixed(inner) === isFixed(condition))
        return this.where(this.node(b.or(condition, inner)), then, no);
    }
    if (then.dtype !== 'real' && otherwise.dtype !== 'real') return b.where(condition, then, otherwise);
    const [p, q] = [this.factors(then), this.factors(otherwise)];
    const shared = p.coefficient === 0 ? safePart(q) : q.coefficient === 0 ? safePart(p) : sharedPart(p, q);
    if (shared.coefficient === 1 && shared.factors.size === 0) return b.where(condition, then, otherwise);
    const inverse = power(shared, -1);
    const rest = (branch: Product) =>
      branch.coefficient === 0 ? zero : this.product(multiply(branch, inverse));
    const choice = b.where(condition, rest(p), rest(q));
    return this.writeProduct(multiply(shared, product(1, [[choice, 1]])));
  }

  /** Where x > 0, the positive part of x is x. Only element by element: elsewhere along an axis it may not hold. */
  #whereHolds(condition: Expr, branch: Expr): Expr {
    if (!is(condition, 'gt') && !is(condition, 'lt')) return branch;
    const visit = (e: Expr): Expr => {
      if (e.kind !== 'apply' || this.isWhole(e) || primitive(e.op).kind !== 'elementwise') return e;
      if (this.#isPositivePart(e, condition)) return arg(e);
      const args = e.args.map(visit);
      return args.every((x, i) => x === e.args[i]) ? e : this.node(withArgs(e, args));
    };
    return visit(branch);
  }

  /** relu(x) under the condition x > 0. */
  #isPositivePart(e: Expr, condition: Expr): boolean {
    return is(e, 'relu') && this.node(b.gt(arg(e), 0)) === condition;
  }

  #isChoice(e: Expr): e is Apply {
    return is(e, 'where') && !this.isWhole(e);
  }
}

function foldConstants(node: Apply): Expr | undefined {
  const row = primitive(node.op);
  if (row.kind !== 'elementwise' || !node.args.every((a) => a.kind === 'const')) return undefined;
  const [first, second, third] = node.args.map((a) => a.value);
  const value = row.value(first ?? NaN, second ?? NaN, third ?? NaN);
  return node.dtype === 'boolean' ? truth(value !== 0) : constant(value);
}
