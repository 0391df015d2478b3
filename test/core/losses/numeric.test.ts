/**
 * Numbers of every loss, in every convention and with every choice: gradients against central differences, compiled
 * code against the interpreter, extreme inputs, empty batches.
 */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { compileFunction } from '../../../src/core/expression/compile.ts';
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate, type Environment } from '../../../src/core/expression/evaluate.ts';
import { input, inputsOf, nodesOf, type Apply, type Expr } from '../../../src/core/expression/expression.ts';
import { rewrite } from '../../../src/core/expression/rewrite.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';
import { predictionsOf, type Loss } from '../../../src/core/losses/loss.ts';
import { reduce } from '../../../src/core/losses/reduce.ts';
import { sampleBatch } from '../../../src/core/losses/sample.ts';
import { variantsOf } from './variants.ts';

/** Definitions that mathematics leaves without a number somewhere, so that they give NaN as their framework does. */
const undefinedSomewhere: Readonly<Record<string, string>> = {
  'root-mean-squared-error': 'the square root has no derivative at a perfect fit',
  'root-mean-squared-logarithmic-error': 'the square root has no derivative at a perfect fit',
  'mean-absolute-percentage-error plain': 'a target of 0 has no percentage',
  'cosine-similarity optax': 'a zero vector has no direction',
};

/** With each stopped part as an input that is given: differences must not move what differentiation holds fixed. */
function withStoppedGiven(expr: Expr): { expr: Expr; stopped: readonly Apply[] } {
  const stopped = nodesOf(expr).filter((node): node is Apply => node.kind === 'apply' && node.op === 'stop');
  const replaced = new Map<string, Apply>();
  const free = rewrite(expr, (node) => {
    if (node.kind !== 'apply' || node.op !== 'stop') return node;
    const name = `stopped${replaced.size}`;
    replaced.set(name, node);
    return input(name, node.axes, node.dtype);
  });
  return { expr: stopped.length === 0 ? expr : free, stopped: [...replaced.values()] };
}

const isNear = (x: number, y: number, slack: number) =>
  Object.is(x, y) || Math.abs(x - y) <= slack * (1 + Math.abs(y));

describe.each(losses().map((loss) => [loss.id, loss] as const))('%s', (_, given) => {
  describe.each(variantsOf(given).map((variant) => [variant.name, variant] as const))(
    '%s',
    (name, { loss, parameters }) => {
      const random = randomStream(5, `${loss.id}/${name}`);
      const batches = [0.5, 1, 3].map((scale): Environment => {
        const { sizes, inputs } = sampleBatch(loss, random, { scale });
        const rounded = Object.entries(inputs).map(([id, data]) => [id, data.map(Math.fround)]);
        return { sizes, inputs: Object.fromEntries(rounded) as Environment['inputs'], parameters };
      });

      it('has the gradient that central differences show', () => {
        const element = loss.expression();
        const { expr, stopped } = withStoppedGiven(element);
        const run = compileFunction([expr]);
        const predictions = predictionsOf(loss);
        const slopes = predictions.map(({ id }) => gradient(element, id));
        let compared = 0;
        for (const environment of batches) {
          const inputs: Record<string, ArrayLike<number>> = { ...environment.inputs };
          // In this order: a stopped part may contain an earlier one.
          stopped.forEach((node, k) => {
            inputs[`stopped${k}`] = evaluate(node, { ...environment, inputs }).data;
          });
          predictions.forEach(({ id, axes }, p) => {
            const actual = broadcast(evaluate(slopes[p]!, environment), axes, environment.sizes);
            const data = Float64Array.from(inputs[id]!);
            const at = (k: number, x: number) =>
              run({ ...environment, inputs: { ...inputs, [id]: data.with(k, x) } })[0]!;
            const here = at(0, data[0]!);
            data.forEach((x, k) => {
              const h = 2e-6 * Math.max(Math.min(1, Math.abs(x)), 1e-3);
              const [up, down] = [at(k, x + h), at(k, x - h)];
              // Element by element, so that large losses of other samples do not swallow the difference.
              const difference = (from: ArrayLike<number>, to: ArrayLike<number>) =>
                Array.from(to).reduce((total, y, i) => total + (y - from[i]!), 0);
              const [right, left] = [difference(here, up) / h, difference(down, here) / h];
              const rounding = (4e-15 * here.reduce((top, y) => Math.max(top, Math.abs(y)), 1)) / h;
              // Where the two sides differ there is a kink, and any value between is a derivative.
              const isKink = Math.abs(right - left) > 1e-3 * (1 + Math.abs(left)) + 4 * rounding;
              const [low, high] = [Math.min(left, right), Math.max(left, right)];
              const slack = 1e-5 * (1 + Math.abs(actual[k]!)) + rounding;
              const slope = (right + left) / 2;
              if (
                isKink
                  ? actual[k]! >= low - slack && actual[k]! <= high + slack
                  : Math.abs(actual[k]! - slope) <= slack
              ) {
                compared++;
                return;
              }
              expect.fail(
                `by ${id}[${k}]: ${actual[k]!}, the differences are ${left} and ${right}: ${JSON.stringify(environment)}`,
              );
            });
          });
        }
        expect(compared).toBeGreaterThan(0);
      });

      it('is the same compiled', () => {
        const roots = [
          loss.expression(),
          reduce(loss, 'mean'),
          ...predictionsOf(loss).map(({ id }) => gradient(reduce(loss, 'mean'), id)),
        ];
        const run = compileFunction(roots);
        for (const environment of batches) {
          const compiled = run(environment);
          roots.forEach((root, r) => {
            const expected = evaluate(root, environment).data;
            expect(compiled[r]).toHaveLength(expected.length);
            expected.forEach((y, i) => {
              if (!isNear(compiled[r]![i]!, y, 1e-11))
                expect.fail(
                  `[${r}][${i}] is ${compiled[r]![i]}, interpreted ${y}: ${JSON.stringify(environment)}`,
                );
            });
          });
        }
      });

      it('is a number for extreme inputs', () => {
        const roots = [
          loss.expression(),
          ...predictionsOf(loss).map(({ id }) => gradient(loss.expression(), id)),
        ];
        const run = compileFunction(roots);
        // Logarithms of 0 and reciprocals of 0 are infinite in mathematics too.
        const mayBeInfinite = loss.inputs.some(({ kind }) => ['probability', 'distribution'].includes(kind));
        const isFine = mayBeInfinite ? (x: number) => !Number.isNaN(x) : Number.isFinite;
        const complaints: string[] = [];
        for (const extreme of [200, 1e-30, 0]) {
          for (const environment of batches) {
            const inputs = Object.fromEntries(
              loss.inputs.map((one) => [
                one.id,
                extremes(one, environment.inputs[one.id]!, environment, extreme),
              ]),
            );
            const results = run({ ...environment, inputs });
            results.forEach((data, r) => {
              const bad = data.find((x) => !isFine(x));
              if (bad !== undefined)
                complaints.push(
                  `${r === 0 ? 'the loss' : 'a gradient'} is ${bad}: ${JSON.stringify(inputs)}`,
                );
            });
          }
        }
        const [convention = ''] = name.split(' ');
        const isUndefined = [loss.id, `${loss.id} ${convention}`].some((key) => key in undefinedSomewhere);
        if (!isUndefined) expect(complaints).toEqual([]);
        // What is listed above is really so, at least at the defaults.
        else if (loss.parameters.every((p) => p.default === parameters[p.id]))
          expect(complaints).not.toEqual([]);
      });

      it('of nothing is nothing: the mean NaN, the sum 0', () => {
        const element = loss.expression();
        const [leading] = element.axes;
        if (leading === undefined) return;
        const { sizes, inputs } = sampleBatch(loss, random);
        const empty: Environment = {
          sizes: { ...sizes, [leading]: 0 },
          inputs: Object.fromEntries(
            inputsOf(element).map(({ name: id, axes }) => [id, axes.includes(leading) ? [] : inputs[id]!]),
          ),
          parameters,
        };
        const all = { ...empty.inputs };
        for (const { id, axes } of loss.inputs) all[id] ??= axes.includes(leading) ? [] : inputs[id]!;
        const environment = { ...empty, inputs: all };
        expect(evaluate(reduce(loss, 'sum'), environment).data[0]).toBe(0);
        expect(evaluate(reduce(loss, 'mean'), environment).data[0]).toBeNaN();
        for (const { id } of predictionsOf(loss))
          for (const slope of evaluate(gradient(element, id), environment).data)
            expect(slope).toSatisfy(Number.isFinite);
      });
    },
  );
});

/** The same input with its values at an edge of what is allowed, the signs as they are. */
function extremes(
  { kind, axes }: Loss['inputs'][number],
  data: ArrayLike<number>,
  { sizes }: Environment,
  extreme: number,
): readonly number[] {
  const values = Array.from(data);
  switch (kind) {
    case 'value':
    case 'logit':
    case 'score':
      return values.map((x) => Math.sign(x) * extreme);
    case 'embedding':
      return values.map((x) => x * extreme);
    case 'positive':
      return values.map((x) => (extreme === 0 ? 1 : x < 1 ? 1e-30 : Math.min(extreme, 1)));
    case 'nonnegative':
      return values.map((x, k) => (k % 2 === 0 ? 0 : Math.min(x, extreme)));
    case 'probability':
      return values.map((x) => (extreme === 1e-30 ? 1e-30 : x < 0.5 ? 0 : 1));
    case 'distribution': {
      const width = sizes[axes.at(-1)!]!;
      return values.map((_, k) => (k % width === Math.floor(k / width) % width ? 1 : 0));
    }
    default:
      return values;
  }
}

describe('a compiled loss', () => {
  it('refuses what the interpreter refuses', () => {
    const loss = loadLoss('softmax-cross-entropy')!;
    const { sizes, inputs } = sampleBatch(loss, randomStream(6, 'refusal'));
    const run = compileFunction([loss.expression()]);
    const bad = (target: readonly number[]) => ({ sizes, inputs: { ...inputs, target } });
    const { length } = inputs['target']!;
    expect(() => run(bad(Array<number>(length).fill(99)))).toThrow(RangeError);
    expect(() => run(bad(Array<number>(length).fill(-1)))).toThrow(RangeError);
    expect(() => run(bad(Array<number>(length).fill(0.5)))).toThrow(RangeError);
    expect(() => run(bad([]))).toThrow(RangeError);
    expect(() => run({ sizes, inputs: {} })).toThrow(RangeError);
  });
});
