import * as v from 'valibot';
import type { Device } from '../../src/core/compute/device.ts';
import {
  readParameters,
  writeOptimizerState,
  writeParameters,
  writeRows,
  rowEpochs,
  writeWindow,
} from '../../src/core/compute/feed.ts';
import { float64Device } from '../../src/core/compute/float64.ts';
import { evaluationPlan, trainingPlan } from '../../src/core/compute/planBuilder.ts';
import { loadLoss } from '../../src/core/losses/catalogue.ts';
import { pairOf } from '../../src/core/losses/loss.ts';
import { checkParameters } from '../../src/core/losses/parameters.ts';
import type { Parameters as Values } from '../../src/core/network/network.ts';
import type { Optimizer } from '../../src/core/optimizers/rule.ts';
import { chooseOptimizer } from './optimizers.ts';
import {
  arraySchema,
  isClose,
  toleranceSchema,
  type CaseResult,
  type CaseRunner,
  type GoldenArray,
} from './types.ts';
import { lossObjective } from '../../src/core/compute/objective.ts';

const tensors = v.record(v.string(), arraySchema);
const numbers = v.array(v.number());

/** A case of trajectories.json. */
export const caseSchema = v.object({
  id: v.string(),
  convention: v.string(),
  optimizer: v.string(),
  hyper: v.record(v.string(), v.unknown()),
  steps: v.number(),
  model: v.string(),
  loss: v.string(),
  /** Added to the loss and part of the recorded one: l1·Σ|w| + l2·Σw². */
  penalty: v.optional(
    v.strictObject({
      l1: v.number(),
      l2_no_half: v.number(),
      on: v.literal('weights only, not biases'),
    }),
  ),
  data: v.optional(v.string()),
  x: v.optional(numbers),
  y: v.optional(numbers),
  init: tensors,
  losses: numbers,
  final_loss: v.optional(v.number()),
  final_params: tensors,
  prediction_at_4: v.optional(v.number()),
  tol: toleranceSchema,
});
export type TrajectoryCase = v.InferOutput<typeof caseSchema>;

/** One entry of datasets.json; `X` may refer to another entry ("same as iris.X"). */
const dataSchema = v.looseObject({ X: v.union([arraySchema, v.string()]), y: arraySchema });
export type GoldenData = Readonly<Record<string, unknown>>;

type TrainingOptions = Parameters<typeof trainingPlan>[0];

/** A case as we train it, or why we do not. */
export type Prepared =
  | { readonly skip: string }
  | {
      readonly options: TrainingOptions;
      readonly features: Float64Array;
      readonly targets: Float64Array;
      readonly initial: Values;
      /** Parameters at the end. */
      readonly expected: Values;
    };

/** A loss in the case's words → ours. */
const losses: Readonly<Record<string, string>> = {
  mse: 'mean-squared-error',
  mae: 'mean-absolute-error',
  huber: 'huber',
  log_cosh: 'log-cosh',
  quantile: 'quantile',
  cross_entropy: 'softmax-cross-entropy',
  bce_with_logits: 'binary-cross-entropy-logits',
  logistic: 'logistic',
  squared_hinge: 'squared-hinge',
  hinge: 'hinge',
  exponential: 'exponential',
};

/** Translates a case into options of the plan builder. */
export function prepare(given: TrajectoryCase, data: GoldenData): Prepared {
  const parsed = /^(\w+)(?:\((\w+)=([\d.]+)\))?(?: \+ penalty .*)?$/.exec(given.loss);
  const known = parsed === null ? undefined : losses[parsed[1]!];
  const loss = known === undefined ? undefined : loadLoss(known);
  if (loss === undefined) return { skip: `loss ${given.loss} is not offered` };
  const parameters = checkParameters(
    loss,
    parsed?.[2] === undefined ? {} : { [parsed[2]]: Number(parsed[3]) },
  );
  if (!parameters.ok) return { skip: `parameters of ${given.loss} are out of range` };
  const network = networkOf(given.model);
  if (network === undefined) return { skip: `model ${given.model} is not known` };
  const chosen = chooseOptimizer(given.optimizer, given.convention, given.hyper);
  if ('skip' in chosen) return chosen;

  const rows = { x: given.x, y: given.y, ...(given.data === undefined ? {} : table(data, given.data)) };
  if (rows.x === undefined || rows.y === undefined) throw new Error(`${given.id} has no data`);
  const features = Float64Array.from(rows.x);
  // A data set holds labels as 0 and 1; training makes of them what the loss expects.
  const signs = pairOf(loss).target.kind === 'sign-label';
  const targets = Float64Array.from(rows.y, (value) => (signs ? (value + 1) / 2 : value));
  const initial = network.ours(given.init);
  return {
    options: {
      ...network.data,
      inputs: features.length / targets.length,
      outputs: initial[network.lastBias]!.length,
      batch: targets.length,
      rows: targets.length,
      objective: lossObjective(loss, parameters.value),
      optimizer: { ...chosen.optimizer, penalties: penaltiesOf(given) },
    },
    features,
    targets,
    initial,
    expected: network.ours(given.final_params),
  };
}

function penaltiesOf({ penalty }: TrajectoryCase): NonNullable<Optimizer['penalties']> {
  return penalty === undefined ? [] : [{ on: 'weights', l1: penalty.l1, l2: penalty.l2_no_half, decay: 0 }];
}

/** The penalty of a case at some parameters. */
function penaltyAt({ penalty }: TrajectoryCase, parameters: Values): number {
  if (penalty === undefined) return 0;
  return Object.entries(parameters)
    .filter(([name]) => name.endsWith('.weight'))
    .flatMap(([, values]) => [...values])
    .reduce((sum, w) => sum + penalty.l1 * Math.abs(w) + penalty.l2_no_half * w * w, 0);
}

function table(data: GoldenData, name: string): { x: number[]; y: number[] } {
  const { X, y } = v.parse(dataSchema, data[name]);
  if (typeof X !== 'string') return { x: X.data, y: y.data };
  const other = /^same as (\w+)\.X$/.exec(X)?.[1] ?? '';
  return { x: table(data, other).x, y: y.data };
}

/** A golden model as ours, and its parameters by our names in our layout. */
interface GoldenNetwork {
  readonly data: Pick<TrainingOptions, 'model' | 'shape'>;
  readonly lastBias: string;
  ours(given: Readonly<Record<string, GoldenArray>>): Values;
}

const convolutional =
  /^conv(\d)x\1x(\d+) valid \(cross-correlation\) \+ bias -> relu -> maxpool(\d) -> flatten \(channel,row,col\) -> dense10$/;

function networkOf(model: string): GoldenNetwork | undefined {
  const cnn = convolutional.exec(model);
  if (cnn !== null) return digitsNetwork(Number(cnn[1]), Number(cnn[2]), Number(cnn[3]));
  const hidden = hiddenLayer(model);
  if (hidden === undefined) return undefined;
  const lastBias = `layers.${hidden.hidden.length}.bias`;
  return { data: { model: { type: 'mlp', ...hidden } }, lastBias, ours };
}

/** A convolution of 8 × 8 images, a pool and a dense layer. */
function digitsNetwork(size: number, filters: number, pool: number): GoldenNetwork {
  const side = Math.floor((8 - size + 1) / pool);
  return {
    data: {
      model: {
        type: 'layers',
        layers: [
          { type: 'conv2d', filters, size, stride: 1, padding: 'valid', activation: 'relu' },
          { type: 'maxPool', size: pool },
          { type: 'flatten' },
        ],
      },
      shape: [8, 8, 1],
    },
    lastBias: 'layers.3.bias',
    ours({ K, kb, W, b }) {
      if (K === undefined || kb === undefined || W === undefined || b === undefined)
        throw new Error('a convolutional case has K, kb, W and b');
      // K is [filters, channels, rows, columns], ours [rows, columns, channels, filters].
      const taps = size * size;
      const kernel = Float64Array.from(
        K.data,
        (_, i) => K.data[(i % filters) * taps + Math.floor(i / filters)]!,
      );
      // W is [outputs, channel · row · column], ours [row · column · channel, outputs].
      const outputs = b.data.length;
      const weight = Float64Array.from(W.data, (_, i) => {
        const [place, output] = [Math.floor(i / outputs), i % outputs];
        const [pixel, channel] = [Math.floor(place / filters), place % filters];
        return W.data[(output * filters + channel) * side * side + pixel]!;
      });
      return {
        'layers.0.weight': kernel,
        'layers.0.bias': Float64Array.from(kb.data),
        'layers.3.weight': weight,
        'layers.3.bias': Float64Array.from(b.data),
      };
    },
  };
}

/** `Linear(1,1)` and `w.x+b` have no hidden layer, `4-8(tanh)-3` has one. */
function hiddenLayer(
  model: string,
): { hidden: number[]; activation: 'relu' | 'tanh' | 'sigmoid' } | undefined {
  if (/^Linear\(\d+,\s*\d+\)$/.test(model) || model === 'w.x+b') return { hidden: [], activation: 'relu' };
  const dense = /^\d+-(\d+)\((relu|tanh|sigmoid)\)-\d+$/.exec(model);
  if (dense === null) return undefined;
  return { hidden: [Number(dense[1])], activation: dense[2] as 'relu' | 'tanh' | 'sigmoid' };
}

/** Golden weights are [outputs, inputs] under `W1`, `b1`, `W2` … or `w`, `b`; ours are [inputs, outputs]. */
function ours(given: Readonly<Record<string, GoldenArray>>): Values {
  return Object.fromEntries(
    Object.entries(given).map(([name, { shape, data }]) => {
      const layer = Math.max(0, Number(name.slice(1) || '1') - 1);
      if (name.toLowerCase().startsWith('b')) return [`layers.${layer}.bias`, Float64Array.from(data)];
      const [outputs = 1, inputs = 1] = shape;
      const weight = Float64Array.from(
        data,
        (_, at) => data[(at % outputs) * inputs + Math.floor(at / outputs)]!,
      );
      return [`layers.${layer}.weight`, weight];
    }),
  );
}

/** What a device makes of a case: the loss before every step, then parameters and loss at the end. */
export async function train(
  prepared: Extract<Prepared, { options: unknown }>,
  steps: number,
  device: Device = float64Device(),
): Promise<{ losses: number[]; parameters: Values; finalLoss: number }> {
  const { options, features, targets, initial } = prepared;
  const training = trainingPlan(options);
  const evaluation = evaluationPlan({ ...options, batch: options.rows });
  if (!training.ok || !evaluation.ok) throw new Error('no plan');
  const part = { rows: options.rows, features, targets };
  const executable = await device.compile(training.value.plan);
  writeRows(executable, training.value, part);
  writeParameters(executable, training.value.network, initial);
  writeOptimizerState(executable, training.value, {});
  const order = Uint32Array.from({ length: options.rows }, (_, row) => row);
  const reported: number[] = [];
  for (let step = 1; step <= steps; step++) {
    writeWindow(executable, training.value, rowEpochs(training.value)(order), 0, step);
    reported.push(...(await executable.run(1)));
  }
  const parameters = await readParameters(executable, training.value.network);
  await executable.dispose();
  const judge = await device.compile(evaluation.value.plan);
  writeRows(judge, evaluation.value, part);
  writeParameters(judge, evaluation.value.network, parameters);
  const [finalLoss] = await judge.run(1);
  await judge.dispose();
  return { losses: reported, parameters, finalLoss: finalLoss! };
}

/** Runs trajectories.json: every loss, the last loss and the parameters, through the whole plan on the float64 device. */
export const runTrajectories: CaseRunner = async ({ cases }, { files }) => {
  const data = files.get('datasets')?.rest ?? {};
  const results: CaseResult[] = [];
  for (const raw of cases) {
    const parsed = v.safeParse(caseSchema, raw);
    results.push(
      parsed.success
        ? await runCase(parsed.output, data)
        : { id: raw.id, outcome: 'failed', reason: parsed.issues[0].message },
    );
  }
  return results;
};

async function runCase(given: TrajectoryCase, data: GoldenData): Promise<CaseResult> {
  const { id, tol } = given;
  const prepared = prepare(given, data);
  if ('skip' in prepared) return { id, outcome: 'skipped', reason: prepared.skip };
  const { losses: reported, parameters, finalLoss } = await train(prepared, given.steps);
  const differs = (what: string, actual: number | undefined, expected: number): CaseResult | undefined =>
    isClose(actual ?? Number.NaN, expected, tol)
      ? undefined
      : { id, outcome: 'failed', reason: `${what} is ${actual ?? 'missing'}, expected ${expected}` };
  for (const [step, loss] of given.losses.entries()) {
    const failure = differs(`the loss at step ${step + 1}`, reported[step], loss);
    if (failure !== undefined) return failure;
  }
  for (const [name, values] of Object.entries(prepared.expected)) {
    for (const [i, value] of values.entries()) {
      const failure = differs(`${name}[${i}] at the end`, parameters[name]?.[i], value);
      if (failure !== undefined) return failure;
    }
  }
  const at4 = parameters['layers.0.weight']![0]! * 4 + parameters['layers.0.bias']![0]!;
  return (
    (given.final_loss === undefined
      ? undefined
      : differs('the loss at the end', finalLoss + penaltyAt(given, parameters), given.final_loss)) ??
    (given.prediction_at_4 === undefined
      ? undefined
      : differs('the prediction at 4', at4, given.prediction_at_4)) ?? {
      id,
      outcome: 'passed',
    }
  );
}
