/**
 * The language of losses: expressions over arrays with named axes. Six kinds of node, immutable and interned
 * (structural equality is identity). Builders keep what is written; {@link ./simplify.ts} is a separate step.
 */

/** Name of an axis: `sample`, `class`, `output`. A copy made by `rename` carries primes: `sample′`. */
export type Axis = string;

export type Dtype = 'real' | 'index' | 'boolean';

interface Common {
  /** Position in the intern table; arguments have smaller ids than what is made of them. */
  readonly id: number;
  /** The axes of the value, in a canonical order (see `axisOrder`). Empty for a scalar. */
  readonly axes: readonly Axis[];
  readonly dtype: Dtype;
}
export interface Const extends Common {
  readonly kind: 'const';
  readonly value: number;
}
/** A scalar option such as δ. */
export interface Param extends Common {
  readonly kind: 'param';
  readonly name: string;
}
export interface Input extends Common {
  readonly kind: 'input';
  readonly name: string;
}
/** Extent of an axis. */
export interface Size extends Common {
  readonly kind: 'size';
  readonly axis: Axis;
}
/** 0, 1, 2 … along an axis. */
export interface Index extends Common {
  readonly kind: 'index';
  readonly axis: Axis;
}
export interface Apply extends Common {
  readonly kind: 'apply';
  /** Key of `primitives.ts`. */
  readonly op: string;
  readonly args: readonly Expr[];
  /** For axis operations the axis, for `rename` the pair `from`, `to`. */
  readonly attributes: Readonly<Record<string, Axis>>;
}
export type Expr = Const | Param | Input | Size | Index | Apply;
