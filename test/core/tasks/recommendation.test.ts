import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import type { Table } from '../../../src/core/data/dataset.ts';
import { encodeRows } from '../../../src/core/data/encode.ts';
import type { Prepared } from '../../../src/core/data/prepare.ts';
import { preferences } from '../../../src/core/data/generators/preferences.ts';
import type { RandomStream } from '../../../src/core/data/random.ts';
import { weightsJson, weightsNpz } from '../../../src/core/export/weights.ts';
import { english, type Result } from '../../../src/core/messages/message.ts';
import { presetsFor } from '../../../src/core/network/presets.ts';
import { atOnce } from '../../../src/core/slices.ts';
import { drawOther } from '../../../src/core/tasks/recommendation/owned.ts';
import { recommendationFields, recommender } from '../../../src/core/tasks/recommendation/recommend.ts';
import { checkTask } from '../../../src/core/tasks/tasks.ts';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
} from '../../../src/core/training/checkpoint.ts';
import type { Experiment, ExperimentInput } from '../../../src/core/training/experiment.ts';
import { createSession, type Session } from '../../../src/core/training/session.ts';
import { learnPreferences, shareReached } from './preferenceRuns.ts';
import { experimentOf, good, problemsOf, runTask, tableOf } from './runTask.ts';

const task = { type: 'recommendation', user: 'who', item: 'what' } as const;
const bpr = { loss: { id: 'bpr' } } as const;

function prepared(
  table: Table,
  input: Partial<Omit<ExperimentInput, 'version' | 'data'>> = {},
): Result<Prepared> {
  const checked = checkTask(experimentOf({ task, ...bpr, ...input }));
  return checked.ok ? atOnce(checked.value.prepare(table)) : checked;
}

/** Interactions of a part by name. */
function named({ preprocessing }: Prepared, features: ArrayLike<number>): string[] {
  const [users] = preprocessing.features;
  const { target } = preprocessing;
  if (users?.kind !== 'index' || target.kind !== 'items') throw new Error('these are no interactions');
  return Array.from(
    { length: features.length / 2 },
    (_, i) => `${users.categories[features[2 * i]!]} ${target.items[features[2 * i + 1]!]}`,
  );
}

const notes = (result: Result<Prepared>) => good(result).notes.map(english);

describe('preparing interactions', () => {
  it('names users and items, and keeps what each user has', () => {
    const table = tableOf({ who: ['ann', 'bob', 'ann', 'bob'], what: [7, 7, 1.5, -2] });
    const data = good(prepared(table, { split: { validation: 0 } }));
    expect(named(data, data.training.features)).toEqual(['ann 7', 'bob 7', 'ann 1.5', 'bob -2']);
    expect(data).toMatchObject({ width: 2, counts: [2, 3], outputs: 1, validation: undefined });
    expect(data.preprocessing.target).toEqual({
      kind: 'items',
      name: 'what',
      items: ['7', '1.5', '-2'],
      known: [
        [0, 1],
        [0, 2],
      ],
      at: 10,
    });
  });

  it('leaves out rows without a user or an item, low ratings, and repetitions', () => {
    const table = tableOf({
      who: [1, 1, NaN, 2, 2, 1, 3],
      what: [5, 6, 5, NaN, 5, 5, 6],
      stars: [5, 2, 5, 5, 4, 4, NaN],
    });
    const result = prepared(table, {
      task: { ...task, rating: { column: 'stars', least: 4 } },
      split: { validation: 0 },
    });
    expect(problemsOf(result)).toEqual([
      'No interaction is left to learn from. At least one user must have some of the items.',
    ]);
    const more = tableOf({
      who: [1, 1, NaN, 2, 2, 1, 3, 4],
      what: [5, 6, 5, NaN, 5, 5, 6, 6],
      stars: [5, 2, 5, 5, 4, 4, NaN, 4],
    });
    const kept = prepared(more, {
      task: { ...task, rating: { column: 'stars', least: 4 } },
      split: { validation: 0 },
    });
    const data = good(kept);
    expect(named(data, data.training.features)).toEqual(['1 5', '2 5', '4 6']);
    expect(notes(kept).slice(1)).toEqual([
      'Rows without a user or an item are left out: 2.',
      'Rows whose "stars" is missing or below 4 are left out: 2.',
      'Rows that repeat a user and an item count once: 1.',
    ]);
  });

  it('adds the weights of repetitions', () => {
    const table = tableOf({ who: [1, 2, 1, 1], what: [5, 6, 5, 6], n: [2, 1, 3, 0] });
    const data = good(prepared(table, { loss: { id: 'bpr', weightColumn: 'n' }, split: { validation: 0 } }));
    expect(named(data, data.training.features)).toEqual(['1 5', '2 6']);
    expect(data.training.weights).toEqual(Float64Array.of(5, 1));
  });

  it('holds out a share of every user, and never all that a user has', () => {
    const who: number[] = [];
    const what: number[] = [];
    // User u has u items of 40.
    for (let user = 1; user <= 30; user++)
      for (let i = 0; i < user; i++) {
        who.push(user);
        what.push((7 * user + i) % 40);
      }
    const data = good(prepared(tableOf({ who, what }), { split: { validation: 0.25 } }));
    const count = (features: ArrayLike<number>) => {
      const counts = new Array<number>(30).fill(0);
      for (const name of named(data, features)) counts[Number(name.split(' ')[0]) - 1]!++;
      return counts;
    };
    const [training, held] = [count(data.training.features), count(data.validation!.features)];
    for (const [i, own] of held.entries()) {
      expect(training[i]! + own).toBe(i + 1);
      expect(training[i]).toBeGreaterThan(0);
      expect(Math.abs(own - 0.25 * (i + 1))).toBeLessThan(1);
    }
    expect(held.reduce((a, b) => a + b, 0)).toBe(Math.round(0.25 * who.length));
  });

  it('takes a file of its own for validation, for users that training has', () => {
    const table: Table = {
      ...tableOf({ who: ['a', 'a', 'b', 'a', 'c', 'b', 'b'], what: [1, 2, 3, 3, 1, 3, 4] }),
      validationFrom: 3,
    };
    const result = prepared(table);
    const data = good(result);
    expect(named(data, data.training.features)).toEqual(['a 1', 'a 2', 'b 3']);
    // b 3 repeats a row of training.
    expect(named(data, data.validation!.features)).toEqual(['a 3', 'b 4']);
    expect(notes(result)).toContain(
      'Validation rows of users that the training data do not have are left out: 1.',
    );
  });

  it('leaves out users who have every item', () => {
    const table = tableOf({ who: [1, 1, 2, 3, 3], what: [5, 6, 5, 6, 5] });
    const result = prepared(table, { split: { validation: 0 } });
    expect(named(good(result), good(result).training.features)).toEqual(['2 5']);
    expect(notes(result)[1]).toBe('Users who have every item are left out, for they show no preference: 2.');
  });

  it('says which columns it cannot use', () => {
    const table = tableOf({ who: [1, 2], what: [3, 4], list: [[1], [2]] });
    expect(problemsOf(prepared(table, { task: { ...task, item: 'which' } }))).toEqual([
      'There is no column "which". The columns are "who", "what", "list".',
    ]);
    expect(problemsOf(prepared(table, { task: { ...task, item: 'list' } }))).toEqual([
      'The column "list" holds neither numbers nor text.',
    ]);
    expect(problemsOf(prepared(table, { task: { ...task, item: 'who' } }))).toEqual([
      'Users and items need a column each.',
    ]);
    expect(problemsOf(prepared(table, { task: { ...task, rating: { column: 'list', least: 1 } } }))).toEqual([
      'The column "list" cannot hold ratings, because it does not hold numbers.',
    ]);
  });
});

describe('checking recommendation', () => {
  const problems = (input: Partial<Omit<ExperimentInput, 'version' | 'data'>>) =>
    problemsOf(checkTask(experimentOf({ task, ...bpr, ...input })));

  it('has a factorisation unless another model is asked for, which it refuses', () => {
    expect(experimentOf({ task, ...bpr }).model).toEqual({
      type: 'factorisation',
      factors: 16,
      biases: true,
    });
    expect(problems({ model: { type: 'mlp' } })).toEqual([
      'Recommendation needs a factorisation of users and items. Set "model" to {"type": "factorisation"}.',
    ]);
    expect(presetsFor(undefined).map(({ id }) => id)).not.toContain('factorisation');
    expect(presetsFor(undefined, 'recommendation').map(({ id }) => id)).toEqual(['factorisation']);
  });

  it('refuses losses that do not rank', () => {
    for (const id of ['mean-squared-error', 'softmax-cross-entropy', 'triplet-margin', 'listnet'])
      expect(problems({ loss: { id } })).toEqual([expect.stringContaining('does not fit recommendation')]);
    for (const id of ['bpr', 'warp', 'margin-ranking', 'binary-cross-entropy-logits', 'hinge'])
      expect(problems({ loss: { id } })).toEqual([]);
  });

  it('refuses a factorisation for a column', () => {
    const experiment = experimentOf({ model: { type: 'factorisation' }, loss: { id: 'mean-squared-error' } });
    const checked = good(checkTask(experiment));
    const data = good(atOnce(checked.prepare(tableOf({ x: [1, 2, 3, 4], y: [2, 3, 4, 6] }))));
    expect(problemsOf(checked.plan(data))[0]).toContain('it is for recommendation alone');
  });

  it('refuses a step that would look at too many rows, with the batch that it can take', () => {
    const experiment = experimentOf({
      task: { ...task, negatives: 99 },
      loss: { id: 'warp' },
      split: { validation: 0 },
      training: { batch: 'full' },
    });
    const checked = good(checkTask(experiment));
    const count = 400;
    const column = (of: (i: number) => number) => Array.from({ length: count }, (_, i) => of(i));
    const data = good(
      atOnce(checked.prepare(tableOf({ who: column((i) => i % 40), what: column((i) => i) }))),
    );
    expect(problemsOf(checked.plan(data))).toEqual([
      'A step of 400 interactions is too large: WARP loss needs 40000 scores for it, where the most is 32768. Choose a batch of at most 327, or fewer negatives.',
    ]);
  });
});

describe('drawing items that a user does not have', () => {
  it('reaches each of them by one draw', () => {
    const owned = Uint32Array.of(0, 1, 4, 7, 9);
    const bounds: number[] = [];
    const drawn = [0, 1, 2, 3, 4].map((r) => {
      const below = (bound: number) => {
        bounds.push(bound);
        return r;
      };
      return drawOther(owned, 10, { below } as Pick<RandomStream, 'below'> as RandomStream);
    });
    expect(drawn).toEqual([2, 3, 5, 6, 8]);
    expect(new Set(bounds)).toEqual(new Set([5]));
  });
});

describe('training a recommendation', () => {
  const small = preferences({ users: 20, items: 15, interactions: 120, noise: 0.3, seed: 2 }).table;
  const what: Experiment = experimentOf({
    task: { type: 'recommendation', user: 'user', item: 'item', negatives: 3, at: 5 },
    model: { type: 'factorisation', factors: 3 },
    loss: { id: 'warp' },
    optimizer: { type: 'adam', rate: 0.02 },
    training: { epochs: 3, batch: 32, seed: 4 },
  });

  async function start(resume?: Checkpoint): Promise<Session> {
    const checked = good(checkTask(what));
    const dataset = good(atOnce(checked.prepare(small)));
    let time = 0;
    return good(
      // A clock that lets one step pass at a time.
      await createSession(what, dataset, good(checked.plan(dataset)), float64Device(), {
        now: () => (time += 50),
        ...(resume === undefined ? {} : { resume }),
      }),
    );
  }

  async function advance(session: Session, steps = Infinity): Promise<unknown[]> {
    const lines: unknown[] = [];
    for (let state = 'running'; state === 'running' && session.position.step < steps;) {
      const advanced = await session.advance(40);
      state = advanced.state;
      lines.push(...advanced.lines.map((line) => ({ ...line, seconds: 0 })));
    }
    return lines;
  }

  it.each([1, 4])('continues after step %i as if it had never stopped', async (steps) => {
    const whole = await start();
    const lines = await advance(whole);
    const first = await start();
    const before = await advance(first, steps);
    const again = good(decodeCheckpoint(encodeCheckpoint(await first.checkpoint())));
    const second = await start(again);
    expect([...before, ...(await advance(second))]).toEqual(lines);
    expect((await second.checkpoint()).parameters).toEqual((await whole.checkpoint()).parameters);
  });

  it('recommends the best of what a user does not have, and refuses users that it does not know', async () => {
    const { last } = await runTask(what, small);
    const model = good(decodeCheckpoint(encodeCheckpoint(last)));
    const { target, features } = model.preprocessing;
    if (target.kind !== 'items' || features[0]?.kind !== 'index') throw new Error('no items');
    expect(recommendationFields(target)).toEqual([
      'prediction',
      'score',
      ...[2, 3, 4, 5].flatMap((place) => [`prediction ${place}`, `score ${place}`]),
    ]);
    const recommend = recommender(model, target);
    const scoreOf = (user: number, item: number) => {
      let score = model.parameters['items.bias']![item]!;
      for (let k = 0; k < 3; k++)
        score +=
          model.parameters['users.weight']![3 * user + k]! * model.parameters['items.weight']![3 * item + k]!;
      return score;
    };
    for (const [user, known] of target.known.entries()) {
      const others = target.items
        .map((name, item) => ({ name, item, score: scoreOf(user, item) }))
        .filter(({ item }) => !known.includes(item))
        .sort((a, b) => b.score - a.score)
        .slice(0, 5);
      const answer = Object.values(recommend(user));
      expect(answer.filter((_, i) => i % 2 === 0)).toEqual(others.map(({ name }) => name));
      for (const [i, { score }] of others.entries()) expect(answer[2 * i + 1]).toBeCloseTo(score, 12);
    }
    const everything = { ...target, known: target.known.map(() => target.items.map((_, item) => item)) };
    expect(new Set(Object.values(recommender(model, everything)(0)))).toEqual(new Set(['']));

    expect([...good(encodeRows(model.preprocessing, [{ user: features[0].categories[3]! }]))]).toEqual([3]);
    const unknown = encodeRows(model.preprocessing, [{ user: 'user 1' }, { user: 'nobody' }]);
    expect(problemsOf(unknown)).toEqual(['Row 2: the training data never had "nobody" in "user".']);
  });

  it('is exported with its tables by name', async () => {
    const { last } = await runTask(what, small);
    const json: unknown = JSON.parse(weightsJson(last));
    expect(json).toMatchObject({ version: 2, model: { type: 'factorisation', factors: 3 } });
    const { parameters, compute } = json as { parameters: Record<string, number[][]>; compute: string };
    expect(parameters['users.weight']![2]![1]).toBe(last.parameters['users.weight']![2 * 3 + 1]);
    expect(compute).toContain('items.bias');
    expect(weightsNpz(last).length).toBeGreaterThan(0);
  });

  it('ranks for some of very many users, and says so', () => {
    const rows = 180_000;
    const column = (of: (i: number) => number) => Array.from({ length: rows }, (_, i) => of(i));
    const result = prepared(tableOf({ who: column((i) => i % 150), what: column((i) => i) }));
    expect(notes(result).at(-1)).toBe(
      'NDCG, recall and AUC are measured on 100 of the 150 users with validation interactions, drawn by the seed.',
    );
  });
});

describe('learning preferences with a known optimum', () => {
  it.each([
    { loss: 'bpr', negatives: 2 },
    { loss: 'warp', negatives: 10 },
  ])('$loss comes clearly above popularity', async ({ loss, negatives }) => {
    const run = await learnPreferences(
      { users: 150, items: 100, interactions: 4500, noise: 0.3, seed: 1 },
      {
        loss: { id: loss },
        negatives,
        optimizer: { type: 'adam', rate: 0.02, penalties: [{ on: 'weights', l2: 1e-4 }] },
        training: { epochs: 20, batch: 128, seed: 1 },
      },
    );
    expect(run.best.ndcg).toBeGreaterThan(run.popularity.ndcg + 0.2);
    const reached = shareReached(run);
    expect(reached.ndcg).toBeGreaterThan(0.5);
    expect(reached.auc).toBeGreaterThan(0.5);
    expect(reached.ndcg).toBeLessThan(1);
  });
});
