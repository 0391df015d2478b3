import { choice, only, Skip, type Entries, type Entry, type Layout } from '../entry.ts';
import type { GoldenArray, LossCase } from '../types.ts';

/** Logits with the time or the samples first; one sequence needs no dimension for the samples. */
function layout(order: unknown): Layout {
  const timeFirst = order === '[T,N,C]';
  if (!timeFirst && order !== '[N,T,C]') throw new Skip(`the layout ${JSON.stringify(order)} is not offered`);
  return (shape, axes, name) => {
    const inner = axes.filter((axis) => axis !== 'sample');
    if (shape.length === inner.length) return inner;
    if (name === 'logits' && timeFirst) return ['time', 'sample', 'class'];
    return axes;
  };
}

const common = {
  blank: only(0),
  zero_infinity: choice('zeroInfinity', { true: 1, false: 0 }),
  layout: () => ({}),
};

/** The rows of an array of two dimensions. */
function rowsOf({ shape, data }: GoldenArray): readonly (readonly number[])[] {
  const [count = 0, width = 0] = shape;
  return Array.from({ length: count }, (_, i) => data.slice(i * width, (i + 1) * width));
}

const vector = (data: readonly number[]): GoldenArray => ({ shape: [data.length], data: [...data] });

/** How many elements of each row satisfy a condition. */
const counted = (array: GoldenArray, condition: (value: number) => boolean) =>
  vector(rowsOf(array).map((row) => row.filter(condition).length));

/** PyTorch also takes the labels of all samples after each other, without padding. */
function padded({
  targets,
  target_lengths: lengths,
  logits,
}: LossCase['inputs']): Record<string, GoldenArray> {
  if (targets?.shape.length !== 1 || lengths?.shape.length !== 1 || logits?.shape.length !== 3) return {};
  const width = Math.max(0, ...lengths.data);
  let at = 0;
  const data = lengths.data.flatMap((length) => {
    const row = targets.data.slice(at, at + length);
    at += length;
    return [...row, ...Array<number>(width - length).fill(0)];
  });
  return { targets: { shape: [lengths.data.length, width], data } };
}

/**
 * A sequence that is too short for its labels (a repeated label needs a blank in between): its loss is ∞ in PyTorch and
 * here, and a large finite number elsewhere.
 */
function refuseImpossible(
  { targets, logits }: LossCase['inputs'],
  labels: GoldenArray,
  times: GoldenArray,
  instead: string,
): void {
  if (targets === undefined || logits === undefined) return;
  const impossible = rowsOf(targets).some((row, i) => {
    const used = row.slice(0, labels.data[i]);
    const repeats = used.filter((label, k) => k > 0 && label === used[k - 1]).length;
    return used.length + repeats > times.data[i]!;
  });
  if (impossible)
    throw new Skip(`labels that do not fit into the time cost ∞ here, as in PyTorch; ${instead}`);
}

const torch = ({ params, reduction }: LossCase): Entry => ({
  id: 'ctc',
  // PyTorch's mean divides each loss by its number of labels first.
  ...(reduction === 'mean' ? { convention: 'per-label' } : {}),
  parameters: common,
  derived: padded,
  layout: layout(params['layout']),
});

const optax = ({ params }: LossCase): Entry => ({
  id: 'ctc',
  parameters: common,
  layout: layout(params['layout']),
  derivedFrom: ['logit_paddings', 'label_paddings'],
  derived: (inputs) => {
    const { logit_paddings: times, label_paddings: labels } = inputs;
    if (times === undefined || labels === undefined) return {};
    const present = (value: number) => value === 0;
    const lengths = {
      input_lengths: counted(times, present),
      target_lengths: counted(labels, present),
    };
    refuseImpossible(inputs, lengths.target_lengths, lengths.input_lengths, 'optax says about 1e5');
    return lengths;
  },
});

const keras = ({ params }: LossCase): Entry => ({
  id: 'ctc',
  parameters: common,
  layout: layout(params['layout']),
  derived: (inputs) => {
    const { targets, logits } = inputs;
    if (targets === undefined || logits === undefined) return {};
    const [samples = 0, time = 0] = logits.shape;
    const lengths = {
      input_lengths: vector(Array<number>(samples).fill(time)),
      target_lengths: counted(targets, (label) => label !== 0),
    };
    refuseImpossible(
      inputs,
      lengths.target_lengths,
      lengths.input_lengths,
      'Keras on TensorFlow says about 708',
    );
    return lengths;
  },
});

const tf = ({ params }: LossCase): Entry => ({
  id: 'ctc',
  parameters: common,
  layout: layout(params['layout']),
});

export const sequence: Readonly<Record<string, Entries>> = { ctc: { torch, optax, keras, tf } };
