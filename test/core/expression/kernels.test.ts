import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import * as b from '../../../src/core/expression/build.ts';
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate } from '../../../src/core/expression/evaluate.ts';
import { input, param, size, type Axis, type Expr } from '../../../src/core/expression/expression.ts';
import { compileKernels, type KernelRequest, type Layout } from '../../../src/core/expression/kernels.ts';
import { primitives } from '../../../src/core/expression/primitives.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';
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
const cases: readonly Case[] = losses().flatMap((loss): Case[] => [
  { name: `${loss.id}, batch 32`, loss, batch: 32, width: width(loss), spread: 3 },
  { name: `${loss.id}, batch 1`, loss, batch: 1, width: width(loss), spread: 3 },
  { name: `${loss.id}, batch 2500 (sums in pieces)`, loss, batch: 2500, width: width(loss), spread: 3 },
  { name: `${loss.id}, outputs up to ±200`, loss, batch: 32, width: width(loss), spread: 200 },
]);
const all: readonly Case[] = [
  ...cases,
  { name: 'one output', loss: losses()[0]!, batch: 16, width: 1, spread: 2 },
  {
    name: 'huber, delta 0.25',
    loss: losses()[2]!,
    batch: 16,
    width: 1,
    spread: 2,
    parameters: { delta: 0.25 },
  },
  {
    name: 'BCE, positive weight',
    loss: losses()[3]!,
    batch: 16,
    width: 1,
    spread: 40,
    parameters: { positiveWeight: 3 },
  },
  {
    name: 'CE, label smoothing',
    loss: losses()[4]!,
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

describe('kernels of losses', () => {
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
      'log1p',
      'logsigmoid',
      'logsumexp',
      'sigmoid',
      'softplus',
      'sub',
    ]);
  });
  it.each(forms.filter(([op, row]) => row.kind === 'elementwise' && op !== 'sub').map(([op]) => op))(
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
        ['float64', 1e-15, 0],
        // exp of -89 and below is denormal in float32.
        ['float32', 3e-7, 1e-37],
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

describe('kernels of any expression', () => {
  const sizes = { sample: 5, class: 3, feature: 4 };
  const next = random(5);
  const x = input('x', ['sample', 'feature']);
  const y = input('y', ['class', 'feature']);
  const data = {
    x: Float64Array.from({ length: 20 }, () => next() - 0.5),
    y: Float64Array.from({ length: 12 }, () => next() - 0.5),
  };
  const dense = (axes: readonly Axis[]): Layout => ({
    axes,
    strides: axes.map((_, i) =>
      axes.slice(i + 1).reduce((n, axis) => n * sizes[axis.replace(/′+/u, '') as keyof typeof sizes], 1),
    ),
  });
  const request = (expr: Expr): KernelRequest => ({
    roots: [{ buffer: 'out', expr, layout: dense(expr.axes) }],
    inputs: { x: { buffer: 'x', layout: dense(x.axes) }, y: { buffer: 'y', layout: dense(y.axes) } },
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
