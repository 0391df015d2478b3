// Milliseconds of one training step on each device, for three models: npx tsx bench/devices.ts [webgpu]
// Best of several turns, devices interleaved, so that a busy moment of the machine hits all of them. Asserts nothing.
import type { Device, Executable } from '../src/core/compute/device.ts';
import { float64Device } from '../src/core/compute/float64.ts';
import { trainingPlan } from '../src/core/compute/planBuilder.ts';
import { writeParameters, writeRows, rowEpochs, writeWindow } from '../src/core/compute/feed.ts';
import { randomStream } from '../src/core/data/random.ts';
import { loadLoss } from '../src/core/losses/catalogue.ts';
import { initialParameters } from '../src/core/network/initial.ts';
import { cpuDevice } from '../src/trainer/device/cpu.ts';
import { webAssemblyDevice } from '../src/trainer/device/webAssembly.ts';
import { webGpuDevice } from '../src/trainer/device/webGpu.ts';
import { lossObjective } from '../src/core/compute/objective.ts';

interface Model {
  readonly name: string;
  readonly inputs: number;
  readonly hidden: number[];
  readonly outputs: number;
  readonly rows: number;
  readonly batch: number;
  readonly loss: string;
}

const models: readonly Model[] = [
  {
    name: 'line 1→1, batch 1000',
    inputs: 1,
    hidden: [],
    outputs: 1,
    rows: 1000,
    batch: 1000,
    loss: 'mean-squared-error',
  },
  {
    name: '2-16-16-1, batch 64',
    inputs: 2,
    hidden: [16, 16],
    outputs: 1,
    rows: 640,
    batch: 64,
    loss: 'binary-cross-entropy-logits',
  },
  {
    name: '784-128-10, batch 128',
    inputs: 784,
    hidden: [128],
    outputs: 10,
    rows: 1280,
    batch: 128,
    loss: 'softmax-cross-entropy',
  },
];

const devices: readonly [string, () => Promise<Device>][] = [
  ['float64', () => Promise.resolve(float64Device())],
  ['cpu', () => Promise.resolve(cpuDevice())],
  ['webasm, stepped', () => webAssemblyDevice('stepped')],
  ['webasm, resident', () => webAssemblyDevice('resident')],
  ...(process.argv.includes('webgpu')
    ? [['webgpu, resident', () => webGpuDevice('resident')] satisfies [string, () => Promise<Device>]]
    : []),
];

const turns = 5;
const turnMs = 150;

interface Subject {
  readonly device: Device;
  readonly executable: Executable;
  readonly compileMs: number;
  /** Steps before new data would be due. */
  readonly steps: number;
  best: number;
}

for (const model of models) {
  const subjects = new Map<string, Subject>();
  for (const [name, open] of devices) subjects.set(name, await prepare(model, await open()));
  for (let turn = 0; turn < turns; turn++) {
    for (const subject of subjects.values()) await measure(subject);
  }
  console.log(`\n${model.name}`);
  console.table(
    Object.fromEntries(
      [...subjects].map(([name, { best, compileMs }]) => [
        name,
        { 'ms a step': Number(best.toPrecision(3)), 'compile ms': Math.round(compileMs) },
      ]),
    ),
  );
  for (const { device } of subjects.values()) await device.dispose();
}

async function prepare(model: Model, device: Device): Promise<Subject> {
  const loss = loadLoss(model.loss);
  if (loss === undefined) throw new Error(`there is no loss ${model.loss}`);
  const planned = trainingPlan({
    model: { type: 'mlp', hidden: model.hidden, activation: 'relu' },
    inputs: model.inputs,
    outputs: model.outputs,
    objective: lossObjective(loss, {}),
    rows: model.rows,
    batch: model.batch,
    optimizer: { type: 'adam', rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  });
  if (!planned.ok) throw new Error(planned.problems.map((problem) => problem.message.template).join(' '));
  const plan = planned.value;
  const parameters = initialParameters(plan.network, 0);
  if (!parameters.ok) throw new Error('no starting values');

  const start = performance.now();
  const executable = await device.compile(plan.plan);
  const compileMs = performance.now() - start;
  const random = randomStream(0, 'bench');
  const classes = Math.max(2, model.outputs);
  const features = Float64Array.from({ length: model.rows * model.inputs }, () => random.next() * 2 - 1);
  const targets = Float64Array.from({ length: model.rows }, (_, row) => row % classes);
  writeRows(executable, plan, { rows: model.rows, features, targets });
  writeParameters(executable, plan.network, parameters.value);
  const order = Array.from({ length: model.rows }, (_, row) => row);
  const steps = writeWindow(executable, plan, rowEpochs(plan)(order), 0, 1);
  return { device, executable, compileMs, steps, best: Infinity };
}

/** As many steps as the data is for, from the start again and again; going back does not count. */
async function measure(subject: Subject): Promise<void> {
  const { executable, steps } = subject;
  for (const end = performance.now() + turnMs; performance.now() < end;) {
    executable.write('clock', new Float64Array(4));
    const start = performance.now();
    await executable.run(steps);
    subject.best = Math.min(subject.best, (performance.now() - start) / steps);
  }
}
