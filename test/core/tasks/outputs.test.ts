import { describe, expect, it } from 'vitest';
import { answerFields, decodeOutput } from '../../../src/core/data/encode.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { checkTask } from '../../../src/core/tasks/tasks.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/core/training/checkpoint.ts';
import { parseExperiment, type ExperimentInput } from '../../../src/core/training/experiment.ts';
import { experimentOf, good, problemsOf, runTask, tableOf } from './runTask.ts';

type Task = Extract<ExperimentInput['task'], { type: 'outputs' }>;

const random = randomStream(1, 'test/outputs');
const normal = (count = 240) => Array.from({ length: count }, () => random.normal());
const [x, y, noise] = [normal(), normal(), normal()];
/** A number that is easy to predict, one that is half noise, two classes, and three. */
const table = tableOf({
  x,
  y,
  price: x.map((value, i) => 100 + 20 * value - 10 * y[i]! + 0.1 * noise[i]!),
  rough: x.map((value, i) => value + noise[i]!),
  sold: x.map((value, i) => (value > y[i]! ? 'yes' : 'no')),
  kind: y.map((value) => (value < -0.5 ? 'low' : value > 0.5 ? 'high' : 'middle')),
});
const softmax = { id: 'softmax-cross-entropy' };
const binary = { id: 'binary-cross-entropy-logits' };

const outputs = (
  targets: Task['targets'],
  task: Partial<Task> = {},
  changes: Partial<ExperimentInput> = {},
) =>
  experimentOf({
    task: { type: 'outputs', targets, ...task },
    data: { source: 'file', path: 'x.csv' },
    loss: { id: 'mean-squared-error' },
    optimizer: { type: 'adam', rate: 0.02 },
    training: { epochs: 40 },
    ...changes,
  });
const mixed: Task['targets'] = [
  { column: 'price' },
  { column: 'kind', loss: softmax },
  { column: 'sold', loss: binary },
];

describe('a run on several targets', () => {
  it('learns numbers and classes at once, and judges each by its own metrics', async () => {
    const run = await runTask(outputs(mixed), table);
    expect(run.dataset.outputs).toBe(5);
    const last = run.metrics.at(-1)!;
    expect(Object.keys(last)).toEqual(['price rmse', 'price r2', 'kind accuracy', 'sold accuracy']);
    expect(last['price r2']).toBeGreaterThan(0.95);
    expect(last['kind accuracy']).toBeGreaterThan(0.9);
    expect(last['sold accuracy']).toBeGreaterThan(0.9);
  });

  it('answers all of them, also after its checkpoint was written and read', async () => {
    const run = await runTask(outputs(mixed, {}, { training: { epochs: 1 } }), table);
    const { preprocessing } = good(decodeCheckpoint(encodeCheckpoint(run.last)));
    expect(preprocessing).toEqual(run.dataset.preprocessing);
    const answer = decodeOutput(preprocessing, [0, 0, 0, Math.log(2), Math.log(3)]);
    expect(Object.keys(answer)).toEqual(answerFields(preprocessing));
    const { target } = preprocessing;
    const price = target.kind === 'outputs' ? target.targets[0]!.target : undefined;
    expect(answer).toEqual({
      'prediction(price)': price?.kind === 'number' ? price.mean : NaN,
      'prediction(kind)': 'middle',
      'probability(kind = high)': expect.closeTo(0.25, 14) as unknown,
      'probability(kind = low)': expect.closeTo(0.25, 14) as unknown,
      'probability(kind = middle)': expect.closeTo(0.5, 14) as unknown,
      'prediction(sold)': 'yes',
      'probability(sold = no)': expect.closeTo(0.25, 14) as unknown,
      'probability(sold = yes)': expect.closeTo(0.75, 14) as unknown,
    });
  });

  it('adds up the losses with their weights', async () => {
    const short = { training: { epochs: 1, batch: 'full' as const, shuffle: false } };
    const first = async (targets: Task['targets']) =>
      (await runTask(outputs(targets, {}, short), table)).losses[0]!;
    const [price, kind] = [{ column: 'price' }, { column: 'kind', loss: softmax }];
    const base = await first([price, kind]);
    const triple = await first([
      { ...price, weight: 3 },
      { ...kind, weight: 3 },
    ]);
    expect(triple).toBeCloseTo(3 * base, 12);
    const [heavy, light] = [
      await first([{ ...price, weight: 2 }, kind]),
      await first([price, { ...kind, weight: 2 }]),
    ];
    expect(heavy + light).toBeCloseTo(3 * base, 12);
  });

  it('trains the variance of each: that of a squared error goes to the error itself', async () => {
    // ½·exp(−s)·L + ½·s is least at exp(s) = L, whatever L is.
    const targets = [{ column: 'price' }, { column: 'rough' }];
    const run = await runTask(
      outputs(targets, { weighting: 'uncertainty' }, { split: { validation: 0 }, training: { epochs: 60 } }),
      table,
    );
    const { 'price log variance': easy, 'rough log variance': hard } = run.metrics.at(-1)!;
    expect(easy).toBeLessThan(-3);
    const values = run.dataset.training.targets.filter((_, i) => i % 2 === 1);
    // Half of the variance is noise; the network may take up a part of it.
    expect(values.reduce((sum, value) => sum + value ** 2, 0) / values.length).toBeCloseTo(1, 10);
    expect(Math.exp(hard!)).toBeGreaterThan(0.3);
    expect(Math.exp(hard!)).toBeLessThan(0.6);
  });

  it('leaves the variances out of weight decay and penalties', async () => {
    const long = { training: { epochs: 60 }, split: { validation: 0 } };
    const targets = [{ column: 'rough' }];
    const decayed = await runTask(
      outputs(
        targets,
        { weighting: 'uncertainty' },
        {
          ...long,
          optimizer: {
            type: 'sgd',
            rate: 0.1,
            weightDecay: 5,
            penalties: [{ on: 'all', l1: 1, l2: 1 }],
            clip: { by: 'value', max: 0.1 },
          },
          scaling: { target: 'none' },
        },
      ),
      table,
    );
    // With all weights at nothing the error is the variance of the target, about 2.
    const [s] = decayed.last.parameters['loss.0.logVariance']!;
    expect(Math.exp(s!)).toBeGreaterThan(1.5);
  });
});

describe('targets that cannot be', () => {
  const problems = (targets: Task['targets'], changes: Partial<ExperimentInput> = {}) => {
    const checked = checkTask(outputs(targets, {}, changes));
    return checked.ok ? [] : checked.problems.map(({ where }) => where?.path);
  };

  it('are refused where their loss stands', () => {
    expect(problems([{ column: 'price' }, { column: 'kind', loss: { id: 'nothing' } }])).toEqual([
      'task.targets.1.loss.id',
    ]);
    const huber = { id: 'huber', parameters: { delta: -1 } };
    expect(problems([{ column: 'price', loss: huber }])).toEqual(['task.targets.0.loss.parameters.delta']);
    expect(problems([{ column: 'price' }], { loss: { id: 'nothing' } })).toEqual(['loss.id']);
    expect(
      problems([{ column: 'kind', loss: softmax }], { loss: { id: 'huber', classWeights: 'balanced' } }),
    ).toEqual(['loss.classWeights']);
    expect(
      problemsOf(
        parseExperiment({
          version: 1,
          data: { source: 'builtin', name: 'wine' },
          loss: { id: 'huber' },
          task: {
            type: 'outputs',
            targets: [{ column: 'alcohol', loss: { id: 'huber', weightColumn: 'x' } }],
          },
        }),
      ),
    ).toEqual(['Unknown key "task.targets.0.loss.weightColumn". Remove it, or check its spelling.']);
  });
});
