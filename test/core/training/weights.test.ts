import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import type { Dataset, Part } from '../../../src/core/data/dataset.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import type { MetricsLine } from '../../../src/core/runs/record.ts';
import type { Experiment } from '../../../src/core/training/experiment.ts';
import { rowWeights } from '../../../src/core/training/weights.ts';
import { experiment, line, randomDataset } from './datasets.ts';
import { openSession } from './datasets.ts';

const part: Part = {
  rows: 7,
  features: Float64Array.of(0.5, -1, 1.5, 0.25, -0.75, 2, 0, 1, -1.25, -0.5, 2, -0.25, 0.75, 0.5),
  targets: Float64Array.of(0, 0, 0, 0, 1, 1, 2),
};
const dataset: Dataset = {
  ...randomDataset('classes', { width: 2, training: 1 }),
  training: part,
  validation: part,
};
const balanced = experiment({
  model: {
    type: 'mlp',
    hidden: [],
    initial: { 'layers.0.weight': [0.1, -0.2, 0.3, 0.4, 0, -0.1], 'layers.0.bias': [0.05, 0, -0.05] },
  },
  loss: { id: 'softmax-cross-entropy', classWeights: 'balanced' },
  optimizer: { type: 'sgd', rate: 0.3 },
  training: { epochs: 3, batch: 4, shuffle: false },
});

type LossLine = Exclude<MetricsLine, { type: 'samples' }>;

async function linesOf(what: Experiment, data: Dataset): Promise<LossLine[]> {
  const session = await openSession(what, data, loadLoss(what.loss.id)!, float64Device(), { now: () => 0 });
  if (!session.ok) throw new Error(JSON.stringify(session.problems));
  const lines: LossLine[] = [];
  for (;;) {
    const { lines: more, state } = await session.value.advance(10);
    lines.push(...more.filter((line) => line.type !== 'samples'));
    if (state !== 'running') return lines;
  }
}

describe('class weights', () => {
  it('that are balanced are those of scikit-learn', () => {
    const weights = rowWeights(balanced, dataset);
    // sklearn 1.9.1, compute_class_weight('balanced') of these targets, for classes 0, 1, 2.
    const of = [0.5833333333333334, 1.1666666666666667, 2.3333333333333335];
    const expected = Float64Array.from(part.targets, (y) => of[y]!);
    expect(weights).toMatchObject({ value: { training: expected, validation: expected } });
  });

  it('train and judge as PyTorch’s cross_entropy with weight', async () => {
    const lines = await linesOf(balanced, dataset);
    // torch 2.13.0 in float64: cross_entropy(X @ W + b, t, weight=…) in batches of 4 and 3, SGD with rate 0.3.
    const losses = [
      0.9252735735444927, 1.2881707091332903, 0.8737534528569936, 1.2792913754788502, 0.8434356903153233,
      1.2684846865895463,
    ];
    lines
      .filter((l) => l.type === 'step')
      .forEach(({ loss }, i) => expect(Math.abs(loss / losses[i]! - 1)).toBeLessThan(1e-12));
    const last = lines.filter((l) => l.type === 'epoch').at(-1)!;
    expect(last.validationLoss).toBeCloseTo(1.0203189047206351, 12);
    // The epoch's batches weigh 4 · 7/12 and 2 · 7/6 + 7/3.
    const [a, b] = [4 * (7 / 12), 2 * (7 / 6) + 7 / 3];
    expect(last.loss).toBeCloseTo((a * losses[4]! + b * losses[5]!) / (a + b), 12);
  });

  it('may be given by name, others being 1, for the two classes of a binary loss too', () => {
    const named = (classWeights: Record<string, number>) =>
      experiment({ loss: { id: 'binary-cross-entropy-logits', classWeights } });
    const two: Dataset = {
      ...randomDataset('binary', { width: 2, training: 1 }),
      training: { ...part, targets: Float64Array.of(0, 1, 1, 0, 0, 0, 1) },
    };
    expect(rowWeights(named({ 'class 1': 3 }), two)).toMatchObject({
      value: { training: Float64Array.of(1, 3, 3, 1, 1, 1, 3) },
    });
    const wrong = rowWeights(named({ 'class 7': 3 }), two);
    expect(wrong.ok ? [] : wrong.problems.map((p) => p.where?.path)).toEqual(['loss.classWeights.class 7']);
  });

  it('are refused where the target holds numbers', () => {
    const wrong = rowWeights(experiment({ loss: { id: 'huber', classWeights: 'balanced' } }), line);
    expect(wrong.ok ? [] : wrong.problems.map((p) => p.where?.path)).toEqual(['loss.classWeights']);
  });
});

describe('sample weights', () => {
  const what = experiment({
    model: { type: 'mlp', hidden: [4] },
    loss: { id: 'mean-squared-error' },
    training: { epochs: 5, batch: 'full', shuffle: false },
  });

  it('that are whole numbers act as copies of their rows', async () => {
    const data = randomDataset('regression', { width: 2, training: 5, validation: 3 });
    const times = [1, 3, 2, 1, 4];
    const copies = times.flatMap((n, row) => Array.from({ length: n }, () => row));
    const copied: Part = {
      rows: copies.length,
      features: Float64Array.from(copies.flatMap((r) => [...data.training.features.slice(2 * r, 2 * r + 2)])),
      targets: Float64Array.from(copies, (r) => data.training.targets[r]!),
    };
    const weighted = await linesOf(what, {
      ...data,
      training: { ...data.training, weights: Float64Array.from(times) },
    });
    const repeated = await linesOf(what, { ...data, training: copied });
    expect(weighted).toHaveLength(10);
    weighted.forEach((l, i) => expect(l.loss).toBeCloseTo(repeated[i]!.loss, 12));
  });

  it('weigh the validation loss, batch by batch, but not its metrics', async () => {
    const data = randomDataset('regression', { width: 2, training: 5, validation: 150 });
    const validation = data.validation!;
    const weights = Float64Array.from({ length: 150 }, (_, row) => 1 + (row % 3));
    const [plain, weighed] = [
      await linesOf(what, data),
      await linesOf(what, { ...data, validation: { ...validation, weights } }),
    ];
    const last = (lines: MetricsLine[]) => lines.filter((l) => l.type === 'epoch').at(-1)!;
    expect(last(weighed).metrics).toEqual(last(plain).metrics);
    const copies = Array.from(weights).flatMap((n, row) => Array.from({ length: n }, () => row));
    const copied: Part = {
      rows: copies.length,
      features: Float64Array.from(copies.flatMap((r) => [...validation.features.slice(2 * r, 2 * r + 2)])),
      targets: Float64Array.from(copies, (r) => validation.targets[r]!),
    };
    const repeated = last(await linesOf(what, { ...data, validation: copied }));
    expect(last(weighed).validationLoss).toBeCloseTo(repeated.validationLoss!, 12);
    expect(last(weighed).validationLoss).not.toBeCloseTo(last(plain).validationLoss!, 3);
  });

  it('multiply with those of the classes', () => {
    const weights = Float64Array.of(1, 2, 1, 1, 1, 1, 3);
    const both = rowWeights(
      experiment({ loss: { id: 'softmax-cross-entropy', classWeights: { 'class 2': 5 } } }),
      { ...dataset, training: { ...part, weights }, validation: undefined },
    );
    expect(both).toMatchObject({ value: { training: Float64Array.of(1, 2, 1, 1, 1, 1, 15) } });
  });
});
