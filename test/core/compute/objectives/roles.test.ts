import { describe, expect, it } from 'vitest';
import { float64Executable } from '../../../../src/core/compute/float64.ts';
import { padded } from '../../../../src/core/compute/kernelText.ts';
import { rolesObjective } from '../../../../src/core/compute/objectives/roles.ts';
import { randomStream } from '../../../../src/core/data/random.ts';
import { evaluate } from '../../../../src/core/expression/evaluate.ts';
import { losses, loadLoss } from '../../../../src/core/losses/catalogue.ts';
import { inConvention } from '../../../../src/core/losses/conventions.ts';
import { predictionsOf, targetsOf, type Loss } from '../../../../src/core/losses/loss.ts';
import { reduce } from '../../../../src/core/losses/reduce.ts';
import { sampleBatch } from '../../../../src/core/losses/sample.ts';
import { gradientName } from '../../../../src/core/network/parameterShape.ts';

const sizes = { feature: 3, output: 1, negative: 5, item: 4, class: 3 };
const parameters = (loss: Loss) => Object.fromEntries(loss.parameters.map((p) => [p.id, p.default]));

/** The objective on a batch of which the last `spare` samples do not count. */
function setUp(loss: Loss, samples: number, spare: number) {
  const objective = rolesObjective(loss, parameters(loss), sizes);
  const vectors = predictionsOf(loss).some(({ axes }) => axes.includes('feature'));
  const outputs = vectors ? sizes.feature : 1;
  const width = padded(outputs);
  const batch = samples + spare;
  const { buffers, kernels } = objective.kernels(batch, outputs, {
    prediction: 'outputs',
    target: 'targets',
    weight: 'weights',
    value: 'value',
    gradient: 'gradient',
  });
  const executable = float64Executable({
    buffers: [
      { name: 'outputs', size: objective.roles * batch * width, role: 'data' },
      { name: 'weights', size: batch, role: 'data' },
      ...(objective.targets === 0
        ? []
        : [{ name: 'targets', size: batch * objective.targets, role: 'data' } as const]),
      ...objective.parameters.map(({ name, stored }) => ({
        name,
        size: stored.reduce((product, extent) => product * extent, 1),
        role: 'data' as const,
      })),
      ...buffers,
    ],
    kernels,
    carry: [],
    report: 'value',
  });
  executable.write(
    'weights',
    Float64Array.from({ length: batch }, (_, i) => (i < samples ? 1 : 0)),
  );

  // A sample that does not count is a copy of the first.
  const drawn = sampleBatch(loss, randomStream(4, loss.id), { sizes: { ...sizes, sample: samples } });
  const of = (id: string, axes: readonly string[]) => {
    const data = drawn.inputs[id]!;
    if (!axes.includes('sample')) return { data, row: data.length };
    const row = data.length / samples;
    return { data: Array.from({ length: batch * row }, (_, k) => data[k % data.length]!), row };
  };
  const stack = new Float64Array(objective.roles * batch * width);
  let first = 0;
  /** Places in the stack, of every number of a prediction. */
  const places: number[] = [];
  for (const { id, axes } of predictionsOf(loss)) {
    const { data, row } = of(id, axes);
    if (!axes.includes('sample')) {
      const own = objective.parameters.find(({ name }) => name === `loss.${id}.weight`)!;
      const [rows, columns] = [own.shape[0]!, own.stored[1]!];
      const values = new Float64Array(rows * columns);
      data.forEach((x, k) => (values[Math.floor(k / sizes.feature) * columns + (k % sizes.feature)] = x));
      executable.write(own.name, values);
      continue;
    }
    const isVector = axes.every((axis) => ['sample', 'feature', 'output'].includes(axis));
    data.forEach((x, k) => {
      const [sample, at] = [Math.floor(k / row), k % row];
      const place = isVector
        ? (first * batch + sample) * width + at
        : ((first + at) * batch + sample) * width;
      stack[place] = x;
      if (sample < samples) places.push(place);
    });
    first += isVector ? 1 : row;
  }
  expect(first).toBe(objective.roles);
  for (const { id, axes } of targetsOf(loss))
    executable.write('targets', Float64Array.from(of(id, axes).data));
  const value = (at: Float64Array) => {
    executable.write('outputs', at);
    executable.runNow(1);
    return executable.readNow('value')[0]!;
  };
  return { objective, executable, stack, places, value, drawn };
}

const cast = losses()
  .filter(
    (loss) => ['embedding', 'ranking', 'adversarial'].includes(loss.family) && targetsOf(loss).length <= 1,
  )
  // Some of circle's factors are constants to the gradient, but not in this definition.
  .map((loss) => (loss.id === 'circle' ? inConvention(loss, 'keras') : loss));

describe.each(cast.map((loss) => [loss.id, loss] as const))('%s on roles', (_, loss) => {
  it('is the mean over the samples that count', () => {
    const { value, stack, drawn } = setUp(loss, 4, 2);
    const raw: Record<string, (x: number) => number> = {
      probability: (x) => 1 / (1 + Math.exp(-x)),
      nonnegative: (x) => Math.log1p(Math.exp(x)),
    };
    const inputs = Object.fromEntries(
      loss.inputs.map(({ id, kind, role }) => [
        id,
        role === 'target' ? drawn.inputs[id]! : drawn.inputs[id]!.map(raw[kind] ?? ((x) => x)),
      ]),
    );
    const expected = evaluate(reduce(loss, 'mean'), {
      sizes: drawn.sizes,
      inputs,
      parameters: parameters(loss),
    });
    expect(value(stack)).toBeCloseTo(expected.data[0]!, 11);
  });

  it('has the gradient that central differences have', () => {
    const { value, stack, places, executable } = setUp(loss, 4, 2);
    value(stack);
    const gradient = Float64Array.from(executable.readNow('gradient'));
    const step = 1e-6;
    const at = (place: number, by: number) => {
      const moved = Float64Array.from(stack);
      moved[place]! += by;
      return value(moved);
    };
    for (const place of places) {
      const slope = (at(place, step) - at(place, -step)) / (2 * step);
      expect(Math.abs(gradient[place]! - slope), `${place}`).toBeLessThan(1e-6 * (1 + Math.abs(slope)));
    }
    const counted = new Set(places);
    expect(gradient.every((g, place) => counted.has(place) || g === 0)).toBe(true);
  });
});

it('trains what the loss has of its own: the centres of classes', () => {
  const { value, stack, executable, objective } = setUp(loadLoss('arcface')!, 4, 1);
  expect(objective.parameters).toMatchObject([{ name: 'loss.centres.weight', shape: [3, 3], trained: true }]);
  value(stack);
  const { name } = objective.parameters[0]!;
  const gradient = executable.readNow(gradientName(name));
  const centres = Float64Array.from(executable.readNow(name));
  const at = (k: number, by: number) => {
    const moved = Float64Array.from(centres);
    moved[k]! += by;
    executable.write(name, moved);
    return value(stack);
  };
  const slopes = Float64Array.from(centres, (_, k) =>
    k % 4 === 3 ? 0 : (at(k, 1e-6) - at(k, -1e-6)) / 2e-6,
  );
  gradient.forEach((g, k) => {
    expect(g).toBeCloseTo(slopes[k]!, 5);
  });
});

it('refuses an axis without a size', () => {
  expect(() => rolesObjective(loadLoss('warp')!, { margin: 1 }, {})).toThrow('negative');
});
