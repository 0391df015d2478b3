import type { GeneratedId } from './catalogue.ts';
import type { Column, Table } from './dataset.ts';
import { preferencesGenerator } from './generators/preferences.ts';
import { seasonal } from './generators/seasonal.ts';
import { randomStream, type RandomStream } from './random.ts';
import type { Task } from '../losses/task.ts';

/** What a generated data set takes; the defaults are the experiment format's. */
export interface GeneratorOptions {
  /** Number of rows, at least 1. */
  readonly samples: number;
  /** Standard deviation of the normal noise on each coordinate. */
  readonly noise: number;
  /** Share of the rows that are outliers (noisy line only). */
  readonly outliers: number;
  readonly seed: number;
}

/** A data set that is made from a seed: features `x1`, `x2` and target `class`, for the noisy line `x` and `y`, for a series `time` and `y`, for interactions `user` and `item`. */
export interface Generator {
  readonly id: GeneratedId;
  readonly title: string;
  /** One sentence: what the rows are and what is predicted. */
  readonly description: string;
  readonly target: 'y' | 'class' | 'item';
  readonly task: Task;
  readonly classes?: number;
  /** Loss that fits. */
  readonly loss: string;
  /** The noise that shows what the data set is for, where the user has no wish of their own. */
  readonly noise: number;
  /** The number of rows that does, where it is not the format's default. */
  readonly samples?: number;
  generate(options: GeneratorOptions): Table;
}

/** A point of the plane and its class. */
type Labelled = readonly [x1: number, x2: number, label: string];

/** The generated data sets by id. */
export const generators: Readonly<Record<GeneratedId, Generator>> = {
  'noisy-line': {
    id: 'noisy-line',
    title: 'Noisy line with outliers',
    description:
      'Points along y = 2x + 1, some of them far above it: shows what squared error makes of outliers.',
    target: 'y',
    task: 'regression',
    loss: 'huber',
    noise: 0.2,
    generate: noisyLine,
  },
  'two-moons': {
    id: 'two-moons',
    title: 'Two moons',
    description: 'Two interleaving half circles; predicts which.',
    target: 'class',
    task: 'binary',
    classes: 2,
    loss: 'binary-cross-entropy-logits',
    noise: 0.1,
    generate: (options) => plane(options, 'two-moons', moon),
  },
  circles: {
    id: 'circles',
    title: 'Circles',
    description: 'A small circle inside a large one; predicts which.',
    target: 'class',
    task: 'binary',
    classes: 2,
    loss: 'binary-cross-entropy-logits',
    noise: 0.05,
    generate: (options) => plane(options, 'circles', circle),
  },
  spiral: {
    id: 'spiral',
    title: 'Spiral',
    description: 'Three arms of a spiral; predicts which.',
    target: 'class',
    task: 'classes',
    classes: 3,
    loss: 'softmax-cross-entropy',
    noise: 0.03,
    generate: (options) => plane(options, 'spiral', arm),
  },
  blobs: {
    id: 'blobs',
    title: 'Blobs',
    description: 'Three round clouds of points; predicts which.',
    target: 'class',
    task: 'classes',
    classes: 3,
    loss: 'softmax-cross-entropy',
    noise: 1,
    generate: blobs,
  },
  seasonal,
  preferences: preferencesGenerator,
};

/**
 * x uniform on [-1, 1]; y = 2x + 1 + noise·N(0, 1), and for round(outliers · samples) rows chosen at random another
 * 3 + |N(0, 1)| on top.
 */
function noisyLine({ samples, noise, outliers, seed }: GeneratorOptions): Table {
  const random = randomStream(seed, 'noisy-line');
  const x = Float64Array.from({ length: samples }, () => 2 * random.next() - 1);
  const y = x.map((value) => 2 * value + 1 + noise * random.normal());
  const lifted = random.permutation(samples).subarray(0, Math.round(outliers * samples));
  for (const row of lifted) y[row]! += 3 + Math.abs(random.normal());
  return table([
    { name: 'x', kind: 'number', values: x },
    { name: 'y', kind: 'number', values: y },
  ]);
}

/**
 * Points without noise for the i-th of n of a shape, in the order of the classes; noise and order are added here.
 * The shapes' classes have ⌊n/k⌋ or ⌈n/k⌉ points each.
 */
function plane(
  { samples, noise, seed }: GeneratorOptions,
  name: GeneratedId,
  point: (i: number, n: number) => Labelled,
): Table {
  const random = randomStream(seed, name);
  return labelled(
    Array.from({ length: samples }, (_, i) => {
      const [x1, x2, label] = point(i, samples);
      return [x1 + noise * random.normal(), x2 + noise * random.normal(), label];
    }),
    random,
  );
}

/** Position 0…1 along a class's share of the points, both ends included. */
function along(i: number, n: number): number {
  return n > 1 ? i / (n - 1) : 0;
}

/**
 * scikit-learn's make_moons: (cos t, sin t) and (1 − cos t, ½ − sin t) for t evenly on [0, π], ends included; the
 * first moon has ⌊n/2⌋ points.
 */
function moon(i: number, n: number): Labelled {
  const outer = Math.floor(n / 2);
  if (i < outer) {
    const t = Math.PI * along(i, outer);
    return [Math.cos(t), Math.sin(t), 'upper'];
  }
  const t = Math.PI * along(i - outer, n - outer);
  return [1 - Math.cos(t), 0.5 - Math.sin(t), 'lower'];
}

/** scikit-learn's make_circles: circles of radius 1 and 0.5 around the origin at even angles from 0; ⌊n/2⌋ outside. */
function circle(i: number, n: number): Labelled {
  const outer = Math.floor(n / 2);
  const t = i < outer ? i / outer : (i - outer) / (n - outer);
  const radius = i < outer ? 1 : 0.5;
  return [
    radius * Math.cos(2 * Math.PI * t),
    radius * Math.sin(2 * Math.PI * t),
    i < outer ? 'outer' : 'inner',
  ];
}

/** Three arms r = t for t evenly on (0, 1], turning by 1.25 π from the centre to the end, 120° from one another. */
function arm(i: number, n: number): Labelled {
  const first = Math.ceil(n / 3);
  const second = Math.ceil((n - first) / 2);
  const sizes = [first, second, n - first - second];
  let index = i;
  let k = 0;
  while (index >= sizes[k]!) index -= sizes[k++]!;
  const t = (index + 1) / sizes[k]!;
  const angle = 1.25 * Math.PI * t + (2 * Math.PI * k) / 3;
  return [t * Math.cos(angle), t * Math.sin(angle), `arm ${k + 1}`];
}

/**
 * scikit-learn's make_blobs with three centres: normal clouds of standard deviation `noise` around centres that are
 * uniform on [-10, 10]², drawn anew until they are at least 6 apart. Sizes differ by one at most.
 */
function blobs({ samples, noise, seed }: GeneratorOptions): Table {
  const random = randomStream(seed, 'blobs');
  const centres: (readonly [number, number])[] = [];
  while (centres.length < 3) {
    const centre = [20 * random.next() - 10, 20 * random.next() - 10] as const;
    if (centres.every(([a, b]) => Math.hypot(a - centre[0], b - centre[1]) >= 6)) centres.push(centre);
  }
  return labelled(
    Array.from({ length: samples }, (_, i): Labelled => {
      const [a, b] = centres[i % 3]!;
      return [a + noise * random.normal(), b + noise * random.normal(), `blob ${(i % 3) + 1}`];
    }),
    random,
  );
}

/** The points in random order as a table with `x1`, `x2` and `class`. */
function labelled(points: readonly Labelled[], random: RandomStream): Table {
  const order = random.permutation(points.length);
  const categories = [...new Set(points.map(([, , label]) => label))].sort();
  const at = (row: number): Labelled => points[order[row]!]!;
  const rows = points.length;
  return table([
    { name: 'x1', kind: 'number', values: Float64Array.from({ length: rows }, (_, row) => at(row)[0]) },
    { name: 'x2', kind: 'number', values: Float64Array.from({ length: rows }, (_, row) => at(row)[1]) },
    {
      name: 'class',
      kind: 'text',
      codes: Int32Array.from({ length: rows }, (_, row) => categories.indexOf(at(row)[2])),
      categories,
    },
  ]);
}

/** Rows are counted from 1, there being no file. */
function table(columns: readonly Column[]): Table {
  const first = columns[0];
  const rows = first?.kind === 'number' ? first.values.length : 0;
  return { columns, rows, rowNumbers: Uint32Array.from({ length: rows }, (_, i) => i + 1) };
}
