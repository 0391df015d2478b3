import { describe, expect, it } from 'vitest';
import golden from '../../fixtures/golden/trajectories.json' with { type: 'json' };
import type { Device, Executable } from '../../../src/core/compute/device.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import type { Dataset } from '../../../src/core/data/dataset.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { predictor } from '../../../src/core/network/predict.ts';
import type { MetricsLine } from '../../../src/core/runs/record.ts';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  keepsLine,
  type Checkpoint,
} from '../../../src/core/training/checkpoint.ts';
import type { Experiment, ExperimentInput } from '../../../src/core/training/experiment.ts';
import { type Session, type SessionState } from '../../../src/core/training/session.ts';
import { experiment, line, randomDataset } from './datasets.ts';
import { words } from '../../words.ts';
import { openSession } from './datasets.ts';

interface Setting {
  readonly experiment: Experiment;
  readonly dataset: Dataset;
  readonly device?: Device;
  readonly resume?: Checkpoint;
  readonly now?: () => number;
}

async function open({
  experiment: what,
  dataset,
  device = float64Device(),
  resume,
  now = () => 0,
}: Setting): Promise<Session> {
  const loss = loadLoss(what.loss.id)!;
  const session = await openSession(what, dataset, loss, device, {
    now,
    ...(resume === undefined ? {} : { resume }),
  });
  if (!session.ok) throw new Error(JSON.stringify(session.problems));
  return session.value;
}

interface Outcome {
  readonly lines: MetricsLine[];
  readonly state: SessionState;
  readonly session: Session;
}

/** Advances to the end. */
async function finish(session: Session): Promise<Outcome> {
  const lines: MetricsLine[] = [];
  for (;;) {
    const result = await session.advance(10);
    lines.push(...result.lines);
    if (result.state !== 'running') return { lines, state: result.state, session };
  }
}
const run = async (setting: Setting) => finish(await open(setting));

const steps = (lines: readonly MetricsLine[]) => lines.filter((l) => l.type === 'step');
const epochs = (lines: readonly MetricsLine[]) => lines.filter((l) => l.type === 'epoch');
/** A clock that moves by a millisecond whenever it is read, so that advance returns often. */
const ticking = () => {
  let t = 0;
  return () => t++;
};

describe('the first program: a line by full-batch gradient descent', () => {
  const setting = {
    dataset: line,
    experiment: experiment({
      model: { type: 'mlp', hidden: [], initial: { 'layers.0.weight': [0.5], 'layers.0.bias': [0.1] } },
      loss: { id: 'mean-squared-error' },
      optimizer: { type: 'sgd', rate: 0.01 },
      training: { epochs: 1000, batch: 'full', shuffle: false },
    }),
  };

  it('follows the golden trajectory linreg-keras-sgd and predicts 7.956 at x = 4', async () => {
    const expected = golden.cases.find((c) => c.id === 'linreg-keras-sgd')!;
    const { lines, session, state } = await run(setting);
    expect(state).toBe('epochs');
    const { rtol, atol } = expected.tol;
    const close = (a: number, b: number) =>
      expect(Math.abs(a - b)).toBeLessThanOrEqual(atol + rtol * Math.abs(b));
    expect(steps(lines)).toHaveLength(1000);
    steps(lines).forEach((l, i) => close(l.loss, expected.losses[i]!));
    // The loss of a full batch falls monotonically here, so the best model is the last.
    const best = session.best()!;
    const [prediction] = predictor(best)(Float64Array.of(4), 1);
    close(prediction!, 7.956426757907759);
    expect(Math.abs(prediction! - 7.956)).toBeLessThan(0.001);
  });
});

describe('steps and epochs', () => {
  const dataset = randomDataset('classes', { width: 3, training: 10, validation: 5 });
  const setting = {
    dataset,
    experiment: experiment({
      loss: { id: 'softmax-cross-entropy' },
      model: { type: 'mlp', hidden: [5] },
      training: { epochs: 3, batch: 4 },
    }),
  };

  it('are counted with the smaller last batch', async () => {
    const { lines, session } = await run(setting);
    expect([session.stepsPerEpoch, session.totalSteps, session.parameterCount]).toEqual([
      3,
      9,
      3 * 5 + 5 + 5 * 3 + 3,
    ]);
    expect(lines.map((l) => (l.type === 'step' ? l.step : `epoch ${l.epoch} at ${l.step}`))).toEqual([
      1,
      2,
      3,
      'epoch 1 at 3',
      4,
      5,
      6,
      'epoch 2 at 6',
      7,
      8,
      9,
      'epoch 3 at 9',
    ]);
    expect(session.position).toEqual({ step: 9, epoch: 3 });
  });

  it('weigh the epoch’s loss by the sizes of the batches', async () => {
    const { lines } = await run(setting);
    const [a, b, c] = steps(lines).map((l) => l.loss);
    expect(epochs(lines)[0]!.loss).toBeCloseTo((4 * a! + 4 * b! + 2 * c!) / 10, 14);
  });

  it('do not depend on how often the caller gets a turn', async () => {
    const whole = await run(setting);
    const pieces = await run({ ...setting, now: ticking() });
    const timeless = (lines: MetricsLine[]) => lines.map((l) => ({ ...l, seconds: 0 }));
    expect(timeless(pieces.lines)).toEqual(timeless(whole.lines));
    expect(pieces.session.best()).toEqual(whole.session.best());
  });

  it('return to the caller before the epoch is over, and never skip its evaluation', async () => {
    const session = await open({ ...setting, now: ticking() });
    const first = await session.advance(1);
    expect(first.state).toBe('running');
    expect(session.position.step).toBeLessThan(9);
    const { lines } = await finish(session);
    const all = [...first.lines, ...lines];
    all.forEach((l, i) => {
      if (l.type === 'step' && l.step % 3 === 0) expect(all[i + 1]!.type).toBe('epoch');
    });
  });

  it('count only the time of training', async () => {
    let t = 0;
    const session = await open({ ...setting, now: () => t });
    await session.advance(0);
    t += 3_600_000;
    const { lines } = await finish(session);
    expect(epochs(lines).at(-1)!.seconds).toBe(0);
  });
});

describe('evaluation', () => {
  it('is the loss and the accuracy of the plain forward pass', async () => {
    const dataset = randomDataset('classes', { width: 3, training: 12, validation: 7 });
    const { lines, session } = await run({
      dataset,
      experiment: experiment({ loss: { id: 'softmax-cross-entropy' }, training: { epochs: 4, batch: 5 } }),
    });
    const best = session.best()!;
    const logits = predictor(best)(dataset.validation!.features, 7);
    let loss = 0;
    let right = 0;
    for (let row = 0; row < 7; row++) {
      const z = [...logits.subarray(3 * row, 3 * row + 3)];
      const y = dataset.validation!.targets[row]!;
      loss += Math.log(z.reduce((sum, x) => sum + Math.exp(x), 0)) - z[y]!;
      if (z.indexOf(Math.max(...z)) === y) right++;
    }
    const at = epochs(lines).find((l) => l.epoch === best.position.epoch)!;
    expect(at.validationLoss).toBeCloseTo(loss / 7, 12);
    expect(at.metrics).toEqual({ accuracy: right / 7 });
    expect(best.best).toMatchObject({
      epoch: at.epoch,
      step: at.step,
      loss: at.validationLoss,
      metrics: at.metrics,
    });
  });

  it('gives RMSE in the target’s units', async () => {
    const dataset = randomDataset('regression', { width: 2, training: 9, validation: 6 });
    const { lines } = await run({
      dataset,
      experiment: experiment({ loss: { id: 'mean-squared-error' }, training: { epochs: 1 } }),
    });
    const [epoch] = epochs(lines);
    // The data's scale is 2, and the validation loss is the mean square on scaled targets.
    expect(epoch!.metrics!['rmse']).toBeCloseTo(2 * Math.sqrt(epoch!.validationLoss!), 12);
  });

  it('keeps the epoch with the lowest validation loss', async () => {
    const dataset = randomDataset('regression', { width: 2, training: 9, validation: 6 });
    const { lines, session } = await run({
      dataset,
      experiment: experiment({
        loss: { id: 'mean-absolute-error' },
        optimizer: { type: 'adam', rate: 0.1 },
        training: { epochs: 60 },
      }),
    });
    const losses = epochs(lines).map((l) => l.validationLoss!);
    const least = losses.indexOf(Math.min(...losses));
    expect(least).toBeLessThan(59);
    expect(session.best()!.position).toEqual({ step: least + 1, epoch: least + 1 });
  });
});

describe('seeds', () => {
  const dataset = randomDataset('binary', { width: 4, training: 30, validation: 8 });
  const setting = (seed: number, shuffle = true) => ({
    dataset,
    experiment: experiment({
      loss: { id: 'binary-cross-entropy-logits' },
      training: { epochs: 3, batch: 7, seed, shuffle },
    }),
  });

  it('give the same numbers twice, and others for another seed', async () => {
    const [a, b, c] = [await run(setting(1)), await run(setting(1)), await run(setting(2))];
    expect(a.lines).toEqual(b.lines);
    expect(a.lines).not.toEqual(c.lines);
  });

  it('draw a new order of all rows every epoch, and none without shuffling', async () => {
    const orders: number[][] = [];
    const spy: Device = {
      ...float64Device(),
      async compile(plan) {
        const inner = await float64Device().compile(plan);
        const write: Executable['write'] = (name, values) => {
          if (name === 'order') orders.push([...values].slice(0, 30));
          inner.write(name, values);
        };
        return { ...inner, write };
      },
    };
    await run({ ...setting(1), device: spy });
    const rows = Array.from({ length: 30 }, (_, i) => i);
    expect(orders).toHaveLength(3);
    for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual(rows);
    expect(orders[0]).not.toEqual(orders[1]);
    orders.length = 0;
    await run({ ...setting(1, false), device: spy });
    expect(orders).toEqual([rows, rows, rows]);
  });
});

describe('stop rules', () => {
  const dataset = randomDataset('regression', { width: 2, training: 20, validation: 6 });
  const setting = (training: ExperimentInput['training'], more: Partial<Setting> = {}): Setting => ({
    dataset,
    experiment: experiment({
      loss: { id: 'mean-squared-error' },
      optimizer: { type: 'adam', rate: 0.1 },
      training: { batch: 4, ...training },
    }),
    ...more,
  });

  it('end the run after its steps, within an epoch too, and judge the last model', async () => {
    const whole = await run(setting({ epochs: 3 }));
    const { lines, state, session } = await run(setting({ epochs: 3, steps: 7 }));
    expect([state, session.totalSteps]).toEqual(['steps', 7]);
    expect(steps(lines)).toEqual(steps(whole.lines).slice(0, 7));
    const [first, second] = epochs(lines);
    expect(first).toEqual(epochs(whole.lines)[0]);
    expect(second).toMatchObject({ epoch: 2, step: 7 });
    expect(second!.loss).toBeCloseTo((steps(lines)[5]!.loss + steps(lines)[6]!.loss) / 2, 14);
    expect(Number.isFinite(second!.validationLoss)).toBe(true);
    expect((await run(setting({ epochs: 3, steps: 15 }))).state).toBe('epochs');
    expect((await run(setting({ epochs: 3, steps: 10 }))).state).toBe('steps');
    expect((await run(setting({ epochs: 3, steps: 10_000 }))).state).toBe('epochs');
  });

  it.each(['training', 'validation', undefined] as const)(
    'end the run at the first epoch whose loss is the target or lower, on: %s',
    async (on) => {
      const whole = epochs((await run(setting({ epochs: 20 }))).lines);
      const lossOf = (l: (typeof whole)[number]) => (on === 'training' ? l.loss : l.validationLoss!);
      const target = { loss: lossOf(whole[6]!), ...(on === undefined ? {} : { on }) };
      const at = whole.findIndex((l) => lossOf(l) <= target.loss);
      expect(at).toBeGreaterThan(0);
      const { state, lines } = await run(setting({ epochs: 20, target }));
      expect(state).toBe('target');
      expect(epochs(lines)).toEqual(whole.slice(0, at + 1));
    },
  );

  it('compare the training loss with the target where there is no validation part', async () => {
    const { state, lines } = await run(
      setting({ epochs: 300, target: { loss: 1.2 } }, { dataset: { ...dataset, validation: undefined } }),
    );
    expect(state).toBe('target');
    const losses = epochs(lines).map((l) => l.loss);
    expect(losses.findIndex((loss) => loss <= 1.2)).toBe(losses.length - 1);
  });

  it('end the run after the time, counted without pauses, but not before a step', async () => {
    let t = 0;
    const clock = () => (t += 1);
    const session = await open(setting({ epochs: 1000, seconds: 0.5 }, { now: clock }));
    let all: MetricsLine[] = [];
    let state: SessionState = 'running';
    let pauses = 0;
    while (state === 'running') {
      const result = await session.advance(10);
      all = [...all, ...result.lines];
      state = result.state;
      t += 1_000_000;
      pauses++;
    }
    expect(pauses).toBeGreaterThan(10);
    expect(state).toBe('budget');
    const last = epochs(all).at(-1)!;
    expect(last.seconds).toBeGreaterThanOrEqual(0.5);
    expect(last.seconds).toBeLessThan(0.6);
    expect(last.step).toBe(session.position.step);
    expect(last.validationLoss).toBeDefined();

    const hasty = await run(setting({ epochs: 10, seconds: 1e-9 }, { now: ticking() }));
    expect([hasty.state, hasty.session.position]).toEqual(['budget', { step: 1, epoch: 1 }]);
  });

  it.each([
    { epochs: 20, target: { loss: 0.7 } },
    { epochs: 40, patience: { epochs: 2, minDelta: 0.02 } },
    { epochs: 3, steps: 8 },
    { epochs: 2 },
  ])('give the same end to a run that is interrupted at every turn: %j', async (training) => {
    const whole = await run(setting(training));
    let session = await open(setting(training, { now: ticking() }));
    let lines: MetricsLine[] = [];
    for (let state: SessionState = 'running', turn = 0; state === 'running'; turn++) {
      const result = await session.advance(0);
      lines = [...lines, ...result.lines];
      state = result.state;
      const decoded = decodeCheckpoint(encodeCheckpoint(await session.checkpoint()));
      if (!decoded.ok) throw new Error('the checkpoint is not read back');
      session = await open(setting(training, { now: ticking(), resume: decoded.value }));
      expect(turn).toBeLessThan(500);
    }
    const timeless = (all: MetricsLine[]) => all.map((l) => ({ ...l, seconds: 0 }));
    expect(timeless(lines)).toEqual(timeless(whole.lines));
    // Also a run that had ended when its process was lost stays at its end.
    expect(await session.advance(10)).toEqual({ lines: [], state: whole.state, improved: false });
  });

  it('read checkpoints of versions that had none of them', async () => {
    const session = await open(setting({ epochs: 2 }));
    const { state } = await finish(session);
    expect(state).toBe('epochs');
    const checkpoint = await session.checkpoint();
    const { stop, ...old } = checkpoint.resume!;
    expect(stop).toEqual({ end: 'epochs' });
    const again = await open(setting({ epochs: 2 }, { resume: { ...checkpoint, resume: old } }));
    expect((await again.advance(10)).state).toBe('epochs');
  });
});

describe('schedules', () => {
  const dataset = randomDataset('regression', { width: 2, training: 20, validation: 6 });
  const scheduled = (schedule: NonNullable<ExperimentInput['optimizer']>['schedule']) =>
    run({
      dataset,
      experiment: experiment({
        loss: { id: 'mean-squared-error' },
        optimizer: { type: 'sgd', rate: 0.02, ...(schedule === undefined ? {} : { schedule }) },
        training: { epochs: 6, batch: 4 },
      }),
    });

  it('on plateaus lower the rate from the next epoch on', async () => {
    // No later epoch is better by so much, so that the rate halves after every epoch but the first.
    const plateau = await scheduled({ type: 'plateau', patience: 0, threshold: 0.9999, factor: 0.5 });
    const steps = await scheduled({ type: 'multi-step', at: [2, 3, 4, 5], factor: 0.5 });
    expect(plateau.lines).toEqual(steps.lines);
    expect(plateau.lines).not.toEqual((await scheduled(undefined)).lines);
  });

  it('over the whole run end with it', async () => {
    const open = await scheduled({ type: 'linear' });
    const given = await scheduled({ type: 'linear', length: 6 });
    expect(open.lines).toEqual(given.lines);
  });
});

describe('resuming', () => {
  const dataset = randomDataset('classes', { width: 3, training: 23, validation: 9 });
  const optimizers = {
    adam: { type: 'adam' },
    sgd: { type: 'sgd', rate: 0.05, momentum: 0.9, dampening: 0.5 },
    plateau: { type: 'adam', schedule: { type: 'plateau', patience: 0, threshold: 0.9999, factor: 0.5 } },
    cosine: { type: 'adamw', accumulate: 2, schedule: { type: 'cosine', every: 'step' } },
  } as const;

  it.each(['adam', 'sgd', 'plateau', 'cosine'] as const)(
    'equals an uninterrupted run bit for bit: %s',
    async (name) => {
      const setting = {
        dataset,
        experiment: experiment({
          loss: { id: 'softmax-cross-entropy' },
          optimizer: optimizers[name],
          training: { epochs: 4, batch: 5, seed: 9 },
        }),
      };
      const whole = await run(setting);
      const last = (await whole.session.checkpoint()).parameters;
      // Interrupt at every point where the caller gets a turn: within epochs, between step and evaluation, at the end.
      let interrupted = await open({ ...setting, now: ticking() });
      let lines: MetricsLine[] = [];
      for (let turn = 0, state: SessionState = 'running'; state === 'running'; turn++) {
        const result = await interrupted.advance(0);
        lines.push(...result.lines);
        state = result.state;
        const decoded = decodeCheckpoint(encodeCheckpoint(await interrupted.checkpoint()));
        if (!decoded.ok) throw new Error('the checkpoint is not read back');
        expect(lines.every((l) => keepsLine(decoded.value, l))).toBe(true);
        if (state === 'running')
          interrupted = await open({ ...setting, resume: decoded.value, now: ticking() });
        expect(turn).toBeLessThan(100);
      }
      const timeless = (all: MetricsLine[]) =>
        all.map((l) => (l.type === 'epoch' ? { ...l, seconds: 0 } : l));
      lines = timeless(lines);
      expect(lines).toEqual(timeless(whole.lines));
      expect((await interrupted.checkpoint()).parameters).toEqual(last);
      expect(interrupted.best()).toEqual(whole.session.best());
    },
  );

  it('is refused with other data, another model, or a checkpoint of a finished model', async () => {
    const what = experiment({ loss: { id: 'softmax-cross-entropy' }, training: { epochs: 2 } });
    const session = await open({ experiment: what, dataset });
    await session.advance(0);
    const resume = await session.checkpoint();
    const loss = loadLoss('softmax-cross-entropy')!;
    const refused = async (changed: Partial<Setting>) =>
      (
        await openSession(changed.experiment ?? what, changed.dataset ?? dataset, loss, float64Device(), {
          now: () => 0,
          resume: changed.resume ?? resume,
        })
      ).ok;
    expect(await refused({})).toBe(true);
    expect(
      await refused({ experiment: { ...what, model: { type: 'mlp', hidden: [3], activation: 'relu' } } }),
    ).toBe(false);
    expect(await refused({ dataset: { ...dataset, validation: undefined } })).toBe(false);
    expect(
      await refused({
        experiment: {
          ...what,
          optimizer: { type: 'sgd', rate: 0.1, momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 },
        },
      }),
    ).toBe(false);
    await finish(session);
    expect(await refused({ resume: session.best()! })).toBe(false);
  });
});

describe('numbers that are not finite', () => {
  it('end the run at their step and keep every line before', async () => {
    const { lines, state, session } = await run({
      dataset: line,
      experiment: experiment({
        model: { type: 'mlp', hidden: [] },
        loss: { id: 'mean-squared-error' },
        optimizer: { type: 'sgd', rate: 1e60 },
        training: { epochs: 50, batch: 1, shuffle: false },
      }),
    });
    expect(state).toBe('notFinite');
    const losses = steps(lines).map((l) => l.loss);
    expect(session.position.step).toBe(losses.length);
    expect(losses.slice(0, -1).every(Number.isFinite)).toBe(true);
    expect(Number.isFinite(losses.at(-1))).toBe(false);
    expect(steps(lines).map((l) => l.step)).toEqual(losses.map((_, i) => i + 1));
    expect((await session.advance(10)).lines).toEqual([]);
  });

  it('are noticed in the parameters when no further loss would show them', async () => {
    const { lines, state, session } = await run({
      dataset: line,
      experiment: experiment({
        model: { type: 'mlp', hidden: [] },
        loss: { id: 'mean-squared-error' },
        optimizer: { type: 'sgd', rate: 1e308 },
        training: { epochs: 1, batch: 'full', shuffle: false },
      }),
    });
    expect(Number.isFinite(steps(lines)[0]!.loss)).toBe(true);
    expect(state).toBe('notFinite');
    expect(session.best()).toBeUndefined();
  });
});

describe('a session that cannot start', () => {
  it('says that the loss does not fit the data', async () => {
    const what = experiment({ loss: { id: 'huber' } });
    const result = await openSession(
      what,
      randomDataset('classes', { width: 2, training: 5 }),
      loadLoss('huber')!,
      float64Device(),
      { now: () => 0 },
    );
    expect(result.ok ? [] : result.problems.map((p) => p.where?.path)).toEqual(['loss.id']);
  });

  it('says that the device failed, and frees what was compiled', async () => {
    let disposed = 0;
    let compiled = 0;
    const failing: Device = {
      ...float64Device(),
      async compile(plan) {
        if (compiled++ === 1) throw new Error('out of luck');
        return { ...(await float64Device().compile(plan)), dispose: () => (disposed++, Promise.resolve()) };
      },
    };
    const what = experiment({ loss: { id: 'huber' } });
    const dataset = randomDataset('regression', { width: 2, training: 5, validation: 3 });
    const result = await openSession(what, dataset, loadLoss('huber')!, failing, { now: () => 0 });
    expect(words(result.ok ? undefined : result.problems[0]!.message)).toContain(': out of luck.');
    expect(disposed).toBe(1);
  });
});
