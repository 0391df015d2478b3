import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import * as b from '../../../src/core/expression/build.ts';
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate, evaluateAll } from '../../../src/core/expression/evaluate.ts';
import {
  axisOrder,
  input,
  nodesOf,
  param,
  size,
  type Axis,
  type Expr,
} from '../../../src/core/expression/expression.ts';
import { compileKernels, type KernelRequest, type Layout } from '../../../src/core/expression/kernels.ts';
import { primitives } from '../../../src/core/expression/primitives.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { lowest } from '../../../src/core/expression/kernels/lowest.ts';
import { dense } from '../../../src/core/expression/kernels/threads.ts';
import { predictionsOf } from '../../../src/core/losses/loss.ts';
import { reduce } from '../../../src/core/losses/reduce.ts';
import { sampleBatch } from '../../../src/core/losses/sample.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';
import { decided } from '../../../src/core/losses/decided.ts';
import { pairOf, type Loss } from '../../../src/core/losses/loss.ts';
import { checkParameters } from '../../../src/core/losses/parameters.ts';
import { weightedMean } from '../../../src/core/losses/reduce.ts';
import { inFloat32, runKernels } from './kernelRunner.ts';
import { random } from './randomTrees.ts';
import { taskOf } from '../../../src/core/losses/task.ts';

interface Case {
  readonly name: string;
  readonly loss: Loss;
  readonly batch: number;
  readonly width: number;
  /** Scale of predictions. */
  readonly spread: number;
  readonly parameters?: Readonly<Record<string, number>>;
}

/** The request that the plan of a training step makes, and its data. */
function setUp({ loss, batch, width, spread, parameters: given = {} }: Case) {
  const next = random(batch + width);
  const stride = Math.ceil(width / 4) * 4;
  const { prediction, target } = pairOf(loss);
  const checked = checkParameters(loss, given);
  if (!checked.ok) throw new Error('parameters');
  const parameters = checked.value;
  const value = weightedMean(loss, parameters);
  const slope = gradient(value, prediction.id);
  const layout = (axes: readonly Axis[], row: number): Layout => ({
    axes,
    strides: axes.map((axis) => (axis === 'sample' ? row : 1)),
  });
  const targetWidth = target.axes.length === 2 ? width : 1;
  const sizes = { sample: batch, output: width, class: width };
  const request: KernelRequest = {
    roots: [
      { buffer: 'loss', expr: value, layout: { axes: [], strides: [] } },
      { buffer: 'slope', expr: slope, layout: layout(prediction.axes, stride) },
    ],
    inputs: {
      [prediction.id]: { buffer: 'outputs', layout: layout(prediction.axes, stride) },
      [target.id]: { buffer: 'targets', layout: layout(target.axes, targetWidth) },
      weight: { buffer: 'weights', layout: { axes: ['sample'], strides: [1] } },
    },
    sizes,
    parameters,
    prefix: 'loss',
  };
  const columns = prediction.axes.length === 2 ? width : 1;
  // Numbers that float32 holds exactly, so that only the arithmetic differs.
  const pred = Float64Array.from({ length: batch * columns }, () => Math.fround((next() - 0.5) * 2 * spread));
  const targets = Float64Array.from({ length: batch * targetWidth }, () =>
    target.kind === 'class-index'
      ? Math.floor(next() * width)
      : target.kind === 'binary-label'
        ? Math.round(next())
        : Math.fround(next() - 0.5),
  );
  const weights = Float64Array.from({ length: batch }, (_, i) => (i % 5 === 4 ? 0 : 1));
  const padded = new Float64Array(batch * stride).fill(7);
  pred.forEach((x, i) => (padded[Math.floor(i / columns) * stride + (i % columns)] = x));
  const environment = {
    sizes,
    parameters,
    inputs: { [prediction.id]: pred, [target.id]: targets, weight: weights },
  };
  return {
    request,
    value,
    slope,
    environment,
    data: { outputs: padded, targets, weights },
    stride,
    columns,
    axes: prediction.axes,
  };
}

const width = (loss: Loss) => (taskOf(loss) === 'classes' ? 10 : taskOf(loss) === 'regression' ? 3 : 1);
/** Losses of the layout that a training step has: rows that may be padded, a weight for each. */
const trained = [
  'mean-squared-error',
  'mean-absolute-error',
  'huber',
  'binary-cross-entropy-logits',
  'softmax-cross-entropy',
].map((id) => decided(loadLoss(id)!));
const cases: readonly Case[] = trained.flatMap((loss): Case[] => [
  { name: `${loss.id}, batch 32`, loss, batch: 32, width: width(loss), spread: 3 },
  { name: `${loss.id}, batch 1`, loss, batch: 1, width: width(loss), spread: 3 },
  { name: `${loss.id}, batch 2500 (sums in pieces)`, loss, batch: 2500, width: width(loss), spread: 3 },
  { name: `${loss.id}, outputs up to ±200`, loss, batch: 32, width: width(loss), spread: 200 },
]);
const all: readonly Case[] = [
  ...cases,
  { name: 'one output', loss: trained[0]!, batch: 16, width: 1, spread: 2 },
  {
    name: 'huber, delta 0.25',
    loss: trained[2]!,
    batch: 16,
    width: 1,
    spread: 2,
    parameters: { delta: 0.25 },
  },
  {
    name: 'BCE, positive weight',
    loss: trained[3]!,
    batch: 16,
    width: 1,
    spread: 40,
    parameters: { positiveWeight: 3 },
  },
  {
    name: 'CE, label smoothing',
    loss: trained[4]!,
    batch: 16,
    width: 4,
    spread: 9,
    parameters: { labelSmoothing: 0.2 },
  },
];

function compare(one: Case, precision: 'float64' | 'float32', relative: number, absolute: number): void {
  const { request, value, slope, environment, data, stride, columns, axes } = setUp(one);
  const { buffers } = runKernels(request, data, precision);
  const close = (actual: number, expected: number, what: string) => {
    const allowed = absolute + relative * Math.abs(expected);
    if (!(Math.abs(actual - expected) <= allowed)) expect.fail(`${what} is ${actual}, expected ${expected}`);
  };
  close(buffers['loss']![0]!, evaluate(value, environment).data[0]!, 'loss');
  const expected = broadcast(evaluate(slope, environment), axes, environment.sizes);
  const written = buffers['slope']!;
  expect(written).toHaveLength(one.batch * stride);
  written.forEach((y, i) => {
    const column = i % stride;
    if (column >= columns) expect(y, `padding ${i}`).toBe(0);
    else close(y, expected[Math.floor(i / stride) * columns + column]!, `gradient ${i}`);
  });
}

describe('kernels of a training step', () => {
  it.each(all.map((one) => [one.name, one] as const))('%s: equal to the interpreter in float64', (_, one) => {
    compare(one, 'float64', 1e-12, 1e-15);
  });
  it.each(all.map((one) => [one.name, one] as const))('%s: precise in float32', (_, one) => {
    // A probability close to its target of 1 leaves a gradient of a few roundings of 1, whatever the logits.
    compare(one, 'float32', 4e-6, 2e-7 / one.batch);
  });
  it('run on the reference device', async () => {
    const one = all[0]!;
    const { request, value, environment, data } = setUp(one);
    const { buffers, kernels } = compileKernels(request);
    const given = Object.entries(data).map(([name, values]) => ({
      name,
      size: values.length,
      role: 'data' as const,
    }));
    const executable = await float64Device().compile({
      buffers: [...given, ...buffers],
      kernels,
      carry: [],
      report: 'loss',
    });
    for (const [name, values] of Object.entries(data)) executable.write(name, values);
    const [loss] = await executable.run(1);
    expect(loss).toBeCloseTo(evaluate(value, environment).data[0]!, 12);
  });
  it('write only what every device reads: literal loop bounds, no infinity, no log1p', () => {
    for (const one of all) {
      for (const { body } of compileKernels(setUp(one).request).kernels) {
        expect(body).not.toMatch(/Infinity|NaN|log1p|expm1|parameters|\de[+-]?\d{3}/);
        for (const [, bound] of body.matchAll(/for \([^;]*; \w+ < ([^;]*);/g)) expect(bound).toMatch(/^\d+$/);
        expect(body.match(/return /g)).toHaveLength(1);
      }
    }
  });
});

describe('the float32 forms of primitives', () => {
  const x = input('x', ['sample']);
  const points = [
    -200, -89, -30, -16.5, -1, -1e-3, -5.9e-8, -1e-12, 0, 1e-12, 5.9e-8, 1e-3, 0.4, 1, 16.5, 30, 89, 200,
  ].map(Math.fround);
  const forms = Object.entries(primitives).filter(([, row]) => row.lowerOnDevice !== undefined);
  it('exist for what devices lack or get wrong', () => {
    expect(forms.map(([op]) => op).sort()).toEqual([
      'expm1',
      'inverseMills',
      'log1p',
      'logaddexp',
      'logndtr',
      'logsigmoid',
      'logsumexp',
      'sigmoid',
      'softplus',
      'sub',
    ]);
  });
  it.each(forms.filter(([, row]) => row.kind === 'elementwise' && row.arity === 1).map(([op]) => op))(
    '%s keeps its relative precision',
    (op) => {
      const domain = points.filter((p) => (op === 'log1p' ? p > -1 : op === 'expm1' ? p < 80 : true));
      const request: KernelRequest = {
        roots: [{ buffer: 'y', expr: b.apply(op, [x]), layout: { axes: ['sample'], strides: [1] } }],
        inputs: { x: { buffer: 'x', layout: { axes: ['sample'], strides: [1] } } },
        sizes: { sample: domain.length },
        parameters: {},
        prefix: 'test',
      };
      const row = primitives[op]!;
      if (row.kind !== 'elementwise') throw new Error(op);
      for (const [precision, relative, least] of [
        ['float64', 2e-15, 0],
        // exp of -89 and below is denormal in float32. A polynomial of many terms rounds more often.
        ['float32', op === 'logndtr' || op === 'inverseMills' ? 1e-6 : 3e-7, 1e-37],
      ] as const) {
        const { buffers } = runKernels(request, { x: domain }, precision);
        domain.forEach((p, i) => {
          const expected = row.value(p, NaN, NaN);
          const difference = Math.abs(buffers['y']![i]! - expected);
          if (!(difference <= least + relative * Math.abs(expected))) {
            expect.fail(`${op}(${p}) in ${precision} is ${buffers['y']![i]}, expected ${expected}`);
          }
        });
      }
    },
  );
});

describe('log-add-exp on devices', () => {
  it('keeps its relative precision, also beside −∞', () => {
    const [x, y] = [input('x', ['sample']), input('y', ['sample'])];
    const line = { axes: ['sample'], strides: [1] };
    const pairs = [
      [0, 0],
      [-200, 200],
      [100, 99.5],
      [1e-30, -1e-30],
      [-5, -300],
    ];
    const request: KernelRequest = {
      roots: [{ buffer: 'out', expr: b.logaddexp(x, y), layout: line }],
      inputs: { x: { buffer: 'x', layout: line }, y: { buffer: 'y', layout: line } },
      sizes: { sample: pairs.length + 1 },
      parameters: {},
      prefix: 'test',
    };
    const data = { x: [...pairs.map(([a]) => a!), lowest], y: [...pairs.map(([, c]) => c!), lowest] };
    const out = runKernels(request, data, 'float32').buffers['out']!;
    pairs.forEach(([a, c], i) => {
      const expected = Math.max(a!, c!) + Math.log1p(Math.exp(-Math.abs(a! - c!)));
      expect(Math.abs(out[i]! - expected)).toBeLessThanOrEqual(3e-7 * Math.abs(expected));
    });
    expect(out.at(-1)).toBe(lowest);
  });
});

/** The kernels of a reduced loss and its slopes on a random batch, and what they should give. */
function whole(given: Loss, sizes: Readonly<Record<Axis, number>>, scale: number) {
  const loss = decided(given);
  const batch = sampleBatch(loss, randomStream(1, loss.id), { sizes, scale });
  const inputs = Object.fromEntries(
    Object.entries(batch.inputs).map(([name, values]) => [name, values.map(Math.fround)]),
  );
  const parameters = Object.fromEntries(loss.parameters.map((p) => [p.id, p.default]));
  const mean = reduce(loss, 'mean');
  const layout = (axes: readonly Axis[]) => dense(axes, (axis) => batch.sizes[axis]!);
  const predictions = predictionsOf(loss);
  const named = loss.named?.() ?? [];
  const slopes = predictions.map(({ id }) => gradient(mean, id, { named }));
  const request: KernelRequest = {
    roots: [
      { buffer: 'loss', expr: mean, layout: layout([]) },
      ...predictions.map(({ id, axes }, i) => ({
        buffer: `slope of ${id}`,
        expr: slopes[i]!,
        layout: layout(axes),
      })),
    ],
    inputs: Object.fromEntries(
      loss.inputs.map(({ id, axes }) => [id, { buffer: id, layout: layout(axisOrder(axes)) }]),
    ),
    sizes: batch.sizes,
    parameters,
    prefix: 'k',
  };
  const environment = { sizes: batch.sizes, inputs, parameters };
  const expected = [
    evaluate(mean, environment).data,
    ...predictions.map(({ axes }, i) => broadcast(evaluate(slopes[i]!, environment), axes, batch.sizes)),
  ];
  const met = evaluateAll(nodesOf(mean, ...slopes), environment);
  const largest = met.reduce(
    (top, { data }) =>
      data.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), top),
    1,
  );
  return { request, inputs, expected, largest };
}

describe('the kernels of every loss', () => {
  const all = losses().map((loss) => [loss.id, loss] as const);
  const check = (
    loss: Loss,
    sizes: Readonly<Record<Axis, number>>,
    scale: number,
    precision: 'float64' | 'float32',
  ) => {
    const { request, inputs, expected, largest } = whole(loss, sizes, scale);
    const { buffers } = runKernels(request, inputs, precision);
    const [relative, absolute] = precision === 'float64' ? [1e-11, 1e-14 * largest] : [2e-5, 5e-7 * largest];
    request.roots.forEach(({ buffer }, r) => {
      expected[r]!.forEach((value, i) => {
        if (!Number.isFinite(value)) return;
        const difference = Math.abs(buffers[buffer]![i]! - value);
        if (!(difference <= absolute + relative * Math.abs(value)))
          expect.fail(`${buffer}[${i}] is ${buffers[buffer]![i]}, expected ${value}`);
      });
    });
  };
  it.each(all)('%s: equal to the interpreter, and precise in float32', (_, loss) => {
    for (const precision of ['float64', 'float32'] as const) check(loss, {}, 1, precision);
  });
  it.each(all)('%s: of a batch of one', (_, loss) => {
    check(loss, { sample: 1 }, 1, 'float64');
  });
  it.each(all)('%s: of wide values', (_, loss) => {
    check(loss, {}, 30, 'float64');
    // The exponential of 30 standard deviations is beyond float32.
    if (!/poisson|exponential|vae/u.test(loss.id)) check(loss, {}, 30, 'float32');
  });
  it.each(all)('%s: read no more buffers than WebGPU binds, and only what every device reads', (_, loss) => {
    for (const sizes of [{}, { sample: 64, feature: 32 }]) {
      for (const { body, reads } of compileKernels(whole(loss, sizes, 1).request).kernels) {
        expect(reads.length).toBeLessThanOrEqual(7);
        expect(body).not.toMatch(/Infinity|NaN|log1p|expm1|parameters|\de[+-]?\d{3}/);
        for (const [, bound] of body.matchAll(/for \([^;]*; \w+ < ([^;]*);/g)) expect(bound).toMatch(/^\d+$/);
        expect(body.match(/return /g)).toHaveLength(1);
      }
    }
  });
  it('take no longer than they must for pairs: unit vectors and similarities are computed once', () => {
    const { request } = whole(loadLoss('info-nce')!, { sample: 64, feature: 32 }, 1);
    const bodies = compileKernels(request).kernels.map((kernel) => kernel.body);
    // A loop over features that divides would divide for every pair.
    for (const body of bodies.filter((text) => text.includes('< 32;'))) expect(body).not.toContain('/');
  });
});

describe('kernels of any expression', () => {
  const sizes = { sample: 5, class: 3, feature: 4 };
  const next = random(5);
  const x = input('x', ['sample', 'feature']);
  const y = input('y', ['class', 'feature']);
  const data = {
    x: Float64Array.from({ length: 20 }, () => next() - 0.5),
    y: Float64Array.from({ length: 12 }, () => next() - 0.5),
  };
  const lines = (axes: readonly Axis[]): Layout => ({
    axes,
    strides: axes.map((_, i) =>
      axes.slice(i + 1).reduce((n, axis) => n * sizes[axis.replace(/′+/u, '') as keyof typeof sizes], 1),
    ),
  });
  const request = (expr: Expr): KernelRequest => ({
    roots: [{ buffer: 'out', expr, layout: lines(expr.axes) }],
    inputs: { x: { buffer: 'x', layout: lines(x.axes) }, y: { buffer: 'y', layout: lines(y.axes) } },
    sizes,
    parameters: { tau: 0.5 },
    prefix: 't',
  });
  const unit = b.div(x, b.norm(x, 'feature'));
  const similarity = b.div(b.sum(b.mul(unit, b.rename(unit, 'sample', 'sample′')), 'feature'), param('tau'));
  const expressions: Readonly<Record<string, Expr>> = {
    'a product of matrices': b.sum(b.mul(x, y), 'feature'),
    'three axes at once': b.mul(x, y),
    'pairs by renaming, softmax over the copies': b.softmax(similarity, 'sample′'),
    'the diagonal by gather': b.gather(
      similarity,
      'sample′',
      b.sub(size('sample'), b.add(1, b.mul(1, indexOf('sample')))),
    ),
    'a maximum within a sum': b.sum(b.mul(x, b.amax(x, 'feature')), 'feature'),
    'a constant where an array is wanted': b.mul(0, b.softmax(x, 'feature')),
    'an order, and what lies at it': b.gather(x, 'feature', b.argsort(x, 'feature')),
    ranks: b.add(b.rank(x, 'feature'), b.mul(2, b.rank(x, 'sample'))),
    'a cumulative sum': b.cumsum(x, 'sample'),
    'a masked log-sum-exp': b.logsumexp(b.where(b.gt(x, -0.2), x, -Infinity), 'feature'),
    'a sum of sums': b.sum(b.mul(b.sum(b.exp(x), 'feature'), b.sum(x, 'sample')), 'sample'),
    'of more arrays than a kernel reads': b.add(
      Array.from({ length: 12 }, (_, k) => b.amax(b.mul(k + 1, x), 'feature')).reduce((u, v) =>
        b.mul(u, b.add(v, 1)),
      ),
      b.mul(1, b.sum(x, 'feature')),
    ),
  };
  function indexOf(axis: Axis): Expr {
    return b.sum(
      b.mul(b.indicator(b.lt(b.rename(b.sum(x, 'feature'), axis, `${axis}′′`), b.sum(x, 'feature'))), 1),
      `${axis}′′`,
    );
  }
  it.each(Object.entries(expressions))('%s', (_, expr) => {
    const { buffers } = runKernels(request(expr), data, 'float64');
    const expected = evaluate(expr, { sizes, inputs: data, parameters: { tau: 0.5 } }).data;
    expect(buffers['out']).toHaveLength(expected.length);
    expected.forEach((value, i) => {
      expect(buffers['out']![i]).toBeCloseTo(value, 12);
    });
  });
  it('put zeros where a whole row is masked, as its guard says', () => {
    const masked = b.where(b.gt(x, 10), x, -Infinity);
    const lse = b.logsumexp(masked, 'feature');
    const guarded = b.where(b.gt(lse, -Infinity), lse, 0);
    for (const expr of [guarded, gradient(guarded, 'x')]) {
      const full = b.add(expr, b.mul(0, x));
      for (const precision of ['float64', 'float32'] as const) {
        const { buffers } = runKernels(request(full), data, precision);
        expect([...buffers['out']!].every((value) => value === 0)).toBe(true);
      }
    }
  });
  it('cut long sums with few results into pieces', () => {
    const long = { sample: 5000, feature: 3 };
    const values = Float64Array.from({ length: 15_000 }, (_, i) => Math.sin(i));
    const total = b.sum(b.square(b.sub(x, b.mean(x, 'feature'))), 'sample');
    const { buffers, kernels } = runKernels(
      {
        roots: [{ buffer: 'out', expr: total, layout: { axes: ['feature'], strides: [1] } }],
        inputs: { x: { buffer: 'x', layout: { axes: ['sample', 'feature'], strides: [3, 1] } } },
        sizes: long,
        parameters: {},
        prefix: 't',
      },
      { x: values },
      'float64',
    );
    const expected = evaluate(total, { sizes: long, inputs: { x: values } }).data;
    expected.forEach((value, i) => {
      expect(buffers['out']![i]).toBeCloseTo(value, 9);
    });
    for (const body of kernels) expect(body).not.toContain('< 5000;');
  });
  it('name what is missing', () => {
    const good = request(similarity);
    expect(() => compileKernels({ ...good, parameters: {} })).toThrow('tau');
    expect(() => compileKernels({ ...good, sizes: { sample: 5 } })).toThrow('feature');
    expect(() => compileKernels({ ...good, inputs: {} })).toThrow('x');
    const skewed = { axes: ['sample', 'sample′'], strides: [1, 5] };
    expect(() =>
      compileKernels({ ...good, roots: [{ buffer: 'o', expr: similarity, layout: skewed }] }),
    ).toThrow('layout');
  });
});

describe('the float32 emulation', () => {
  it('rounds every operation', () => {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const run = (body: string) => (new Function(body) as () => number)();
    expect(run(inFloat32('let s = 16777216.0; s += 1.0; return s;'))).toBe(16777216);
    expect(run(inFloat32('return 1.0 / 3.0 + 0.0;'))).toBe(Math.fround(1 / 3));
    expect(run(inFloat32('const u = 1.0 + 0.00000001; return u === 1.0 ? 5.0 : 6.0;'))).toBe(5);
    expect(run(inFloat32('return Math.exp(-(1.0 + 2.0) * 2.0);'))).toBe(Math.fround(Math.exp(-6)));
  });
});
