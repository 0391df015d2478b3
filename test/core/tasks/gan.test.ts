import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import type { Table } from '../../../src/core/data/dataset.ts';
import { generators } from '../../../src/core/data/generators.ts';
import { modelArrays } from '../../../src/core/export/weights.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { pairOfPlayers } from '../../../src/core/losses/players.ts';
import type { MetricsLine } from '../../../src/core/runs/record.ts';
import { formatLine, parseLine } from '../../../src/core/runs/log.ts';
import { atOnce } from '../../../src/core/slices.ts';
import { rowDrawer } from '../../../src/core/tasks/gan/draw.ts';
import { energyDistance } from '../../../src/core/tasks/gan/energyDistance.ts';
import { checkTask } from '../../../src/core/tasks/tasks.ts';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  keepsLine,
  type Checkpoint,
} from '../../../src/core/training/checkpoint.ts';
import { parseExperiment, type Experiment } from '../../../src/core/training/experiment.ts';
import { createSession } from '../../../src/core/training/session.ts';
import { good, problemsOf, tableOf } from './runTask.ts';

interface Options {
  readonly loss?: string;
  readonly task?: object;
  readonly model?: object;
  readonly training?: object;
  readonly split?: object;
  readonly optimizer?: object;
}

function gan({ loss = 'non-saturating-gan-generator', task, training, ...rest }: Options = {}): Experiment {
  return good(
    parseExperiment({
      version: 1,
      data: { source: 'generated', name: 'two-moons' },
      task: { type: 'gan', latent: 4, discriminator: { type: 'mlp', hidden: [16, 16] }, ...task },
      model: { type: 'mlp', hidden: [16, 16] },
      loss: { id: loss },
      optimizer: { type: 'adam', rate: 0.002, beta1: 0.5 },
      training: { epochs: 3, batch: 20, ...training },
      ...rest,
    }),
  );
}

function moons(samples: number): Table {
  return generators['two-moons'].generate({ samples, noise: 0.1, outliers: 0, seed: 0 });
}

/** The lines and the last checkpoint of a run, or of its rest. */
async function run(experiment: Experiment, table: Table, resume?: Checkpoint, until = Infinity) {
  const task = good(checkTask(experiment));
  const dataset = good(atOnce(task.prepare(table)));
  const plans = good(task.plan(dataset));
  const options = { now: () => 0, ...(resume === undefined ? {} : { resume }) };
  const session = good(await createSession(experiment, dataset, plans, float64Device(), options));
  const lines: MetricsLine[] = [];
  for (let state = 'running'; state === 'running' && session.position.step < until;) {
    const advanced = await session.advance(1);
    state = advanced.state;
    lines.push(...advanced.lines);
  }
  const last = await session.checkpoint();
  const best = session.best();
  await session.dispose();
  return { dataset, plans, lines, last, best };
}

const epochsOf = (lines: readonly MetricsLine[]) => lines.filter((line) => line.type === 'epoch');
const samplesOf = (lines: readonly MetricsLine[]) => lines.filter((line) => line.type === 'samples');

describe('the energy distance', () => {
  const rows = (...values: number[]) => ({ values, rows: values.length, width: 1 });

  it('is what its definition says, by hand', () => {
    // 2 · mean(|0−1|, |0−3|, |2−1|, |2−3|) − mean(0, 2, 2, 0) − mean(0, 2, 2, 0)
    expect(energyDistance(rows(0, 2), rows(1, 3))).toBeCloseTo(2 * 1.5 - 1 - 1, 14);
  });

  it('of point masses is twice their Euclidean distance, and 0 of a sample with itself', () => {
    const at = (...values: number[]) => ({ values, rows: 1, width: 2 });
    expect(energyDistance(at(0, 0), at(3, 4))).toBe(10);
    expect(energyDistance(rows(1, 5, 2), rows(2, 1, 5))).toBeCloseTo(0, 14);
  });

  it('in one dimension is twice the squared distance of the distribution functions', () => {
    // G. Székely, M. Rizzo 2013: E = 2 ∫ (F − G)² dx; here the steps lie at 0, 1, 4 and 2, 2.5.
    const squares = (1 / 3) ** 2 * 1 + (2 / 3) ** 2 * 1 + (2 / 3 - 1 / 2) ** 2 * 0.5 + (2 / 3 - 1) ** 2 * 1.5;
    expect(energyDistance(rows(0, 1, 4), rows(2, 2.5))).toBeCloseTo(2 * squares, 14);
  });
});

describe('the losses of the players', () => {
  it.each([
    ['minimax-gan-discriminator', 'minimax-gan-discriminator', 'minimax-gan-generator'],
    ['non-saturating-gan-generator', 'minimax-gan-discriminator', 'non-saturating-gan-generator'],
    ['least-squares-gan-generator', 'least-squares-gan-discriminator', 'least-squares-gan-generator'],
    ['hinge-gan-discriminator', 'hinge-gan-discriminator', 'hinge-gan-generator'],
    ['wasserstein-generator', 'wasserstein-critic', 'wasserstein-generator'],
  ])('%s makes a pair', (id, discriminator, generator) => {
    const pair = pairOfPlayers(loadLoss(id)!, loadLoss)!;
    expect([pair.discriminator.id, pair.generator.id]).toEqual([discriminator, generator]);
  });

  it('share a definition', () => {
    const pair = pairOfPlayers(loadLoss('least-squares-gan-generator')!, loadLoss, 'no-half')!;
    const own = loadLoss('least-squares-gan-generator')!.convention;
    expect([pair.discriminator.convention, pair.generator.convention]).not.toContain(own);
  });

  it('are no others', () => {
    const of = (loss: string) => problemsOf(checkTask(gan({ loss })));
    expect(of('huber')[0]).toMatch(/does not make a GAN\. Choose minimax-gan-discriminator/);
    expect(of('wasserstein-gradient-penalty')[0]).toMatch(/does not make a GAN/);
  });
});

describe('a GAN', () => {
  it('comes clearly closer to two moons, judged beside real rows', async () => {
    const { lines, dataset } = await run(gan({ training: { epochs: 80 } }), moons(400));
    const epochs = epochsOf(lines);
    expect(dataset).toMatchObject({ width: 4, outputs: 2, preprocessing: { features: [] } });
    const distances = epochs.map((line) => line.validationLoss!);
    expect(Math.min(...distances)).toBeLessThan(distances[0]! / 10);
    const { metrics } = epochs.at(-1)!;
    expect(metrics!['energy distance']).toBe(epochs.at(-1)!.validationLoss);
    // Two samples of 80 of one distribution: 2/80 times the mean distance of its points, in scaled units below 2.
    expect(metrics!['energy distance of real rows']).toBeGreaterThan(0);
    expect(metrics!['energy distance of real rows']).toBeLessThan(0.1);
    expect(metrics!['discriminator accuracy']).toBeGreaterThan(0.2);
  });

  it('draws samples of epochs ever farther apart and of the last, in the units of the columns', async () => {
    const { lines } = await run(gan({ training: { epochs: 13 } }), moons(100));
    const drawn = samplesOf(lines);
    expect(drawn.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 6, 8, 12, 13]);
    for (const line of drawn) {
      expect(line.columns).toEqual(['x1', 'x2']);
      expect([line.real.length, line.generated.length]).toEqual([20, 20]);
      expect(parseLine(formatLine(line).trim())).toEqual(line);
    }
    // The moons lie between −1 and 2, and −0.5 and 1, give or take the noise.
    const xs = drawn[0]!.real.map(([x]) => x!);
    expect(Math.min(...xs)).toBeLessThan(-0.5);
    expect(Math.max(...xs)).toBeGreaterThan(1.5);
  });

  it.each([
    ['as it is', {}],
    ['with dropout in both players and several updates of the discriminator', dropout()],
    [
      'with the gradient penalty',
      { loss: 'wasserstein-critic', task: { gradientPenalty: {}, discriminatorSteps: 2 } },
    ],
  ])('resumed equals one that was never interrupted, %s', async (_, options) => {
    const experiment = gan({ training: { epochs: 6, batch: 8 }, ...options });
    const whole = await run(experiment, moons(60));
    // In the middle of the fourth epoch, whose samples are written again.
    const steps = whole.plans.training.steps;
    const first = await run(experiment, moons(60), undefined, 3 * steps + 2);
    const checkpoint = good(decodeCheckpoint(encodeCheckpoint(first.last)));
    expect(Object.keys(checkpoint.parameters)).toContain('discriminator.layers.0.weight');
    const rest = await run(experiment, moons(60), checkpoint);
    expect(rest.last.parameters).toEqual(whole.last.parameters);
    const kept = first.lines.filter((line) => keepsLine(checkpoint, line));
    const byTime = (lines: readonly MetricsLine[]) => lines.map((line) => JSON.stringify(line)).sort();
    expect(byTime([...kept, ...rest.lines])).toEqual(byTime(whole.lines));
  });

  it('of one seed is the same, and of another seed another', async () => {
    const last = async (seed: number) => (await run(gan({ training: { seed } }), moons(60))).last.parameters;
    expect(await last(1)).toEqual(await last(1));
    expect(await last(1)).not.toEqual(await last(2));
  });

  it('draws rows of numbers and categories', async () => {
    const table = tableOf({
      age: Array.from({ length: 60 }, (_, i) => 20 + (i % 40)),
      town: Array.from({ length: 60 }, (_, i) => ['Ulm', 'Bonn', 'Jena'][i % 3]!),
    });
    const experiment = good(
      parseExperiment({
        version: 1,
        data: { source: 'file', path: 'x.csv' },
        task: { type: 'gan' },
        loss: { id: 'hinge-gan-generator' },
        training: { epochs: 2 },
      }),
    );
    const { best, lines } = await run(experiment, table);
    const { target } = best!.preprocessing;
    if (target.kind !== 'rows') throw new Error(target.kind);
    const draw = rowDrawer(good(decodeCheckpoint(encodeCheckpoint(best!))), target.columns);
    const rows = [...draw(3), ...draw(2)];
    expect(rows).toHaveLength(5);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(['age', 'town']);
      expect(row['age']).toBeTypeOf('number');
      expect(['Ulm', 'Bonn', 'Jena']).toContain(row['town']);
    }
    expect(new Set(rows.map(({ age }) => age)).size).toBe(5);
    expect(samplesOf(lines)[0]!.columns).toEqual(['age']);
    const arrays = Object.fromEntries(modelArrays(best!).map(({ name, values }) => [name, [...values]]));
    const [age] = target.columns;
    if (age?.kind !== 'number') throw new Error('age is a number');
    expect(arrays).toMatchObject({
      'output.mean': [age.mean, 0, 0, 0],
      'output.scale': [age.scale, 1, 1, 1],
    });
    expect(Object.keys(arrays).some((name) => name.startsWith('input.'))).toBe(false);
  });

  it('is judged on halves of the rows where none are held out', async () => {
    const { lines } = await run(gan({ split: { validation: 0 } }), moons(60));
    expect(samplesOf(lines)[0]!.real).toHaveLength(30);
  });
});

describe('what does not go together', () => {
  const problems = (options: Options) => {
    const task = checkTask(gan(options));
    if (!task.ok) return problemsOf(task);
    return problemsOf(task.value.plan(good(atOnce(task.value.prepare(moons(40))))));
  };

  it('is refused: the penalty on what has no straight pieces', () => {
    const penalised = (discriminator: object) => problems({ task: { gradientPenalty: {}, discriminator } });
    expect(penalised({ type: 'mlp', hidden: [4], activation: 'tanh' })[0]).toMatch(/ReLU, leaky ReLU or no/);
    expect(penalised({ type: 'layers', layers: [{ type: 'batchNorm' }] })[0]).toMatch(
      /gradient penalty is for/,
    );
    expect(penalised({ type: 'mlp', hidden: [4], activation: 'leakyRelu' })).toEqual([]);
  });

  it('is refused: weights, penalties on unknown parameters, arrays', () => {
    const weighted = gan();
    const checked = checkTask({ ...weighted, loss: { ...weighted.loss, classWeights: 'balanced' } });
    expect(problemsOf(checked)[0]).toMatch(/Remove "loss\.classWeights"/);
    const optimizer = { type: 'adam', penalties: [{ on: 'critic', l2: 1 }] };
    expect(problems({ optimizer })[0]).toMatch(/no parameter "critic".*discriminator\.layers\.0\.weight/);
    const task = good(checkTask(gan()));
    const images = tableOf({
      pixels: [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 9],
      ],
      class: ['a', 'b', 'a', 'b'],
    });
    expect(problemsOf(atOnce(task.prepare(images)))[0]).toMatch(/several values in a row/);
  });

  it('is refused: starting values where nothing reads them', () => {
    const discriminator = { type: 'mlp', hidden: [2], initial: { 'layers.0.bias': [0, 0] } };
    expect(problems({ task: { discriminator } })[0]).toMatch(/"model\.initial".*"discriminator\."/);
  });

  it('is warned of: a critic without a limit', () => {
    const task = checkTask(gan({ loss: 'wasserstein-critic' }));
    expect(task.ok ? task.warnings.map(({ where }) => where?.path) : []).toEqual(['task.gradientPenalty']);
  });
});

function dropout(): Options {
  const layers = [
    { type: 'dense', units: 12, activation: 'relu' },
    { type: 'dropout', rate: 0.3 },
  ];
  const normalised = [{ type: 'dense', units: 8 }, { type: 'batchNorm' }, { type: 'dropout', rate: 0.2 }];
  return {
    model: { type: 'layers', layers: normalised },
    task: { discriminator: { type: 'layers', layers }, discriminatorSteps: 3 },
  };
}
