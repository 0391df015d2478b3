import { bad, message, ok, type Result } from '../messages/message.ts';
import type { Loss } from '../losses/loss.ts';
import {
  biasName,
  buildNetwork,
  weightName,
  type Layer,
  type Model,
  type Network,
} from '../network/network.ts';
import { scheduleWidth, type Optimizer, type PlanPart, type UpdateTarget } from '../optimizers/rule.ts';
import { updates, type Updates } from '../optimizers/updates.ts';
import { padded } from './kernelText.ts';
import {
  deltaName,
  layerBackward,
  layerForward,
  layerGradients,
  outputName,
  paddedWeight,
  transposed,
  type Piece,
} from './layerKernels.ts';
import { lossKernels } from './lossKernels.ts';
import { maxBufferSize, type Buffer, type Kernel, type Plan } from './plan.ts';
import { featureChunks, gather, maxFeatureValues, type RowChunk } from './rows.ts';

/** What both plans share: the model, the loss and the rows it sees. */
export interface PlanOptions {
  readonly model: Model;
  /** Width of an encoded row. */
  readonly inputs: number;
  /** Width of the network's output. */
  readonly outputs: number;
  readonly loss: Loss;
  readonly lossParameters: Readonly<Record<string, number>>;
  /** Rows of the part. */
  readonly rows: number;
}

/** A plan over one part of a data set; {@link ./feed.ts} fills its buffers. */
export interface RowsPlan {
  readonly plan: Plan;
  readonly network: Network;
  readonly rows: number;
  readonly width: number;
  /** Rows of one step; the last step of a pass has fewer. */
  readonly batch: number;
  /** Steps of one pass over the rows. */
  readonly steps: number;
  /** Buffers of the features. */
  readonly chunks: readonly RowChunk[];
  /** Buffer of the network's raw outputs, batch × {@link outputStride}. */
  readonly output: string;
  readonly outputStride: number;
}

/** One optimizer step per step of the plan. */
export interface TrainingPlan extends RowsPlan {
  readonly updates: Updates;
  /** Steps whose order, weights and schedule fit on the device at once. */
  readonly window: number;
}

/** Order entries on the device at once: enough that feeding is rare, few enough that it is quick. */
const windowEntries = 65_536;
const longestWindow = 1024;

/** Steps of a pass of `rows` in batches. */
export function stepsPerPass(rows: number, batch: number): number {
  return Math.ceil(rows / batch);
}

/**
 * The plan of a training step: gather the batch by `order`, forward, loss, backward, update. Bad when the data set or
 * the model is larger than devices can address.
 */
export function trainingPlan(
  options: PlanOptions & { readonly batch: number; readonly optimizer: Optimizer },
): Result<TrainingPlan> {
  const { model, inputs, outputs, rows, loss, lossParameters } = options;
  const batch = Math.min(options.batch, rows);
  const network = buildNetwork(model, inputs, outputs);
  const addressed = address(network, batch, rows);
  if (!addressed.ok) return addressed;
  const chunks = addressed.value;

  const steps = stepsPerPass(rows, batch);
  const window = Math.max(1, Math.min(Math.floor(windowEntries / batch), longestWindow, steps));
  const moved = updates(options.optimizer, network.layers.flatMap(updateTargets));
  const place = `(clock[0] | 0) * ${batch} + n`;
  const rowsPart = gather({
    chunks,
    rows,
    width: inputs,
    batch,
    row: { reads: { order: 'order', clock: 'clock' }, text: `const r = order[${place}] | 0;` },
    weight: { reads: { weights: 'weights', clock: 'clock' }, text: `return weights[${place}];` },
  });
  const last = network.layers.at(-1)!;
  const { buffers, kernels, carry } = assemble(
    rowsPart,
    forwardPart(network, batch),
    lossKernels(loss, lossParameters, batch, outputs, { ...lossBuffers(last), gradient: deltaName(last) }),
    backwardPart(network, batch),
    moved,
    clockPart,
  );
  const fed: Buffer[] = [
    { name: 'order', size: window * batch, role: 'data' },
    { name: 'weights', size: window * batch, role: 'data' },
    { name: 'schedule', size: window * scheduleWidth, role: 'data' },
  ];
  return ok({
    plan: { buffers: [...fed, ...parameterBuffers(network), ...buffers], kernels, carry, report: 'loss' },
    network,
    rows,
    width: inputs,
    batch,
    steps,
    chunks,
    output: outputName(last),
    outputStride: padded(outputs),
    updates: moved,
    window,
  });
}

/** The plan of a pass over rows in their order: forward and mean loss, outputs to be read after every step. */
export function evaluationPlan(options: PlanOptions & { readonly batch?: number }): Result<RowsPlan> {
  const { model, inputs, outputs, rows, loss, lossParameters } = options;
  const network = buildNetwork(model, inputs, outputs);
  const batch = Math.min(options.batch ?? evaluationBatch(network), rows);
  const addressed = address(network, batch, rows);
  if (!addressed.ok) return addressed;
  const chunks = addressed.value;

  const place = `(clock[0] | 0) * ${batch} + n`;
  const clock = { clock: 'clock' };
  const rowsPart = gather({
    chunks,
    rows,
    width: inputs,
    batch,
    row: {
      reads: clock,
      text: `const place = ${place};\nlet r = place;\nif (place >= ${rows}) { r = ${rows - 1}; }`,
    },
    weight: { reads: clock, text: `let w = 1.0;\nif (${place} >= ${rows}) { w = 0.0; }\nreturn w;` },
  });
  const last = network.layers.at(-1)!;
  const lossPart = lossKernels(loss, lossParameters, batch, outputs, lossBuffers(last));
  const { buffers, kernels, carry } = assemble(rowsPart, forwardPart(network, batch), lossPart, clockPart);
  return ok({
    plan: { buffers: [...parameterBuffers(network), ...buffers], kernels, carry, report: 'loss' },
    network,
    rows,
    width: inputs,
    batch,
    steps: stepsPerPass(rows, batch),
    chunks,
    output: outputName(last),
    outputStride: padded(outputs),
  });
}

function lossBuffers(last: Layer) {
  return { prediction: outputName(last), target: 'batch.targets', weight: 'batch.weight', value: 'loss' };
}

/** Multiplications of one evaluation step: some 10 ms on the slowest device, so that the process stays responsive. */
const evaluationWork = 2 ** 23;

/** A batch that keeps a device busy for a moment and needs little memory: about a million activations in the widest layer. */
function evaluationBatch(network: Network): number {
  const work = network.layers.reduce((sum, layer) => sum + padded(layer.inputs) * padded(layer.outputs), 0);
  return Math.max(64, Math.min(Math.floor(evaluationWork / work), Math.floor(2 ** 20 / widest(network))));
}

function widest(network: Network): number {
  return Math.max(...network.layers.map((layer) => Math.max(padded(layer.inputs), padded(layer.outputs))));
}

/** Which step of the window is due. All four lanes count. */
const clockPart: PlanPart = {
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

function parameterBuffers(network: Network): Buffer[] {
  return network.layers.flatMap((layer): Buffer[] => {
    const [columns, rows] = paddedWeight(layer);
    return [
      { name: weightName(layer), size: columns * rows, role: 'state' },
      { name: biasName(layer), size: columns, role: 'state' },
    ];
  });
}

/** Name of the buffer that a layer reads. */
function inputName(network: Network, index: number): string {
  return index === 0 ? 'batch.features' : outputName(network.layers[index - 1]!);
}

function forwardPart(network: Network, batch: number): PlanPart {
  return fromPieces(network.layers.flatMap((layer, i) => layerForward(layer, inputName(network, i), batch)));
}

function backwardPart(network: Network, batch: number): PlanPart {
  const pieces: Piece[] = [];
  for (let i = network.layers.length - 1; i >= 0; i--) {
    const layer = network.layers[i]!;
    pieces.push(...layerGradients(layer, inputName(network, i), batch));
    if (i > 0) pieces.push(transposed(layer), ...layerBackward(layer, network.layers[i - 1]!, batch));
  }
  return fromPieces(pieces);
}

function updateTargets(layer: Layer): UpdateTarget[] {
  const target = (parameter: string, output: Kernel['output']) => ({
    parameter,
    gradient: `${parameter}.gradient`,
    output,
  });
  return [target(weightName(layer), paddedWeight(layer)), target(biasName(layer), [padded(layer.outputs)])];
}

function fromPieces(pieces: readonly Piece[]): PlanPart {
  return { buffers: pieces.map((p) => p.buffer), kernels: pieces.map((p) => p.kernel), carry: [] };
}

/** Parts one after another; kernels run in this order. */
function assemble(
  ...parts: readonly (Pick<PlanPart, 'buffers' | 'kernels'> & Partial<PlanPart>)[]
): PlanPart {
  return {
    buffers: parts.flatMap((part) => part.buffers),
    kernels: parts.flatMap((part) => part.kernels),
    carry: parts.flatMap((part) => part.carry ?? []),
  };
}

/** The chunks of the features, or why the plan needs buffers larger than float32 indices can address. */
function address(network: Network, batch: number, rows: number): Result<readonly RowChunk[]> {
  const layer = network.layers.find((l) => padded(l.inputs) * padded(l.outputs) > maxBufferSize);
  if (layer !== undefined) {
    return bad(
      message(
        'A layer of {inputs} × {outputs} weights is too large: the most is {most} weights in one layer. Choose fewer hidden units, or leave out columns with many categories.',
        { inputs: layer.inputs, outputs: layer.outputs, most: maxBufferSize },
      ),
      { path: 'model.hidden' },
    );
  }
  const columns = network.layers[0]!.inputs;
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
  if (batch * widest(network) > maxBufferSize) {
    return bad(
      message('A batch of {batch} rows is too large for this model. Choose at most {most} rows.', {
        batch,
        most: Math.floor(maxBufferSize / widest(network)),
      }),
      { path: 'training.batch' },
    );
  }
  return ok(chunks);
}
