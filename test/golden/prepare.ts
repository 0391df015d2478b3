/** Translates a golden case into an expression of ours and the numbers that it is evaluated with. */
import { div, mul } from '../../src/core/expression/build.ts';
import type { Environment } from '../../src/core/expression/evaluate.ts';
import { constant, input, type Axis, type Expr } from '../../src/core/expression/expression.ts';
import { substitute } from '../../src/core/expression/rewrite.ts';
import { loadLoss } from '../../src/core/losses/catalogue.ts';
import { inConvention } from '../../src/core/losses/conventions.ts';
import { decided } from '../../src/core/losses/decided.ts';
import { predictionsOf, type Loss, type Option } from '../../src/core/losses/loss.ts';
import { checkParameters } from '../../src/core/losses/parameters.ts';
import { reduce } from '../../src/core/losses/reduce.ts';
import { place, placeRepeated, repeated, type Placed } from './arrays.ts';
import { entryOf } from './entries/all.ts';
import { rows, Skip, type Entry, type Layout } from './entry.ts';
import type { GoldenArray, LossCase } from './types.ts';

/** A case as we compute it. */
export interface Prepared {
  readonly loss: Loss;
  readonly value: Expr;
  readonly environment: Environment;
  /** Golden input name → our input name. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Axes of our input and the way back from our row-major order to the file's. */
  readonly layout: (name: string) => Placed;
  /** The way from elements of the loss to the file's order, where they are those of the prediction. */
  readonly elements: (axes: readonly Axis[]) => Placed['toFile'] | undefined;
}

/** The names that files have for a factor of each element or row. */
const weightNames = ['weight', 'weights', 'sample_weight'];

/** Throws a {@link Skip} for what we do not offer and a RangeError for what is not allowed. */
export function prepare(given: LossCase): Prepared {
  const entry = entryOf(given);
  const known = loadLoss(entry.id);
  if (known === undefined) throw new Skip(`loss ${given.loss} is not offered`);
  if (
    entry.convention !== undefined &&
    known.conventions?.every(({ id }) => id !== entry.convention) !== false
  )
    throw new Skip(`${given.loss} in convention ${given.convention} is not offered`);
  const convention = inConvention(known, entry.convention);
  const parameters = translated(given, entry, convention);
  // As every view of it: the formula that the parameters decide.
  const loss = decided(convention, parameters);
  const batch = laidOut(given, entry, loss, parameters);
  const value = reduced(given, entry, loss, batch);
  return {
    loss,
    value,
    environment: { sizes: batch.sizes, inputs: batch.data, parameters },
    inputs: batch.names,
    layout: (name) => {
      const placed = batch.placed.get(name);
      if (placed === undefined) throw new RangeError(`there is no gradient by ${name}`);
      return placed;
    },
    elements: (axes) => {
      const prediction = batch.placed.get(predictionsOf(loss)[0]?.id ?? '');
      return axes.length > 0 && prediction?.axes.join() === axes.join() ? prediction.toFile : undefined;
    },
  };
}

/** Our parameters; the defaults where the file says nothing. */
function translated(given: LossCase, entry: Entry, loss: Loss): Record<string, number> {
  const parameters: Record<string, number> = {};
  for (const [name, value] of Object.entries(given.params)) {
    if (name === 'class_axis') continue;
    const translation = entry.parameters?.[name];
    if (translation === undefined) throw new Skip(`parameter ${name} is not offered`);
    if (typeof translation === 'function') Object.assign(parameters, translation(value));
    else parameters[translation] = numberOf(name, value);
  }
  const known = [...loss.parameters, ...(loss.options ?? [])].map(({ id }) => id);
  const unknown = Object.keys(parameters).find((id) => !known.includes(id));
  if (unknown !== undefined) throw new Skip(`${loss.id} has no parameter ${unknown} here`);
  checkRanges(loss, parameters);
  return { ...Object.fromEntries(loss.parameters.map((p) => [p.id, p.default])), ...parameters };
}

function numberOf(name: string, value: unknown): number {
  const number = typeof value === 'string' || typeof value === 'boolean' ? Number(value) : value;
  if (typeof number !== 'number' || (Number.isNaN(number) && value !== 'NaN'))
    throw new Skip(`parameter ${name} = ${JSON.stringify(value)} is not offered`);
  return number;
}

function checkRanges(loss: Loss, parameters: Readonly<Record<string, number>>): void {
  const inRange = Object.entries(parameters).filter(([id]) => {
    const option = loss.options?.find((o) => o.id === id);
    return option === undefined || option.range !== undefined;
  });
  if (!checkParameters(loss, Object.fromEntries(inRange)).ok)
    throw new RangeError('a parameter is out of its range');
}

/** The arrays of a case on our axes. */
interface Batch {
  readonly sizes: Readonly<Record<Axis, number>>;
  readonly data: Readonly<Record<string, readonly number[]>>;
  readonly placed: ReadonlyMap<string, Placed>;
  readonly names: Readonly<Record<string, string>>;
  /** Options of the loss that are given. */
  readonly keep: readonly string[];
  /** Options for which an input stands where the loss has a parameter, such as a weight for each class. */
  readonly instead: Readonly<Record<string, Expr>>;
  readonly weight?: Expr;
  /** How many elements each given weight is for. */
  readonly weightUses: number;
}

function laidOut(
  given: LossCase,
  entry: Entry,
  loss: Loss,
  parameters: Readonly<Record<string, number>>,
): Batch {
  const placed = new Map<string, Placed>();
  const sizes: Record<Axis, number> = {};
  const names: Record<string, string> = {};
  const instead: Record<string, Expr> = {};
  const keep = new Set(
    Object.keys(parameters).filter((id) => loss.options?.some((option) => option.id === id)),
  );
  const put = (name: string, array: Placed) => {
    placed.set(name, array);
    for (const [axis, size] of Object.entries(array.sizes)) {
      if (sizes[axis] !== undefined && sizes[axis] !== size)
        throw new RangeError(`${name} has ${size} along ${axis}, others have ${sizes[axis]}`);
      sizes[axis] = size;
    }
  };

  const derived = entry.derived?.(given.inputs, given) ?? {};
  const arrays: [string, GoldenArray][] = Object.entries(derived);
  for (const [golden, array] of Object.entries(given.inputs)) {
    const own = entry.inputs?.[golden] ?? golden;
    if (own in derived || entry.derivedFrom?.includes(golden) === true) continue;
    names[golden] = own;
    arrays.push([own, array]);
  }

  const layout = layoutOf(given, entry);
  const weights: GoldenArray[] = [];
  for (const [own, array] of arrays) {
    const axes = loss.inputs.find(({ id }) => id === own)?.axes;
    const option = loss.options?.find(({ id }) => id === own);
    if (axes !== undefined && entry.repeats?.includes(own) === true) {
      const like = predictionOf(loss, given, entry, layout);
      put(own, placeRepeated(array, like.shape, axes, like.dims));
    } else if (axes !== undefined) put(own, place(array, axes, layout(array.shape, axes, own)));
    else if (option !== undefined) {
      keep.add(own);
      if (option.axes.length > 0 && option.axes.length === array.shape.length)
        put(own, place(array, option.axes, [...option.axes]));
      else {
        const like = likePrediction(loss, given, entry, array, layout, option);
        put(own, like);
        instead[own] = input(own, like.axes);
      }
    } else if (weightNames.includes(own)) weights.push(array);
    else throw new Skip(`input ${own} is not offered`);
  }
  for (const { id } of loss.inputs)
    if (!placed.has(id)) throw new Skip(`${loss.id} needs the input ${id}, which the case does not give`);
  const [weight, another] = weights;
  if (another !== undefined) throw new Skip('two kinds of weights at once are not offered');
  if (weight !== undefined) put('weight', elementWeights(loss, given, entry, weight, layout));
  return {
    sizes,
    data: Object.fromEntries([...placed].map(([name, { data }]) => [name, data])),
    placed,
    names,
    keep: [...keep],
    instead,
    weightUses:
      weight === undefined ? 1 : placed.get('weight')!.data.length / Math.max(1, weight.data.length),
    ...(weight === undefined ? {} : { weight: input('weight', placed.get('weight')!.axes) }),
  };
}

/** The entry's layout, with the class axis where the case says it is. */
function layoutOf(given: LossCase, entry: Entry): Layout {
  const usual = entry.layout ?? rows;
  const classAxis = given.params['class_axis'];
  if (typeof classAxis !== 'number') return usual;
  return (shape, axes, name) => {
    if (!axes.includes('class')) return usual(shape, axes, name);
    const at = classAxis < 0 ? shape.length + classAxis : classAxis;
    if (at >= shape.length) throw new RangeError(`${name} has no axis ${classAxis}`);
    const others = axes.filter((axis) => axis !== 'class');
    const dims = usual(shape.toSpliced(at, 1), others, name);
    return dims.toSpliced(at, 0, 'class');
  };
}

/** The shape of the first prediction in the file, and where it lies. */
function predictionOf(loss: Loss, given: LossCase, entry: Entry, layout: Layout) {
  const [prediction] = predictionsOf(loss);
  const golden = Object.keys(given.inputs).find((name) => (entry.inputs?.[name] ?? name) === prediction?.id);
  const array = golden === undefined ? undefined : given.inputs[golden];
  if (prediction === undefined || array === undefined) throw new RangeError('there is no prediction');
  return {
    shape: array.shape,
    axes: prediction.axes,
    dims: layout(array.shape, prediction.axes, prediction.id),
  };
}

/** A factor of each element of the prediction. */
function likePrediction(
  loss: Loss,
  given: LossCase,
  entry: Entry,
  array: GoldenArray,
  layout: Layout,
  option: Option,
): Placed {
  if (option.axes.length > 0)
    throw new RangeError(`${option.id} has shape [${array.shape.join()}], not one of ${option.axes.join()}`);
  const { shape, axes, dims } = predictionOf(loss, given, entry, layout);
  return place(repeated(array, shape), axes, dims);
}

/** Weights repeated to the elements of the loss, or to its rows where it averages rows first. */
function elementWeights(
  loss: Loss,
  given: LossCase,
  entry: Entry,
  weight: GoldenArray,
  layout: Layout,
): Placed {
  const { shape, dims } = predictionOf(loss, given, entry, layout);
  const elements = loss.expression().axes;
  if (elements.length === 0) throw new Skip('weights within a loss of the whole batch are not offered');
  const counted =
    loss.averaging?.rowsFirst === true && elements.length > 0 ? elements.slice(0, -1) : elements;
  const kept = dims.map((_, d) => d).filter((d) => counted.includes(dims[d]!));
  return place(
    repeated(
      weight,
      kept.map((d) => shape[d]!),
      entry.weightsLead === true,
    ),
    counted,
    kept.map((d) => dims[d]!),
  );
}

/** The reduction of a case, over the loss of one element. */
function reduced(given: LossCase, entry: Entry, loss: Loss, batch: Batch): Expr {
  const { keep, instead, weight, weightUses } = batch;
  const by = (reduction: 'none' | 'mean' | 'sum', weightedBy = entry.weightedBy) =>
    substitute(
      reduce(loss, reduction, {
        keep,
        ...(weight === undefined ? {} : { weight }),
        ...(weightedBy === undefined ? {} : { weightedBy }),
      }),
      instead,
    );
  switch (given.reduction) {
    case 'none':
    case 'none-per-row':
    case 'optax-default':
      return by('none');
    case 'mean':
    case 'whole-batch':
    case 'single-positive':
      return by('mean');
    case 'mean_with_sample_weight': {
      const divisor = loss.divisor?.(keep);
      if (divisor !== undefined && divisor.kind !== 'const')
        throw new Skip('weights of rows together with ignored labels are not offered');
      const mean = by('mean', 'weights');
      // Keras divides by the sum of the weights as they are given, however often each is used.
      return weightUses === 1 ? mean : mul(mean, weightUses);
    }
    case 'sum':
      return by('sum');
    case 'batchmean': {
      const rowCount = predictionOf(loss, given, entry, layoutOf(given, entry)).shape[0] ?? 1;
      return div(by('sum'), constant(rowCount));
    }
    default:
      throw new Skip(`reduction ${given.reduction} is not offered`);
  }
}
