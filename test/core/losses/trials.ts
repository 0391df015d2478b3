/** Random batches within the domains of a loss's inputs, steps between them, and what may be asked of a loss there. */
import type { RandomStream } from '../../../src/core/data/random.ts';
import { compileFunction, type CompiledFunction } from '../../../src/core/expression/compile.ts';
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { broadcast } from '../../../src/core/expression/evaluate.ts';
import type { Axis, Expr } from '../../../src/core/expression/expression.ts';
import { specialise } from '../../../src/core/expression/rewrite.ts';
import { predictionsOf, type Loss, type LossInput, type Sample } from '../../../src/core/losses/loss.ts';
import { sampleBatch } from '../../../src/core/losses/sample.ts';

/** Extents of axes and the data of inputs. */
export interface Batch {
  readonly sizes: Readonly<Record<Axis, number>>;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
}

/** A loss at its default parameters: the values of its elements and the gradients of their sum. */
export class Subject {
  readonly loss: Loss;
  readonly predictions: readonly LossInput[];
  /** The loss of one element. */
  readonly expression: Expr;
  #elements: CompiledFunction | undefined;
  #gradients: { readonly run: CompiledFunction; readonly axes: readonly (readonly Axis[])[] } | undefined;

  constructor(loss: Loss) {
    this.loss = loss;
    this.predictions = predictionsOf(loss);
    this.expression = specialise(
      loss.expression(),
      Object.fromEntries(loss.parameters.map((parameter) => [parameter.id, parameter.default])),
    );
  }

  elements(batch: Batch): Float64Array {
    this.#elements ??= compileFunction([this.expression]);
    return this.#elements(batch)[0]!;
  }

  value(batch: Batch): number {
    return this.elements(batch).reduce((total, x) => total + x, 0);
  }

  /** By each prediction, over its own axes. */
  gradients(batch: Batch): readonly Float64Array[] {
    if (this.#gradients === undefined) {
      const slopes = this.predictions.map(({ id }) => gradient(this.expression, id));
      this.#gradients = { run: compileFunction(slopes), axes: slopes.map((slope) => slope.axes) };
    }
    const { run, axes } = this.#gradients;
    return run(batch).map((data, k) => {
      const own = this.predictions[k]!.axes;
      return axes[k]!.length === own.length ? data : broadcast({ axes: axes[k]!, data }, own, batch.sizes);
    });
  }

  /** The axes along which predictions belong to one element each. */
  get shared(): readonly Axis[] {
    const { axes } = this.expression;
    return (axes.length === 0 ? ['sample'] : axes).filter((axis) =>
      this.predictions.every((prediction) => prediction.axes.includes(axis)),
    );
  }

  /** The largest norm of the gradient by the predictions of one element. */
  influence(batch: Batch): number {
    const { shared } = this;
    const count = shared.reduce((product, axis) => product * batch.sizes[axis]!, 1);
    const squares = new Float64Array(count);
    this.gradients(batch).forEach((slope, k) => {
      const { axes } = this.predictions[k]!;
      slope.forEach((g, at) => {
        let rest = at;
        let element = 0;
        let stride = 1;
        for (let d = axes.length - 1; d >= 0; d--) {
          const extent = batch.sizes[axes[d]!]!;
          if (shared.includes(axes[d]!)) {
            element += (rest % extent) * stride;
            stride *= extent;
          }
          rest = Math.floor(rest / extent);
        }
        squares[element]! += g * g;
      });
    });
    return Math.sqrt(squares.reduce((most, x) => (x > most || Number.isNaN(x) ? x : most), 0));
  }
}

const isLine = ({ kind }: LossInput) => kind === 'distribution' || kind === 'log-distribution';
const isReal = ({ kind }: LossInput) =>
  kind === 'value' || kind === 'logit' || kind === 'score' || kind === 'embedding';
const isContinuous = (input: LossInput) =>
  isReal(input) ||
  isLine(input) ||
  ['positive', 'nonnegative', 'probability', 'binary-label', 'weight'].includes(input.kind);

/** Exact in binary, so that a step of any of them keeps probabilities between 0 and 1. */
const steps = [1, 0.5, 0.25, 1 / 16, 1 / 64, 2 ** -14] as const;

/** Draws batches of different sizes and scales, and batches near others. */
export class Trials {
  readonly loss: Pick<Loss, 'inputs'>;
  readonly random: RandomStream;
  readonly #axes: readonly Axis[];
  readonly #predictions: readonly LossInput[];

  constructor(loss: Pick<Loss, 'inputs'>, random: RandomStream) {
    this.loss = loss;
    this.random = random;
    this.#axes = [
      ...new Set(loss.inputs.flatMap(({ axes, of }) => (of === undefined ? axes : [...axes, of]))),
    ];
    this.#predictions = predictionsOf(loss);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)]!;
  }

  /** A batch with a few rows, of a scale between a tenth and a thousand, now and then with edge values. */
  batch(sizes = this.#sizes()): Batch {
    const scale = this.#pick([0.1, 1, 1, 3, 10, 30, 100, 1000]);
    const { inputs } = sampleBatch(this.loss, this.random, { sizes, scale });
    return { sizes, inputs: this.random.below(4) === 0 ? this.#edgy(inputs, sizes, scale) : inputs };
  }

  #sizes(): Readonly<Record<Axis, number>> {
    return Object.fromEntries(
      this.#axes.map((axis) => [axis, (axis === 'class' ? 2 : 1) + this.random.below(3)]),
    );
  }

  #edgy(
    inputs: Batch['inputs'],
    sizes: Batch['sizes'],
    scale: number,
  ): Readonly<Record<string, readonly number[]>> {
    const result: Record<string, readonly number[]> = {};
    for (const input of this.loss.inputs) {
      const twin = this.loss.inputs.find(
        (other) =>
          other !== input &&
          other.kind === input.kind &&
          isContinuous(other) &&
          other.axes.join() === input.axes.join(),
      );
      const from = twin !== undefined && this.random.below(4) === 0 ? result[twin.id] : undefined;
      result[input.id] = from ?? this.#edges(input, inputs[input.id]!, sizes, scale);
    }
    return result;
  }

  #edges(input: LossInput, data: readonly number[], sizes: Batch['sizes'], scale: number): readonly number[] {
    if (input.kind === 'distribution') {
      const width = sizes[input.axes.at(-1)!]!;
      const at = Array.from({ length: data.length / width }, () =>
        this.random.below(2) === 0 ? this.random.below(width) : -1,
      );
      return data.map((x, k) => {
        const hot = at[Math.floor(k / width)]!;
        return hot < 0 ? x : k % width === hot ? 1 : 0;
      });
    }
    const edge = (x: number): number => {
      if (isReal(input)) return this.#pick([0, 1, -1, scale, this.#pick(data)]);
      if (input.kind === 'positive') return this.#pick([1, this.#pick(data)]);
      if (input.kind === 'nonnegative' || input.kind === 'weight') return this.#pick([0, this.#pick(data)]);
      if (input.kind === 'probability') return this.#pick([0, 1]);
      if (input.kind === 'binary-label') return this.random.next();
      return x;
    };
    return data.map((x) => (this.random.below(3) === 0 ? edge(x) : x));
  }

  /** The same targets with other predictions: a step of random length towards a random batch, in all or in one place. */
  step(from: Batch): Batch {
    const fresh = this.batch(from.sizes).inputs;
    const t = this.#pick(steps);
    const moved = this.random.below(2) === 0 ? this.#predictions : [this.#pick(this.#predictions)];
    const isWhole = moved.length === this.#predictions.length && this.random.below(2) === 0;
    const inputs: Record<string, readonly number[]> = { ...from.inputs };
    for (const input of moved)
      inputs[input.id] = this.#mixed(input, from, fresh[input.id]!, t, isWhole ? 'all' : 'one');
    return { sizes: from.sizes, inputs };
  }

  /** A change of one input, a target too, for a search: a step, or all of it larger or smaller. */
  mutation(from: Batch): Batch {
    const input = this.#pick(this.loss.inputs);
    const data = from.inputs[input.id]!;
    const fresh = this.batch(from.sizes).inputs;
    if (['length', 'label-set', 'label-sequence'].includes(input.kind)) {
      // These go together: a sequence that is longer than its length, or a time that is too short, is no batch.
      const together = this.loss.inputs.filter((one) =>
        ['length', 'label-set', 'label-sequence'].includes(one.kind),
      );
      const changed = Object.fromEntries(together.map(({ id }) => [id, fresh[id]!]));
      return { sizes: from.sizes, inputs: { ...from.inputs, ...changed } };
    }
    const where = this.#pick(['all', 'one'] as const);
    const isScaled = (isReal(input) || input.kind === 'positive') && this.random.below(3) === 0;
    const factor = this.#pick([0.25, 0.5, 0.9, 1.1, 2, 4]);
    const changed = isScaled
      ? data.map((x) => x * factor)
      : this.#mixed(input, from, fresh[input.id]!, isContinuous(input) ? this.#pick(steps) : 1, where);
    return { sizes: from.sizes, inputs: { ...from.inputs, [input.id]: changed } };
  }

  #mixed(
    input: LossInput,
    { sizes, inputs }: Batch,
    fresh: readonly number[],
    t: number,
    where: 'all' | 'one',
  ): readonly number[] {
    const data = inputs[input.id]!;
    const width = isLine(input) ? sizes[input.axes.at(-1)!]! : 1;
    const line = where === 'all' ? -1 : this.random.below(data.length / width);
    return data.map((x, k) => (line < 0 || Math.floor(k / width) === line ? (1 - t) * x + t * fresh[k]! : x));
  }
}

/** The predictions halfway between those of two batches. */
export function midpoint(a: Batch, b: Batch): Batch {
  const inputs = Object.fromEntries(
    Object.entries(a.inputs).map(([id, x]) => [id, x.map((v, k) => 0.5 * v + 0.5 * b.inputs[id]![k]!)]),
  );
  return { sizes: a.sizes, inputs };
}

/** Why a batch is not one that the loss is defined for; undefined where it is. */
export function refusal(loss: Loss, { sizes, inputs, parameters = {} }: Sample): string | undefined {
  for (const [id, value] of Object.entries(parameters))
    if (loss.parameters.find((parameter) => parameter.id === id)?.default !== value)
      return `${id} = ${value} is not its default`;
  const known = loss.inputs.map(({ id }) => id);
  const unknown = Object.keys(inputs).find((id) => !known.includes(id));
  if (unknown !== undefined) return `there is no input ${unknown}`;
  for (const input of loss.inputs) {
    const data = inputs[input.id];
    if (data === undefined) return `${input.id} is missing`;
    const missing = input.axes.find((axis) => sizes[axis] === undefined);
    if (missing !== undefined) return `the size of ${missing} is missing`;
    const count = input.axes.reduce((product, axis) => product * sizes[axis]!, 1);
    if (data.length !== count) return `${input.id} needs ${count} values and has ${data.length}`;
    const bad = data.find((x) => !isWithin(input, x, sizes));
    if (bad !== undefined) return `${input.id} is a ${input.kind}, and ${bad} is none`;
    if (isLine(input)) {
      const width = sizes[input.axes.at(-1)!]!;
      for (let k = 0; k < data.length; k += width) {
        const line = data.slice(k, k + width);
        const total = line.reduce((sum, x) => sum + (input.kind === 'distribution' ? x : Math.exp(x)), 0);
        if (Math.abs(total - 1) > 1e-9) return `a row of ${input.id} sums to ${total}`;
      }
    }
  }
  return undefined;
}

function isWithin({ kind, of }: LossInput, x: number, sizes: Batch['sizes']): boolean {
  const classes = sizes['class'] ?? Infinity;
  switch (kind) {
    case 'value':
    case 'logit':
    case 'score':
    case 'embedding':
      return Number.isFinite(x);
    case 'positive':
      return x > 0 && x < Infinity;
    case 'nonnegative':
    case 'weight':
      return x >= 0 && x < Infinity;
    case 'probability':
    case 'distribution':
    case 'binary-label':
      return x >= 0 && x <= 1;
    case 'log-distribution':
      return x <= 0;
    case 'class-index':
    case 'label-sequence':
      return Number.isInteger(x) && x >= 0 && x < classes;
    case 'label-set':
      return Number.isInteger(x) && x >= -1 && x < classes;
    case 'sign-label':
      return x === 1 || x === -1;
    case 'event':
      return x === 0 || x === 1;
    case 'relevance':
      return Number.isInteger(x) && x >= 0;
    case 'length':
      return Number.isInteger(x) && x >= 0 && x <= (sizes[of ?? ''] ?? Infinity);
  }
}
