import type { Experiment, ExperimentInput } from '../training/experiment.ts';
import { message, type Message } from '../messages/message.ts';

/** A model as people write it. */
export type ModelInput = NonNullable<ExperimentInput['model']>;

/** A model that fits a kind of data. */
export interface Preset {
  readonly id: string;
  readonly label: Message;
  readonly detail: Message;
  readonly model: ModelInput;
  /** The rate at which Adam trains it well, where the usual one is too high. */
  readonly rate?: number;
  /** Shortest axes of rows, channels left out, that it can take: [] for flat rows. */
  readonly least: readonly number[];
  /** The only task that it is for; absent: those whose samples are rows. */
  readonly task?: 'recommendation' | 'gan';
}

const flatten = { type: 'flatten' } as const;
const pool = { type: 'maxPool', size: 2 } as const;

/** Models to start from, the simplest first. */
export const presets: readonly Preset[] = [
  {
    id: 'line',
    label: message('Linear model'),
    detail: message('A weight for each feature: a line, or a flat border between classes.'),
    model: { type: 'mlp', hidden: [] },
    least: [],
  },
  {
    id: 'mlp-small',
    label: message('Small network'),
    detail: message('Enough for most tables.'),
    model: { type: 'mlp', hidden: [16] },
    least: [],
  },
  {
    id: 'mlp-medium',
    label: message('Medium network'),
    detail: message('For curved relations in thousands of rows.'),
    model: { type: 'mlp', hidden: [64, 64] },
    least: [],
  },
  {
    id: 'cnn-small',
    label: message('Small convolutional network'),
    detail: message('Two convolutions with pooling, for small images.'),
    model: {
      type: 'layers',
      layers: [
        { type: 'conv2d', filters: 8, size: 3, padding: 'same', activation: 'relu' },
        pool,
        { type: 'conv2d', filters: 16, size: 3, padding: 'same', activation: 'relu' },
        pool,
        flatten,
        { type: 'dense', units: 32, activation: 'relu' },
      ],
    },
    rate: 0.001,
    least: [4, 4],
  },
  {
    id: 'cnn-medium',
    label: message('Convolutional network'),
    detail: message('Three convolutions, the usual first network for handwritten digits of 28 × 28 pixels.'),
    model: {
      type: 'layers',
      layers: [
        { type: 'conv2d', filters: 32, size: 3, activation: 'relu' },
        pool,
        { type: 'conv2d', filters: 64, size: 3, activation: 'relu' },
        pool,
        { type: 'conv2d', filters: 64, size: 3, activation: 'relu' },
        flatten,
        { type: 'dense', units: 64, activation: 'relu' },
      ],
    },
    rate: 0.001,
    least: [18, 18],
  },
  {
    id: 'cnn-series',
    label: message('Convolutional network for series'),
    detail: message('Two convolutions along time, with pooling.'),
    model: {
      type: 'layers',
      layers: [
        { type: 'conv1d', filters: 16, size: 5, padding: 'same', activation: 'relu' },
        pool,
        { type: 'conv1d', filters: 32, size: 5, padding: 'same', activation: 'relu' },
        pool,
        flatten,
        { type: 'dense', units: 32, activation: 'relu' },
      ],
    },
    least: [4],
  },
  {
    id: 'factorisation',
    label: message('Matrix factorisation'),
    detail: message('A vector for each user and item; their product is the score of the item for the user.'),
    model: { type: 'factorisation' },
    least: [],
    task: 'recommendation',
  },
  {
    id: 'gan-small',
    label: message('Small GAN'),
    detail: message('A generator of rows with two hidden layers; its discriminator is as large by default.'),
    model: { type: 'mlp', hidden: [64, 64], activation: 'leakyRelu' },
    least: [],
    task: 'gan',
  },
];

/**
 * The presets that are for a task alone, or else those that rows of a shape can pass through; a multilayer perceptron takes
 * any row as flat.
 */
export function presetsFor(
  shape: readonly number[] | undefined,
  task: Experiment['task']['type'] = 'column',
): readonly Preset[] {
  const axes = shape?.slice(0, -1) ?? [];
  const own = presets.filter((preset) => preset.task === task);
  if (own.length > 0) return own;
  return presets.filter(
    ({ least, task: only }) =>
      only === undefined &&
      (least.length === 0 || (least.length === axes.length && least.every((size, i) => axes[i]! >= size))),
  );
}
