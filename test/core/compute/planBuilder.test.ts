import { describe, expect, it } from 'vitest';
import type { Executable } from '../../../src/core/compute/device.ts';
import {
  readParameters,
  writeOptimizerState,
  writeParameters,
  writeRows,
  rowEpochs,
  writeWindow,
} from '../../../src/core/compute/feed.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { maxBufferSize, type Plan } from '../../../src/core/compute/plan.ts';
import { evaluationPlan, trainingPlan, type PlanOptions } from '../../../src/core/compute/planBuilder.ts';
import type { Part } from '../../../src/core/data/dataset.ts';
import { losses, loadLoss } from '../../../src/core/losses/catalogue.ts';
import type { Loss } from '../../../src/core/losses/loss.ts';
import { checkParameters } from '../../../src/core/losses/parameters.ts';
import { initialParameters } from '../../../src/core/network/initial.ts';
import type { Parameters as Values } from '../../../src/core/network/network.ts';
import type { Optimizer } from '../../../src/core/optimizers/rule.ts';
import { experiment, randomDataset } from '../training/datasets.ts';
import type { Experiment } from '../../../src/core/training/experiment.ts';
import { presets, type ModelInput } from '../../../src/core/network/presets.ts';
import { columnUse } from '../../../src/core/losses/column.ts';
import { taskOf } from '../../../src/core/losses/task.ts';
import { lossObjective } from '../../../src/core/compute/objective.ts';

const sgd: Optimizer = {
  type: 'sgd',
  rate: 0.1,
  momentum: 0.9,
  dampening: 0,
  nesterov: true,
  weightDecay: 0.01,
};
const adam: Optimizer = { type: 'adam', rate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
const plain: Optimizer = { type: 'sgd', rate: 1, momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 };

function optionsFor(loss: Loss, rows: number, hidden = [6]): PlanOptions {
  const parameters = checkParameters(loss, {});
  if (!parameters.ok) throw new Error('defaults do not fit');
  return {
    model: { type: 'mlp', hidden, activation: 'tanh' },
    inputs: 3,
    outputs: taskOf(loss) === 'classes' ? 3 : 1,
    objective: lossObjective(loss, parameters.value),
    rows,
  };
}
/** A model with its defaults. */
function filled(model: ModelInput): Experiment['model'] {
  return experiment({ model, loss: { id: 'softmax-cross-entropy' } }).model;
}

const value = <T>(result: { ok: true; value: T } | { ok: false; problems: unknown }): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
};

describe('plans keep the rules of their contract', () => {
  const onColumns = losses().filter((loss) => taskOf(loss) !== undefined);
  const plans = onColumns.flatMap((loss): [string, Plan][] => [
    [`${loss.id} with SGD`, value(trainingPlan({ ...optionsFor(loss, 10), batch: 4, optimizer: sgd })).plan],
    [
      `${loss.id} with Adam`,
      value(trainingPlan({ ...optionsFor(loss, 10), batch: 4, optimizer: adam })).plan,
    ],
    [`${loss.id} evaluated`, value(evaluationPlan(optionsFor(loss, 10))).plan],
  ]);

  const loss = loadLoss('softmax-cross-entropy')!;
  const binary = loadLoss('binary-cross-entropy-logits')!;
  for (const { id, model, least, task } of presets) {
    const shape = least.length === 0 ? [12] : [...least.map((size) => size + 1), 1];
    const inputs = shape.reduce((product, extent) => product * extent, 1);
    const on =
      task === 'recommendation'
        ? { ...optionsFor(binary, 10), inputs: 2, counts: [5, 150] }
        : { ...optionsFor(loss, 10), inputs, shape };
    const options = { ...on, model: filled(model) };
    plans.push([`the preset ${id}`, value(trainingPlan({ ...options, batch: 4, optimizer: adam })).plan]);
    plans.push([`the preset ${id} evaluated`, value(evaluationPlan(options)).plan]);
  }
  const everything = filled({
    type: 'layers',
    layers: [
      { type: 'residual', layers: [{ type: 'conv2d', filters: 3, size: 3, padding: 'same' }] },
      { type: 'batchNorm' },
      { type: 'activation', activation: 'gelu' },
      { type: 'averagePool', size: 2 },
      { type: 'layerNorm' },
      { type: 'dropout' },
      { type: 'flatten' },
      { type: 'dropout', rate: 0.1 },
    ],
  });
  const images = { ...optionsFor(loss, 10), model: everything, inputs: 75, shape: [5, 5, 3] };
  plans.push(['a model of many layers', value(trainingPlan({ ...images, batch: 4, optimizer: sgd })).plan]);

  it.each(plans)('%s', (_, plan) => {
    const buffers = new Map(plan.buffers.map((b) => [b.name, b]));
    expect(buffers.size).toBe(plan.buffers.length);
    expect(new Set(plan.kernels.map((k) => k.name)).size).toBe(plan.kernels.length);
    const written = new Set<string>();
    for (const kernel of plan.kernels) {
      for (const { buffer } of kernel.reads) {
        const role = buffers.get(buffer)?.role;
        expect(
          role === 'temporary' ? written.has(buffer) : role !== undefined,
          `${kernel.name} reads ${buffer}`,
        ).toBe(true);
      }
      expect(buffers.get(kernel.writes)?.role, kernel.name).toBe('temporary');
      expect(written.has(kernel.writes), kernel.name).toBe(false);
      written.add(kernel.writes);
      expect(kernel.output[0] * (kernel.output[1] ?? 1), kernel.name).toBe(buffers.get(kernel.writes)!.size);
      expect(kernel.body.trimEnd().endsWith(';') || kernel.body.trimEnd().endsWith('}'), kernel.name).toBe(
        true,
      );
      // WebGPU guarantees eight storage buffers in a shader.
      expect(kernel.reads.length, kernel.name).toBeLessThan(8);
    }
    for (const { from, to } of plan.carry) {
      expect(written.has(from)).toBe(true);
      expect(buffers.get(to)).toMatchObject({ role: 'state', size: buffers.get(from)!.size });
    }
    expect(written.has(plan.report)).toBe(true);
  });
});

/** Trains `steps` steps in the given order and returns losses and parameters. */
async function train(
  options: PlanOptions,
  batch: number,
  part: Part,
  initial: Values,
  steps: number,
  order?: readonly number[],
) {
  const plan = value(trainingPlan({ ...options, batch, optimizer: plain }));
  const executable: Executable = await float64Device().compile(plan.plan);
  writeRows(executable, plan, part);
  writeParameters(executable, plan.network, initial);
  writeOptimizerState(executable, plan, {});
  const rows = order ?? Array.from({ length: part.rows }, (_, i) => i);
  writeWindow(executable, plan, rowEpochs(plan)(rows), 0, 1);
  const reported = await executable.run(steps);
  return { reported, parameters: await readParameters(executable, plan.network) };
}

async function meanLoss(
  options: PlanOptions,
  part: Part,
  parameters: Values,
  batch?: number,
): Promise<number> {
  const plan = value(evaluationPlan({ ...options, ...(batch === undefined ? {} : { batch }) }));
  const executable = await float64Device().compile(plan.plan);
  writeRows(executable, plan, part);
  writeParameters(executable, plan.network, parameters);
  const reported = await executable.run(plan.steps);
  let sum = 0;
  reported.forEach((loss, i) => (sum += loss * Math.min(plan.batch, part.rows - i * plan.batch)));
  return sum / part.rows;
}

/** Rows of a part as a part of their own. */
function pick(part: Part, rows: readonly number[]): Part {
  const width = part.features.length / part.rows;
  return {
    rows: rows.length,
    features: Float64Array.from(rows.flatMap((r) => [...part.features.subarray(r * width, (r + 1) * width)])),
    targets: Float64Array.from(rows, (r) => part.targets[r]!),
  };
}

describe.each(
  losses().flatMap((loss) => {
    const task = taskOf(loss);
    return task === undefined ? [] : [[loss.id, loss, task] as const];
  }),
)('training with %s', (_, loss, task) => {
  const random = randomDataset(task, { width: 3, training: 10 }).training;
  const needed = columnUse(loss)?.target;
  const part =
    needed === 'value' ? random : { ...random, targets: random.targets.map((y) => 0.5 + Math.abs(y)) };
  const options = optionsFor(loss, 10);
  const initial = value(initialParameters(value(evaluationPlan(options)).network, 2));
  const order = [7, 2, 9, 0, 4, 1, 8, 3, 6, 5];

  it('steps along the gradient that central differences of the loss give', async () => {
    // With rate 1 the step is the negative gradient of the first batch's mean.
    const { parameters } = await train(options, 4, part, initial, 1, order);
    const batch = pick(part, order.slice(0, 4));
    const h = 1e-6;
    for (const name of Object.keys(initial)) {
      for (let i = 0; i < initial[name]!.length; i++) {
        const moved = (by: number) => {
          const values = initial[name]!.slice();
          values[i]! += by;
          return meanLoss({ ...options, rows: 4 }, batch, { ...initial, [name]: values });
        };
        const difference = ((await moved(h)) - (await moved(-h))) / (2 * h);
        expect(initial[name]![i]! - parameters[name]![i]!, `${name}[${i}]`).toBeCloseTo(difference, 7);
      }
    }
  });

  it('treats the short last batch as a full batch of its rows', async () => {
    const whole = await train(options, 4, part, initial, 3, order);
    // The first two batches as before, the last as a plan of its own over two rows.
    const before = await train(options, 4, part, initial, 2, order);
    const last = await train({ ...options, rows: 2 }, 2, pick(part, order.slice(8)), before.parameters, 1);
    expect(whole.reported[2]!).toBeCloseTo(last.reported[0]!, 14);
    for (const [name, values] of Object.entries(whole.parameters)) {
      values.forEach((x, i) => expect(x, `${name}[${i}]`).toBeCloseTo(last.parameters[name]![i]!, 14));
    }
  });

  // The loss of a batch as a whole, such as a root of a mean, is no mean over its rows.
  const isOfRows = loss.expression().axes.includes('sample');
  it.runIf(isOfRows)('is evaluated alike in one batch and in short ones', async () => {
    const whole = await meanLoss(options, part, initial);
    for (const batch of [1, 3, 4, 10])
      expect(await meanLoss(options, part, initial, batch)).toBeCloseTo(whole, 13);
  });
});

describe('the mean of a short batch', () => {
  it('is the mean squared error by hand', async () => {
    // ŷ = 2x + 1 on x = 1, 2, 3 against 0, 0, 0 in batches of two: (9 + 25) / 2, then 49 alone.
    const loss = loadLoss('mean-squared-error')!;
    const options = { ...optionsFor(loss, 3, []), inputs: 1 };
    const part = { rows: 3, features: Float64Array.of(1, 2, 3), targets: new Float64Array(3) };
    const initial = { 'layers.0.weight': Float64Array.of(2), 'layers.0.bias': Float64Array.of(1) };
    const plan = value(evaluationPlan({ ...options, batch: 2 }));
    const executable = await float64Device().compile(plan.plan);
    writeRows(executable, plan, part);
    writeParameters(executable, plan.network, initial);
    expect([...(await executable.run(2))]).toEqual([17, 49]);
  });

  it('is not spoilt by rows of other batches', async () => {
    const loss = loadLoss('mean-squared-error')!;
    const options = { ...optionsFor(loss, 3, []), inputs: 1 };
    // The squared error of row 0 overflows; the last batch must not see it.
    const part = { rows: 3, features: Float64Array.of(1e200, 1, 1), targets: new Float64Array(3) };
    const initial = { 'layers.0.weight': Float64Array.of(1), 'layers.0.bias': Float64Array.of(0) };
    const plan = value(trainingPlan({ ...options, batch: 2, optimizer: { ...plain, rate: 1e-300 } }));
    const executable = await float64Device().compile(plan.plan);
    writeRows(executable, plan, part);
    writeParameters(executable, plan.network, initial);
    writeWindow(executable, plan, rowEpochs(plan)([0, 1, 2]), 1, 2);
    expect([...(await executable.run(1))]).toEqual([1]);
  });
});

describe('what devices cannot address in float32', () => {
  const loss = loadLoss('mean-squared-error')!;
  const refused = (options: Partial<PlanOptions> & { batch?: number }) => {
    const result = trainingPlan({ ...optionsFor(loss, 10), batch: 4, optimizer: plain, ...options });
    return result.ok ? undefined : result.problems[0]!.where?.path;
  };

  it('is refused with the setting that has to change', () => {
    const model = (...hidden: number[]) => ({ type: 'mlp' as const, hidden, activation: 'relu' as const });
    expect(refused({ model: model(4096, 4096) })).toBeUndefined();
    expect(refused({ inputs: 4100, model: model(4096) })).toBe('model.hidden');
    const wide = filled({
      type: 'layers',
      layers: [{ type: 'conv2d', filters: 65, size: 3, padding: 'same' }, { type: 'flatten' }],
    });
    expect(refused({ model: wide, inputs: 65_536, shape: [256, 256, 1], rows: 100 })).toBe('model.layers');
    expect(refused({ model: wide, inputs: 1024, shape: [32, 32, 1], batch: 512, rows: 1000 })).toBe(
      'training.batch',
    );
    expect(refused({ rows: 2 ** 24 + 1 })).toBe('data');
    expect(refused({ rows: 100_000, inputs: 784 })).toBe('data');
    expect(refused({ rows: 60_000, inputs: 784, batch: 32 })).toBeUndefined();
    expect(refused({ rows: 60_000, inputs: 784, batch: 60_000 })).toBe('training.batch');
    expect(evaluationPlan({ ...optionsFor(loss, 2 ** 24 + 1) }).ok).toBe(false);
  });

  it('never occurs in a plan that is made', () => {
    for (const options of [
      {
        rows: 60_000,
        inputs: 784,
        batch: 128,
        model: { type: 'mlp' as const, hidden: [4096, 4096], activation: 'relu' as const },
      },
      {
        rows: 1_000_000,
        inputs: 4,
        batch: 1,
        model: { type: 'mlp' as const, hidden: [], activation: 'relu' as const },
      },
      {
        rows: 1_000_000,
        inputs: 16,
        batch: 1_000_000,
        model: { type: 'mlp' as const, hidden: [16], activation: 'relu' as const },
      },
    ]) {
      const plan = value(trainingPlan({ ...optionsFor(loss, 1), ...options, optimizer: adam }));
      expect(plan.plan.buffers.filter((b) => b.size > maxBufferSize)).toEqual([]);
      const evaluation = value(
        evaluationPlan({
          ...optionsFor(loss, 1),
          model: options.model,
          rows: options.rows,
          inputs: options.inputs,
        }),
      );
      expect(evaluation.plan.buffers.filter((b) => b.size > maxBufferSize)).toEqual([]);
    }
  });
});
