/** What holds for every loss of the catalogue: texts, inputs, names, conventions, plots, the best constant. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { compileFunction } from '../../../src/core/expression/compile.ts';
import { evaluate } from '../../../src/core/expression/evaluate.ts';
import { inputsOf, nodesOf, parametersOf, type Expr } from '../../../src/core/expression/expression.ts';
import { english } from '../../../src/core/messages/message.ts';
import { loadLoss, losses, lossIds } from '../../../src/core/losses/catalogue.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import { decided } from '../../../src/core/losses/decided.ts';
import { families, pairOf, predictionsOf, type Api, type Loss } from '../../../src/core/losses/loss.ts';
import { checkParameters } from '../../../src/core/losses/parameters.ts';
import { reduce, weightedMean } from '../../../src/core/losses/reduce.ts';
import { sampleBatch, usualSizes } from '../../../src/core/losses/sample.ts';
import { midpoint, refusal, Trials, type Batch } from './trials.ts';

/** Ids never change: saved experiments refer to them. */
const ids = [
  'mean-squared-error half-squared-error root-mean-squared-error mean-absolute-error huber smooth-l1 pseudo-huber',
  'log-cosh mean-absolute-percentage-error mean-squared-logarithmic-error root-mean-squared-logarithmic-error quantile',
  'expectile epsilon-insensitive squared-epsilon-insensitive fair cauchy geman-mcclure welsch tukey barron wing',
  'cosine-similarity poisson-nll gamma-deviance tweedie gaussian-nll',
  'binary-cross-entropy binary-cross-entropy-logits logistic softmax-cross-entropy softmax-cross-entropy-distribution',
  'negative-log-likelihood categorical-cross-entropy sparse-categorical-cross-entropy kl-divergence js-divergence',
  'binary-focal categorical-focal poly-1-cross-entropy generalised-cross-entropy hinge squared-hinge modified-huber',
  'perceptron savage multiclass-hinge multi-margin categorical-hinge multilabel-margin multilabel-soft-margin',
  'exponential brier sparsemax',
  'cosine-embedding hinge-embedding contrastive triplet-margin info-nce nt-xent n-pair supervised-contrastive circle',
  'arcface cosface',
  'margin-ranking ranknet bpr warp listnet listmle lambdarank',
  'dice generalised-dice jaccard tversky focal-tversky lovasz-hinge',
  'ctc cox-partial-likelihood accelerated-failure-time',
  'minimax-gan-discriminator minimax-gan-generator non-saturating-gan-generator least-squares-gan-discriminator',
  'least-squares-gan-generator wasserstein-critic wasserstein-generator wasserstein-gradient-penalty',
  'hinge-gan-discriminator hinge-gan-generator',
  'l1-penalty l2-penalty elastic-net vae-elbo distillation',
].flatMap((line) => line.split(' '));

describe('the catalogue', () => {
  beforeEach(() => {
    vi.resetModules();
  });
  it('builds no expression when it is imported', async () => {
    await import('../../../src/core/losses/catalogue.ts');
    const { constant } = await import('../../../src/core/expression/expression.ts');
    expect(constant(0).id).toBe(0);
  });
  it('finds losses by ids that never change', () => {
    expect(lossIds.toSorted()).toEqual(ids.toSorted());
    for (const id of lossIds) expect(loadLoss(id)?.id).toBe(id);
    expect(loadLoss('toString')).toBeUndefined();
  });
  it('lists the families one after another', () => {
    const order = [...new Set(losses().map((loss) => loss.family))];
    expect(order).toEqual(families.filter((family) => order.includes(family)));
    expect(losses().map((loss) => loss.family)).toEqual(
      order.flatMap((family) => losses().flatMap((loss) => (loss.family === family ? [family] : []))),
    );
  });
  it('calls no two losses the same', () => {
    const names = losses().map((loss) => loss.name);
    expect(new Set(names).size).toBe(names.length);
    const chinese = losses().map((loss) => loss.chinese[0]);
    expect(new Set(chinese).size).toBe(chinese.length);
  });
  it('names each way to write a loss once, or says in a note which loss is meant when', () => {
    const key = ({ framework, form, name }: Api) => `${framework} ${form} ${name}`;
    const apis = losses().flatMap((loss) => loss.apis);
    const counts = new Map<string, number>();
    for (const api of apis) counts.set(key(api), (counts.get(key(api)) ?? 0) + 1);
    const unclear = apis.filter((api) => counts.get(key(api))! > 1 && api.note === undefined);
    expect(unclear.map(key)).toEqual([]);
  });
});

const defaultsOf = ({ parameters }: Pick<Loss, 'parameters'>) =>
  Object.fromEntries(parameters.map((p) => [p.id, p.default]));

/** The best constant of a definition, with each value of each of its choices. */
function bestConstants(definition: Loss) {
  const { bestConstant, parameters, convention = '' } = definition;
  if (bestConstant === undefined) return [];
  const defaults = defaultsOf(definition);
  const settings = [
    defaults,
    ...parameters.flatMap(({ id, choices = [] }) =>
      choices
        .filter(({ value }) => value !== defaults[id])
        .map(({ value }) => ({ ...defaults, [id]: value })),
    ),
  ];
  return settings.map(
    (given) =>
      [`${convention} ${JSON.stringify(given)}`, decided(definition, given), bestConstant, given] as const,
  );
}

describe.each(losses().map((loss) => [loss.id, loss] as const))('%s', (_, loss) => {
  const conventions = loss.conventions ?? [];
  /** The loss itself and as each convention has it. */
  const definitions = [loss, ...conventions.map(({ id }) => inConvention(loss, id))];
  const defaults = defaultsOf(loss);

  it('says what people need to know', () => {
    const sentences = [
      loss.meaning,
      loss.useWhen,
      loss.avoidWhen,
      ...loss.pitfalls,
      ...loss.inputs.map(({ meaning }) => meaning),
      ...loss.parameters.map(({ meaning }) => meaning),
      ...(loss.options ?? []).map(({ meaning }) => meaning),
      ...conventions.map(({ differs }) => differs),
      ...loss.apis.flatMap(({ note }) => note ?? []),
    ];
    for (const text of sentences) {
      expect(text.trim()).toBe(text);
      expect(text).toMatch(/[.:]$/u);
    }
    for (const text of [loss.name, loss.source, ...loss.synonyms, ...conventions.map(({ users }) => users)]) {
      expect(text.trim()).toBe(text);
      expect(text.length).toBeGreaterThan(1);
    }
    expect(loss.source).toMatch(/\d{4}/u);
    expect(loss.pitfalls.length).toBeGreaterThanOrEqual(3);
    expect(new Set(loss.pitfalls).size).toBe(loss.pitfalls.length);
    const names = [loss.name, ...loss.synonyms].map((name) => name.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    expect(loss.chinese.length).toBeGreaterThan(0);
    expect(new Set(loss.chinese).size).toBe(loss.chinese.length);
    for (const name of loss.chinese) expect(name).toMatch(/\p{Script=Han}/u);
  });

  it('reads exactly its inputs and parameters, and no option unless asked', () => {
    for (const definition of definitions) {
      const expr = definition.expression();
      const { inputs } = definition;
      expect(definition.expression()).toBe(expr);
      const read = inputsOf(expr);
      expect(read.map(({ name }) => name).sort()).toEqual(inputs.map(({ id }) => id).sort());
      for (const node of read)
        expect(node.axes.toSorted()).toEqual(inputs.find(({ id }) => id === node.name)?.axes.toSorted());
      const parameters = parametersOf(expr).map(({ name }) => name);
      expect(parameters.sort()).toEqual(definition.parameters.map(({ id }) => id).sort());
    }
  });

  it('takes in an option that is asked for', () => {
    const names = (expr: Expr) => [...inputsOf(expr), ...parametersOf(expr)].map(({ name }) => name);
    for (const { id, range } of loss.options ?? []) {
      // What an experiment may set is in the loss itself, for that is what it trains; the rest may be a convention's.
      const used = (range === undefined ? definitions : [loss]).flatMap(({ expression, divisor }) => [
        expression([id]),
        ...(divisor === undefined ? [] : [divisor([id])]),
      ]);
      expect(used.flatMap(names), id).toContain(id);
    }
  });

  it('has inputs that are known to everything that goes through them', () => {
    const isIdentifier = /^[a-z][a-z0-9_]*$/u;
    for (const { inputs } of definitions) {
      expect(new Set(inputs.map(({ id }) => id)).size).toBe(inputs.length);
      expect(predictionsOf({ inputs }).length).toBeGreaterThan(0);
      for (const input of inputs) {
        expect(input.id).toMatch(isIdentifier);
        for (const axis of input.axes) expect(Object.keys(usualSizes)).toContain(axis);
        expect(input.of !== undefined).toBe(input.kind === 'length');
        if (input.axes.includes('sample')) expect(input.axes[0]).toBe('sample');
      }
      const sample = sampleBatch({ inputs }, randomStream(1, loss.id));
      expect(refusal({ ...loss, inputs }, { ...sample, parameters: {} })).toBeUndefined();
    }
  });

  it('has defaults within its ranges, and choices that are told apart', () => {
    expect(checkParameters(loss, {}).ok).toBe(true);
    for (const { parameters } of definitions)
      for (const { default: value, min, max, choices } of parameters) {
        expect(value).toBeGreaterThanOrEqual(min);
        expect(value).toBeLessThanOrEqual(max);
        if (choices === undefined) continue;
        expect(choices.map((choice) => choice.value)).toContain(value);
        expect(new Set(choices.map((choice) => choice.value)).size).toBe(choices.length);
        expect(new Set(choices.map((choice) => choice.name)).size).toBe(choices.length);
      }
  });

  it('has names only for what occurs in it', () => {
    for (const definition of definitions) {
      const named = definition.named?.() ?? [];
      expect(new Set(named.map(({ name }) => name)).size).toBe(named.length);
      const occurring = new Set(nodesOf(definition.expression()));
      for (const { name, expr } of named) expect(occurring.has(expr), name).toBe(true);
    }
  });

  it('has conventions of different names', () => {
    expect(new Set(conventions.map(({ id }) => id)).size).toBe(conventions.length);
    for (const { id } of conventions) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/u);
    expect(() => inConvention(loss, 'unheard-of')).toThrow(RangeError);
  });

  it('claims of frameworks only what it has', () => {
    for (const api of loss.apis) {
      const definition = inConvention(loss, api.convention);
      const parameters = definition.parameters.map(({ id }) => id);
      const known = [...parameters, ...(loss.options ?? []).map(({ id }) => id)];
      for (const { parameter } of Object.values(api.keywords ?? {}))
        expect(known, api.name).toContain(parameter);
      for (const id of Object.keys(api.fixed ?? {})) expect(known, api.name).toContain(id);
      const inputs = definition.inputs.map(({ id }) => id);
      for (const id of api.args ?? []) expect([...inputs, ...known], api.name).toContain(id);
    }
  });

  it('has a partner that exists and is its own, or says so', () => {
    if (loss.partner === undefined) return;
    const partner = loadLoss(loss.partner)!;
    expect(partner.partner).toBeDefined();
    if (partner.partner === loss.id) return;
    const texts = [loss.meaning, loss.useWhen, ...loss.pitfalls].join(' ').toLowerCase();
    expect(texts).toContain(partner.name.toLowerCase());
  });

  it('has a plot that is finite all along and not flat, of its own where a convention has other inputs', () => {
    for (const { inputs, plot, id } of conventions) if (inputs !== undefined) expect(plot, id).toBeDefined();
    for (const definition of definitions) {
      const { from, to, sizes, curves } = definition.plot;
      const parameters = defaultsOf(definition);
      expect(from).toBeLessThan(to);
      expect([1, 2]).toContain(curves.length);
      for (const { at } of curves) {
        const values = Array.from({ length: 101 }, (_, k) => {
          const inputs = at(from + ((to - from) * k) / 100);
          expect(refusal(definition, { sizes, inputs, parameters })).toBeUndefined();
          return evaluate(reduce(definition, 'mean'), { sizes, inputs, parameters }).data[0]!;
        });
        for (const value of values) expect(value).toSatisfy(Number.isFinite);
        expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(1e-3);
      }
    }
  });

  it.each(definitions.flatMap((definition) => bestConstants(definition)))(
    'knows the best constant: it beats its neighbours and random ones (%s)',
    (name, definition, best, parameters) => {
      const { prediction, target } = pairOf(definition);
      const random = randomStream(2, `${loss.id}/${name}`);
      const trials = new Trials(definition, random);
      const run = compileFunction([reduce(definition, 'mean')]);
      const value = (batch: Batch) => run({ ...batch, parameters })[0]![0]!;
      let compared = 0;
      for (let k = 0; k < 120; k++) {
        const sizes = {
          ...Object.fromEntries(prediction.axes.map((axis) => [axis, 1])),
          sample: 1 + (k % 7),
          ...(prediction.axes.includes('class') ? { class: 3 } : {}),
        };
        const { inputs } = sampleBatch(definition, random, { sizes, scale: [0.5, 1, 5][k % 3]! });
        const constant = (row: readonly number[]): Batch => ({
          sizes,
          inputs: { ...inputs, [prediction.id]: Array.from({ length: sizes.sample }, () => row).flat() },
        });
        const row = best.of(inputs[target.id]!, parameters, 3);
        const there = constant(row);
        // A class that does not occur has a logit of −∞, and the mean of nothing but zeros is no positive number.
        if (!row.every(Number.isFinite) || refusal(definition, there) !== undefined) continue;
        const least = value(there);
        for (let other = 0; other < 20; other++) {
          const one = trials.batch({ ...sizes, sample: 1 }).inputs[prediction.id]!;
          let competitor = constant(one);
          // Halfway again and again: neighbours that lie in the domain.
          for (let halving = 0; halving < other; halving++) competitor = midpoint(there, competitor);
          const advantage = least - value(competitor);
          if (advantage > 1e-12 * (1 + Math.abs(least)))
            expect.fail(`better by ${advantage}: ${JSON.stringify([there, competitor])}`);
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(600);
    },
  );

  it('is weighted so that padding does not count', () => {
    const sizes = Object.fromEntries(
      loss.inputs
        .flatMap(({ axes, of }) => [...axes, ...(of === undefined ? [] : [of])])
        .map((axis) => [axis, 3]),
    );
    if (!loss.inputs.every(({ axes }) => axes[0] === 'sample')) return;
    const { inputs } = sampleBatch(loss, randomStream(3, loss.id), { sizes: { ...sizes, time: 7 } });
    const batch = (rows: number, extra: number): Batch => ({
      sizes: { ...sizes, time: 7, sample: rows + extra },
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([id, data]) => {
          const width = data.length / 3;
          // What pads is a copy of the first row.
          return [id, [...data.slice(0, rows * width), ...data.slice(0, extra * width)]];
        }),
      ),
    });
    const weighted = (rows: number, extra: number) => {
      const { sizes: extents, inputs: data } = batch(rows, extra);
      const weight = Array.from({ length: rows + extra }, (_, k) => (k < rows ? 1 : 0));
      const environment = { sizes: extents, inputs: { ...data, weight }, parameters: defaults };
      return evaluate(weightedMean(loss), environment).data[0]!;
    };
    let plain: number;
    try {
      plain = weighted(2, 0);
    } catch (error) {
      // An order of the samples cannot be weighted.
      expect(String(error)).toContain('cannot be weighted');
      return;
    }
    expect(weighted(2, 1)).toBeCloseTo(plain, 12);
    const mean = evaluate(reduce(loss, 'mean'), { ...batch(2, 0), parameters: defaults }).data[0]!;
    expect(plain).toBeCloseTo(mean, 12);
  });
});

describe('the numbers in pitfalls', () => {
  const value = (id: string, pred: number[], target: number[]) => {
    const loss = loadLoss(id)!;
    const sizes = { sample: target.length, class: pred.length / target.length, output: 1 };
    return evaluate(reduce(loss, 'mean'), { sizes, inputs: { pred, target }, parameters: { delta: 1e9 } })
      .data[0]!;
  };
  it('a softmax before softmax cross-entropy: 1.461 at best for 10 classes', () => {
    expect(value('softmax-cross-entropy', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0])).toBeCloseTo(1.461, 3);
  });
  it('a sigmoid before binary cross-entropy: 0.313 and 0.693 at best', () => {
    expect(value('binary-cross-entropy-logits', [1], [1])).toBeCloseTo(0.313, 3);
    expect(value('binary-cross-entropy-logits', [0], [0])).toBeCloseTo(0.693, 3);
  });
  it('one output unit: always 0', () => {
    expect(value('softmax-cross-entropy', [3.7, -2], [0, 0])).toBe(0);
  });
  it('Huber with a large delta: half the squared error', () => {
    expect(value('huber', [3, 1], [0, 0])).toBeCloseTo(value('mean-squared-error', [3, 1], [0, 0]) / 2, 12);
  });
});

describe('checkParameters', () => {
  const huber = loadLoss('huber')!;
  const texts = (given: Record<string, number>, loss = huber) => {
    const result = checkParameters(loss, given);
    return result.ok ? [] : result.problems.map((p) => `${p.where?.path ?? ''}: ${english(p.message)}`);
  };
  it('fills in defaults', () => {
    const filled = checkParameters(huber, {});
    expect(filled.ok && filled.value).toEqual({ delta: 1 });
    const smoothed = checkParameters(loadLoss('softmax-cross-entropy')!, { labelSmoothing: 0.1 });
    expect(smoothed.ok && smoothed.value).toEqual({ labelSmoothing: 0.1 });
  });
  it.each([0, -1, NaN, Infinity, 1e7])('refuses delta = %d', (delta) => {
    expect(texts({ delta })).toEqual([
      expect.stringContaining(
        'loss.parameters.delta: Parameter "delta" of Huber loss must be greater than 0',
      ) as string,
    ]);
  });
  it('refuses names that do not exist, and says which do', () => {
    expect(texts({ beta: 1 })).toEqual([
      'loss.parameters.beta: Huber loss has no parameter "beta"; it has: delta.',
    ]);
    expect(texts({ toString: 1 })).toHaveLength(1);
    expect(texts({ delta: 1 }, loadLoss('mean-squared-error'))[0]).toContain('none at all');
  });
  it('refuses a power of which there is no distribution', () => {
    expect(texts({ power: 0.5 }, loadLoss('tweedie'))).toEqual([
      expect.stringContaining('at most 10, but not between 0 and 1') as string,
    ]);
    for (const power of [0, 1]) expect(texts({ power }, loadLoss('tweedie'))).toEqual([]);
  });
  it('refuses a smoothing of 1, where nothing of the label is left', () => {
    expect(texts({ labelSmoothing: 1 }, loadLoss('softmax-cross-entropy'))).toHaveLength(1);
  });
});

describe('the weighted mean', () => {
  it('takes in the options that are set', () => {
    const loss = loadLoss('softmax-cross-entropy')!;
    expect(parametersOf(weightedMean(loss, { labelSmoothing: 0 }))).toEqual([]);
    expect(parametersOf(weightedMean(loss, { labelSmoothing: 0.1 })).map((p) => p.name)).toEqual([
      'labelSmoothing',
    ]);
  });
});
