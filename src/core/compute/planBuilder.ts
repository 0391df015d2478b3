import { randomStream } from '../data/random.ts';
import { bad, message, ok, type Result } from '../messages/message.ts';
import { buildNetwork, type ModelOnData, type Network } from '../network/network.ts';
import { gradientName, trainedCount, type ParameterShape } from '../network/parameterShape.ts';
import { shapeText, sizeOf } from '../network/rowShape.ts';
import { unknownPenalties } from '../optimizers/penalties.ts';
import { scheduleWidth, type Optimizer, type PlanPart, type UpdateTarget } from '../optimizers/rule.ts';
import { updates, type Updates } from '../optimizers/updates.ts';
import { padded } from './kernelText.ts';
import { dropoutKeys, drawKeys } from './layers/dropout.ts';
import { chain, join, nothing, passStep, type Step } from './layers/layer.ts';
import type { Objective } from './objective.ts';
import { maxBufferSize, type Buffer, type Kernel, type Plan } from './plan.ts';
import {
  featureChunks,
  fedFeatures,
  fedTargets,
  gatherFeatures,
  gatherTargets,
  gatherWeights,
  maxFeatureValues,
  networkWeight,
  type Chosen,
  type RowChunk,
} from './rows.ts';

/** What both plans share: the model, what it minimises and the rows it sees. */
export interface PlanOptions extends ModelOnData {
  readonly objective: Objective;
  /** Rows of the part. Where a sample has several roles, of each role. */
  readonly rows: number;
}

/** A plan of training steps as a session sees it. */
export interface StepsPlan {
  readonly plan: Plan;
  /** What is trained and kept: the network's tensors and the objective's. */
  readonly parameters: readonly ParameterShape[];
  /** Trainable numbers in all. */
  readonly parameterCount: number;
  readonly updates: Pick<Updates, 'state' | 'schedule' | 'scheduleWidth'>;
  /** Steps of an epoch. */
  readonly steps: number;
  /** Steps that are fed to the device at once. */
  readonly window: number;
  /** What the host draws for a step of the run: a row of the buffer `keys`, which is there if the row is not empty. */
  keys(step: number): readonly number[];
}

/** A plan over one part of a data set; {@link ./feed.ts} fills its buffers. */
export interface RowsPlan {
  readonly plan: Plan;
  readonly network: Network;
  /** The network's tensors and the objective's. */
  readonly parameters: readonly ParameterShape[];
  readonly rows: number;
  readonly width: number;
  /** Samples of one step, of each role; the last step of a pass has fewer. */
  readonly batch: number;
  /** Rows of the network's batch for a sample. */
  readonly roles: number;
  /** Numbers of a row's target in the table `targets`; 0 where there is none. */
  readonly targets: number;
  /** Steps of one pass over the rows. */
  readonly steps: number;
  /** Buffers of the features. */
  readonly chunks: readonly RowChunk[];
  /** Buffer of the network's raw outputs, batch × {@link outputStride}. */
  readonly output: string;
  readonly outputStride: number;
}

/** One optimizer step per step of the plan. */
export interface TrainingPlan extends RowsPlan, StepsPlan {
  readonly steps: number;
  readonly fed: Fed;
}

/**
 * What comes with every step instead of lying on the device: the features of its rows, drawn by the host, or its targets.
 * Otherwise `order` says which rows of the tables they are.
 */
export interface Fed {
  readonly features?: boolean;
  readonly targets?: boolean;
}

/** Numbers that lie on the device for the next steps: enough that feeding is rare, few enough that it is quick. */
const windowEntries = 65_536;
const longestWindow = 1024;

/** How many steps are fed at once where each takes so many numbers. */
export function windowOf(entries: number, steps: number): number {
  return Math.max(1, Math.min(Math.floor(windowEntries / entries), longestWindow, steps));
}

/** Steps of a pass of `rows` in batches. */
export function stepsPerPass(rows: number, batch: number): number {
  return Math.ceil(rows / batch);
}

/**
 * The plan of a training step: gather the batch by `order`, forward, loss, backward, update. Bad when the data set or
 * the model is larger than devices can address.
 */
export function trainingPlan(
  options: PlanOptions & {
    /** Samples of a step. */
    readonly batch: number;
    readonly optimizer: Optimizer;
    /** Seed of what layers draw; only models with dropout need one. Default: 0. */
    readonly seed?: number;
    readonly fed?: Fed;
    /** Steps of an epoch. Default: a pass over the rows. */
    readonly steps?: number;
  },
): Result<TrainingPlan> {
  const { inputs, outputs, rows, objective, fed = {} } = options;
  const { roles } = objective;
  // Where a sample is not a row, there may be more samples in a step than rows.
  const batch = roles === 1 && options.steps === undefined ? Math.min(options.batch, rows) : options.batch;
  const networkBatch = roles * batch;
  const built = buildNetwork(options);
  if (!built.ok) return built;
  const network = built.value;
  const addressed = address(network, networkBatch, fed.features === true ? 1 : rows, inputs);
  if (!addressed.ok) return addressed;
  const chunks = fed.features === true ? [] : addressed.value;

  const steps = options.steps ?? stepsPerPass(rows, batch);
  const entries =
    networkBatch * (fed.features === true ? inputs : 1) +
    (fed.targets === true ? batch * objective.targets : 0);
  const window = windowOf(entries, steps);
  const parameters = [...network.parameters, ...objective.parameters];
  const targets = updateTargets(parameters);
  const unknown = unknownPenalties(
    options.optimizer,
    targets.filter(({ exempt }) => exempt !== true).map(({ parameter }) => parameter),
  );
  if (unknown.length > 0) return { ok: false, problems: unknown };
  const moved = updates(options.optimizer, targets);
  const columns = sizeOf(network.input.stored);
  const at = (count: number) => `(clock[0] | 0) * ${count} + n`;
  const chosen: Chosen = {
    reads: { order: 'order', clock: 'clock' },
    text: `const r = order[${at(networkBatch)}] | 0;`,
    chosen: { order: 'order', clock: 'clock' },
  };
  const batchPart = join(
    fed.features === true
      ? fedFeatures(networkBatch, inputs, columns, window)
      : gatherFeatures({ chunks, width: inputs, columns, batch: networkBatch, row: chosen }),
    targetsPart(),
    gatherWeights(batch, roles, {
      reads: { weights: 'weights', clock: 'clock' },
      text: `return weights[${at(batch)}];`,
    }),
  );
  function targetsPart(): PlanPart {
    if (objective.targets === 0) return nothing;
    if (fed.targets === true) return fedTargets(batch, objective.targets, window);
    const first = roles === 1 ? chosen : { ...chosen, chosen: undefined };
    return gatherTargets({ rows, width: objective.targets, batch, row: first });
  }
  const drawn = draws(network, options.seed ?? 0);
  const step: Step = {
    batch: networkBatch,
    isTraining: true,
    weight: networkWeight(roles),
    keysOf: drawn.keysOf,
  };
  const forward = chain(network.layers, 'batch.features', step);
  const gradient = gradientName(forward.output);
  const { buffers, kernels, carry } = join(
    batchPart,
    forward.part,
    objective.kernels(batch, outputs, { ...lossBuffers(forward.output), gradient }),
    forward.backward(gradient, false).part,
    moved,
    clockPart,
  );
  const given: Buffer[] = [
    ...(fed.features === true && (fed.targets === true || objective.targets === 0)
      ? []
      : [{ name: 'order', size: window * networkBatch, role: 'data' } as const]),
    { name: 'weights', size: window * batch, role: 'data' },
    { name: 'schedule', size: window * scheduleWidth, role: 'data' },
    ...(drawn.width === 0 ? [] : [{ name: keysBuffer, size: window * drawn.width, role: 'data' } as const]),
  ];
  return ok({
    plan: {
      buffers: [...given, ...parameterBuffers(parameters), ...buffers],
      kernels,
      carry,
      report: moved.report,
    },
    network,
    parameters,
    parameterCount: trainedCount(parameters),
    rows,
    width: inputs,
    batch,
    roles,
    targets: fed.targets === true ? 0 : objective.targets,
    steps,
    chunks,
    output: forward.output,
    outputStride: padded(outputs),
    updates: moved,
    window,
    fed,
    keys: drawn.keys,
  });
}

/**
 * The plan of a pass over rows in their order: forward and mean loss, outputs to be read after every step. Where a sample
 * has several roles, the tables hold all rows of the first role, then those of the next.
 */
export function evaluationPlan(
  options: PlanOptions & {
    readonly batch?: number;
    /** Whether a buffer `weights` holds the factor of each row. */
    readonly weighted?: boolean;
  },
): Result<RowsPlan> {
  const { inputs, outputs, rows, objective } = options;
  const { roles } = objective;
  const built = buildNetwork(options);
  if (!built.ok) return built;
  const network = built.value;
  const batch = Math.min(options.batch ?? Math.max(1, Math.floor(passBatch(network) / roles)), rows);
  const addressed = address(network, roles * batch, roles * rows, inputs);
  if (!addressed.ok) return addressed;
  const chunks = addressed.value;

  const parameters = [...network.parameters, ...objective.parameters];
  const place = `(clock[0] | 0) * ${batch} + n`;
  const clock = { clock: 'clock' };
  const row: Chosen = {
    reads: clock,
    text: `const place = ${place};\nlet r = place;\nif (place >= ${rows}) { r = ${rows - 1}; }`,
  };
  const ofRole: Chosen = {
    reads: clock,
    text: `const role = ((n / ${batch}) | 0);
const place = (clock[0] | 0) * ${batch} + n - role * ${batch};
let r = role * ${rows} + place;
if (place >= ${rows}) { r = role * ${rows} + ${rows - 1}; }`,
  };
  const batchPart = join(
    gatherFeatures({
      chunks,
      width: inputs,
      columns: sizeOf(network.input.stored),
      batch: roles * batch,
      row: roles === 1 ? row : ofRole,
    }),
    objective.targets === 0 ? nothing : gatherTargets({ rows, width: objective.targets, batch, row }),
    gatherWeights(
      batch,
      1,
      options.weighted === true
        ? {
            reads: { ...clock, weights: 'weights' },
            text: `const place = ${place};\nlet w = 0.0;\nif (place < ${rows}) { w = weights[place]; }\nreturn w;`,
          }
        : { reads: clock, text: `let w = 1.0;\nif (${place} >= ${rows}) { w = 0.0; }\nreturn w;` },
    ),
  );
  const forward = chain(network.layers, 'batch.features', passStep(roles * batch));
  const { buffers, kernels, carry } = join(
    batchPart,
    forward.part,
    objective.kernels(batch, outputs, lossBuffers(forward.output)),
    clockPart,
  );
  const given: Buffer[] = options.weighted === true ? [{ name: 'weights', size: rows, role: 'data' }] : [];
  return ok({
    plan: {
      buffers: [...given, ...parameterBuffers(parameters), ...buffers],
      kernels,
      carry,
      report: 'loss',
    },
    network,
    parameters,
    rows,
    width: inputs,
    batch,
    roles,
    targets: objective.targets,
    steps: stepsPerPass(rows, batch),
    chunks,
    output: forward.output,
    outputStride: padded(outputs),
  });
}

/** Buffer of the keys of the layers that draw. */
const keysBuffer = 'keys';

/**
 * The keys that layers draw from: a row for every step, a stretch of it for each layer. A step's row depends on the seed
 * and the number of the step alone, so that a resumed run draws what it would have drawn.
 */
function draws(
  network: Network,
  seed: number,
): Pick<Step, 'keysOf'> & Pick<TrainingPlan, 'keys'> & { width: number } {
  const width = network.draws.length * dropoutKeys;
  return {
    width,
    keys(step) {
      if (width === 0) return [];
      const random = randomStream(seed, `keys/${step}`);
      return network.draws.flatMap(() => drawKeys(random));
    },
    keysOf: (layer) => ({
      reads: { keys: keysBuffer, clock: 'clock' },
      first: `(clock[0] | 0) * ${width} + ${network.draws.indexOf(layer) * dropoutKeys}`,
    }),
  };
}

function lossBuffers(prediction: string) {
  return { prediction, target: 'batch.targets', weight: 'batch.weight', value: 'loss' };
}

/** Multiplications of one step of a pass: some 10 ms on the slowest device, so that the process stays responsive. */
const passWork = 2 ** 23;
const smallestPassBatch = 16;

/**
 * Rows of one step of a pass without gradients: keeps a device busy for a moment and needs little memory, about a
 * million values in the widest layer.
 */
export function passBatch(network: Network): number {
  const work = network.layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0);
  const most = Math.floor(maxBufferSize / widest(network));
  const wanted = Math.min(Math.floor(passWork / Math.max(1, work)), Math.floor(2 ** 20 / widest(network)));
  return Math.max(1, Math.min(most, Math.max(smallestPassBatch, wanted)));
}

/** Values of the largest buffer that a row needs. */
function widest(network: Network): number {
  return Math.max(sizeOf(network.input.stored), ...network.layers.map((layer) => layer.widest));
}

/** Which step of the window is due. All four lanes count. */
export const clockPart: PlanPart = {
  buffers: [
    { name: 'clock', size: 4, role: 'state' },
    { name: 'clock.next', size: 4, role: 'temporary' },
  ],
  kernels: [
    {
      name: 'clock.next',
      output: [4],
      reads: [{ parameter: 'clock', buffer: 'clock' }],
      writes: 'clock.next',
      body: 'return clock[this.thread.x] + 1.0;',
    },
  ],
  carry: [{ from: 'clock.next', to: 'clock' }],
};

/** State buffers of parameters. */
export function parameterBuffers(parameters: readonly ParameterShape[]): Buffer[] {
  return parameters.map(({ name, stored }) => ({ name, size: sizeOf(stored), role: 'state' }));
}

/** What an optimizer moves: the trained of some parameters. */
export function updateTargets(parameters: readonly ParameterShape[]): UpdateTarget[] {
  return parameters
    .filter(({ trained }) => trained)
    .map((parameter) => ({
      parameter: parameter.name,
      gradient: gradientName(parameter.name),
      output: extent(parameter),
      ...(parameter.role === 'scalar' ? { exempt: true as const } : {}),
    }));
}

/** Extent of a parameter's buffer for a kernel, last axis first. */
function extent({ stored }: ParameterShape): Kernel['output'] {
  const columns = stored.at(-1)!;
  return stored.length === 1 ? [columns] : [columns, sizeOf(stored) / columns];
}

/** The chunks of the features, or why the plan needs buffers larger than float32 indices can address. */
export function address(
  network: Network,
  batch: number,
  rows: number,
  columns: number,
): Result<readonly RowChunk[]> {
  const large = network.parameters.find(({ stored }) => sizeOf(stored) > maxBufferSize);
  if (large !== undefined) {
    return bad(
      message(
        'A layer of {shape} weights is too large: the most is {most} weights in one layer. Choose fewer units, or leave out columns with many categories.',
        { shape: shapeText(large.shape), most: maxBufferSize },
      ),
      { path: network.layers.find(({ parameters }) => parameters.includes(large))?.path ?? 'model' },
    );
  }
  const chunks = featureChunks(rows, columns);
  if (chunks === undefined) {
    return bad(
      message(
        'The data set is too large: {rows} rows of {columns} encoded columns, where the most is {values} values and {most} rows. Leave out columns, or train on a part of the file.',
        { rows, columns, values: maxFeatureValues, most: maxBufferSize },
      ),
      { path: 'data' },
    );
  }
  const most = Math.floor(maxBufferSize / widest(network));
  if (most === 0) {
    return bad(
      message(
        'A row becomes {values} values in this model, where the most is {most}. Choose fewer filters, or pool earlier.',
        { values: widest(network), most: maxBufferSize },
      ),
      { path: 'model' },
    );
  }
  if (batch > most) {
    return bad(
      message('A batch of {batch} rows is too large for this model. Choose at most {most} rows.', {
        batch,
        most,
      }),
      { path: 'training.batch' },
    );
  }
  return ok(chunks);
}
