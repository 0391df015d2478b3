/** What the golden names of a loss mean here. The tables are in ./entries. */
import type { Axis } from '../../src/core/expression/expression.ts';
import type { Averaging } from '../../src/core/losses/loss.ts';
import type { GoldenArray, LossCase } from './types.ts';

/** Why a case is not run. */
export class Skip extends Error {}

/** A value that our parameter cannot have: where the framework refuses it too, that is what the case asks for. */
export class NotAllowed extends Skip {}

/**
 * What a golden parameter is here: the id of a parameter or option of ours; or a function that gives values of ours, or
 * throws a {@link Skip}. A truth value is 1 or 0.
 */
export type Translation = string | ((value: unknown) => Readonly<Record<string, number>>);

/** The axis of every dimension of an input, leading first. */
export type Layout = (shape: readonly number[], axes: readonly Axis[], name: string) => readonly Axis[];

/** A golden loss in one convention. */
export interface Entry {
  readonly id: string;
  /** Our convention; the loss's own definition where absent. */
  readonly convention?: string;
  readonly parameters?: Readonly<Record<string, Translation>>;
  /** Golden input → our input or option, where the names differ. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Inputs that the file has in another form, or not at all: arrays under our names, instead of the file's. */
  readonly derived?: (inputs: LossCase['inputs'], given: LossCase) => Readonly<Record<string, GoldenArray>>;
  /** Golden inputs that only `derived` reads. */
  readonly derivedFrom?: readonly string[];
  readonly layout?: Layout;
  /** Our inputs that are repeated to the shape of the prediction, from the left where they lack its last dimensions. */
  readonly repeats?: readonly string[];
  /** What a mean divides by where elements or rows are weighted; the loss's own rule where absent. */
  readonly weightedBy?: Averaging['weightedBy'];
  /** Weights are of rows: missing dimensions are added behind. */
  readonly weightsLead?: true;
}

/** scikit-learn weighs rows, and its means divide by the sum of the weights. */
export const rowWeights: Pick<Entry, 'weightedBy' | 'weightsLead'> = {
  weightedBy: 'weights',
  weightsLead: true,
};

/** By golden convention; a function where parameters decide which loss it is. */
export type Entries = Readonly<Record<string, Entry | ((given: LossCase) => Entry)>>;

/** A parameter that must have one of some values, because the convention fixes it. */
export function only(...values: readonly unknown[]): Translation {
  return (value) => {
    if (!values.includes(value))
      throw new Skip(`the value ${JSON.stringify(value)} of a parameter that the convention fixes`);
    return {};
  };
}

/** A parameter with names for its values. */
export function choice(id: string, values: Readonly<Record<string, number>>): Translation {
  return (value) => {
    const own = values[String(value)];
    if (own === undefined) throw new NotAllowed(`${id} = ${JSON.stringify(value)} is not offered`);
    return { [id]: own };
  };
}

/** The same entry under several conventions. */
export function each(conventions: readonly string[], entry: Entry): Entries {
  return Object.fromEntries(conventions.map((convention) => [convention, entry]));
}

/**
 * The usual layout: the last dimensions are the inner axes, all others make up the samples. One row needs no dimension
 * for its samples, one value none at all.
 */
export const rows: Layout = (shape, axes) => {
  const inner = axes.filter((axis) => axis !== 'sample');
  const missing = inner.length - shape.length;
  if (missing > 0 && !(inner.length === 1 && inner[0] === 'output'))
    throw new RangeError(`[${shape.join()}] has no dimension for ${inner.slice(0, missing).join(', ')}`);
  const last = inner.slice(Math.max(0, missing));
  return [...Array<Axis>(shape.length - last.length).fill('sample'), ...last];
};

/** The whole batch as one sample: every dimension is the last inner axis. */
export const wholeBatch: Layout = (shape, axes) =>
  Array<Axis>(shape.length).fill(axes.filter((axis) => axis !== 'sample').at(-1) ?? 'sample');

/** The first dimension is the samples, all others make up the last inner axis. */
export const bySample: Layout = (shape, axes) =>
  shape.map((_, d) => (d === 0 ? 'sample' : (axes.filter((axis) => axis !== 'sample').at(-1) ?? 'sample')));

/** Dimensions by name. */
export function dimensions(byInput: Readonly<Record<string, readonly Axis[]>>): Layout {
  return (shape, axes, name) => byInput[name] ?? rows(shape, axes, name);
}
