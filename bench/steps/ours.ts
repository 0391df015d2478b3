// Loss Lab as a contender: its own plan of a training step on one of its devices, state resident. The conversation is
// that of bench/peers/serve.mjs.
//   node ours.cjs DEVICE [THREADS]
import fs from 'node:fs';
import readline from 'node:readline';
import * as v from 'valibot';
import type { Device, DeviceId, Executable } from '../../src/core/compute/device.ts';
import {
  readOutputs,
  writeOptimizerState,
  writeParameters,
  writeRows,
  rowEpochs,
  type Epoch,
  writeWindow,
} from '../../src/core/compute/feed.ts';
import type { TrainingPlan } from '../../src/core/compute/planBuilder.ts';
import { openDevice } from '../../src/trainer/device/open.ts';
import { parametersOf, planOf, type OursOptimizer } from './plan.ts';
import { readProblem, type Problem } from './problem.ts';

const requestSchema = v.variant('do', [
  v.object({
    do: v.literal('prepare'),
    file: v.string(),
    momentum: v.optional(v.number()),
    rate: v.optional(v.number()),
  }),
  v.object({ do: v.literal('losses'), steps: v.number() }),
  v.object({ do: v.literal('outputs') }),
  v.object({ do: v.literal('window'), milliseconds: v.number() }),
]);
type Request = v.InferOutput<typeof requestSchema>;

const deviceSchema = v.picklist(['webasm', 'webgpu', 'cpu', 'float64']);

class Subject {
  readonly #problem: Problem;
  readonly #plan: TrainingPlan;
  readonly #executable: Executable;
  readonly #epoch: Epoch;
  /** Steps done since the reset, and steps that the device is fed for. */
  #done = 0;
  #fed = 0;
  #fedMs = 0;

  constructor(problem: Problem, plan: TrainingPlan, executable: Executable) {
    this.#problem = problem;
    this.#plan = plan;
    this.#executable = executable;
    this.#epoch = rowEpochs(plan)(Array.from({ length: plan.rows }, (_, row) => row));
    writeRows(executable, plan, {
      rows: plan.rows,
      features: Float64Array.from(problem.features),
      targets: Float64Array.from(problem.targets),
    });
  }

  reset(): void {
    writeParameters(this.#executable, this.#plan.network, parametersOf(this.#plan, this.#problem));
    writeOptimizerState(this.#executable, this.#plan, {});
    this.#done = 0;
    this.#fed = 0;
    this.#fedMs = 0;
  }

  /** At most so many steps, fewer where the device must be fed again after them; their losses. */
  async steps(most: number): Promise<Float64Array> {
    if (this.#fed === 0) {
      const start = performance.now();
      const inPass = this.#done % this.#plan.steps;
      this.#fed = writeWindow(this.#executable, this.#plan, this.#epoch, inPass, this.#done + 1);
      this.#fedMs += performance.now() - start;
    }
    const losses = await this.#executable.run(Math.min(most, this.#fed));
    this.#fed -= losses.length;
    this.#done += losses.length;
    return losses;
  }

  async window(milliseconds: number): Promise<object> {
    this.reset();
    const start = performance.now();
    let most = 1;
    let elapsed = 0;
    do {
      const before = elapsed;
      const { length } = await this.steps(most);
      elapsed = performance.now() - start;
      // As a run does: as many steps per call as fit into a few milliseconds.
      if (elapsed - before < 5 && length === most) most *= 2;
    } while (elapsed < milliseconds);
    return { steps: this.#done, milliseconds: elapsed, feeding: this.#fedMs };
  }

  /** Raw outputs of the first batch at the starting values. */
  async outputs(): Promise<number[]> {
    this.reset();
    await this.steps(1);
    const { batch, outputs } = this.#problem.task;
    return [...(await readOutputs(this.#executable, this.#plan, batch, outputs))];
  }

  dispose(): Promise<void> {
    return this.#executable.dispose();
  }
}

let subject: Subject | undefined;

async function prepare(device: Device, file: string, optimizer: OursOptimizer | undefined): Promise<object> {
  await subject?.dispose();
  subject = undefined;
  const problem = readProblem(file);
  const plan = planOf(problem.task, optimizer);
  const start = performance.now();
  const executable = await device.compile(plan.plan);
  subject = new Subject(problem, plan, executable);
  return { compiling: performance.now() - start };
}

async function serve(device: Device, request: Request): Promise<object> {
  if (request.do === 'prepare') {
    const { file, momentum, rate } = request;
    const sgd: OursOptimizer | undefined =
      momentum === undefined || rate === undefined ? undefined : { type: 'sgd', rate, momentum };
    return prepare(device, file, sgd);
  }
  if (subject === undefined) throw new Error('nothing is prepared');
  switch (request.do) {
    case 'losses': {
      subject.reset();
      const losses: number[] = [];
      while (losses.length < request.steps)
        losses.push(...(await subject.steps(request.steps - losses.length)));
      return { losses };
    }
    case 'outputs':
      return { outputs: await subject.outputs() };
    case 'window':
      return subject.window(request.milliseconds);
  }
}

const answer = (value: object): void => {
  fs.writeSync(1, `@${JSON.stringify(value)}\n`);
};
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function main(): Promise<void> {
  let device: Device;
  try {
    const id: DeviceId = v.parse(deviceSchema, process.argv[2]);
    device = await openDevice(id, Number(process.argv[3] ?? 1));
  } catch (error) {
    answer({ error: reason(error) });
    return;
  }
  answer({ versions: { device: device.label } });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    try {
      answer(await serve(device, v.parse(requestSchema, JSON.parse(line))));
    } catch (error) {
      answer({ error: reason(error) });
    }
  }
  await device.dispose();
}

void main();
