import { randomStream } from '../../data/random.ts';
import { norm, sub } from '../../expression/build.ts';
import { evaluate } from '../../expression/evaluate.ts';
import { input } from '../../expression/expression.ts';
import { substitute } from '../../expression/rewrite.ts';
import { predictionsOf, targetsOf, type Loss, type LossInput } from '../../losses/loss.ts';
import { sampleBatch } from '../../losses/sample.ts';
import { embeddings, vectors } from '../../losses/shared/embeddings.ts';

/** How the samples of a loss are drawn from rows with classes; see {@link ./drawing.ts}. */
export type Samples = 'triplets' | 'pairs' | 'views' | 'classes' | 'rows';

/** How near two vectors are: by the length of their difference, or by the angle between them. */
export type Nearness = 'euclidean' | 'cosine';

/** What a loss wants of rows with classes. */
export interface EmbeddingUse {
  /** The loss, on vectors. */
  readonly loss: Loss;
  readonly samples: Samples;
  /** What its vectors are to be compared by. */
  readonly nearness: Nearness;
  /** The targets of pairs of one class and of two. */
  readonly labels?: { readonly together: number; readonly apart: number };
}

/** How a loss trains an embedding of rows with classes; undefined for a loss that trains none. */
export function embeddingUse(
  original: Loss,
  parameters: Readonly<Record<string, number>>,
): EmbeddingUse | undefined {
  if (original.family !== 'embedding') return undefined;
  const loss = onVectors(original);
  const samples = samplesOf(loss);
  if (samples === undefined) return undefined;
  return {
    loss,
    samples,
    nearness: isShiftInvariant(loss, parameters) ? 'euclidean' : 'cosine',
    ...(samples === 'pairs' ? { labels: pairLabels(loss, parameters) } : {}),
  };
}

function samplesOf(loss: Loss): Samples | undefined {
  const made = predictionsOf(loss).filter(
    ({ kind, axes }) => kind === 'embedding' && axes.includes('sample'),
  );
  const further = predictionsOf(loss).length - made.length;
  const kinds = targetsOf(loss).map(({ kind }) => kind);
  const asked = `${made.length} ${kinds.join()}`;
  if (further > 0) return asked === '1 class-index' ? 'rows' : undefined;
  switch (asked) {
    case '3 ':
      return 'triplets';
    case '2 binary-label':
    case '2 sign-label':
      return 'pairs';
    case '2 ':
      return 'views';
    case '1 class-index':
      return 'classes';
    default:
      return undefined;
  }
}

/** A loss of distances as one of the vectors between which they lie. */
function onVectors(loss: Loss): Loss {
  const [distance, another] = predictionsOf(loss);
  const [target] = targetsOf(loss);
  if (distance?.axes.at(-1) !== 'output' || another !== undefined || target === undefined) return loss;
  const label: LossInput = { ...target, axes: ['sample'] };
  const values = {
    [distance.id]: norm(sub(vectors('x1'), vectors('x2')), 'feature'),
    [target.id]: input(target.id, label.axes),
  };
  return {
    ...loss,
    inputs: [
      embeddings('x1', 'a', 'The first vector of each pair.'),
      embeddings('x2', 'b', 'The second vector of each pair.'),
      label,
    ],
    expression: (keep) => substitute(loss.expression(keep), values),
  };
}

/** Whether moving all vectors alike changes nothing, so that only their differences count: tried on one random batch. */
function isShiftInvariant(loss: Loss, parameters: Readonly<Record<string, number>>): boolean {
  const { sizes, inputs } = sampleBatch(loss, randomStream(1, 'shift'));
  const at = (shift: number) =>
    evaluate(loss.expression(), {
      sizes,
      inputs: {
        ...inputs,
        ...Object.fromEntries(predictionsOf(loss).map(({ id }) => [id, inputs[id]!.map((x) => x + shift)])),
      },
      parameters,
    }).data;
  const [here, there] = [at(0), at(1.5)];
  return here.every((value, i) => Math.abs(value - there[i]!) <= 1e-9 * (1 + Math.abs(value)));
}

/** Definitions differ in which label is which: that of a pair that belongs together costs more the farther it is apart. */
function pairLabels(
  loss: Loss,
  parameters: Readonly<Record<string, number>>,
): { together: number; apart: number } {
  const [target] = targetsOf(loss);
  const [first, second] = predictionsOf(loss);
  const [low, high] = target!.kind === 'sign-label' ? ([-1, 1] as const) : ([0, 1] as const);
  const cost = (place: number, label: number) =>
    evaluate(loss.expression(), {
      sizes: { sample: 1, feature: 1 },
      inputs: { [first!.id]: [1], [second!.id]: [place], [target!.id]: [label] },
      parameters,
    }).data[0]!;
  const growth = (label: number) => cost(-1e3, label) - cost(1, label);
  return growth(high) > growth(low) ? { together: high, apart: low } : { together: low, apart: high };
}
