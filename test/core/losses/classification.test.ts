/** What classification losses have to do with each other, and what mathematics prescribes at the edges. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate } from '../../../src/core/expression/evaluate.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import { decided } from '../../../src/core/losses/decided.ts';
import { predictionsOf, type Loss } from '../../../src/core/losses/loss.ts';
import { reduce, type Reduction } from '../../../src/core/losses/reduce.ts';
import { lossOf } from './evaluation.ts';

type Numbers = readonly number[];

/** A loss with some parameters, options and arrays for options, on rows of `width` numbers. */
function of(id: string, { convention, width = 1, ...given }: Setting = {}) {
  const own = lossOf(id, convention);
  const parameters = {
    ...Object.fromEntries(own.parameters.map((p) => [p.id, p.default])),
    ...given.parameters,
  };
  const loss = decided(own, parameters);
  const keep = [
    ...Object.keys(given.arrays ?? {}),
    ...Object.keys(parameters).filter((name) => own.options?.some((option) => option.id === name)),
  ];
  const axis = loss.inputs[0]!.axes[1]!;
  const environment = (pred: Numbers, target: Numbers) => ({
    sizes: { sample: pred.length / width, [axis]: width },
    inputs: { pred, target, ...given.arrays },
    parameters,
  });
  return {
    values: (pred: Numbers, target: Numbers, reduction: Reduction = 'none'): Numbers => [
      ...evaluate(reduce(loss, reduction, { keep }), environment(pred, target)).data,
    ],
    slopes: (pred: Numbers, target: Numbers): Numbers => {
      const at = environment(pred, target);
      const slope = evaluate(gradient(loss.expression(keep), 'pred'), at);
      return [...broadcast(slope, loss.inputs[0]!.axes, at.sizes)];
    },
  };
}

interface Setting {
  readonly convention?: string;
  readonly width?: number;
  readonly parameters?: Readonly<Record<string, number>>;
  readonly arrays?: Readonly<Record<string, Numbers>>;
}

function expectClose(actual: Numbers, expected: Numbers, relative = 1e-12): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((x, k) => {
    const difference = Math.abs(x - expected[k]!);
    expect(difference, `${x} for ${expected[k]}`).toBeLessThanOrEqual(
      relative * Math.abs(expected[k]!) + 1e-15,
    );
  });
}

/** Two losses agree, value and gradient, on the same predictions. */
function expectSame(
  first: ReturnType<typeof of>,
  second: ReturnType<typeof of>,
  pred: Numbers,
  [target, otherTarget]: readonly [Numbers, Numbers],
  relative?: number,
): void {
  expectClose(first.values(pred, target), second.values(pred, otherTarget), relative);
  expectClose(first.slopes(pred, target), second.slopes(pred, otherTarget), relative);
}

const times = (factor: number, values: Numbers) => values.map((x) => factor * x);
const plus = (a: Numbers, b: Numbers) => a.map((x, k) => x + b[k]!);

const random = randomStream(0, 'classification');
const logits = [...Array.from({ length: 20 }, () => 3 * random.normal()), 40, -40, 200, -200];
const labels = logits.map((_, k) => (k * 7) % 2);
const signs = labels.map((y) => 2 * y - 1);
const soft = logits.map((_, k) => (k % 5) / 4);
/** Eight rows of three classes. */
const width = 3;
const scores = logits;
const classes = [0, 1, 2, 2, 1, 0, 0, 2];
const oneHot = classes.flatMap((y) => Array.from({ length: width }, (_, c) => (c === y ? 1 : 0)));
const normalised = (rows: Numbers) =>
  rows.map((x, k) => {
    const start = k - (k % width);
    return x / rows.slice(start, start + width).reduce((sum, y) => sum + y, 0);
  });
const shares = normalised(Array.from({ length: 24 }, () => 0.05 + random.next()));
const probabilities = normalised(Array.from({ length: 24 }, () => 0.05 + random.next()));
const logProbabilities = probabilities.map(Math.log);

describe('binary losses', () => {
  const crossEntropy = of('binary-cross-entropy-logits');
  it('on labels −1 and +1 the logistic loss is binary cross-entropy on logits', () => {
    expectSame(of('logistic'), crossEntropy, logits, [signs, labels]);
  });
  it.each([labels, soft])('focal loss with γ = 0 and no weights is binary cross-entropy', (...target) => {
    const plain = of('binary-focal', { parameters: { gamma: 0, alpha: -1 } });
    expectSame(plain, crossEntropy, logits, [target, target], 1e-11);
  });
  it('Keras weighs labels in focal loss only when it is told to', () => {
    const keras = (applyClassBalancing: number) =>
      of('binary-focal', { convention: 'keras', parameters: { applyClassBalancing } });
    expectSame(keras(0), of('binary-focal', { parameters: { alpha: -1 } }), logits, [labels, labels]);
    expectSame(keras(1), of('binary-focal'), logits, [labels, labels]);
  });
  it('Savage is the Brier score of the sigmoid, squared hinge the square of hinge', () => {
    const sigmoids = logits.map((z) => 1 / (1 + Math.exp(-z)));
    expectClose(of('savage').values(logits, signs), of('brier').values(sigmoids, labels));
    expectClose(
      of('squared-hinge').values(logits, signs),
      of('hinge')
        .values(logits, signs)
        .map((x) => x * x),
    );
  });
  it('modified Huber is the squared hinge up to a margin of −1, and its tangent beyond', () => {
    const [modified, squared] = [of('modified-huber'), of('squared-hinge')];
    const inner = [-1, -0.999, -0.2, 0.3, 1, 5];
    expectSame(modified, squared, inner, [inner.map(() => 1), inner.map(() => 1)]);
    expectClose(modified.values([-1 - 1e-3, -50], [1, 1]), [4.004, 200]);
    expectClose(modified.slopes([-50], [1]), squared.slopes([-1], [1]));
  });
  it('hinge losses of labels 0 and 1 are those of −1 and +1', () => {
    for (const id of ['hinge', 'squared-hinge'])
      expectSame(of(id, { convention: 'keras-01' }), of(id, { convention: 'keras' }), logits, [
        labels,
        signs,
      ]);
  });
  it('smoothed labels are labels in between', () => {
    const smoothed = labels.map((y) => 0.8 * y + 0.1);
    const parameters = { labelSmoothing: 0.2 };
    expectSame(of('binary-cross-entropy-logits', { parameters }), crossEntropy, logits, [labels, smoothed]);
    const p = logits.map((z) => 1 / (1 + Math.exp(-z / 10)));
    for (const convention of ['keras', 'sklearn', 'tfjs-core'])
      expectSame(
        of('binary-cross-entropy', { convention, parameters }),
        of('binary-cross-entropy', { convention }),
        p,
        [labels, smoothed],
      );
  });
  it('on the sigmoid, and by the chain rule, it is binary cross-entropy on logits', () => {
    const mild = logits.filter((z) => Math.abs(z) < 15);
    const [p, y] = [mild.map((z) => 1 / (1 + Math.exp(-z))), mild.map((_, k) => soft[k]!)];
    for (const convention of [undefined, 'keras', 'sklearn']) {
      const onProbabilities = of('binary-cross-entropy', convention === undefined ? {} : { convention });
      expectClose(onProbabilities.values(p, y), crossEntropy.values(mild, y), 1e-9);
      const slopes = onProbabilities.slopes(p, y).map((slope, k) => slope * p[k]! * (1 - p[k]!));
      expectClose(slopes, crossEntropy.slopes(mild, y), 1e-7);
    }
  });
  it('at probabilities 0 and 1 it is what PyTorch 2.13 computes', () => {
    const torch = of('binary-cross-entropy');
    const [p, y] = [
      [0, 1, 0, 1, 1e-13],
      [1, 0, 0, 1, 1],
    ];
    expectClose(torch.values(p, y), [100, 100, 0, 0, 29.933606208922594]);
    const steepest = 1000000003995.8029;
    expectClose(torch.slopes(p, y), [-steepest, steepest, 0, 0, -1000000003995.7029]);
  });
  it('the Brier score over two classes is twice that of one', () => {
    const both = probabilities.filter((_, k) => k % width === 0).flatMap((p) => [1 - p, p]);
    const binary = of('brier').values(
      both.filter((_, k) => k % 2 === 1),
      labels.slice(0, 8),
    );
    const several = of('brier', { convention: 'multiclass', width: 2 });
    expectClose(several.values(both, labels.slice(0, 8)), times(2, binary));
  });
});

describe('cross-entropy over classes', () => {
  const byIndex = of('softmax-cross-entropy', { width });
  const byShares = of('softmax-cross-entropy-distribution', { width });
  it('one-hot labels and their indices give the same', () => {
    expectSame(byShares, byIndex, scores, [oneHot, classes]);
    expectSame(
      of('poly-1-cross-entropy', { width }),
      of('poly-1-cross-entropy', { width, convention: 'class-index' }),
      scores,
      [oneHot, classes],
      1e-11,
    );
    expectSame(
      of('categorical-cross-entropy', { width }),
      of('sparse-categorical-cross-entropy', { width, convention: 'keras-torch' }),
      probabilities,
      [oneHot, classes],
    );
  });
  it('every convention of the distribution loss gives the same where rows sum to 1', () => {
    for (const convention of ['tf', 'optax-safe']) {
      const other = of('softmax-cross-entropy-distribution', { width, convention });
      expectSame(other, byShares, scores, [shares, shares], 1e-11);
    }
  });
  it('where they do not, only the gradient of TensorFlow differs: softmax(z) − y', () => {
    const tf = of('softmax-cross-entropy-distribution', { width, convention: 'tf' });
    const double = times(2, shares);
    expectClose(tf.values(scores, double), byShares.values(scores, double), 1e-11);
    const softmax = plus(byShares.slopes(scores, shares), shares);
    expectClose(tf.slopes(scores, double), plus(softmax, times(-1, double)), 1e-10);
    expectClose(byShares.slopes(scores, double), times(2, plus(softmax, times(-1, shares))), 1e-10);
  });
  it('label smoothing mixes in the mean over all classes, by index and by share', () => {
    const parameters = { labelSmoothing: 0.3 };
    const smoothed = of('softmax-cross-entropy', { width, parameters });
    const every = [0, 1, 2].map((c) =>
      byIndex.values(
        scores,
        classes.map(() => c),
      ),
    );
    const spread = times(1 / 3, every.reduce(plus));
    const expected = plus(times(0.7, byIndex.values(scores, classes)), times(0.3, spread));
    expectClose(smoothed.values(scores, classes), expected, 1e-11);
    expectSame(
      smoothed,
      of('softmax-cross-entropy-distribution', { width, parameters }),
      scores,
      [classes, oneHot],
      1e-11,
    );
  });
  it('on log-softmax the negative log-likelihood is cross-entropy, also with class weights', () => {
    const arrays = { classWeight: [0.5, 2, 3] };
    const nll = of('negative-log-likelihood', { width, arrays });
    const weighted = of('softmax-cross-entropy', { width, arrays });
    for (const reduction of ['none', 'mean', 'sum'] as const)
      expectClose(
        nll.values(logProbabilities, classes, reduction),
        weighted.values(logProbabilities, classes, reduction),
      );
  });
  it('class weights: the mean divides by their sum for indices, by rows for shares and in Keras', () => {
    const arrays = { classWeight: [0.5, 2, 3] };
    const total = of('softmax-cross-entropy', { width, arrays }).values(scores, classes, 'sum');
    const mean = (id: string, target: Numbers, convention?: string) =>
      of(id, { width, arrays, ...(convention === undefined ? {} : { convention }) }).values(
        scores,
        target,
        'mean',
      );
    const weights = classes.reduce((sum, y) => sum + arrays.classWeight[y]!, 0);
    expectClose(mean('softmax-cross-entropy', classes), times(1 / weights, total));
    expectClose(mean('softmax-cross-entropy', classes, 'keras'), times(1 / 8, total));
    expectClose(mean('softmax-cross-entropy-distribution', oneHot), times(1 / 8, total), 1e-11);
  });
  it('ignored labels do not count; where all are ignored Keras has 0 and PyTorch NaN', () => {
    const parameters = { ignoreIndex: -100 };
    const partly = classes.map((y, k) => (k % 2 === 0 ? y : -100));
    const kept = scores.filter((_, k) => Math.floor(k / width) % 2 === 0);
    const rest = classes.filter((_, k) => k % 2 === 0);
    const mean = byIndex.values(kept, rest, 'mean');
    const none = classes.map(() => -100);
    const torch = of('softmax-cross-entropy', { width, parameters });
    const keras = of('softmax-cross-entropy', { width, parameters, convention: 'keras' });
    for (const loss of [torch, keras]) expectClose(loss.values(scores, partly, 'mean'), mean);
    expect(torch.values(scores, none, 'mean')[0]).toBeNaN();
    expect(keras.values(scores, none, 'mean')).toEqual([0]);
  });
  it('on probabilities away from 0 all conventions are −log p, and Keras adds 1 to its gradient', () => {
    const plain = of('sparse-categorical-cross-entropy', { width, convention: 'plain' });
    for (const convention of [undefined, 'keras-torch']) {
      const keras = of('sparse-categorical-cross-entropy', {
        width,
        ...(convention === undefined ? {} : { convention }),
      });
      expectClose(keras.values(probabilities, classes), plain.values(probabilities, classes));
      const one = plain.slopes(probabilities, classes).map((slope) => slope + 1);
      expectClose(keras.slopes(probabilities, classes), one, 1e-11);
    }
  });
  it('focal loss with γ = 0 and α = 1, and Poly-1 with ε = 0, are cross-entropy', () => {
    const focal = of('categorical-focal', { width, parameters: { gamma: 0, alpha: 1 } });
    expectSame(focal, byIndex, scores, [classes, classes], 1e-11);
    const poly = of('poly-1-cross-entropy', { width, parameters: { epsilon: 0 } });
    expectSame(poly, byIndex, scores, [oneHot, classes], 1e-11);
  });
  it('generalised cross-entropy is 1 − p at q = 1 and tends to −log p for small q', () => {
    const picked = classes.map((y, k) => probabilities[width * k + y]!);
    const at = (q: number) => of('generalised-cross-entropy', { width, parameters: { q } });
    expectClose(
      at(1).values(probabilities, classes),
      picked.map((p) => 1 - p),
    );
    expectClose(
      at(1e-7).values(probabilities, classes),
      picked.map((p) => -Math.log(p)),
      1e-6,
    );
  });
});

describe('divergences', () => {
  const entropy = (rows: Numbers) =>
    classes.map((_, k) =>
      rows.slice(width * k, width * (k + 1)).reduce((sum, p) => sum - (p === 0 ? 0 : p * Math.log(p)), 0),
    );
  it('Kullback–Leibler is cross-entropy less the entropy of the target, so for one-hot the same', () => {
    const divergence = of('kl-divergence', { width });
    const byShares = of('softmax-cross-entropy-distribution', { width });
    expectClose(divergence.values(logProbabilities, oneHot), byShares.values(logProbabilities, oneHot));
    expectClose(
      divergence.values(logProbabilities, shares),
      plus(byShares.values(logProbabilities, shares), times(-1, entropy(shares))),
      1e-10,
    );
  });
  it('every convention has the same divergence; PyTorch’s mean is it over the number of classes', () => {
    const own = of('kl-divergence', { width });
    const onLogs = of('kl-divergence', { width, parameters: { logTarget: 1 } });
    const expected = own.values(logProbabilities, shares);
    expectClose(onLogs.values(logProbabilities, shares.map(Math.log)), expected, 1e-11);
    for (const convention of ['probabilities', 'keras', 'tfjs-layers'])
      expectClose(of('kl-divergence', { width, convention }).values(probabilities, shares), expected, 1e-11);
    const torch = of('kl-divergence', { width, convention: 'torch' });
    expectClose(
      torch.values(logProbabilities, shares, 'mean'),
      times(1 / width, own.values(logProbabilities, shares, 'mean')),
      1e-11,
    );
  });
  it('Jensen–Shannon is the mean of the divergences to the middle', () => {
    const middle = plus(times(0.5, shares), times(0.5, probabilities));
    const to = of('kl-divergence', { width, convention: 'probabilities' });
    const halves = plus(times(0.5, to.values(middle, shares)), times(0.5, to.values(middle, probabilities)));
    expectClose(of('js-divergence', { width }).values(probabilities, shares), halves, 1e-10);
  });
  it('Jensen–Shannon at classes that neither has: the limit of the gradient, ½ log 2', () => {
    const loss = of('js-divergence', { width });
    const byHand = 0.5 * (Math.log(4 / 3) + 0.5 * Math.log(2 / 3) + 0.5 * Math.LN2);
    expectClose(loss.values([0, 0.5, 0.5], [0, 1, 0]), [byHand]);
    const [slope] = loss.slopes([0, 0.5, 0.5], [0, 1, 0]);
    expectClose([slope!], [Math.LN2 / 2]);
    expectClose(loss.slopes([1e-30, 0.5, 0.5], [0, 1, 0]).slice(0, 1), [Math.LN2 / 2]);
  });
});

describe('margins over classes', () => {
  const two = scores;
  const other = two.filter((_, k) => k % 2 === 1).map((z, k) => z - two[2 * k]!);
  const indices = other.map((_, k) => k % 2);
  it('of two classes the multi-class hinge is the hinge of the difference', () => {
    const expected = of('hinge').values(
      other,
      indices.map((y) => 2 * y - 1),
    );
    expectClose(of('multiclass-hinge', { width: 2 }).values(two, indices), expected, 1e-11);
    expectClose(of('multi-margin', { width: 2 }).values(two, indices), times(0.5, expected), 1e-11);
  });
  it('Keras’s categorical hinge is that of Crammer and Singer unless all wrong scores are below 0', () => {
    const raised = scores.map((z) => (Math.abs(z) < 100 ? Math.abs(z) : 1));
    const keras = of('categorical-hinge', { width });
    const exact = of('multiclass-hinge', { width });
    expectSame(keras, exact, raised, [oneHot, classes], 1e-11);
    expectClose(keras.values([-2, -5, -5], [1, 0, 0]), [3]);
    expectClose(exact.values([-2, -5, -5], [0]), [0]);
  });
  it('the example of PyTorch’s documentation for labels up to −1', () => {
    const loss = of('multilabel-margin', { width: 4 });
    const given = [0.1, 0.2, 0.4, 0.8];
    expectClose(loss.values(given, [3, 0, -1, 1]), [0.85]);
    expectClose(loss.values(given, [3, 0, -1, -1]), [0.85]);
    expectClose(loss.values(given, [3, 0, 2, 1]), [0]);
    expectClose(loss.values(given, [-1, 0, 2, 1]), [0]);
  });
  it('the mean over labels of binary cross-entropy is the multi-label soft margin loss', () => {
    const each = of('binary-cross-entropy-logits', { width });
    const rows = of('multilabel-soft-margin', { width });
    expectClose(rows.values(scores, labels, 'mean'), each.values(scores, labels, 'mean'));
    expectClose(rows.values(scores, labels, 'sum'), times(1 / width, each.values(scores, labels, 'sum')));
  });
});

describe('sparsemax', () => {
  const loss = of('sparsemax', { width });
  it('has the gradient p − [c = y] of probabilities that sum to 1', () => {
    const p = plus(loss.slopes(scores, classes), oneHot);
    classes.forEach((_, k) => {
      const row = p.slice(width * k, width * (k + 1));
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
      expect(row.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
    });
    // Of the paper: the projection of (1, 0.5, −1) is (0.75, 0.25, 0).
    expectClose(loss.slopes([1, 0.5, -1], [2]), [0.75, 0.25, -1]);
  });
  it('is 0 from a lead of 1 on, and half the lead’s shortfall squared by hand', () => {
    expectClose(loss.values([1.5, 0.4, 0.2], [0]), [0]);
    // p = (0.75, 0.25, 0), τ = 0.25: ½(0.5625 + 0.0625) + 0.25 + 0.5 − 1.
    expectClose(loss.values([1, 0.5, -1], [0]), [0.0625]);
  });
  it('of one score is that of two, the first 0', () => {
    const binary = of('sparsemax', { convention: 'binary' });
    const pairs = logits.flatMap((z) => [0, z]);
    expectClose(binary.values(logits, labels), of('sparsemax', { width: 2 }).values(pairs, labels), 1e-11);
  });
});

describe('far out', () => {
  const takesScores = losses()
    .filter(({ family }) => family === 'classification')
    .flatMap((loss): (readonly [string, Loss])[] =>
      [undefined, ...(loss.conventions ?? []).map(({ id }) => id)].map((convention) => [
        `${loss.id} ${convention ?? ''}`.trim(),
        inConvention(loss, convention),
      ]),
    )
    .filter(([, loss]) => predictionsOf(loss).every(({ kind }) => kind === 'logit' || kind === 'score'))
    // e^200 and its like: the exact value is as large, and PyTorch's soft margin loss takes the exponential as written.
    .filter(([name]) => name !== 'exponential' && name !== 'logistic torch');
  it.each(takesScores)('%s is finite at scores of ±200 and ±1000', (_, loss) => {
    const parameters = Object.fromEntries(loss.parameters.map((p) => [p.id, p.default]));
    const [prediction, target] = loss.inputs;
    const axis = prediction!.axes[1]!;
    const targets: Readonly<Partial<Record<string, Numbers>>> = {
      'class-index': [0, 1, 2, 0],
      distribution: [1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0.25, 0.25],
      'label-set': [0, -1, -1, 1, 2, -1, 0, 1, 2, -1, 0, 0],
      'sign-label': [1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1],
      'binary-label': [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0.5, 0.5],
    };
    for (const size of [200, 1000]) {
      const pred = [1, -1, 0, -1, 1, 1, 0, 0, 0, -1, -1, 1].map((x) => size * x);
      const environment = {
        sizes: { sample: 4, [axis]: 3 },
        inputs: { pred, target: targets[target!.kind]! },
        parameters,
      };
      for (const expr of [reduce(loss, 'sum'), gradient(loss.expression(), 'pred')])
        for (const x of evaluate(expr, environment).data) expect(x).toSatisfy(Number.isFinite);
    }
  });
  it('focal loss keeps its digits where the power underflows to nothing', () => {
    const focal = of('binary-focal', { parameters: { gamma: 0.5, alpha: -1 } });
    // miss^γ·ce with miss = ce = e^(−z) to first order.
    expectClose(focal.values([60], [1]), [Math.exp(-90)], 1e-9);
    expectClose(focal.slopes([60], [1]), [-1.5 * Math.exp(-90)], 1e-9);
    expect(focal.slopes([2000, -2000], [1, 0]).map(Math.abs)).toEqual([0, 0]);
  });
});

describe('numbers in pitfalls and meanings', () => {
  const at = (id: string, pred: Numbers, target: Numbers, setting: Setting = {}) =>
    of(id, setting).values(pred, target)[0];
  it('a probability of 0 for what happens', () => {
    expect(at('binary-cross-entropy', [0], [1])).toBe(100);
    expect(at('binary-cross-entropy', [0], [1], { convention: 'keras' })).toBeCloseTo(16.118, 3);
    expect(at('binary-cross-entropy', [0], [1], { convention: 'tfjs-core' })).toBeCloseTo(16.118, 3);
    expect(at('binary-cross-entropy', [0], [1], { convention: 'sklearn' })).toBeCloseTo(36.04, 2);
    expect(at('categorical-cross-entropy', [0, 1], [1, 0], { width: 2 })).toBeCloseTo(16.118, 3);
    expect(at('categorical-cross-entropy', [0, 1], [1, 0], { width: 2, convention: 'sklearn' })).toBeCloseTo(
      36.04,
      2,
    );
  });
  it('rows that do not sum to 1 are divided by their sum', () => {
    const [divided, plain] = [
      at('categorical-cross-entropy', [0.5, 0.25, 0.5], [1, 0, 0], { width }),
      at('categorical-cross-entropy', [0.4, 0.2, 0.4], [1, 0, 0], { width, convention: 'plain' }),
    ];
    expect(divided).toBeCloseTo(plain!, 12);
  });
  it('labels 0 where −1 is meant', () => {
    expect(at('logistic', [7], [0])).toBeCloseTo(0.693, 3);
    for (const id of ['hinge', 'squared-hinge', 'modified-huber', 'exponential'])
      expect(at(id, [7], [0]), id).toBe(1);
    expect(at('perceptron', [7], [0])).toBe(0);
    expect(at('savage', [7], [0])).toBe(0.25);
  });
  it('vanishing and exploding', () => {
    expect(of('savage').slopes([-10], [1])[0]).toBeCloseTo(-0.00009, 5);
    expect(at('exponential', [-100], [1])! / 2.7e43).toBeCloseTo(1, 1);
    expect(at('categorical-focal', [Math.log(18), 0, 0], [0], { width })).toBeCloseTo(0.00026, 5);
  });
  it('the best predictions of scores that are not proper', () => {
    const expected = (id: string, p: number, by: (p: number) => Numbers, target: 'index' | 'shares') =>
      target === 'shares'
        ? at(id, by(p), [0.7, 0.3], { width: 2 })!
        : 0.7 * at(id, by(p), [0], { width: 2 })! + 0.3 * at(id, by(p), [1], { width: 2 })!;
    const best = (score: (p: number) => number) =>
      Array.from({ length: 99 }, (_, k) => (k + 1) / 100).reduce((a, b) => (score(b) < score(a) ? b : a));
    const asLogits = (p: number) => [Math.log(p), Math.log(1 - p)];
    expect(best((p) => expected('poly-1-cross-entropy', p, asLogits, 'shares'))).toBe(0.82);
    expect(best((p) => expected('categorical-focal', p, asLogits, 'index'))).toBe(0.58);
    expect(best((p) => expected('generalised-cross-entropy', p, (q) => [q, 1 - q], 'index'))).toBe(0.94);
    const oneHotScore = (p: number) =>
      0.7 * at('js-divergence', [p, 1 - p], [1, 0], { width: 2 })! +
      0.3 * at('js-divergence', [p, 1 - p], [0, 1], { width: 2 })!;
    expect(best(oneHotScore)).toBe(0.82);
    expect(best((p) => expected('softmax-cross-entropy', p, asLogits, 'index'))).toBe(0.7);
  });
  it('entropy is the least cross-entropy of shares', () => {
    expect(at('softmax-cross-entropy-distribution', [0, 0], [0.5, 0.5], { width: 2 })).toBeCloseTo(0.693, 3);
  });
  it('multi-margin divides by all classes', () => {
    expect(at('multi-margin', [-1, 0], [0], { width: 2 })).toBe(1);
  });
});
