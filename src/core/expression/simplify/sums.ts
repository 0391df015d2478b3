/** Rules for sums of several terms. */
import * as b from '../build.ts';
import { inputsOf, nodesOf, type Apply, type Expr } from '../expression.ts';
import {
  arg,
  commonExponent,
  is,
  isSafe,
  isSum,
  isZero,
  multiply,
  power,
  product,
  without,
  zero,
  type Product,
} from './products.ts';
import type { Guard, Simplifier } from './simplifier.ts';
import { accumulate, weight, type Terms } from './terms.ts';

type Rule = (s: Simplifier, terms: Terms) => Expr | undefined;

/** The sum after the first rule that applies; undefined where none does. */
export const simplerSum: Rule = (s, terms) => {
  for (const rule of rules) {
    const result = rule(s, terms);
    if (result !== undefined) return result;
  }
  return undefined;
};

/** The sum with some terms replaced. */
function again(s: Simplifier, terms: Terms, remove: readonly Expr[], plus: Expr): Expr {
  const next = new Map([...terms].filter(([core]) => !remove.includes(core)));
  for (const [core, coefficient] of s.terms(plus)) accumulate(next, core, coefficient);
  return s.sum(next);
}

/** A term with a choice among its factors: the other factors belong into its branches. */
interface ChoiceTerm extends Guard {
  readonly core: Expr;
}

function choiceTerms(s: Simplifier, terms: Terms): readonly ChoiceTerm[] {
  return [...terms].flatMap(([core, coefficient]) => {
    const p = s.factors(core);
    const choice = [...p.factors.keys()].find((base) => is(base, 'where') && p.factors.get(base) === 1);
    if (choice === undefined || !is(choice, 'where') || s.isWhole(choice)) return [];
    const rest = multiply(product(coefficient), without(p, choice));
    const branch = (e: Expr) => (isZero(e) ? zero : s.product(multiply(s.factors(e), rest)));
    const [condition, then, otherwise] = choice.args as readonly [Expr, Expr, Expr];
    return [{ core, condition, then: branch(then), otherwise: branch(otherwise) }];
  });
}

const total = (s: Simplifier, parts: readonly Expr[]) => s.node(parts.reduce((x, y) => b.add(x, y)));

/** where(c, a, b) + where(c, a′, b′) → where(c, a + a′, b + b′). */
const mergedConditions: Rule = (s, terms) => {
  const choices = choiceTerms(s, terms);
  for (const { condition } of choices) {
    const same = choices.filter((other) => other.condition === condition);
    if (same.length < 2) continue;
    const then = total(
      s,
      same.map((term) => term.then),
    );
    const otherwise = total(
      s,
      same.map((term) => term.otherwise),
    );
    const cores = same.map(({ core }) => core);
    return again(s, terms, cores, s.where(condition, then, otherwise));
  }
  return undefined;
};

/** where(c, a, 0) + where(c ∧ d, b, 0) → where(c, a + where(d, b, 0), 0). */
const sharedConditions: Rule = (s, terms) => {
  const guarded = choiceTerms(s, terms)
    .filter(({ otherwise }) => isZero(otherwise))
    .map((term) => ({ ...term, parts: conjuncts(term.condition) }));
  for (const { parts } of guarded) {
    for (const shared of parts) {
      const same = guarded.filter((term) => term.parts.includes(shared));
      if (same.length < 2) continue;
      const inner = same.map((term) =>
        term.parts
          .filter((part) => part !== shared)
          .reduceRight((value, part) => s.where(part, value, zero), term.then),
      );
      const cores = same.map(({ core }) => core);
      return again(s, terms, cores, s.where(shared, total(s, inner), zero));
    }
  }
  return undefined;
};

function conjuncts(condition: Expr): readonly Expr[] {
  return is(condition, 'and') ? condition.args.flatMap(conjuncts) : [condition];
}

interface SigmoidTerm {
  readonly core: Expr;
  readonly coefficient: number;
  readonly sigmoid: Apply;
  /** The other factors, without the coefficient. */
  readonly rest: Product;
}

/** The terms with a sigmoid as a factor. */
function sigmoidTerms(s: Simplifier, terms: Terms): readonly SigmoidTerm[] {
  return [...terms].flatMap(([core, coefficient]) => {
    const p = s.factors(core);
    return [...p.factors].flatMap(([base, exponent]) =>
      exponent === 1 && is(base, 'sigmoid')
        ? [{ core, coefficient, sigmoid: base, rest: without(p, base) }]
        : [],
    );
  });
}

/** k − k·σ(u) → k·σ(−u); k − 2k·σ(2u) → −k·tanh(u). */
const complementedSigmoid: Rule = (s, terms) => {
  for (const { core, coefficient, sigmoid, rest } of sigmoidTerms(s, terms)) {
    const alone = s.writeProduct(rest);
    const other = terms.get(alone);
    if (other === undefined) continue;
    if (other === -coefficient) {
      const flipped = s.node(b.sigmoid(s.node(b.neg(arg(sigmoid)))));
      const plus = s.product(multiply(product(-coefficient), rest, s.factors(flipped)));
      return again(s, terms, [core, alone], plus);
    }
    const u = s.factors(arg(sigmoid));
    if (other !== -coefficient / 2 || Math.abs(u.coefficient) % 2 !== 0) continue;
    const curved = s.node(b.tanh(s.product(multiply(u, product(0.5)))));
    return again(s, terms, [core, alone], s.product(multiply(product(-other), rest, s.factors(curved))));
  }
  return undefined;
};

/** a·σ(u) − c·σ(−u) → (a + c)·σ(u) − c, where a + c is simpler than its parts: (1 − y)·σ(u) − y·σ(−u) → σ(u) − y. */
const pairedSigmoids: Rule = (s, terms) => {
  // With a sigmoid in what it multiplies, pairs could be formed back and forth.
  const parts = sigmoidTerms(s, terms).filter(
    ({ rest }) => ![...rest.factors.keys()].some((base) => is(base, 'sigmoid')),
  );
  for (const first of parts) {
    for (const second of parts) {
      if (first.core === second.core) continue;
      // Keep σ of the argument without the minus sign.
      if (is(arg(first.sigmoid), 'neg')) continue;
      if (s.node(b.sigmoid(s.node(b.neg(arg(first.sigmoid))))) !== second.sigmoid) continue;
      const a = s.product(multiply(product(first.coefficient), first.rest));
      const c = s.product(multiply(product(-second.coefficient), second.rest));
      const both = s.node(b.add(a, c));
      if (weight(both) >= Math.max(weight(a), weight(c))) continue;
      const plus = b.sub(s.product(multiply(s.factors(both), s.factors(first.sigmoid))), c);
      return again(s, terms, [first.core, second.core], plus);
    }
  }
  return undefined;
};

/**
 * k − k·A/(A + B) → k·B/(A + B): 1 − 1/(1 + |r|) → |r|/(1 + |r|). Where B grows without bound while the given form
 * stays finite, B must not overflow before the data do.
 */
const complementedShare: Rule = (s, terms) => {
  for (const [core, coefficient] of terms) {
    const p = s.factors(core);
    for (const [base, exponent] of p.factors) {
      if (exponent !== -1 || !isSum(base) || s.isWhole(base)) continue;
      const parts = [...s.terms(base)];
      if (parts.length !== 2) continue;
      for (const [k, [share, amount]] of parts.entries()) {
        const [other, rest] = parts[1 - k]!;
        const front = multiply(without(p, base), power(s.factors(share), -1));
        const alone = s.writeProduct(front);
        if (terms.get(alone) !== -coefficient / amount || !isSlow(s, other)) continue;
        const top = multiply(front, product((-coefficient / amount) * rest), s.factors(other));
        return again(s, terms, [core, alone], s.product(multiply(top, product(1, [[base, -1]]))));
      }
    }
  }
  return undefined;
};

/** At most one value that depends on data, to the first power, and that no faster than linearly. */
function isSlow(s: Simplifier, e: Expr): boolean {
  const varying = [...s.factors(e).factors].filter(([base]) => inputsOf(base).length > 0);
  return varying.every(([base, exponent]) => exponent === 1 && !grows(base)) && varying.length <= 1;
}

function grows(e: Expr): boolean {
  const fast = ['square', 'pow', 'exp', 'expm1', 'mul', 'div'];
  return nodesOf(e).some((node) => node.kind === 'apply' && fast.includes(node.op));
}

/** What all terms share is written once, in front: a/n − b/n → (a − b)/n. */
const commonFactor: Rule = (s, terms) => {
  const [head, ...tail] = [...terms.keys()].map((core) => spread(s, core));
  const common = new Map<Expr, number>();
  for (const [base, exponent] of head!.factors) {
    const shared = tail.reduce((e, other) => commonExponent(e, other.factors.get(base) ?? 0), exponent);
    if (shared === 0) continue;
    // Where all terms guard it, it stays guarded: a divisor may be 0 there.
    const isOpen = [...terms.keys()].some((core) => s.factors(core).factors.has(base));
    if (isOpen || isSafe(base, shared)) common.set(base, shared);
  }
  const amounts = [...terms.values()].map(Math.abs);
  const amount = amounts.every((x) => x === amounts[0]) ? amounts[0]! : 1;
  const allNegative = [...terms.values()].every((x) => x < 0);
  const scale = allNegative ? -amount : amount;
  if (common.size === 0 && scale === 1) return undefined;
  const inner = new Map<Expr, number>();
  const inverse = power(product(1, common), -1);
  for (const [core, coefficient] of terms) {
    const rest = withoutCommon(s, core, inverse);
    for (const [part, c] of s.terms(rest)) accumulate(inner, part, (c * coefficient) / scale);
  }
  return s.product(multiply(product(scale, common), s.factors(s.sum(inner))));
};

/** The factors of a term, those inside a guard counted in. */
function spread(s: Simplifier, core: Expr): Product {
  const p = s.factors(core);
  for (const [base, exponent] of p.factors) {
    const guard = exponent === 1 ? s.guarded(base) : undefined;
    if (guard === undefined) continue;
    const inside = isZero(guard.then) ? guard.otherwise : guard.then;
    return multiply(p, product(1, s.factors(inside).factors));
  }
  return p;
}

function withoutCommon(s: Simplifier, core: Expr, inverse: Product): Expr {
  const p = s.factors(core);
  const outside = new Map<Expr, number>();
  const inside = new Map<Expr, number>();
  for (const [base, exponent] of inverse.factors)
    (p.factors.has(base) ? outside : inside).set(base, exponent);
  const choice = [...p.factors.keys()].find(
    (base) => p.factors.get(base) === 1 && s.guarded(base) !== undefined,
  );
  if (inside.size === 0 || choice === undefined) return s.product(multiply(p, inverse));
  const { condition, then, otherwise } = s.guarded(choice)!;
  const branch = (e: Expr) => (isZero(e) ? zero : s.product(multiply(s.factors(e), product(1, inside))));
  const freed = s.where(condition, branch(then), branch(otherwise));
  return s.product(multiply(without(p, choice), product(1, outside), s.factors(freed)));
}

const rules: readonly Rule[] = [
  mergedConditions,
  sharedConditions,
  complementedSigmoid,
  pairedSigmoids,
  complementedShare,
  commonFactor,
];
