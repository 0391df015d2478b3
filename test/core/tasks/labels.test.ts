import { describe, expect, it } from 'vitest';
import type { Part } from '../../../src/core/data/dataset.ts';
import { answerFields, decodeOutput } from '../../../src/core/data/encode.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { lossIds } from '../../../src/core/losses/catalogue.ts';
import { atOnce } from '../../../src/core/slices.ts';
import { labelMetrics, rankingMetrics } from '../../../src/core/tasks/labels/metrics.ts';
import { checkTask } from '../../../src/core/tasks/tasks.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/core/training/checkpoint.ts';
import type { ExperimentInput } from '../../../src/core/training/experiment.ts';
import { experimentOf, good, problemsOf, runTask, tableOf } from './runTask.ts';

/** Eight rows of four labels, the last of which never holds; a row without labels, and a tie in the third row. */
const truth = [
  0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];
const scores = [
  -0.7, 1.0, 0.7, -0.2, -1.2, -0.6, 0.3, -1.1, 1.0, 1.0, 0.8, -0.4, -0.2, 0.2, 1.0, -1.6, 1.3, 1.8, 0.9, -1.8,
  0.5, 1.2, -1.8, -0.2, -0.1, 0.2, -1.7, -1.3, -0.9, -1.7, 1.2, -1.1,
];
const part: Part = { rows: 8, features: new Float64Array(8), targets: Float64Array.from(truth) };

const labels = (changes: Partial<ExperimentInput> = {}) =>
  experimentOf({
    task: { type: 'labels', targets: ['a', 'b', 'c'] },
    loss: { id: 'binary-cross-entropy-logits' },
    optimizer: { type: 'adam', rate: 0.02 },
    training: { epochs: 40 },
    ...changes,
  });

/** Sums in another order round otherwise. */
const near = (values: readonly number[]): unknown =>
  values.map((value) => expect.closeTo(value, 12) as unknown);

const random = randomStream(1, 'test/labels');
const normal = () => Array.from({ length: 200 }, () => random.normal());
const [x, y] = [normal(), normal()];
/** Three half planes that overlap, told in three ways. */
const table = tableOf({
  x,
  y,
  a: x.map((value, i) => (value + y[i]! > 0 ? 1 : 0)),
  b: x.map((value) => (value > 0.8 ? 'yes' : 'no')),
  c: y.map((value) => (value < 0.3 ? 'True' : 'False')),
});

describe('metrics of labels', () => {
  it.each([1, 3, 8])('are those of scikit-learn 1.9.1, in batches of %i', (batch) => {
    const metrics = labelMetrics(part, 4);
    const ranking = rankingMetrics(part, 4);
    for (let first = 0; first < 8; first += batch) {
      const rows = Math.min(batch, 8 - first);
      const outputs = Float64Array.from(scores.slice(4 * first, 4 * (first + rows)));
      metrics.add(outputs, first, rows);
      ranking.add(outputs, first, rows);
    }
    const {
      'subset accuracy': subset,
      'macro F1': macro,
      'micro F1': micro,
      'hamming loss': hamming,
    } = metrics.value();
    expect(subset).toBeCloseTo(0.25, 14);
    expect(macro).toBeCloseTo(0.525, 14);
    expect(micro).toBeCloseTo(0.6956521739130435, 14);
    expect(hamming).toBeCloseTo(0.21875, 14);
    expect(ranking.value()['ranking precision']).toBeCloseTo(0.8541666666666666, 14);
  });
});

describe('a run on labels', () => {
  it('learns all at once, and answers with a probability each', async () => {
    const run = await runTask(labels(), table);
    expect(run.dataset).toMatchObject({ outputs: 3, preprocessing: { target: { labels: ['a', 'b', 'c'] } } });
    expect(run.metrics.at(-1)!['subset accuracy']).toBeGreaterThan(0.85);
    expect(run.metrics.at(-1)!['micro F1']).toBeGreaterThan(0.95);
    const { preprocessing } = good(decodeCheckpoint(encodeCheckpoint(run.last)));
    expect(preprocessing).toEqual(run.dataset.preprocessing);
    const fields = ['prediction', 'probability(a)', 'probability(b)', 'probability(c)'];
    expect(answerFields(preprocessing)).toEqual(fields);
    const answer = decodeOutput(preprocessing, [Math.log(3), -800, 0.1]);
    expect(Object.keys(answer)).toEqual(fields);
    expect(answer['prediction']).toBe('a, c');
    expect(answer['probability(a)']).toBeCloseTo(0.75, 14);
    expect(answer['probability(b)']).toBe(0);
  });

  it('reads columns of arrays, a label in each place', () => {
    const arrays = tableOf({
      x: [1, 2, 3, 4],
      y: [
        [0, 1],
        [1, 1],
        [0, 0],
        [1, 0],
      ],
    });
    const task = good(
      checkTask(labels({ task: { type: 'labels', targets: ['y'] }, split: { validation: 0 } })),
    );
    const { preprocessing, training } = good(atOnce(task.prepare(arrays)));
    expect(preprocessing.target).toEqual({ kind: 'labels', name: 'y[0], y[1]', labels: ['y[0]', 'y[1]'] });
    expect([...training.targets]).toEqual([0, 1, 1, 1, 0, 0, 1, 0]);
  });

  it('of a loss on sets of labels orders them', async () => {
    const run = await runTask(labels({ loss: { id: 'multilabel-margin' } }), table);
    expect(run.metrics.at(-1)!['ranking precision']).toBeGreaterThan(0.95);
    const { preprocessing } = good(decodeCheckpoint(encodeCheckpoint(run.last)));
    expect(decodeOutput(preprocessing, [0.5, -1, 2])).toEqual({
      prediction: 'c, a, b',
      'score(a)': 0.5,
      'score(b)': -1,
      'score(c)': 2,
    });
    expect(answerFields(preprocessing)).toEqual(['prediction', 'score(a)', 'score(b)', 'score(c)']);
  });

  it('weighs a label where it holds by the option of the loss', async () => {
    const one = { a: 1, b: 1, c: 1 };
    const short = { training: { epochs: 2 } };
    const weighted = (classWeights: Record<string, number> | 'balanced') =>
      runTask(labels({ loss: { id: 'binary-cross-entropy-logits', classWeights }, ...short }), table);
    const plain = await runTask(labels(short), table);
    expect((await weighted(one)).losses).toEqual(near(plain.losses));
    const three = labels({
      loss: { id: 'binary-cross-entropy-logits', parameters: { positiveWeight: 3 } },
      ...short,
    });
    const threefold = await runTask(three, table);
    expect((await weighted({ a: 3, b: 3, c: 3 })).losses).toEqual(near(threefold.losses));
    const { training } = plain.dataset;
    const held = [0, 1, 2].map((k) =>
      training.targets.filter((_, i) => i % 3 === k).reduce((sum, value) => sum + value, 0),
    );
    const ratio = (count: number) => (training.rows - count) / count;
    const named = { a: ratio(held[0]!), b: ratio(held[1]!), c: ratio(held[2]!) };
    expect((await weighted('balanced')).losses).toEqual((await weighted(named)).losses);
  });
});

describe('every loss of yes and no', () => {
  const ids = lossIds.filter((id) => checkTask(labels({ loss: { id } })).ok);

  it('is taken, and label sets are', () => {
    expect(ids).toEqual(
      expect.arrayContaining(['binary-focal', 'hinge', 'multilabel-soft-margin', 'multilabel-margin']),
    );
    expect(ids.length).toBeGreaterThan(10);
  });

  it.each(ids)('learns with %s', async (id) => {
    const { metrics } = await runTask(labels({ loss: { id }, training: { epochs: 15 } }), table);
    const { 'hamming loss': wrong, 'ranking precision': precision } = metrics.at(-1)!;
    if (wrong === undefined) expect(precision).toBeGreaterThan(0.9);
    else expect(wrong).toBeLessThan(0.2);
  });
});

describe('labels that cannot be', () => {
  const prepared = (targets: string[], from = table) =>
    problemsOf(atOnce(good(checkTask(labels({ task: { type: 'labels', targets } }))).prepare(from)));

  it('are refused by row and column', () => {
    expect(prepared(['a', 'x'])[0]).toMatch(/^The label "x" must be 0 or 1 .*, but row 1 is neither/);
    expect(prepared(['a', 'd'])).toEqual([
      'There is no column "d" to predict. The columns are "x", "y", "a", "b", "c".',
    ]);
    expect(prepared(['a', 'a'])).toEqual(['The target "a" is named twice.']);
    expect(prepared(['a'], tableOf({ x, a: x.map((_, i) => (i === 4 ? 'maybe' : 'yes')) }))[0]).toMatch(
      /row 5/,
    );
  });

  it('are refused for losses of another kind', () => {
    expect(problemsOf(checkTask(labels({ loss: { id: 'softmax-cross-entropy' } })))[0]).toMatch(
      /^Softmax cross-entropy does not judge several labels at once/,
    );
    const weighted = labels({ loss: { id: 'hinge', classWeights: 'balanced' } });
    expect(problemsOf(checkTask(weighted))[0]).toMatch(/has no weights for labels that hold/);
  });

  it('are refused where weights name another', () => {
    const experiment = labels({ loss: { id: 'binary-cross-entropy-logits', classWeights: { z: 2 } } });
    const task = good(checkTask(experiment));
    expect(problemsOf(task.plan(good(atOnce(task.prepare(table)))))).toEqual([
      'There is no label "z". The labels are "a", "b", "c".',
    ]);
  });
});
