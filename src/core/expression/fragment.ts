/** A piece of printed code or TeX with the precedence of its outermost operator, so that parentheses are never forgotten. */
export interface Fragment {
  readonly text: string;
  readonly precedence: number;
}

/** Precedence of the outermost operator, higher binds tighter. One scale serves all languages (see the notes). */
export const precedence = {
  /** `a if c else b`, `c ? a : b`. */
  conditional: 10,
  or: 15,
  and: 20,
  not: 30,
  compare: 40,
  /** `&`, `|` and `~` on arrays in Python bind tighter than comparisons. */
  bitwise: 45,
  add: 50,
  multiply: 60,
  unary: 70,
  power: 80,
  atom: 100,
} as const;

/** A fragment that never needs parentheses: a name, a number, a call. */
export function atom(text: string): Fragment {
  return { text, precedence: precedence.atom };
}

/** The text, in parentheses if its operator binds weaker than `least`. */
export function wrap(fragment: Fragment, least: number, open = '(', close = ')'): string {
  return fragment.precedence >= least ? fragment.text : `${open}${fragment.text}${close}`;
}

/** `name(a, b)`. */
export function call(name: string, ...args: readonly (Fragment | string)[]): Fragment {
  return atom(`${name}(${args.map((a) => (typeof a === 'string' ? a : a.text)).join(', ')})`);
}

/**
 * `a op b`, left-associative: the right operand is wrapped also at equal precedence unless the operator is
 * associative as text (`a + (b - c)` keeps its parentheses, because rounding depends on them).
 */
export function infix(operator: string, level: number, left: Fragment, right: Fragment): Fragment {
  return { text: `${wrap(left, level)} ${operator} ${wrap(right, level + 1)}`, precedence: level };
}

/** `op a`. A nested unary is wrapped, so that `--a` cannot arise. */
export function prefix(operator: string, level: number, operand: Fragment): Fragment {
  return { text: `${operator}${wrap(operand, level + 1)}`, precedence: level };
}
