import type { Device } from '../../src/core/compute/device.ts';
import {
  readParameters,
  writeOptimizerState,
  writeParameters,
  writeRows,
  writeWindow,
} from '../../src/core/compute/feed.ts';
import { float64Device } from '../../src/core/compute/float64.ts';
import { evaluationPlan, trainingPlan } from '../../src/core/compute/planBuilder.ts';
import { loadLoss } from '../../src/core/losses/catalogue.ts';
import type { Parameters } from '../../src/core/network/network.ts';
import { chooseOptimizer, type Hyper } from './optimizers.ts';

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A case of trajectories.json. */
export interface TrajectoryCase {
  readonly id: string;
  readonly convention: string;
  readonly optimizer: string;
  readonly hyper: Hyper;
  readonly steps: number;
  readonly model: string;
  readonly loss: string;
  readonly data?: string;
  readonly x?: readonly number[];
  readonly y?: readonly number[];
  readonly init: Readonly<Record<string, Tensor>>;
  readonly losses: readonly number[];
  readonly final_loss: number;
  readonly final_params: Readonly<Record<string, Tensor>>;
  readonly prediction_at_4?: number;
  readonly tol: { readonly rtol: number; readonly atol: number };
}

/** datasets.json, as far as it is used. */
export type GoldenData = Readonly<Record<string, { readonly X: Tensor | string; readonly y: Tensor }>>;

type TrainingOptions = Parameters_<typeof trainingPlan>;
type Parameters_<F extends (options: never) => unknown> = F extends (options: infer O) => unknown ? O : never;

/** A case as we train it, or why we do not. */
export type Prepared =
  | { readonly skip: string }
  | {
      readonly options: TrainingOptions;
      readonly features: Float64Array;
      readonly targets: Float64Array;
      readonly initial: Parameters;
    };

/** A loss in the case's words → ours. Labels of −1 and +1 become 0 and 1: the logistic loss is the same function of the logit. */
const losses: Readonly<Record<string, { readonly id: string; readonly label?: (y: number) => number }>> = {
  mse: { id: 'mean-squared-error' },
  mae: { id: 'mean-absolute-error' },
  huber: { id: 'huber' },
  cross_entropy: { id: 'softmax-cross-entropy' },
  bce_with_logits: { id: 'binary-cross-entropy-logits' },
  logistic: { id: 'binary-cross-entropy-logits', label: (y) => (y + 1) / 2 },
};

/** Translates a case into options of the plan builder. */
export function prepare(given: TrajectoryCase, data: GoldenData): Prepared {
  const parsed = /^(\w+)(?:\((\w+)=([\d.]+)\))?$/.exec(given.loss);
  const known = parsed === null ? undefined : losses[parsed[1]!];
  const loss = known === undefined ? undefined : loadLoss(known.id);
  if (known === undefined || loss === undefined) return { skip: `loss ${given.loss} is not offered` };
  const hidden = hiddenLayer(given.model);
  if (hidden === undefined) return { skip: `model ${given.model} is not offered` };
  const chosen = chooseOptimizer(given.optimizer, given.convention, given.hyper);
  if ('skip' in chosen) return chosen;

  const set = given.data === undefined ? undefined : data[given.data];
  const x =
    given.x ??
    (typeof set?.X === 'string' ? data[set.X.replace('same as ', '').replace('.X', '')]?.X : set?.X);
  const y = given.y ?? set?.y.data;
  if (x === undefined || typeof x === 'string' || y === undefined)
    throw new Error(`${given.id}: no data ${given.data ?? ''}`);
  const features = Float64Array.from('data' in x ? x.data : x);
  const targets = Float64Array.from(y, known.label ?? ((value) => value));
  const initial = ours(given.init);
  return {
    options: {
      model: { type: 'mlp', ...hidden },
      inputs: features.length / targets.length,
      outputs: initial[`layers.${hidden.hidden.length}.bias`]!.length,
      batch: targets.length,
      rows: targets.length,
      loss,
      lossParameters: {
        ...Object.fromEntries(loss.parameters.map((p) => [p.id, p.default])),
        ...(parsed?.[2] === undefined ? {} : { [parsed[2]]: Number(parsed[3]) }),
      },
      optimizer: chosen.optimizer,
    },
    features,
    targets,
    initial,
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
export function ours(tensors: Readonly<Record<string, Tensor>>): Parameters {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => {
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
): Promise<{ losses: number[]; parameters: Parameters; finalLoss: number }> {
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
    writeWindow(executable, training.value, order, 0, step);
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
