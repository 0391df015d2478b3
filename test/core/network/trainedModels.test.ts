import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import type { Dataset } from '../../../src/core/data/dataset.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { predictor } from '../../../src/core/network/predict.ts';
import { weightsJson, weightsNpz } from '../../../src/core/export/weights.ts';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
} from '../../../src/core/training/checkpoint.ts';
import { type Session } from '../../../src/core/training/session.ts';
import { experiment, randomDataset } from '../training/datasets.ts';
import { openSession } from '../training/datasets.ts';

// A model of every kind of layer that keeps something or draws something, from training to prediction.

const flat = randomDataset('classes', { width: 30, training: 21, validation: 8 });
const dataset: Dataset = { ...flat, shape: [5, 6, 1] };
const what = experiment({
  model: {
    type: 'layers',
    layers: [
      { type: 'conv2d', filters: 3, size: 3, padding: 'same', initialiser: 'heNormal' },
      { type: 'batchNorm' },
      { type: 'activation', activation: 'relu' },
      { type: 'maxPool', size: 2 },
      { type: 'flatten' },
      { type: 'dropout', rate: 0.3 },
    ],
  },
  loss: { id: 'softmax-cross-entropy' },
  training: { epochs: 3, batch: 8, seed: 4 },
});
const loss = loadLoss('softmax-cross-entropy')!;

async function start(resume?: Checkpoint): Promise<Session> {
  let time = 0;
  const created = await openSession(what, dataset, loss, float64Device(), {
    // A clock that lets one step pass at a time.
    now: () => (time += 50),
    ...(resume === undefined ? {} : { resume }),
  });
  if (!created.ok) throw new Error(JSON.stringify(created.problems));
  return created.value;
}

/** Trains to the end, or until a number of steps is done. */
async function advance(session: Session, steps = Infinity): Promise<number[]> {
  const losses: number[] = [];
  for (let state = 'running'; state === 'running' && session.position.step < steps;) {
    const advanced = await session.advance(40);
    state = advanced.state;
    for (const line of advanced.lines) if (line.type === 'step') losses.push(line.loss);
  }
  return losses;
}

function again(checkpoint: Checkpoint): Checkpoint {
  const decoded = decodeCheckpoint(encodeCheckpoint(checkpoint));
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.problems));
  return decoded.value;
}

describe('a model with convolution, statistics and dropout', () => {
  it.each([1, 4, 6])('continues after step %i as if it had never stopped', async (steps) => {
    const whole = await start();
    const losses = await advance(whole);
    const first = await start();
    const before = await advance(first, steps);
    const second = await start(again(await first.checkpoint()));
    const after = await advance(second);
    expect([...before, ...after]).toEqual(losses);
    expect((await second.checkpoint()).parameters).toEqual((await whole.checkpoint()).parameters);
    expect(second.best()?.best).toEqual(whole.best()?.best);
  });

  it('draws other masks from another seed', async () => {
    const losses = await advance(await start());
    const other = { ...what, training: { ...what.training, seed: 5 } };
    const created = await openSession(other, dataset, loss, float64Device(), { now: () => 0 });
    if (!created.ok) throw new Error('expected a session');
    expect(await advance(created.value)).not.toEqual(losses);
  });

  it('moves its running statistics, and evaluates and predicts with them', async () => {
    const session = await start();
    await advance(session);
    const best = again(session.best()!);
    expect(best.parameters['layers.1.mean']!.some((mean) => mean !== 0)).toBe(true);
    const { features, targets, rows } = dataset.validation!;
    const logits = predictor(best)(features, rows);
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const scores = [...logits.subarray(3 * row, 3 * row + 3)];
      const total = scores.reduce((part, score) => part + Math.exp(score), 0);
      sum += Math.log(total) - scores[targets[row]!]!;
    }
    expect(sum / rows).toBeCloseTo(best.best!.validationLoss!, 12);
  });

  it('predicts a row alike alone and among others', async () => {
    const session = await start();
    await advance(session);
    const predict = predictor(session.best()!);
    const { features, rows } = dataset.validation!;
    const all = predict(features, rows);
    for (let row = 0; row < rows; row++) {
      const alone = predictor(session.best()!)(features.subarray(30 * row, 30 * row + 30), 1);
      expect([...alone]).toEqual([...all.subarray(3 * row, 3 * row + 3)]);
    }
  });

  it('is exported with its description and all of its parameters', async () => {
    const session = await start();
    await advance(session);
    const best = session.best()!;
    const json: unknown = JSON.parse(weightsJson(best));
    expect(json).toMatchObject({
      version: 2,
      inputs: [5, 6, 1],
      outputs: 3,
      model: { type: 'layers', layers: [{ type: 'conv2d' }, { type: 'batchNorm' }, {}, {}, {}, {}] },
    });
    const nested = json as { parameters: Record<string, number[][][][]> };
    expect(nested.parameters['layers.0.weight']![1]![2]![0]![1]).toBe(
      best.parameters['layers.0.weight']![(1 * 3 + 2) * 3 + 1],
    );
    expect(weightsNpz(best).length).toBeGreaterThan(0);
  });
});
