/**
 * Simplification for gradients, display and specialised code. Sums and products are kept as maps (term → coefficient,
 * base → exponent), the order of writing is kept for display, conditions are merged, and a handful of identities of
 * softmax and the sigmoid are known.
 *
 * x/x → 1 and 0·x → 0 change NaN into a number, and rounding may change in the last digits: never simplify on the path
 * that computes a user's value or a reference value.
 */
import * as b from './build.ts';
import { constant, nodesOf, truth, type Apply, type Expr } from './expression.ts';
import { primitive } from './primitives.ts';
import { withArgs } from './rewrite.ts';

export interface SimplifyOptions {
  /** Named sub-expressions: sums and products do not flatten through them. */
  readonly whole?: ReadonlySet<Expr>;
}

/** coefficient · Π base^exponent, in the order of writing. */
interface Product {
  readonly coefficient: number;
  readonly factors: ReadonlyMap<Expr, number>;
}

/** A simpler expression of the same value wherever the given one is finite. */
export function simplify(expr: Expr, options: SimplifyOptions = {}): Expr {
  const simplifier = new Simplifier(options.whole ?? new Set());
  let result = expr;
  // Three passes reach the fixed point of everything seen so far; the bound only guards against an oscillation.
  for (let pass = 0; pass < 6; pass++) {
    const next = simplifier.visit(result);
    if (next === result) break;
    result = next;
  }
  return result;
}

const one = constant(1);
const zero = constant(0);

interface Call<Op extends string> extends Apply {
  readonly op: Op;
}
function is<Op extends string>(e: Expr, op: Op): e is Call<Op> {
  return e.kind === 'apply' && e.op === op;
}
const isZero = (e: Expr) => e.kind === 'const' && e.value === 0;
const isSum = (e: Expr): e is Apply => is(e, 'add') || is(e, 'sub');
const arg = (e: Apply, at = 0): Expr => e.args[at]!;

/** Finite whatever the data are, so that it may leave a guarded branch. */
function isSafe(base: Expr, exponent: number): boolean {
  return base.kind === 'size' || (base.kind === 'param' && exponent > 0);
}

function product(coefficient: number, factors: Iterable<readonly [Expr, number]> = []): Product {
  return { coefficient, factors: new Map(factors) };
}

function multiply(...products: readonly Product[]): Product {
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

function power(p: Product, exponent: number): Product {
  return product(
    Math.pow(p.coefficient, exponent),
    [...p.factors].map(([base, e]) => [base, e * exponent] as const),
  );
}

class Simplifier {
  readonly #whole: ReadonlySet<Expr>;
  readonly #done = new Map<Expr, Expr>();

  constructor(whole: ReadonlySet<Expr>) {
    this.#whole = whole;
  }

  visit(root: Expr): Expr {
    for (const node of nodesOf(root)) {
      if (this.#done.has(node)) continue;
      const result =
        node.kind === 'apply'
          ? this.#node(
              withArgs(
                node,
                node.args.map((a) => this.#done.get(a)!),
              ),
            )
          : node;
      this.#done.set(node, result);
    }
    return this.#done.get(root)!;
  }

  #node(node: Expr): Expr {
    if (node.kind !== 'apply') return node;
    const folded = foldConstants(node);
    if (folded !== undefined) return folded;
    switch (node.op) {
      case 'add':
      case 'sub':
        return this.#sum(this.#terms(node));
      case 'neg':
      case 'mul':
      case 'div':
      case 'square':
      case 'pow':
        return this.#product(this.#factors(node));
      case 'where':
        return this.#where(arg(node), arg(node, 1), arg(node, 2));
      default:
        return this.#function(node);
    }
  }

  // ---- products

  #factors(e: Expr): Product {
    if (e.kind === 'const') return product(e.value);
    if (e.kind !== 'apply' || this.#whole.has(e)) return product(1, [[e, 1]]);
    switch (e.op) {
      case 'neg':
        return multiply(product(-1), this.#factors(arg(e)));
      case 'mul':
        return multiply(this.#factors(arg(e)), this.#factors(arg(e, 1)));
      case 'div':
        return multiply(this.#factors(arg(e)), power(this.#factors(arg(e, 1)), -1));
      case 'square':
        return power(this.#factors(arg(e)), 2);
      case 'pow': {
        const exponent = arg(e, 1);
        if (exponent.kind === 'const' && Number.isInteger(exponent.value)) {
          return power(this.#factors(arg(e)), exponent.value);
        }
        return product(1, [[e, 1]]);
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

  /** A sum up to its sign: of the two the one whose oldest term is positive. */
  #oriented(sum: Apply): [1 | -1, Expr] {
    const terms = this.#terms(sum);
    let oldest: Expr | undefined;
    for (const core of terms.keys()) {
      if (core.kind !== 'const' && (oldest === undefined || core.id < oldest.id)) oldest = core;
    }
    if (oldest === undefined || terms.get(oldest)! > 0) return [1, sum];
    return [-1, this.#writeSum(negated(terms))];
  }

  /** The canonical expression of a product. */
  #product(p: Product): Expr {
    const { coefficient, factors } = absolutes(p);
    if (coefficient === 0) return zero;
    const guard = [...factors].find(([base, e]) => e === 1 && this.#guarded(base) !== undefined);
    if (guard !== undefined) {
      const others = [...factors].filter(([base]) => base !== guard[0]);
      const moving = others.filter(([base, e]) => !isSafe(base, e));
      if (moving.length > 0) {
        // What is multiplied with a guarded value belongs inside the guard.
        const { condition, then, otherwise } = this.#guarded(guard[0])!;
        const into = (branch: Expr) =>
          isZero(branch) ? zero : this.#product(multiply(this.#factors(branch), product(1, moving)));
        const inside = this.#where(condition, into(then), into(otherwise));
        const outside = product(
          coefficient,
          others.filter(([base, e]) => isSafe(base, e)),
        );
        return this.#product(multiply(outside, this.#factors(inside)));
      }
    }
    return this.#writeProduct({ coefficient, factors });
  }

  /** A `where` of which one branch is zero. */
  #guarded(e: Expr): { condition: Expr; then: Expr; otherwise: Expr } | undefined {
    if (!is(e, 'where') || this.#whole.has(e)) return undefined;
    const [condition, then, otherwise] = e.args as readonly [Expr, Expr, Expr];
    return isZero(then) || isZero(otherwise) ? { condition, then, otherwise } : undefined;
  }

  #writeProduct({ coefficient, factors }: Product): Expr {
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
      if (sign < 0 && exponent === 1 && isSum(base) && !this.#whole.has(base)) {
        written = this.#writeSum(negated(this.#terms(base)));
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

  /** Terms with their coefficients, in the order of writing; the constant is the coefficient of 1. */
  #terms(e: Expr): Map<Expr, number> {
    const terms = new Map<Expr, number>();
    const collect = (part: Expr, factor: number): void => {
      if (isSum(part) && !this.#whole.has(part)) {
        collect(arg(part), factor);
        collect(arg(part, 1), part.op === 'add' ? factor : -factor);
        return;
      }
      const p = part.kind === 'apply' && !isSum(part) ? this.#factors(part) : undefined;
      if (p === undefined) {
        const [core, coefficient]: [Expr, number] = part.kind === 'const' ? [one, part.value] : [part, 1];
        accumulate(terms, core, factor * coefficient);
        return;
      }
      const [only] = p.factors;
      if (
        p.factors.size === 1 &&
        only !== undefined &&
        only[1] === 1 &&
        isSum(only[0]) &&
        !this.#whole.has(only[0])
      ) {
        collect(only[0], factor * p.coefficient);
        return;
      }
      accumulate(terms, this.#writeProduct(product(1, p.factors)), factor * p.coefficient);
    };
    collect(e, 1);
    return terms;
  }

  #sum(terms: Map<Expr, number>): Expr {
    for (const [core, coefficient] of terms) if (coefficient === 0) terms.delete(core);
    if (terms.size === 0) return zero;
    if (terms.size === 1) return this.#scaled(terms);
    return (
      this.#mergedConditions(terms) ??
      this.#complementedSigmoid(terms) ??
      this.#pairedSigmoids(terms) ??
      this.#commonFactor(terms) ??
      this.#writeSum(terms)
    );
  }

  #scaled(terms: ReadonlyMap<Expr, number>): Expr {
    const [[core, coefficient]] = terms as unknown as readonly [readonly [Expr, number]];
    return this.#product(multiply(product(coefficient), this.#factors(core)));
  }

  #again(terms: ReadonlyMap<Expr, number>, remove: readonly Expr[], plus: Expr): Expr {
    const next = new Map([...terms].filter(([core]) => !remove.includes(core)));
    for (const [core, coefficient] of this.#terms(plus)) accumulate(next, core, coefficient);
    return this.#sum(next);
  }

  /** where(c, a, b) + where(c, a′, b′) → where(c, a + a′, b + b′). */
  #mergedConditions(terms: ReadonlyMap<Expr, number>): Expr | undefined {
    const byCondition = new Map<Expr, { core: Expr; then: Expr; otherwise: Expr }[]>();
    for (const [core, coefficient] of terms) {
      const p = this.#factors(core);
      const choice = [...p.factors.keys()].find((base) => is(base, 'where') && p.factors.get(base) === 1);
      if (choice === undefined || !is(choice, 'where') || this.#whole.has(choice)) continue;
      const rest = multiply(product(coefficient), p, product(1, [[choice, -1]]));
      const branch = (e: Expr) => (isZero(e) ? zero : this.#product(multiply(this.#factors(e), rest)));
      const same = byCondition.get(arg(choice)) ?? [];
      byCondition.set(arg(choice), [
        ...same,
        { core, then: branch(arg(choice, 1)), otherwise: branch(arg(choice, 2)) },
      ]);
    }
    for (const [condition, same] of byCondition) {
      if (same.length < 2) continue;
      const total = (branches: readonly Expr[]) => this.#node(branches.reduce((x, y) => b.add(x, y)));
      const merged = this.#where(
        condition,
        total(same.map((s) => s.then)),
        total(same.map((s) => s.otherwise)),
      );
      return this.#again(
        terms,
        same.map((s) => s.core),
        merged,
      );
    }
    return undefined;
  }

  /** k - k·σ(u) → k·σ(-u). */
  #complementedSigmoid(terms: ReadonlyMap<Expr, number>): Expr | undefined {
    for (const [core, coefficient] of terms) {
      const p = this.#factors(core);
      for (const [base, exponent] of p.factors) {
        if (exponent !== 1 || !is(base, 'sigmoid')) continue;
        const rest = this.#writeProduct(multiply(p, product(1, [[base, -1]])));
        if (terms.get(rest) !== -coefficient) continue;
        const flipped = this.#sigmoidOf(b.neg(arg(base)));
        const plus = this.#product(
          multiply(product(-coefficient), this.#factors(rest), this.#factors(flipped)),
        );
        return this.#again(terms, [core, rest], plus);
      }
    }
    return undefined;
  }

  /** a·σ(u) - c·σ(-u) → (a + c)·σ(u) - c, where a + c is simpler than its parts: (1 - y)·σ(u) - y·σ(-u) → σ(u) - y. */
  #pairedSigmoids(terms: ReadonlyMap<Expr, number>): Expr | undefined {
    const parts: { core: Expr; sigmoid: Apply; rest: Product }[] = [];
    for (const [core, coefficient] of terms) {
      const p = this.#factors(core);
      for (const [base, exponent] of p.factors) {
        if (exponent !== 1 || !is(base, 'sigmoid')) continue;
        const rest = multiply(product(coefficient), p, product(1, [[base, -1]]));
        parts.push({ core, sigmoid: base, rest });
      }
    }
    for (const first of parts) {
      for (const second of parts) {
        if (first.core === second.core) continue;
        if (this.#sigmoidOf(b.neg(arg(first.sigmoid))) !== second.sigmoid) continue;
        const a = this.#product(first.rest);
        const c = this.#product(multiply(product(-1), second.rest));
        const both = this.#node(b.add(a, c));
        if (weight(both) >= Math.max(weight(a), weight(c))) continue;
        // Keep σ of the argument without the minus sign.
        if (is(arg(first.sigmoid), 'neg')) continue;
        const plus = b.sub(this.#product(multiply(this.#factors(both), this.#factors(first.sigmoid))), c);
        return this.#again(terms, [first.core, second.core], plus);
      }
    }
    return undefined;
  }

  #sigmoidOf(x: Expr): Expr {
    return b.sigmoid(this.#node(x));
  }

  /** What all terms share is written once, in front: a/n - b/n → (a - b)/n. */
  #commonFactor(terms: ReadonlyMap<Expr, number>): Expr | undefined {
    const products = [...terms.keys()].map((core) => this.#spread(core));
    const [head, ...tail] = products;
    const common = new Map<Expr, number>();
    for (const [base, exponent] of head!.factors) {
      let shared = exponent;
      for (const other of tail) {
        const e = other.factors.get(base) ?? 0;
        shared =
          Math.sign(e) === Math.sign(shared) ? Math.sign(e) * Math.min(Math.abs(e), Math.abs(shared)) : 0;
      }
      if (shared !== 0) common.set(base, shared);
    }
    const amounts = [...terms.values()].map(Math.abs);
    const amount = amounts.every((x) => x === amounts[0]) ? amounts[0]! : 1;
    const allNegative = [...terms.values()].every((x) => x < 0);
    const scale = allNegative ? -amount : amount;
    if (common.size === 0 && scale === 1) return undefined;
    const inner = new Map<Expr, number>();
    const inverse = power(product(1, common), -1);
    for (const [core, coefficient] of terms) {
      const rest = this.#withoutCommon(core, inverse);
      for (const [part, c] of this.#terms(rest)) accumulate(inner, part, (c * coefficient) / scale);
    }
    return this.#product(multiply(product(scale, common), this.#factors(this.#sum(inner))));
  }

  /** The factors of a term, those inside a guard counted in. */
  #spread(core: Expr): Product {
    const p = this.#factors(core);
    for (const [base, exponent] of p.factors) {
      const guard = exponent === 1 ? this.#guarded(base) : undefined;
      if (guard === undefined) continue;
      const inside = isZero(guard.then) ? guard.otherwise : guard.then;
      return multiply(p, product(1, this.#factors(inside).factors));
    }
    return p;
  }

  #withoutCommon(core: Expr, inverse: Product): Expr {
    const p = this.#factors(core);
    const outside = new Map<Expr, number>();
    const inside = new Map<Expr, number>();
    for (const [base, exponent] of inverse.factors)
      (p.factors.has(base) ? outside : inside).set(base, exponent);
    const choice = [...p.factors.keys()].find(
      (base) => p.factors.get(base) === 1 && this.#guarded(base) !== undefined,
    );
    if (inside.size === 0 || choice === undefined) return this.#product(multiply(p, inverse));
    const { condition, then, otherwise } = this.#guarded(choice)!;
    const branch = (e: Expr) =>
      isZero(e) ? zero : this.#product(multiply(this.#factors(e), product(1, inside)));
    const freed = this.#where(condition, branch(then), branch(otherwise));
    return this.#product(multiply(p, product(1, [[choice, -1]]), product(1, outside), this.#factors(freed)));
  }

  #writeSum(terms: ReadonlyMap<Expr, number>): Expr {
    const write = (core: Expr, amount: number) =>
      this.#writeProduct(multiply(product(amount), this.#factors(core)));
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

  #where(condition: Expr, then: Expr, otherwise: Expr): Expr {
    if (condition.kind === 'const') return condition.value !== 0 ? then : otherwise;
    if (then === otherwise) return then;
    if (is(condition, 'not')) return this.#where(arg(condition), otherwise, then);
    if (is(then, 'where') && arg(then) === condition) return this.#where(condition, arg(then, 1), otherwise);
    if (is(otherwise, 'where') && arg(otherwise) === condition) {
      return this.#where(condition, then, arg(otherwise, 2));
    }
    if (then.dtype !== 'real' && otherwise.dtype !== 'real') return b.where(condition, then, otherwise);
    const [p, q] = [this.#factors(then), this.#factors(otherwise)];
    const shared = p.coefficient === 0 ? safePart(q) : q.coefficient === 0 ? safePart(p) : sharedPart(p, q);
    if (shared.coefficient === 1 && shared.factors.size === 0) return b.where(condition, then, otherwise);
    const inverse = power(shared, -1);
    const rest = (branch: Product) =>
      branch.coefficient === 0 ? zero : this.#product(multiply(branch, inverse));
    const choice = b.where(condition, rest(p), rest(q));
    return this.#writeProduct(multiply(shared, product(1, [[choice, 1]])));
  }

  // ---- functions

  #function(node: Apply): Expr {
    const x = arg(node);
    switch (node.op) {
      case 'exp':
        if (is(x, 'log')) return arg(x);
        if (is(x, 'logsigmoid')) return b.sigmoid(arg(x));
        if (is(x, 'logsoftmax')) return b.softmax(arg(x), x.attributes['axis']!);
        return softmaxOf(x) ?? node;
      case 'log':
        if (is(x, 'exp')) return arg(x);
        if (is(x, 'sigmoid')) return b.logsigmoid(arg(x));
        if (is(x, 'softmax')) return b.logsoftmax(arg(x), x.attributes['axis']!);
        return node;
      case 'abs': {
        if (is(x, 'abs') || is(x, 'square') || is(x, 'exp') || is(x, 'sigmoid') || is(x, 'softmax')) return x;
        const { coefficient, factors } = this.#factors(x);
        if (coefficient === 1) return node;
        return this.#scaledFunction(Math.abs(coefficient), b.abs(this.#writeProduct(product(1, factors))));
      }
      case 'sign': {
        const { coefficient, factors } = this.#factors(x);
        if (coefficient === 1 || coefficient === 0) return node;
        return this.#scaledFunction(Math.sign(coefficient), b.sign(this.#writeProduct(product(1, factors))));
      }
      case 'not':
        return is(x, 'not') ? arg(x) : node;
      case 'and':
      case 'or':
        return logical(node);
      case 'sum':
        return this.#sumOver(node);
      default:
        return node;
    }
  }

  #scaledFunction(coefficient: number, e: Expr): Expr {
    return this.#product(multiply(product(coefficient), product(1, [[e, 1]])));
  }

  #sumOver(node: Apply): Expr {
    const axis = node.attributes['axis']!;
    const x = arg(node);
    const p = this.#factors(x);
    const free = [...p.factors].filter(([base]) => !base.axes.includes(axis));
    if (free.length > 0 || p.coefficient !== 1) {
      const bound = [...p.factors].filter(([base]) => base.axes.includes(axis));
      if (bound.length > 0) {
        const inner = this.#function(b.sum(this.#writeProduct(product(1, bound)), axis));
        return this.#product(multiply(product(p.coefficient, free), this.#factors(inner)));
      }
    }
    if (is(x, 'softmax') && x.attributes['axis'] === axis) return one;
    const selected = this.#selected(x, axis);
    return selected ?? node;
  }

  /** Σ_c where(c = y, a, 0) → a at y: valid positions only, which definitions guarantee. */
  #selected(x: Expr, axis: string): Expr | undefined {
    const guard = this.#guarded(x);
    if (guard === undefined || !isZero(guard.otherwise) || !is(guard.condition, 'eq')) return undefined;
    const [left, right] = [arg(guard.condition), arg(guard.condition, 1)];
    const [position, other] = left.kind === 'index' ? [left, right] : [right, left];
    if (position.kind !== 'index' || position.axis !== axis || other.axes.includes(axis)) return undefined;
    return guard.then.axes.includes(axis) ? b.gather(guard.then, axis, other) : guard.then;
  }
}

function accumulate(terms: Map<Expr, number>, core: Expr, coefficient: number): void {
  terms.set(core, (terms.get(core) ?? 0) + coefficient);
}

function negated(terms: ReadonlyMap<Expr, number>): Map<Expr, number> {
  return new Map([...terms].map(([core, coefficient]) => [core, -coefficient]));
}

function raised(base: Expr, exponent: number): Expr {
  if (exponent === 1) return base;
  return exponent === 2 ? b.square(base) : b.pow(base, exponent);
}

/** |x|² → x², sign(x)·|x| → x, sign(x)·x → |x|, √x² → x. */
function absolutes(p: Product): Product {
  let result = p;
  for (const [base, exponent] of p.factors) {
    if (is(base, 'abs') && exponent % 2 === 0) {
      result = multiply(result, product(1, [[base, -exponent]]), product(1, [[arg(base), exponent]]));
    } else if (is(base, 'sqrt') && exponent % 2 === 0) {
      result = multiply(result, product(1, [[base, -exponent]]), product(1, [[arg(base), exponent / 2]]));
    } else if (is(base, 'sign') && exponent === 1) {
      const [x, size] = [arg(base), b.abs(arg(base))];
      if (result.factors.get(size) === 1) {
        result = multiply(
          result,
          product(1, [
            [base, -1],
            [size, -1],
            [x, 1],
          ]),
        );
      } else if (result.factors.get(x) === 1) {
        result = multiply(
          result,
          product(1, [
            [base, -1],
            [x, -1],
            [size, 1],
          ]),
        );
      }
    }
  }
  return result;
}

function safePart(p: Product): Product {
  return product(
    p.coefficient,
    [...p.factors].filter(([base, e]) => isSafe(base, e)),
  );
}

function sharedPart(p: Product, q: Product): Product {
  const shared = new Map<Expr, number>();
  for (const [base, e] of p.factors) {
    const f = q.factors.get(base) ?? 0;
    if (Math.sign(e) === Math.sign(f)) shared.set(base, Math.sign(e) * Math.min(Math.abs(e), Math.abs(f)));
  }
  const same = Math.abs(p.coefficient) === Math.abs(q.coefficient);
  const coefficient = same ? Math.abs(p.coefficient) * (p.coefficient < 0 && q.coefficient < 0 ? -1 : 1) : 1;
  return { coefficient, factors: shared };
}

/** exp(z - logsumexp(z)) and with further terms moved outside nothing: only the exact form. */
function softmaxOf(x: Expr): Expr | undefined {
  if (!is(x, 'sub')) return undefined;
  const [z, total] = [arg(x), arg(x, 1)];
  if (!is(total, 'logsumexp') || arg(total) !== z) return undefined;
  return b.softmax(z, total.attributes['axis']!);
}

function logical(node: Apply): Expr {
  const absorbing = node.op === 'and' ? 0 : 1;
  for (const [known, other] of [
    [arg(node), arg(node, 1)],
    [arg(node, 1), arg(node)],
  ] as const) {
    if (known.kind === 'const') return known.value === absorbing ? known : other;
  }
  return arg(node) === arg(node, 1) ? arg(node) : node;
}

function foldConstants(node: Apply): Expr | undefined {
  const row = primitive(node.op);
  if (row.kind !== 'elementwise' || !node.args.every((a) => a.kind === 'const')) return undefined;
  const [first, second, third] = node.args.map((a) => a.value);
  const value = row.value(first ?? NaN, second ?? NaN, third ?? NaN);
  return node.dtype === 'boolean' ? truth(value !== 0) : constant(value);
}

/** Number of nodes, shared ones once. */
function weight(e: Expr): number {
  return nodesOf(e).length;
}
