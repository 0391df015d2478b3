import * as v from 'valibot';

const whole = v.pipe(v.number(), v.integer(), v.minValue(1));
const relu = v.optional(v.literal('relu'));

/** A layer as all contenders know it; images are height × width × channels. */
const layerSchema = v.variant('type', [
  v.object({ type: v.literal('dense'), units: whole, activation: relu }),
  v.object({ type: v.literal('convolution'), filters: whole, size: whole, activation: relu }),
  v.object({ type: v.literal('max-pool'), size: whole }),
  v.object({ type: v.literal('flatten') }),
]);
export type TaskLayer = v.InferOutput<typeof layerSchema>;

/** What one training step is: the same for every contender, who get the same starting values and the same batches. */
export const taskSchema = v.object({
  id: v.string(),
  title: v.string(),
  /** Shape of one row: [features] or [height, width, channels]. */
  inputs: v.array(whole),
  layers: v.array(layerSchema),
  /** Width of the last layer. */
  outputs: whole,
  /** Mean squared error of one output, or cross-entropy of the softmax against a class. */
  loss: v.picklist(['squared', 'softmax']),
  batch: whole,
  /** Batches in the data set; steps go through them in order, again and again. */
  batches: whole,
  /** Adam's rate; its other numbers are 0.9, 0.999 and 1e-8. */
  rate: v.number(),
});
export type Task = v.InferOutput<typeof taskSchema>;

/** One ratio of the issue: peer's time / our time, the best of the peers named. */
export interface Line {
  readonly title: string;
  readonly ours: string;
  readonly against: readonly string[];
  /** To be reached at least, and the limit aimed at. */
  readonly reach?: number;
  readonly aim?: number;
}

export interface Row {
  readonly task: Task;
  readonly lines: readonly Line[];
}

const torchBest = ['torch-1', 'torch-2', 'torch-1-fused', 'torch-2-fused'];

const dense = (units: number): TaskLayer => ({ type: 'dense', units, activation: 'relu' });
const convolution = (filters: number): TaskLayer => ({
  type: 'convolution',
  filters,
  size: 3,
  activation: 'relu',
});

const line: Task = {
  id: 'line',
  title: 'line 1→1, batch 1,000',
  inputs: [1],
  layers: [{ type: 'dense', units: 1 }],
  outputs: 1,
  loss: 'squared',
  batch: 1000,
  batches: 32,
  rate: 0.001,
};

const small: Task = {
  id: 'small',
  title: '2-16-16-1 (ReLU), batch 64',
  inputs: [2],
  layers: [dense(16), dense(16), { type: 'dense', units: 1 }],
  outputs: 1,
  loss: 'squared',
  batch: 64,
  batches: 64,
  rate: 0.001,
};

/** An image classifier with one hidden layer, for any batch. */
export function classifier(batch: number): Task {
  return {
    id: `mlp-${batch}`,
    title: `784-128-10 (ReLU, softmax), batch ${batch.toLocaleString('en')}`,
    inputs: [784],
    layers: [dense(128), { type: 'dense', units: 10 }],
    outputs: 10,
    loss: 'softmax',
    batch,
    batches: 10,
    rate: 0.001,
  };
}

/** The convolutional network of the MNIST example, for any batch. */
export function convolutional(batch: number): Task {
  return {
    id: `cnn-${batch}`,
    title: `28×28×1, convolutions 32, 64, 64, dense 64, 10, batch ${batch}`,
    inputs: [28, 28, 1],
    layers: [
      convolution(32),
      { type: 'max-pool', size: 2 },
      convolution(64),
      { type: 'max-pool', size: 2 },
      convolution(64),
      { type: 'flatten' },
      dense(64),
      { type: 'dense', units: 10 },
    ],
    outputs: 10,
    loss: 'softmax',
    batch,
    batches: 10,
    rate: 0.001,
  };
}

/** The rows of the table of step times. */
export const rows: readonly Row[] = [
  {
    task: line,
    lines: [{ title: 'PyTorch’s best', ours: 'ours-1', against: torchBest, reach: 6, aim: 10 }],
  },
  {
    task: small,
    lines: [{ title: 'PyTorch’s best', ours: 'ours-1', against: torchBest, reach: 12, aim: 20 }],
  },
  {
    task: classifier(128),
    lines: [
      {
        title: 'PyTorch, one thread against one',
        ours: 'ours-1',
        against: ['torch-1'],
        reach: 0.6,
        aim: 0.9,
      },
      {
        title: 'PyTorch with fused Adam, one thread against one',
        ours: 'ours-1',
        against: ['torch-1-fused'],
      },
      { title: 'tfjs-wasm', ours: 'ours-1', against: ['tfjs-wasm'], reach: 7, aim: 12 },
    ],
  },
  {
    task: convolutional(32),
    lines: [
      {
        title: 'PyTorch, one thread against one',
        ours: 'ours-1',
        against: ['torch-1'],
        reach: 0.55,
        aim: 0.9,
      },
      {
        title: 'PyTorch, two threads against two',
        ours: 'ours-2',
        against: ['torch-2'],
        reach: 0.45,
        aim: 0.8,
      },
    ],
  },
];

/** What `--short` measures: that everything works, in a few seconds. */
export const shortRow: Row = { task: { ...small, batches: 4 }, lines: [] };
