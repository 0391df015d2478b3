// Experiments that are trained side by side in Loss Lab and in PyTorch: same rows, same budget, ten seeds.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { builtins } from '../../src/core/data/builtin.ts';
import { readCsv } from '../../src/core/data/csv.ts';
import type { BuiltinId } from '../../src/core/data/catalogue.ts';
import type { Dataset, Part, Table } from '../../src/core/data/dataset.ts';
import { prepareDataset } from '../../src/core/data/prepare.ts';
import { randomStream } from '../../src/core/data/random.ts';
import type { Loss } from '../../src/core/losses/loss.ts';
import type { Result } from '../../src/core/messages/message.ts';
import { presets, type ModelInput } from '../../src/core/network/presets.ts';
import { checkExperiment } from '../../src/core/training/check.ts';
import {
  parseExperiment,
  type Experiment,
  type ExperimentInput,
} from '../../src/core/training/experiment.ts';

export const learningSeeds = Array.from({ length: 10 }, (_, seed) => seed);

export function good<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

interface Case {
  readonly data: BuiltinId;
  readonly experiment: Omit<ExperimentInput, 'version' | 'data'>;
  /** Images are enlarged from 8 × 8 to 28 × 28 pixels. */
  readonly enlarged?: boolean;
  /** A tenth of the targets in the training part are raised by so many of their standard deviations. */
  readonly outliers?: number;
}

const mlp: ModelInput = { type: 'mlp', hidden: [16] };
const preset = (id: string) => presets.find((one) => one.id === id)!.model;
const classes = { id: 'softmax-cross-entropy' };
const diabetes = (loss: string, outliers = 0): Case => ({
  data: 'diabetes',
  outliers,
  experiment: {
    model: mlp,
    loss: { id: loss },
    optimizer: { type: 'adam', rate: 0.003 },
    training: { epochs: 40, batch: 32 },
  },
});

export const learningCases = {
  iris: { data: 'iris', experiment: { model: mlp, loss: classes, training: { epochs: 60, batch: 16 } } },
  wine: { data: 'wine', experiment: { model: mlp, loss: classes, training: { epochs: 30, batch: 16 } } },
  'breast cancer': {
    data: 'breast-cancer',
    experiment: {
      model: mlp,
      loss: { id: 'binary-cross-entropy-logits' },
      training: { epochs: 20, batch: 32 },
    },
  },
  'diabetes, squared': diabetes('mean-squared-error'),
  'diabetes, absolute': diabetes('mean-absolute-error'),
  'diabetes, Huber': diabetes('huber'),
  'diabetes with outliers, squared': diabetes('mean-squared-error', 8),
  'diabetes with outliers, absolute': diabetes('mean-absolute-error', 8),
  'diabetes with outliers, Huber': diabetes('huber', 8),
  digits: {
    data: 'digits',
    experiment: {
      scaling: { features: 'minmax' },
      model: preset('cnn-small'),
      loss: classes,
      optimizer: { type: 'adam', rate: 0.003 },
      training: { epochs: 10, batch: 32 },
    },
  },
  'digits, 28 × 28': {
    data: 'digits',
    enlarged: true,
    experiment: {
      scaling: { features: 'minmax' },
      model: preset('cnn-medium'),
      loss: classes,
      optimizer: { type: 'adam', rate: 0.001 },
      training: { epochs: 2, batch: 32 },
    },
  },
} satisfies Readonly<Record<string, Case>>;
export type LearningCase = keyof typeof learningCases;

const tables = new Map<BuiltinId, Table>();
async function tableOf(id: BuiltinId): Promise<Table> {
  const known = tables.get(id);
  if (known !== undefined) return known;
  const file = join(resolve(import.meta.dirname, '../../media/datasets'), builtins[id].file);
  const table = good(await readCsv([readFileSync(file)], { delimiter: ',', decimal: '.', header: 'yes' }));
  tables.set(id, table);
  return table;
}

export interface LearningRun {
  readonly experiment: Experiment;
  readonly dataset: Dataset;
  readonly loss: Loss;
  /** The rows before they are enlarged. */
  readonly small: Dataset;
  /** Weights of the 8 old pixels along an axis in each of the 28 new ones. */
  readonly enlarge: readonly (readonly number[])[] | undefined;
}

/** Experiment, data and loss of one seed. */
export async function learningRun(name: LearningCase, seed: number): Promise<LearningRun> {
  const { data, experiment: given, enlarged, outliers = 0 }: Case = learningCases[name];
  const training = { ...given.training, seed };
  const experiment = good(
    parseExperiment({ version: 1, data: { source: 'builtin', name: data }, ...given, training }),
  );
  const { loss, use } = good(checkExperiment(experiment));
  const prepared = good(prepareDataset(await tableOf(data), experiment, use));
  const small = { ...prepared, training: withOutliers(prepared.training, outliers, seed) };
  if (enlarged !== true) return { experiment, dataset: small, loss, small, enlarge: undefined };
  const enlarge = interpolation(8, 28);
  const part = (of: Part): Part => ({ ...of, features: enlargedRows(of, enlarge) });
  const dataset = {
    ...small,
    width: 28 * 28,
    shape: [28, 28, 1],
    training: part(small.training),
    validation: small.validation === undefined ? undefined : part(small.validation),
  };
  return { experiment, dataset, loss, small, enlarge };
}

function withOutliers(part: Part, raise: number, seed: number): Part {
  if (raise === 0) return part;
  const random = randomStream(seed, 'outliers');
  return { ...part, targets: part.targets.map((y) => (random.next() < 0.1 ? y + raise : y)) };
}

/** Linear interpolation between the middles of pixels, the outermost continued. */
function interpolation(from: number, to: number): number[][] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    return Array.from({ length: from }, (__, j) => Math.max(0, 1 - Math.abs(at - j)));
  });
}

/** A X Aᵀ of every image X. */
function enlargedRows({ rows, features }: Part, a: readonly (readonly number[])[]): Float32Array {
  const [to, from] = [a.length, a[0]!.length];
  const large = new Float32Array(rows * to * to);
  for (let row = 0; row < rows; row++) {
    const image = features.subarray(row * from * from, (row + 1) * from * from);
    for (let y = 0; y < to; y++) {
      for (let x = 0; x < to; x++) {
        let sum = 0;
        for (let i = 0; i < from; i++) {
          if (a[y]![i] === 0) continue;
          for (let j = 0; j < from; j++) sum += a[y]![i]! * a[x]![j]! * image[i * from + j]!;
        }
        large[(row * to + y) * to + x] = sum;
      }
    }
  }
  return large;
}
