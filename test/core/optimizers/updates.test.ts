import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { unknownPenalties } from '../../../src/core/optimizers/penalties.ts';
import type { Optimizer } from '../../../src/core/optimizers/rule.ts';
import { updates } from '../../../src/core/optimizers/updates.ts';
import { optimizerSchema } from '../../../src/core/training/schema/optimizer.ts';
import { follow, type Tensors } from '../../golden/updates.ts';

const parse = (given: object): Optimizer => v.parse(optimizerSchema, given);
const random = randomStream(3, 'updates');
const draw = (): Tensors => ({
  'layers.0.weight': Array.from({ length: 6 }, () => random.normal()),
  'layers.0.bias': Array.from({ length: 2 }, () => random.normal()),
});
const start = draw();
const gradients = Array.from({ length: 12 }, draw);

/** Every rule in the form that needs the most. */
const types: readonly Record<string, unknown>[] = [
  { type: 'sgd', momentum: 0.9, nesterov: true },
  { type: 'sgd', momentum: 0.9, dampening: 0.5 },
  { type: 'rmsprop', momentum: 0.5, centered: true },
  { type: 'rmsprop', convention: 'keras', momentum: 0.5, centered: true },
  { type: 'adagrad', rateDecay: 0.1, accumulator: 0.2 },
  { type: 'adagrad', convention: 'keras' },
  { type: 'adadelta' },
  { type: 'adam', amsgrad: true },
  { type: 'adam', convention: 'keras', amsgrad: true },
  { type: 'adamw', amsgrad: true },
  { type: 'adamax' },
  { type: 'adamax', convention: 'keras' },
  { type: 'nadam' },
  { type: 'lion' },
];
const clips = [
  { by: 'norm', max: 0.5 },
  { by: 'norm', max: 0.5, order: 1 },
  { by: 'norm', max: 0.5, order: 'infinity' },
  { by: 'value', max: 0.2 },
];
const named = types.map((given) => [JSON.stringify(given), given] as const);

describe.each(named)('%s', (_, given) => {
  it('reads at most seven buffers in a kernel, however much is asked for and however many parameters there are', () => {
    const optimizer = parse({
      ...given,
      weightDecay: 0.1,
      clip: { by: 'norm', max: 1 },
      penalties: [{ on: 'all', l1: 0.1, l2: 0.1, decay: 0.1 }],
      accumulate: 4,
    });
    const targets = Array.from({ length: 60 }, (__, i) => ({
      parameter: `layers.${i}.weight`,
      gradient: `layers.${i}.weight.gradient`,
      output: [8, 3] as const,
    }));
    const part = updates(optimizer, targets);
    expect(Math.max(...part.kernels.map(({ reads }) => reads.length))).toBeLessThanOrEqual(7);
    for (const { name, reads } of part.kernels)
      expect(new Set(reads.map(({ buffer }) => buffer)).size, name).toBe(reads.length);
    const state = part.buffers.filter(({ role }) => role === 'state').map(({ name }) => name);
    expect(part.state.map(({ name }) => name)).toEqual(expect.arrayContaining(state));
    expect(state).toHaveLength(part.state.length);
    expect(part.schedule({ step: 1, epoch: 0, stepsPerEpoch: 1 }).length).toBeLessThanOrEqual(8);
  });

  it('continues from its state as if it had never stopped, also between the batches of an update', async () => {
    const optimizer = parse({ ...given, accumulate: 3, clip: { by: 'norm', max: 1 }, weightDecay: 0.1 });
    const whole = await follow(optimizer, start, gradients);
    for (const stop of [6, 7, 8]) {
      const { parameters, state } = whole[stop - 1]!;
      const rest = await follow(optimizer, parameters, gradients.slice(stop), {
        state,
        moment: (i) => ({ step: stop + i + 1, epoch: 0, stepsPerEpoch: 12 }),
      });
      expect(rest.at(-1)).toEqual(whole.at(-1));
    }
  });

  it('makes one update of the mean of the batches that it accumulates', async () => {
    const means = [0, 3, 6, 9].map((first) => meanOf(gradients.slice(first, first + 3)));
    const expected = await follow(parse({ ...given, weightDecay: 0.1 }), start, means);
    const actual = await follow(parse({ ...given, weightDecay: 0.1, accumulate: 3 }), start, gradients);
    for (const [step, { parameters }] of actual.entries()) {
      const done = Math.floor((step + 1) / 3);
      const before = done === 0 ? start : expected[done - 1]!.parameters;
      for (const [name, values] of Object.entries(before)) {
        values.forEach((value, i) => expect(parameters[name]![i]).toBeCloseTo(value, 10));
      }
    }
  });

  it.each([undefined, ...clips])('lets NaN through (clip %j)', async (clip) => {
    const broken = { ...gradients[1]!, 'layers.0.weight': [1, NaN, 0, 1, 1, 1] };
    const optimizer = parse({ ...given, ...(clip === undefined ? {} : { clip }) });
    const [, after] = await follow(optimizer, start, [gradients[0]!, broken]);
    expect(after!.parameters['layers.0.weight']![1]).toBeNaN();
    // A norm of all gradients spoils all of them, as in PyTorch.
    const spoilt = after!.parameters['layers.0.bias']!.every(Number.isNaN);
    expect(spoilt).toBe(clip?.by === 'norm');
  });

  it('keeps zeros where the gradient is zero, so that padding stays clean', async () => {
    const zeros = { p: [0, 0, 0] };
    const steps = await follow(
      parse({ ...given, weightDecay: 0.1 }),
      zeros,
      Array(5).fill(zeros) as Tensors[],
    );
    expect(steps.at(-1)!.parameters['p']!.map((x) => x + 0)).toEqual([0, 0, 0]);
  });
});

function meanOf(rows: readonly Tensors[]): Tensors {
  return Object.fromEntries(
    Object.keys(rows[0]!).map((name) => [
      name,
      rows[0]![name]!.map((_, i) => rows.reduce((sum, row) => sum + row[name]![i]! / rows.length, 0)),
    ]),
  );
}

describe('long runs', () => {
  const at = (step: number) => ({ step, epoch: 0, stepsPerEpoch: 1 });
  const target = { parameter: 'p', gradient: 'g', output: [4] as const };

  it('correct the bias exactly after a million steps', () => {
    const { schedule } = updates(parse({ type: 'adam', rate: 0.5, beta2: 0.9999999 }), [target]);
    const [, , , stepSize, scale] = schedule(at(1_000_000));
    expect(stepSize).toBe(0.5);
    // (1 − 10⁻⁷)^(10⁶) = exp(10⁶ · log1p(−10⁻⁷))
    expect(scale! ** -2).toBeCloseTo(-Math.expm1(1e6 * Math.log1p(-1e-7)), 9);
  });

  it('know NAdam’s product of momenta in whatever order they ask', () => {
    const { schedule } = updates(parse({ type: 'nadam', rate: 1 }), [target]);
    const far = schedule(at(1_000_000));
    // All momenta are β₁ by then, and their product is 0.
    expect(far[3]).toBeCloseTo(0.1, 12);
    expect(far[4]).toBeCloseTo(0.9, 12);
    const mu = (t: number) => 0.9 * (1 - 0.5 * 0.96 ** (0.004 * t));
    expect(schedule(at(2))[3]).toBeCloseTo((1 - mu(2)) / (1 - mu(1) * mu(2)), 14);
    expect(schedule(at(1))[4]).toBeCloseTo(mu(2) / (1 - mu(1) * mu(2)), 14);
  });

  it('count updates, not batches, in their corrections', () => {
    const { schedule } = updates(parse({ type: 'adam', rate: 1, accumulate: 4 }), [target]);
    expect([1, 4, 5, 8].map((step) => schedule(at(step))[3])).toEqual(
      [1, 1, 2, 2].map((update) => 1 / (1 - 0.9 ** update)),
    );
  });
});

describe('clipping', () => {
  it.each([
    [2, (g: readonly number[]) => Math.hypot(...g)],
    [1, (g: readonly number[]) => g.reduce((sum, x) => sum + Math.abs(x), 0)],
    ['infinity', (g: readonly number[]) => Math.max(...g.map(Math.abs))],
  ] as const)('measures tensors of any size together (norm %s)', async (order, norm) => {
    const sizes = [1, 3, 64, 65, 255, 257, 4097, 70_003];
    const large = Object.fromEntries(
      sizes.map((size) => [`p${size}`, Array.from({ length: size }, () => random.normal())]),
    );
    const zeros = Object.fromEntries(sizes.map((size) => [`p${size}`, Array<number>(size).fill(0)]));
    const clip = { by: 'norm', max: 0.5, order };
    const [after] = await follow(parse({ type: 'sgd', rate: 1, clip }), zeros, [large]);
    const all = Object.values(large).flat();
    const expected = 0.5 / (norm(all) + 1e-6);
    for (const [name, values] of Object.entries(after!.parameters))
      values.forEach((value, i) => {
        const scaled = -large[name]![i]! * expected;
        if (Math.abs(value - scaled) > 1e-12 * Math.abs(scaled))
          expect.fail(`${name}[${i}]: ${value}, not ${scaled}`);
      });
  });
});

describe('penalties', () => {
  const weight = start['layers.0.weight']!;
  const norm1 = weight.reduce((sum, w) => sum + Math.abs(w), 0);
  const norm2 = weight.reduce((sum, w) => sum + w * w, 0);

  it('are part of the reported loss, at the parameters before the step', async () => {
    const [first] = await follow(parse({ type: 'sgd', penalties: [{ l1: 0.3, l2: 0.2 }] }), start, gradients);
    expect(first!.report).toBeCloseTo(0.3 * norm1 + 0.2 * norm2, 12);
    const [plain] = await follow(parse({ type: 'sgd', weightDecay: 0.3 }), start, gradients);
    expect(plain!.report).toBe(0);
  });

  it('of squares are twice the weight decay, which acts on all parameters', async () => {
    const decayed = await follow(parse({ type: 'adam', weightDecay: 0.2 }), start, gradients);
    const penalised = await follow(
      parse({ type: 'adam', penalties: [{ on: 'all', l2: 0.1 }] }),
      start,
      gradients,
    );
    const { parameters } = decayed.at(-1)!;
    for (const [name, values] of Object.entries(parameters))
      values.forEach((value, i) => expect(penalised.at(-1)!.parameters[name]![i]).toBeCloseTo(value, 12));
  });

  it('act by layer, and add up', async () => {
    const zeros = { 'layers.0.weight': [0, 0, 0, 0, 0, 0], 'layers.0.bias': [0, 0] };
    const penalties = [
      { on: 'layers.0', l2: 0.1 },
      { on: 'biases', decay: 0.5 },
      { on: 'layers.0.weight', l1: 1 },
    ];
    const [after] = await follow(parse({ type: 'sgd', rate: 0.1, penalties }), start, [zeros]);
    after!.parameters['layers.0.weight']!.forEach((value, i) => {
      const w = weight[i]!;
      expect(value).toBeCloseTo(w - 0.1 * (0.2 * w + Math.sign(w)), 14);
    });
    after!.parameters['layers.0.bias']!.forEach((value, i) =>
      expect(value).toBeCloseTo(start['layers.0.bias']![i]! * (1 - 0.1 * (0.2 + 0.5)), 14),
    );
  });

  it('come before the clipping, weight decay after it', async () => {
    const clip = { by: 'value', max: 0.01 };
    const still = { p: [0] };
    const one = async (given: object) =>
      (await follow(parse({ type: 'sgd', rate: 1, clip, ...given }), { p: [1] }, [still]))[0]!.parameters[
        'p'
      ]![0]!;
    expect(await one({ penalties: [{ on: 'p', l2: 0.1 }] })).toBeCloseTo(1 - 0.01, 14);
    expect(await one({ weightDecay: 0.2 })).toBeCloseTo(1 - 0.2, 14);
  });

  it('that act on no parameter are refused by path', () => {
    const { penalties } = parse({
      type: 'sgd',
      penalties: [{}, { on: 'layers.1' }, { on: 'layers.1', l1: 1 }],
    });
    const problems = unknownPenalties({ penalties }, ['layers.0.weight', 'layers.10.weight']);
    expect(problems.map(({ where }) => where)).toEqual([
      { path: 'optimizer.penalties.1.on' },
      { path: 'optimizer.penalties.2.on' },
    ]);
  });
});

describe('the schema', () => {
  it('leaves experiments as they were', () => {
    expect(parse({ type: 'adam' })).toEqual({
      type: 'adam',
      rate: 0.01,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
    });
    expect(parse({ type: 'sgd', momentum: 0.5 })).toEqual({
      type: 'sgd',
      rate: 0.01,
      momentum: 0.5,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
    });
  });

  it('has the defaults of each convention', () => {
    expect(parse({ type: 'adagrad' })).toMatchObject({ accumulator: 0, epsilon: 1e-10, rateDecay: 0 });
    expect(parse({ type: 'adagrad', convention: 'keras' })).toMatchObject({
      accumulator: 0.1,
      epsilon: 1e-7,
    });
    expect(parse({ type: 'rmsprop' })).toMatchObject({ smoothing: 0.99, epsilon: 1e-8 });
    expect(parse({ type: 'rmsprop', convention: 'keras' })).toMatchObject({ smoothing: 0.9, epsilon: 1e-7 });
    expect(v.is(optimizerSchema, { type: 'adagrad', convention: 'keras', rateDecay: 0.1 })).toBe(false);
    expect(v.is(optimizerSchema, { type: 'lion', convention: 'keras' })).toBe(false);
  });
});
