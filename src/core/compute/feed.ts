import type { Part } from '../data/dataset.ts';
import type { Parameters } from '../network/network.ts';
import type { ParameterShape } from '../network/parameterShape.ts';
import { sizeOf } from '../network/rowShape.ts';
import type { Moment } from '../optimizers/rates.ts';
import type { Executable } from './device.ts';
import type { RowsPlan, StepsPlan, TrainingPlan } from './planBuilder.ts';

/** Copies a part's features and targets to the device, once per run. */
export function writeRows(executable: Executable, plan: RowsPlan, part: Part): void {
  for (const { buffer, first, rows } of plan.chunks) {
    const values = part.features.subarray(first * plan.width, (first + rows) * plan.width);
    executable.write(buffer, values);
  }
  if (plan.targets > 0) executable.write('targets', part.targets);
}

/** What has parameters: a plan or a network. */
interface Shapes {
  readonly parameters: readonly ParameterShape[];
}

/** Copies parameters, or tensors shaped like them such as moments, to state buffers, adding the padding. */
export function writeParameters(executable: Executable, plan: Shapes, parameters: Parameters): void {
  for (const shape of plan.parameters) {
    executable.write(shape.name, pad(shape, parameters[shape.name]!));
  }
}

/** Reads the parameters back, without padding. */
export async function readParameters(executable: Executable, plan: Shapes): Promise<Parameters> {
  const parameters: Record<string, Float64Array> = {};
  for (const shape of plan.parameters) {
    parameters[shape.name] = unpad(shape, await executable.read(shape.name));
  }
  return parameters;
}

/** Copies the optimizer's state tensors to the device; an absent one starts at its initial value. */
export function writeOptimizerState(executable: Executable, plan: StepsPlan, state: Parameters): void {
  for (const { name, parameter, initial = 0 } of plan.updates.state) {
    const shape = shapeOf(plan, parameter);
    executable.write(name, pad(shape, state[name] ?? new Float64Array(shape.size).fill(initial)));
  }
}

/** Reads the optimizer's state tensors back, without padding. */
export async function readOptimizerState(executable: Executable, plan: StepsPlan): Promise<Parameters> {
  const state: Record<string, Float64Array> = {};
  for (const { name, parameter } of plan.updates.state) {
    state[name] = unpad(shapeOf(plan, parameter), await executable.read(name));
  }
  return state;
}

/** The batches of an epoch. */
export interface Epoch {
  /** Copies to the device what `steps` steps from `stepInEpoch` on see: rows, weights, what is drawn for them. */
  write(executable: Executable, stepInEpoch: number, steps: number): void;
  /** Σ w of a step: how much its loss counts in the mean of the epoch. */
  weight(stepInEpoch: number): number;
}

/**
 * The epochs of a plan whose samples are rows, from the order of all rows in each.
 * @param factors of the rows in the loss; absent: all 1
 */
export function rowEpochs(plan: TrainingPlan, factors?: Float64Array): (order: ArrayLike<number>) => Epoch {
  const { batch } = plan;
  const rows = new Float64Array(plan.window * batch);
  const weights = new Float64Array(plan.window * batch);
  // Most windows are full and unweighted, and alike.
  let fullIn: Executable | undefined;
  return (order) => ({
    write(executable, stepInEpoch, steps) {
      const first = stepInEpoch * batch;
      const places = Math.min(steps * batch, order.length - first);
      for (let i = 0; i < places; i++) rows[i] = order[first + i]!;
      // Places without a row repeat a row of the same batch: 0 · ∞ from a row of another batch would spoil this one.
      rows.fill(rows[places - 1]!, places);
      executable.write('order', rows);
      const isFull = factors === undefined && places === weights.length;
      if (isFull && fullIn === executable) return;
      for (let i = 0; i < places; i++) weights[i] = factors?.[rows[i]!] ?? 1;
      weights.fill(0, places);
      executable.write('weights', weights);
      fullIn = isFull ? executable : undefined;
    },
    weight(stepInEpoch) {
      const first = stepInEpoch * batch;
      const end = Math.min(first + batch, order.length);
      if (factors === undefined) return end - first;
      let sum = 0;
      for (let i = first; i < end; i++) sum += factors[order[i]!]!;
      return sum;
    },
  });
}

/**
 * Copies what the next steps need: their batches, what layers draw, and the schedule of the optimizer.
 * @param stepInEpoch first of these steps within the epoch, from 0
 * @param step its number in the run, from 1
 * @param run what the learning rate depends on besides: the length of the run, and the factor of plateaus
 * @returns how many steps may run before the next call: the rest of the window or of the epoch
 */
export function writeWindow(
  executable: Executable,
  plan: StepsPlan,
  epoch: Epoch,
  stepInEpoch: number,
  step: number,
  run: Pick<Moment, 'totalSteps' | 'factor'> = {},
): number {
  const steps = Math.min(plan.window, plan.steps - stepInEpoch);
  epoch.write(executable, stepInEpoch, steps);
  const { scheduleWidth } = plan.updates;
  const schedule = new Float64Array(plan.window * scheduleWidth);
  const moment = {
    ...run,
    epoch: Math.floor((step - 1 - stepInEpoch) / plan.steps),
    stepsPerEpoch: plan.steps,
  };
  for (let i = 0; i < steps; i++) {
    schedule.set(plan.updates.schedule({ ...moment, step: step + i }), i * scheduleWidth);
  }
  executable.write('schedule', schedule);
  const keys = Array.from({ length: steps }, (_, i) => plan.keys(step + i));
  const width = keys[0]?.length ?? 0;
  if (width > 0) {
    const row = new Float64Array(plan.window * width);
    keys.forEach((values, i) => row.set(values, i * width));
    executable.write('keys', row);
  }
  rewind(executable);
  return steps;
}

/** Makes the next step the first of the window, or of the pass in an evaluation. */
export function rewind(executable: Executable): void {
  executable.write('clock', new Float64Array(4));
}

/** Outputs of the last step's rows, without padding. */
export async function readOutputs(
  executable: Executable,
  plan: RowsPlan,
  rows: number,
  outputs: number,
): Promise<Float64Array> {
  const values = await executable.read(plan.output);
  const result = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    result.set(values.subarray(row * plan.outputStride, row * plan.outputStride + outputs), row * outputs);
  }
  return result;
}

function shapeOf(plan: Shapes, parameter: string): ParameterShape {
  return plan.parameters.find((p) => p.name === parameter)!;
}

/** Calls with the place of each run of values along the last axis: without and with padding. */
function eachRun({ shape, stored }: ParameterShape, visit: (plain: number, place: number) => void): void {
  const run = shape.at(-1)!;
  const go = (axis: number, plain: number, place: number): void => {
    if (axis === shape.length - 1) {
      visit(plain * run, place * stored.at(-1)!);
      return;
    }
    for (let i = 0; i < shape[axis]!; i++) go(axis + 1, plain * shape[axis]! + i, place * stored[axis]! + i);
  };
  go(0, 0, 0);
}

function pad(shape: ParameterShape, values: Float64Array): Float64Array {
  const run = shape.shape.at(-1)!;
  const result = new Float64Array(sizeOf(shape.stored));
  eachRun(shape, (plain, place) => result.set(values.subarray(plain, plain + run), place));
  return result;
}

function unpad(shape: ParameterShape, values: Float64Array): Float64Array {
  const run = shape.shape.at(-1)!;
  const result = new Float64Array(shape.size);
  eachRun(shape, (plain, place) => result.set(values.subarray(place, place + run), plain));
  return result;
}
