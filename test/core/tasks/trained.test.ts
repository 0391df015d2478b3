import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { checkTask } from '../../../src/core/tasks/tasks.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/core/training/checkpoint.ts';
import type { ExperimentInput } from '../../../src/core/training/experiment.ts';
import { createSession } from '../../../src/core/training/session.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { english } from '../../../src/core/messages/message.ts';
import { experimentOf, good, problemsOf, runTask, tableOf } from './runTask.ts';

const experiment = (loss: ExperimentInput['loss'], changes: Partial<ExperimentInput> = {}) =>
  experimentOf({
    model: { type: 'mlp', hidden: [] },
    loss,
    split: { validation: 0 },
    scaling: { target: 'none' },
    optimizer: { type: 'adam', rate: 0.03 },
    training: { epochs: 60, batch: 64 },
    ...changes,
  });

const random = randomStream(1, 'test/trained');
const count = 1000;
const x = Array.from({ length: count }, () => random.normal());
const line = (noise: (row: number) => number) =>
  tableOf({ x, y: x.map((value, row) => 2 * value + noise(row)) });

/** A draw of the asymmetric Laplace density of scale 1: a share τ lies below 0. */
function asymmetric(tau: number): number {
  const share = random.next();
  return share < tau ? Math.log(share / tau) / (1 - tau) : -Math.log((1 - share) / (1 - tau)) / tau;
}

describe('trained parameters of a loss', () => {
  it.each([0.3, 0.8])('find the level %f of asymmetric noise, where both sides start alike', async (tau) => {
    const run = await runTask(
      experiment({ id: 'quantile', parameters: { tau: 0.5 }, trained: ['tau'] }),
      line(() => asymmetric(tau)),
    );
    const levels = run.metrics.map((metrics) => metrics['level']!);
    expect(levels).toHaveLength(60);
    // The level's standard error, beside a line that is fitted too, is τ(1 − τ)/√((1 − 3τ + 3τ²)·rows): 0.011 at most.
    expect(Math.abs(levels.at(-1)! - tau)).toBeLessThan(0.04);
    expect(levels.at(-1)).toBeCloseTo(1 / (1 + Math.exp(-run.last.parameters['loss.tau']![0]!)), 14);
  });

  it('find a small α where there are outliers and a large one in Gaussian noise, and the scale of both', async () => {
    const loss = { id: 'barron', trained: ['alpha', 'c'] };
    const normal = Array.from({ length: count }, () => 0.5 * random.normal());
    const gaussian = await runTask(
      experiment(loss),
      line((row) => normal[row]!),
    );
    const outliers = await runTask(
      experiment(loss),
      line((row) => (row % 8 === 0 ? 12 * normal[row]! : normal[row]!)),
    );
    const [good0, robust] = [gaussian.metrics.at(-1)!, outliers.metrics.at(-1)!];
    expect(good0['alpha']).toBeGreaterThan(1.7);
    expect(robust['alpha']).toBeLessThan(0.7);
    expect(Math.abs(good0['c']! - 0.5)).toBeLessThan(0.05);
    expect(robust['c']).toBeLessThan(0.6);
  });

  it('stand beside the metrics of the validation part', async () => {
    const run = await runTask(
      experiment({ id: 'barron', trained: ['c'] }, { split: { validation: 0.2 }, training: { epochs: 2 } }),
      line(() => random.normal()),
    );
    expect(Object.keys(run.metrics.at(-1)!)).toEqual(['rmse', 'r2', 'c']);
  });

  it('are kept in checkpoints, so that a resumed run is the same', async () => {
    const what = experiment(
      { id: 'barron', trained: ['alpha', 'c'] },
      { training: { epochs: 6, batch: 64 } },
    );
    const table = line(() => random.normal());
    const whole = await runTask(what, table);
    const session = async (resume?: typeof whole.last) =>
      good(
        await createSession(what, whole.dataset, whole.plans, float64Device(), {
          now: (
            (t) => () =>
              t++
          )(0),
          ...(resume === undefined ? {} : { resume }),
        }),
      );
    const first = await session();
    while (first.position.step < 40) await first.advance(2);
    const stopped = good(decodeCheckpoint(encodeCheckpoint(await first.checkpoint())));
    expect(stopped.position.step).toBeLessThan(whole.losses.length);
    const second = await session(stopped);
    while ((await second.advance(40)).state === 'running');
    expect((await second.checkpoint()).parameters).toEqual(whole.last.parameters);
  });
});

describe('parameters that cannot be trained', () => {
  const problems = (loss: ExperimentInput['loss'], changes: Partial<ExperimentInput> = {}) => {
    const checked = checkTask(experiment(loss, changes));
    return checked.ok
      ? []
      : checked.problems.map(({ message, where }) => `${where?.path ?? ''}: ${english(message)}`);
  };

  it('are refused with the reason', () => {
    expect(problems({ id: 'huber', trained: ['delta'] })).toEqual([
      expect.stringMatching(
        /^loss\.trained\.0: Huber loss has no parameter to train: the loss has no normaliser/,
      ),
    ]);
    expect(problems({ id: 'barron', trained: ['c', 'beta'] })).toEqual([
      'loss.trained.1: Barron’s general robust loss cannot train "beta", but alpha, c.',
    ]);
    expect(problems({ id: 'barron', parameters: { alpha: -2 }, trained: ['alpha'] })).toEqual([
      'loss.parameters.alpha: To be trained, "alpha" must start above 0.001 and below 1.999, but it is -2.',
    ]);
    const labels = { task: { type: 'labels' as const, targets: ['a'] } };
    expect(problems({ id: 'quantile', trained: ['tau'] }, labels)[0]).toMatch(
      /^loss\.trained: Parameters of a loss/,
    );
    expect(problemsOf(checkTask(experiment({ id: 'barron', parameters: { alpha: -2 } })))).toEqual([]);
  });
});
