import fs from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  activeRow,
  enter,
  enterPath,
  folderOf,
  notifications,
  panelOf,
  pick,
  runMenu,
  runRow,
  runsOf,
  screen,
  showExplorer,
  showRuns,
  statusOf,
  untilEnded,
} from './gestures.ts';
import { Journey, trainersOf } from './journey.ts';

describe('an empty workspace', () => {
  let journey: Journey;
  let nothing: string;
  beforeAll(async () => {
    nothing = folderOf({});
    journey = await Journey.start({ workspace: nothing });
  });
  afterAll(async () => {
    await journey.end();
    fs.rmdirSync(nothing);
  });

  it('is welcomed by a button that trains an example', async () => {
    await showRuns(journey);
    const welcome = journey.page.locator('.welcome-view-content', { hasText: 'No runs yet' });
    await welcome.waitFor();
    await journey.shot('welcome');
    await welcome.locator('.monaco-button', { hasText: 'Train an Example' }).click();
    await untilEnded(journey, await panelOf(journey, 'iris, softmax-cross-entropy'));
    await runRow(journey, 'iris, softmax-cross-entropy').waitFor();
    await welcome.waitFor({ state: 'hidden' });
    expect(runsOf(journey).map((run) => statusOf(run).state)).toEqual(['finished']);
  });
});

/** What `Export Weights` writes as JSON. */
interface Weights {
  readonly format: string;
  readonly layers: readonly {
    readonly activation: string;
    readonly weight: readonly (readonly number[])[];
    readonly bias: readonly number[];
  }[];
  readonly preprocessing: {
    readonly features: readonly (
      | { readonly kind: 'number'; readonly name: string; readonly mean: number; readonly scale: number }
      | { readonly kind: 'one-hot'; readonly name: string; readonly categories: readonly string[] }
    )[];
    readonly target: { readonly name: string; readonly mean: number; readonly scale: number };
  };
}

/** The model by hand: standardise, one-hot, matrix products, ReLU, and back to the target's own unit. */
function byHand({ layers, preprocessing }: Weights, row: Readonly<Record<string, string>>): number {
  let values = preprocessing.features.flatMap((feature) =>
    feature.kind === 'number'
      ? [(Number(row[feature.name]) - feature.mean) / feature.scale]
      : feature.categories.map((category) => (row[feature.name] === category ? 1 : 0)),
  );
  for (const { activation, weight, bias } of layers) {
    const sums = bias.map((b, j) => values.reduce((sum, value, i) => sum + value * weight[i]![j]!, b));
    values = activation === 'relu' ? sums.map((sum) => Math.max(0, sum)) : sums;
  }
  return values[0]! * preprocessing.target.scale + preprocessing.target.mean;
}

/** An array of NumPy's `.npy`, version 1.0, little-endian float64. */
function readNpy(bytes: Uint8Array): { shape: number[]; values: number[] } {
  expect([...bytes.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 10 + view.getUint16(8, true);
  const header = new TextDecoder('latin1').decode(bytes.subarray(10, start));
  expect(header).toContain(`'descr': '<f8', 'fortran_order': False`);
  const shape = /'shape': \(([\d, ]+)\)/
    .exec(header)![1]!
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const values = Array.from({ length: (bytes.length - start) / 8 }, (_, i) =>
    view.getFloat64(start + 8 * i, true),
  );
  expect(values).toHaveLength(shape.reduce((a, b) => a * b, 1));
  return { shape, values };
}

function table(text: string): Record<string, string>[] {
  const [head, ...rows] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  return rows.map((cells) => Object.fromEntries(head!.map((name, i) => [name, cells[i]!])));
}

/** Rents of flats in three districts. */
function rents(): string {
  const rows = ['area,district,rent'];
  for (let i = 0; i < 90; i++) {
    const area = 30 + ((i * 37) % 90) + (i % 10) / 10;
    rows.push(
      [area.toFixed(1), ['centre', 'suburb', 'village'][i % 3], (9 * area - 150 * (i % 3)).toFixed(1)].join(
        ',',
      ),
    );
  }
  return `${rows.join('\n')}\n`;
}

const long = {
  version: 1,
  name: 'A long run',
  data: { source: 'generated', name: 'two-moons' },
  loss: { id: 'binary-cross-entropy-logits' },
  training: { epochs: 1_000_000 },
};

describe('runs that are kept', () => {
  let journey: Journey;
  let files: string;
  const file = (name: string): string => path.join(journey.server.workspace, name);
  const runOf = (name: string): string => runsOf(journey).find((run) => statusOf(run).name === name)!;
  const weights = (): Weights => JSON.parse(fs.readFileSync(file('weights.json'), 'utf8')) as Weights;

  beforeAll(async () => {
    files = folderOf({
      'rents.csv': rents(),
      'rents.losslab.json': JSON.stringify({
        version: 1,
        name: 'Rents',
        data: { source: 'file', path: 'rents.csv' },
        loss: { id: 'huber' },
        model: { type: 'mlp', hidden: [8, 4] },
      }),
      'long.losslab.json': JSON.stringify(long),
    });
    journey = await Journey.start({ workspace: files });
    await journey.explorerMenu('rents.losslab.json', 'Run Experiment');
    await untilEnded(journey, await panelOf(journey, 'Rents'));
    await showRuns(journey);
    await runRow(journey, 'Rents').waitFor();
  });
  afterAll(async () => {
    await journey.end();
    fs.rmSync(files, { recursive: true });
  });

  it('get another name, in the list, on the tab, in the chart and on disk', async () => {
    await runMenu(journey, 'Rents', 'Rename Run');
    await screen(journey, 'Rename Run');
    await enter(journey, '  ');
    await journey.until(
      async () => (await journey.quickPick.textContent())?.includes('1 to 200 characters'),
      'an empty name is refused',
    );
    await enter(journey, 'Rents of flats');
    await runRow(journey, 'Rents of flats').waitFor();
    await panelOf(journey, 'Rents of flats');
    await journey.page.locator('.tab', { hasText: 'Rents of flats' }).waitFor();
    expect(runsOf(journey).map((run) => statusOf(run).name)).toEqual(['Rents of flats']);
    await journey.shot('run-renamed');
  });

  it('show where they are kept', async () => {
    await runMenu(journey, 'Rents of flats', 'Reveal Run Folder');
    const run = path.basename(runOf('Rents of flats'));
    await journey.editor(`${run}/experiment.json`).locator('.view-line').first().waitFor();
    await journey.command('View: Close All Editors');
  });

  it('open their chart again', async () => {
    await runMenu(journey, 'Rents of flats', 'Open Chart');
    await untilEnded(journey, await panelOf(journey, 'Rents of flats'));
  });

  it('give their weights as JSON', async () => {
    await runMenu(journey, 'Rents of flats', 'Export Weights');
    await screen(journey, 'Export Weights of Rents of flats');
    await pick(journey, 'JSON');
    await enterPath(journey, 'Export Weights', '/Rents-of-flats-weights.json', file('weights.json'));
    await journey.editor('/weights.json').locator('.view-line').first().waitFor();
    const { format, layers, preprocessing } = weights();
    expect(format).toBe('loss-lab-weights');
    // area, and one column for each of three districts
    expect(layers.map(({ weight }) => [weight.length, weight[0]!.length])).toEqual([
      [4, 8],
      [8, 4],
      [4, 1],
    ]);
    expect(preprocessing.features.map(({ name }) => name)).toEqual(['area', 'district']);
  });

  it('give the same weights to NumPy', async () => {
    await runMenu(journey, 'Rents of flats', 'Export Weights');
    await screen(journey, 'Export Weights of Rents of flats');
    await pick(journey, 'NumPy');
    await enterPath(journey, 'Export Weights', '/Rents-of-flats-weights.npz', file('weights.npz'));
    expect(await notifications(journey)).toEqual([expect.stringContaining('numpy.load("weights.npz")')]);
    const arrays = unzipSync(fs.readFileSync(file('weights.npz')));
    weights().layers.forEach(({ weight, bias }, i) => {
      expect(readNpy(arrays[`layers.${i}.weight.npy`]!)).toEqual({
        shape: [weight.length, weight[0]!.length],
        values: weight.flat(),
      });
      expect(readNpy(arrays[`layers.${i}.bias.npy`]!)).toEqual({ shape: [bias.length], values: [...bias] });
    });
    const area = weights().preprocessing.features[0]!;
    expect(area.kind === 'number' && readNpy(arrays['input.mean.npy']!).values[0]).toBe(
      area.kind === 'number' && area.mean,
    );
  });

  it('predict a row that is typed in', async () => {
    await runMenu(journey, 'Rents of flats', 'Predict');
    await screen(journey, 'Predict with Rents of flats');
    await pick(journey, 'A Row That I Type In');
    await journey.until(
      async () => (await activeRow(journey).textContent())?.includes('Predict rent'),
      'the form',
    );
    await pick(journey, 'area');
    await screen(journey, ': area');
    await enter(journey, 'large');
    await journey.until(
      async () => (await journey.quickPick.textContent())?.includes('Enter a number'),
      'a refusal',
    );
    await enter(journey, '72.5');
    await journey.until(async () => (await activeRow(journey).textContent())?.includes('72.5'), 'the area');
    await pick(journey, 'district');
    await screen(journey, ': district');
    await pick(journey, 'suburb');
    await journey.until(
      async () => (await activeRow(journey).textContent())?.includes('suburb'),
      'the district',
    );
    await pick(journey, 'Predict rent');
    const answer = await journey.until(
      async () => /^rent = ([\d.]+)/.exec((await activeRow(journey).textContent()) ?? '')?.[1],
      'an answer',
    );
    await journey.shot('prediction');
    const expected = byHand(weights(), { area: '72.5', district: 'suburb' });
    expect(Number(answer)).toBe(Number(expected.toPrecision(4)));
    await journey.page.keyboard.press('Escape');
  });

  it('predict the rows of a CSV file', async () => {
    await runMenu(journey, 'Rents of flats', 'Predict');
    await screen(journey, 'Predict with Rents of flats');
    await pick(journey, 'A File…');
    await enterPath(journey, 'Rows to Predict', '/workspace/', file('rents.csv'));
    await enterPath(
      journey,
      'Where to Write the Predictions',
      '/rents-predictions.csv',
      file('predicted.csv'),
    );
    await journey.editor('/predicted.csv').locator('.view-line').first().waitFor();
    const rows = table(fs.readFileSync(file('predicted.csv'), 'utf8'));
    expect(rows).toHaveLength(90);
    for (const row of rows) {
      const expected = byHand(weights(), row);
      expect(Math.abs(Number(row['prediction']) - expected)).toBeLessThan(1e-9 * Math.abs(expected));
    }
  });

  it('go on after they were stopped', async () => {
    await journey.command('View: Close All Editors');
    await showExplorer(journey);
    await journey.explorerMenu('long.losslab.json', 'Run Experiment');
    const frame = await panelOf(journey, 'A long run');
    await showRuns(journey);
    const row = runRow(journey, 'A long run');
    const stop = async (): Promise<void> => {
      await row.hover();
      await row.locator('.action-label[aria-label^="Stop"]').click();
      await untilEnded(journey, frame, 'Stopped');
    };
    await journey.until(
      async () => /epoch \d{2,}/.test((await row.textContent()) ?? ''),
      'progress in the list',
    );
    await stop();
    const before = statusOf(runOf('A long run'));
    expect(before.state).toBe('stopped');
    await runMenu(journey, 'A long run', 'Resume Run');
    await journey.until(() => Promise.resolve(trainersOf(journey.server.pid).length === 1), 'a trainer');
    await journey.until(
      async () => /^A long runepoch/.test((await row.textContent()) ?? ''),
      'it is live again',
    );
    await stop();
    expect(runsOf(journey)).toHaveLength(2);
    expect(statusOf(runOf('A long run')).step).toBeGreaterThan(before.step);
  });

  it('are deleted only when the user confirms it', async () => {
    const directory = runOf('A long run');
    const dialog = journey.page.locator('.monaco-dialog-box');
    await runMenu(journey, 'A long run', 'Delete Run');
    await dialog.locator('.monaco-button', { hasText: 'Cancel' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(fs.existsSync(directory)).toBe(true);
    await runMenu(journey, 'A long run', 'Delete Run');
    expect(await dialog.textContent()).toMatch(/Delete the run "A long run"\?.*cannot be undone/);
    await journey.shot('delete-run');
    await dialog.locator('.monaco-button', { hasText: 'Delete' }).click();
    await runRow(journey, 'A long run').waitFor({ state: 'detached' });
    expect(fs.existsSync(directory)).toBe(false);
    await journey.page.locator('.tab', { hasText: 'A long run' }).waitFor({ state: 'detached' });
    await runRow(journey, 'Rents of flats').waitFor();
  });
});

describe('training while a run is under way', () => {
  let journey: Journey | undefined;
  let files: string;
  beforeAll(() => {
    files = folderOf({
      'long.losslab.json': JSON.stringify(long),
      'other.losslab.json': JSON.stringify({ ...long, name: 'Another long run' }),
    });
  });
  const begin = async (settings: Record<string, unknown>): Promise<Journey> => {
    journey = await Journey.start({ workspace: files, settings });
    await journey.explorerMenu('long.losslab.json', 'Run Experiment');
    await panelOf(journey, 'A long run');
    return journey;
  };
  const trainers = (): number => trainersOf(journey!.server.pid).length;
  afterEach(async () => {
    await journey?.end();
    journey = undefined;
  });
  afterAll(() => {
    fs.rmSync(files, { recursive: true });
  });

  it('waits for its end, says so, and starts then', async () => {
    const here = await begin({});
    await showRuns(here);
    await here.command('Loss Lab: Train an Example');
    expect(await notifications(here, 'run-waits')).toEqual([
      expect.stringMatching(/"iris, softmax-cross-entropy" waits: it starts when "A long run" ends/),
    ]);
    const waiting = runRow(here, 'iris, softmax-cross-entropy');
    await waiting.filter({ hasText: 'waits' }).waitFor();
    expect(trainers()).toBe(1);
    expect(runsOf(here)).toHaveLength(1);
    const row = runRow(here, 'A long run');
    await row.hover();
    await row.locator('.action-label[aria-label^="Stop"]').click();
    await untilEnded(here, await panelOf(here, 'iris, softmax-cross-entropy'));
    expect(runsOf(here).map((run) => statusOf(run).state)).toEqual(['stopped', 'finished']);
    await waiting.filter({ hasText: 'accuracy' }).waitFor();
  });

  it('runs beside it where the setting says so, and says so', async () => {
    const here = await begin({ 'lossLab.whenRunning': 'parallel' });
    await here.explorerMenu('other.losslab.json', 'Run Experiment');
    expect(await notifications(here, 'run-beside')).toEqual([
      expect.stringMatching(/"Another long run" trains beside "A long run"/),
    ]);
    await here.until(() => Promise.resolve(trainers() === 2), 'two trainers');
    await showRuns(here);
    const live = here.page.locator('.pane-body .monaco-list-row', { hasText: /long runepoch/ });
    await here.until(async () => (await live.count()) === 2, 'two live runs in the list');
  });
});
