import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { builtins } from '../../../src/core/data/builtin.ts';
import { readCsv } from '../../../src/core/data/csv.ts';
import type { Table } from '../../../src/core/data/dataset.ts';
import { answerFields, decodeOutput } from '../../../src/core/data/encode.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { english } from '../../../src/core/messages/message.ts';
import { atOnce } from '../../../src/core/slices.ts';
import { byClass, drawing } from '../../../src/core/tasks/embedding/drawing.ts';
import { neighbourMetrics } from '../../../src/core/tasks/embedding/neighbours.ts';
import { embeddingTask } from '../../../src/core/tasks/embedding/task.ts';
import { embeddingUse } from '../../../src/core/tasks/embedding/use.ts';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
} from '../../../src/core/training/checkpoint.ts';
import { parseExperiment, type ExperimentInput } from '../../../src/core/training/experiment.ts';
import { createSession, type Session } from '../../../src/core/training/session.ts';
import { experimentOf, good, tableOf } from './runTask.ts';

const trained = losses().filter(({ family }) => family === 'embedding');

describe('what losses want', () => {
  it('is known of every loss of embeddings and of every definition', () => {
    const found = trained.flatMap((loss) =>
      [undefined, ...(loss.conventions ?? []).map(({ id }) => id)].map((id) => {
        const one = inConvention(loss, id);
        const defaults = Object.fromEntries(one.parameters.map((p) => [p.id, p.default]));
        const use = embeddingUse(one, defaults);
        const labels = use?.labels === undefined ? '' : ` ${use.labels.together}/${use.labels.apart}`;
        return [[loss.id, id].filter(Boolean).join(' '), `${use?.samples} ${use?.nearness}${labels}`];
      }),
    );
    expect(Object.fromEntries(found)).toEqual({
      'triplet-margin': 'triplets euclidean',
      'triplet-margin optax': 'triplets euclidean',
      'triplet-margin facenet': 'triplets euclidean',
      contrastive: 'pairs euclidean 0/1',
      'contrastive distances': 'pairs euclidean 0/1',
      // Turned around, as the definition says.
      'contrastive tutorial': 'pairs euclidean 1/0',
      'cosine-embedding': 'pairs cosine 1/-1',
      'hinge-embedding': 'pairs euclidean 1/-1',
      'info-nce': 'views cosine',
      'info-nce clip': 'views cosine',
      'nt-xent': 'views cosine',
      'nt-xent optax': 'classes cosine',
      'n-pair': 'views cosine',
      'supervised-contrastive': 'classes cosine',
      circle: 'classes cosine',
      'circle keras': 'classes cosine',
      arcface: 'rows cosine',
      cosface: 'rows cosine',
    });
  });

  it('is nothing that other losses have', () => {
    const others = losses().filter(({ family }) => family !== 'embedding');
    expect(others.filter((loss) => embeddingUse(loss, {}) !== undefined)).toEqual([]);
  });
});

describe('samples', () => {
  // Class 3 has a single row.
  const targets = [0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 0, 0, 0];
  const sorted = byClass(targets, 4);
  const draw = (
    samples: 'triplets' | 'pairs' | 'views' | 'classes',
    roles: number,
    options: { batch: number; perClass?: number },
    step = 0,
  ) => {
    const drawn = drawing(samples, sorted, {
      perClass: 4,
      labels: { together: 7, apart: 8 },
      ...options,
    });
    const into = new Float64Array(roles * drawn.batch).fill(-1);
    drawn.draw(randomStream(5, `step/${step}`), into);
    const role = (k: number) => Array.from(into.subarray(k * drawn.batch, (k + 1) * drawn.batch));
    return { ...drawn, rows: Array.from({ length: roles }, (_, k) => role(k)) };
  };
  const classOf = (row: number | undefined) => targets[row ?? -1];

  it('are triplets of two rows of a class and one of another', () => {
    const { rows } = draw('triplets', 3, { batch: 400 });
    const [anchors, positives, negatives] = rows as [number[], number[], number[]];
    anchors.forEach((anchor, i) => {
      expect(positives[i]).not.toBe(anchor);
      expect(classOf(positives[i])).toBe(classOf(anchor));
      expect(classOf(negatives[i])).not.toBe(classOf(anchor));
    });
    // Every row with a partner is an anchor and a positive, every row is a negative.
    expect(new Set(anchors).size).toBe(15);
    expect(new Set(positives).size).toBe(15);
    expect(new Set(negatives).size).toBe(16);
    // Anchors are drawn evenly: class 0 has 7 of the 15. Three standard deviations of the share are 0.075.
    const share = anchors.filter((row) => classOf(row) === 0).length / 400;
    expect(Math.abs(share - 7 / 15)).toBeLessThan(0.075);
  });

  it('are pairs together and apart in turn, with their labels', () => {
    const { rows, labels } = draw('pairs', 2, { batch: 300 });
    const [first, second] = rows as [number[], number[]];
    first.forEach((row, i) => {
      expect(second[i]).not.toBe(row);
      expect(classOf(row) === classOf(second[i])).toBe(i % 2 === 0);
      expect(labels?.[i]).toBe(i % 2 === 0 ? 7 : 8);
    });
    expect(new Set([...first, ...second]).size).toBe(16);
  });

  it('are two views of different classes, as far as there are classes', () => {
    for (let step = 0; step < 20; step++) {
      const [first, second] = draw('views', 2, { batch: 5 }, step).rows as [number[], number[]];
      expect(first.map(classOf)).toEqual(second.map(classOf));
      first.forEach((row, i) => expect(row).not.toBe(second[i]));
      // Three classes have pairs: each is used once before one is used again.
      expect(new Set(first.slice(0, 3).map(classOf))).toEqual(new Set([0, 1, 2]));
      expect(new Set(first.slice(3).map(classOf)).size).toBe(2);
    }
  });

  it('are different rows, so many of each class', () => {
    const counts = (batch: number, perClass: number) => {
      const [rows] = draw('classes', 1, { batch, perClass }).rows as [number[]];
      expect(new Set(rows).size).toBe(rows.length);
      const of = new Map<number, number>();
      for (const row of rows) of.set(classOf(row)!, (of.get(classOf(row)!) ?? 0) + 1);
      return [...of.values()].sort();
    };
    expect(counts(6, 3)).toEqual([3, 3]);
    expect(counts(6, 2)).toEqual([2, 2, 2]);
    expect(counts(9, 2)).toEqual([3, 3, 3]);
    // Two classes have only four rows; the third gives the rest. More than there are is all there are.
    expect(counts(14, 2)).toEqual([4, 4, 6]);
    expect(counts(99, 2)).toEqual([4, 4, 7]);
  });

  it('depend on the stream alone', () => {
    for (const samples of ['triplets', 'pairs', 'views', 'classes'] as const) {
      const again = () => draw(samples, 3, { batch: 6 }).rows;
      expect(again()).toEqual(again());
      expect(draw(samples, 3, { batch: 6 }, 1).rows).not.toEqual(again());
    }
  });
});

describe('neighbours', () => {
  const measure = (
    points: readonly (readonly number[])[],
    labels: readonly number[],
    nearness: 'euclidean' | 'cosine' = 'euclidean',
  ) => atOnce(neighbourMetrics(Float64Array.from(points.flat()), labels, points[0]!.length, nearness));

  it('are counted as by hand', () => {
    // On a line: a at 0, 1 and 6, b at 2 and 8. Of a at 0: 1(a) 2(b) 6(a) 8(b); at 1: 0(a) and 2(b) equally near, 6(a) …
    const found = measure([[0], [1], [6], [2], [8]], [0, 0, 0, 1, 1]);
    // Nearest of each: a, b (the tie), b, a, a.
    expect(found['recall@1']).toBeCloseTo(1 / 5, 12);
    expect(found['recall@5']).toBe(1);
    // a at 0: rank 1 counts, rank 3 is beyond R = 2. At 1: rank 2 → ½. At 6: ranks 3 and 4. b at 2: rank 4; at 8: rank 2 > 1.
    expect(found['map@r']).toBeCloseTo((1 / 2 + (1 / 2) * (1 / 2)) / 5, 12);
    // a − own: 3.5, 3, 5.5; to the other class: 5, 4, 3. b: 6 and 6; to a: (2 + 1 + 4)/3, (8 + 7 + 2)/3.
    const widths = [1.5 / 5, 1 / 4, -2.5 / 5.5, (7 / 3 - 6) / 6, (17 / 3 - 6) / 6];
    expect(found['silhouette']).toBeCloseTo(widths.reduce((a, b) => a + b) / 5, 12);
  });

  it('see directions alone by cosine', () => {
    const points = [
      [1, 0],
      [9, 1],
      [0, 2],
      [1, 50],
    ];
    expect(measure(points, [0, 0, 1, 1], 'cosine')).toMatchObject({ 'recall@1': 1, 'map@r': 1 });
    expect(measure(points, [0, 0, 1, 1])['recall@1']).toBeLessThan(1);
  });

  it('find nothing where all vectors are the same', () => {
    const found = measure(Array<number[]>(20).fill([1, 2]), [
      ...Array<number>(10).fill(0),
      ...Array<number>(10).fill(1),
    ]);
    expect(found).toEqual({ 'recall@1': 0, 'recall@5': 0, 'map@r': 0, silhouette: 0 });
  });

  it('are not asked for where a class has one vector', () => {
    const found = measure([[0], [1], [0.4]], [0, 0, 1]);
    expect(found['recall@1']).toBe(0);
    expect(found['silhouette']).toBeCloseTo(((0.4 - 1) / 1 + (0.6 - 1) / 1) / 3, 12);
  });
});

const tables = new Map<string, Table>();
async function shipped(name: 'wine' | 'iris'): Promise<Table> {
  const known = tables.get(name);
  if (known !== undefined) return known;
  const file = resolve(import.meta.dirname, '../../../media/datasets', builtins[name].file);
  const table = good(await readCsv([readFileSync(file)], { delimiter: ',', decimal: '.', header: 'yes' }));
  tables.set(name, table);
  return table;
}

async function setUp(given: Omit<ExperimentInput, 'version' | 'data'>, data: 'wine' | 'iris' = 'wine') {
  const experiment = good(
    parseExperiment({
      version: 1,
      data: { source: 'builtin', name: data },
      task: { type: 'embedding', dimensions: 5 },
      model: { type: 'mlp', hidden: [8] },
      ...given,
    }),
  );
  const task = good(embeddingTask(experiment));
  const dataset = good(atOnce(task.prepare(await shipped(data))));
  const start = async (resume?: Checkpoint) =>
    good(
      await createSession(experiment, dataset, good(task.plan(dataset)), float64Device(), {
        now: () => performance.now(),
        ...(resume === undefined ? {} : { resume }),
      }),
    );
  return { experiment, task, dataset, start };
}

async function finish(session: Session) {
  const lines = [];
  for (;;) {
    const advanced = await session.advance(1000);
    lines.push(...advanced.lines);
    if (advanced.state !== 'running') return lines.filter((line) => line.type === 'epoch');
  }
}

describe('an embedding', () => {
  it.each(trained.map(({ id }) => [id]))('is trained by %s', async (id) => {
    const { start } = await setUp({
      loss: { id },
      optimizer: { type: 'adam', rate: 0.01 },
      training: { epochs: 6, batch: 12 },
    });
    const epochs = await finish(await start());
    expect(epochs).toHaveLength(6);
    const [first, last] = [epochs[0]!, epochs.at(-1)!];
    expect(last.loss).toBeLessThan(first.loss);
    expect(last.metrics!['recall@1']).toBeGreaterThan(0.6);
    expect(Object.keys(last.metrics!)).toEqual(['recall@1', 'recall@5', 'map@r', 'silhouette']);
  });

  it('finds neighbours better than the features that it is made of', async () => {
    const { start, dataset } = await setUp({
      task: { type: 'embedding' },
      loss: { id: 'triplet-margin' },
      optimizer: { type: 'adam', rate: 0.01 },
      model: { type: 'mlp', hidden: [64] },
      training: { epochs: 15, batch: 32 },
    });
    const held = dataset.validation!;
    const raw = (['euclidean', 'cosine'] as const).map((nearness) =>
      atOnce(neighbourMetrics(Float64Array.from(held.features), held.targets, dataset.width, nearness)),
    );
    const epochs = await finish(await start());
    const { metrics } = epochs.at(-1)!;
    for (const name of ['recall@1', 'map@r', 'silhouette'])
      expect(metrics![name], name).toBeGreaterThan(Math.max(...raw.map((of) => of[name]!)));
  });

  it.each([['contrastive'], ['arcface']])('by %s goes on exactly where it was interrupted', async (id) => {
    const { start } = await setUp({
      loss: { id },
      training: { epochs: 2, batch: 16 },
    });
    const whole = await start();
    await finish(whole);
    const expected = await whole.checkpoint();

    const first = await start();
    while (first.position.step < 3) await first.advance(0);
    const kept = await first.checkpoint();
    expect(kept.position.step % first.stepsPerEpoch).not.toBe(0);
    const resumed = await start(good(decodeCheckpoint(encodeCheckpoint(kept))));
    await finish(resumed);
    const found = await resumed.checkpoint();
    expect(found.position).toEqual(expected.position);
    expect(found.parameters).toEqual(expected.parameters);
  });

  it('is told and kept as vectors', async () => {
    const { dataset } = await setUp({ loss: { id: 'triplet-margin' } });
    expect(english(dataset.notes[0]!)).toBe(
      'Learns vectors of 5 numbers from 13 columns (13 inputs), by the classes of "cultivar"; 142 rows for training, 36 for validation.',
    );
    expect(dataset).toMatchObject({
      outputs: 5,
      preprocessing: { target: { kind: 'vector', dimensions: 5 } },
    });
    expect(answerFields(dataset.preprocessing)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4']);
    expect(decodeOutput(dataset.preprocessing, [1, 2, 3, 4, 5])).toEqual({
      e0: 1,
      e1: 2,
      e2: 3,
      e3: 4,
      e4: 5,
    });
  });

  it('says where a batch has more pairs than classes', async () => {
    const { dataset } = await setUp({ loss: { id: 'info-nce' }, training: { batch: 16 } });
    expect(dataset.notes.map((note) => english(note))).toContain(
      'A batch has 16 pairs, but "cultivar" has only 3 classes for them: pairs of one class are pushed apart, too. Choose a batch of at most 3, or a loss with labels such as supervised-contrastive.',
    );
  });

  it.each([
    [{ loss: { id: 'huber' } }, 'loss.id', 'does not compare vectors'],
    [{ loss: { id: 'triplet-margin', weightColumn: 'ash' } }, 'loss.weightColumn', 'without weights'],
    [{ loss: { id: 'contrastive' }, training: { batch: 1 } }, 'training.batch', 'nothing to compare'],
    [{ loss: { id: 'contrastive', parameters: { gap: 1 } } }, 'loss.parameters.gap', 'no parameter'],
  ])('is refused: %j', (given, path, words) => {
    const experiment = good(
      parseExperiment({
        version: 1,
        data: { source: 'builtin', name: 'wine' },
        task: { type: 'embedding' },
        ...given,
      }),
    );
    const checked = embeddingTask(experiment);
    expect(checked.ok ? [] : checked.problems.map(({ where }) => where?.path)).toEqual([path]);
    expect(checked.ok ? '' : english(checked.problems[0]!.message)).toContain(words);
  });

  it.each([
    ['triplet-margin', 'only serve as what others differ from'],
    ['supervised-contrastive', 'take no part in the training'],
  ])('by %s tells of classes with a single row, and trains', (id, words) => {
    const labels = 'a a b b c c d d a a b b c c d d x y z'.split(' ');
    const experiment = experimentOf({
      task: { type: 'embedding', dimensions: 2 },
      loss: { id },
      training: { batch: 4 },
      split: { validation: 0 },
    });
    const task = good(embeddingTask(experiment));
    const table = tableOf({ size: labels.map((_, i) => i % 7), label: labels });
    const dataset = good(atOnce(task.prepare(table)));
    const notes = dataset.notes.map((note) => english(note)).join(' ');
    expect(notes).toContain('Classes of "label" with a single row in the training part: 3.');
    expect(notes).toContain(words);
    expect(good(task.plan(dataset)).training.steps).toBe(5);
  });

  it('compares some of many held-out rows, and says so', async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => i);
    const experiment = experimentOf({
      task: { type: 'embedding', dimensions: 512 },
      model: { type: 'mlp', hidden: [] },
      loss: { id: 'contrastive' },
      split: { validation: 0.5 },
    });
    const task = good(embeddingTask(experiment));
    const table = tableOf({
      // Far apart by class: whatever the starting values, neighbours are right.
      place: rows.map((i) => (i % 4) + i * 1e-6),
      label: rows.map((i) => 'abcd'.charAt(i % 4)),
    });
    const dataset = good(atOnce(task.prepare(table)));
    // 362² · 512 is 2²⁶ or less.
    expect(dataset.notes.map((note) => english(note))).toContain(
      'Neighbours are looked for among 362 of the 500 rows for validation.',
    );
    const session = good(
      await createSession(experiment, dataset, good(task.plan(dataset)), float64Device(), {
        now: () => performance.now(),
      }),
    );
    let state = 'running';
    while (session.position.epoch === 0 && state === 'running') ({ state } = await session.advance(50));
    expect(session.latest.epoch?.metrics).toMatchObject({ 'recall@1': 1, 'map@r': 1 });
  });

  it('needs rows of a class to hold out', async () => {
    const { experiment, dataset, task } = await setUp({ loss: { id: 'triplet-margin' } }, 'iris');
    expect(experiment.split.validation).toBe(0.2);
    const alone = {
      rows: 3,
      features: dataset.training.features.slice(0, 12),
      targets: Float64Array.of(0, 1, 2),
    };
    const planned = task.plan({ ...dataset, validation: alone });
    expect(planned.ok ? '' : english(planned.problems[0]!.message)).toContain('The validation part needs');
  });
});
