import fs from 'node:fs';
import path from 'node:path';
import { getLanguageService, TextDocument } from 'vscode-json-languageservice';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  activeRow,
  enter,
  enterPath,
  folderOf,
  goBack,
  notifications,
  panelOf,
  pick,
  runMenu,
  runsOf,
  screen,
  showExplorer,
  showRuns,
  statusOf,
  unfold,
  untilEnded,
} from './gestures.ts';
import { Journey, trainersOf } from './journey.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Rents as a German spreadsheet writes them: semicolons, decimal commas. */
function rents(): string {
  const rows = ['Fläche;Zimmer;Lage;Miete'];
  const places = ['Mitte', 'Rand', 'Land'];
  for (let i = 0; i < 60; i++) {
    const area = 30 + ((i * 37) % 90) + (i % 10) / 10;
    const rooms = 1 + Math.floor(area / 30);
    const rent = 8.5 * area + 40 * rooms - 120 * (i % 3);
    rows.push(
      [area.toFixed(1).replace('.', ','), rooms, places[i % 3], rent.toFixed(2).replace('.', ',')].join(';'),
    );
  }
  return `${rows.join('\r\n')}\r\n`;
}

const service = getLanguageService({ clientCapabilities: {} });
service.configure({
  schemas: [
    {
      uri: 'test://experiment.schema.json',
      fileMatch: ['*.losslab.json'],
      schema: JSON.parse(
        fs.readFileSync(path.join(root, 'schemas/experiment.schema.json'), 'utf8'),
      ) as object,
    },
  ],
});

async function complaints(text: string): Promise<unknown[]> {
  const document = TextDocument.create('file:///a.losslab.json', 'json', 1, text);
  return service.doValidation(document, service.parseJSONDocument(document));
}

/** Everything that a run has logged, but the time it took. */
const metrics = (run: string): string =>
  fs.readFileSync(path.join(run, 'metrics.jsonl'), 'utf8').replaceAll(/,"seconds":[\d.e-]+/g, '');

describe('training on one’s own file', () => {
  let journey: Journey;
  let files: string;
  const file = (name: string): string => path.join(journey.server.workspace, name);

  beforeAll(async () => {
    files = folderOf({ 'data/rents.csv': rents(), 'experiments/readme.txt': 'Experiments go here.' });
    journey = await Journey.start({ workspace: files, settings: { 'lossLab.device': 'webasm' } });
    await unfold(journey, 'data');
  });
  afterAll(async () => {
    await journey.end();
    fs.rmSync(files, { recursive: true });
  });

  it('shows how the file was read and what its columns hold', async () => {
    await journey.explorerMenu('rents.csv', 'Train Model on This File');
    const rows = await screen(journey, 'Train Model on rents.csv (1/4)');
    await journey.shot('file-columns');
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatch(/separated by semicolons, decimal comma, with a header/);
    expect(rows[0]).toMatch(/^Fläche.*a number/);
    expect(rows[2]).toMatch(/^Lage.*3 classes.*Mitte · Rand · Land/);
    expect(await activeRow(journey).textContent()).toMatch(/^Miete/);
    await journey.page.keyboard.press('Enter');
    await screen(journey, '(2/4)');
    await pick(journey, 'Linear model');
    await screen(journey, '(3/4)');
    await pick(journey, 'Huber');
    await screen(journey, '(4/4)');
  });

  it('refuses bad values in place and takes good ones', async () => {
    const message = journey.quickPick.locator('.quick-input-message');
    for (const [field, bad, why, good] of [
      ['Learning rate', '-0.1', 'Enter a number greater than 0.', '0,02'],
      ['Epochs', '2.5', 'Enter a whole number from 1 to 10000000.', '40'],
    ] as const) {
      await pick(journey, field);
      await screen(journey, `: ${field}`);
      await enter(journey, bad);
      await journey.until(async () => (await message.textContent()) === why, `the refusal of ${bad}`);
      await journey.shot('refused');
      await enter(journey, good);
      await screen(journey, '(4/4)');
    }
    const [summary] = await screen(journey, '(4/4)');
    expect(summary).toContain('Adam, rate 0.02, 40 epochs');
  });

  it('goes back step by step and keeps every choice', async () => {
    await goBack(journey);
    await screen(journey, '(3/4)');
    expect(await activeRow(journey).textContent()).toMatch(/^Huber/);
    await goBack(journey);
    await screen(journey, '(2/4)');
    expect(await activeRow(journey).textContent()).toMatch(/^Linear model/);
    await goBack(journey);
    await screen(journey, '(1/4)');
    expect(await activeRow(journey).textContent()).toMatch(/^Miete/);
    for (const next of ['(2/4)', '(3/4)', '(4/4)']) {
      await journey.page.keyboard.press('Enter');
      await screen(journey, next);
    }
    const [summary] = await screen(journey, '(4/4)');
    expect(summary).toContain('Adam, rate 0.02, 40 epochs');
  });

  it('saves an experiment file from the last step, with a path relative to it', async () => {
    await pick(journey, 'Save as Experiment File');
    await enterPath(
      journey,
      'Save as Experiment File',
      '/workspace/rents.losslab.json',
      file('experiments/rents.json'),
    );
    await journey.editor('experiments/rents.losslab.json').locator('.view-line').first().waitFor();
    await journey.shot('experiment-saved');
    const text = fs.readFileSync(file('experiments/rents.losslab.json'), 'utf8');
    expect(await complaints(text)).toEqual([]);
    expect(JSON.parse(text)).toMatchObject({
      version: 1,
      data: { source: 'file', path: '../data/rents.csv', target: 'Miete' },
      model: { hidden: [] },
      loss: { id: 'huber' },
      optimizer: { type: 'adam', rate: 0.02 },
      training: { epochs: 40 },
    });
  });

  it('starts from what was chosen last time', async () => {
    await journey.explorerMenu('rents.csv', 'Train Model on This File');
    for (const next of ['(1/4)', '(2/4)', '(3/4)']) {
      await screen(journey, next);
      await journey.page.keyboard.press('Enter');
    }
    const [summary] = await screen(journey, '(4/4)');
    expect(summary).toContain('Adam, rate 0.02, 40 epochs');
    await pick(journey, 'Start Training');
    await untilEnded(journey, await panelOf(journey, 'rents, huber'));
    expect(runsOf(journey)).toHaveLength(1);
    await journey.command('Loss Lab: Train Model');
    const rows = await screen(journey, 'Train Model (1/5)');
    expect(rows[0]).toMatch(/rents\.csv.*used last/);
    expect(await activeRow(journey).textContent()).toMatch(/rents\.csv/);
    await journey.page.keyboard.press('Escape');
  });

  it('runs the saved experiment, and the run again, to the same numbers', async () => {
    await journey.command('View: Close All Editors');
    await unfold(journey, 'experiments');
    await journey.explorerMenu('rents.losslab.json', 'Run Experiment');
    await untilEnded(journey, await panelOf(journey, 'rents, huber'));
    expect(runsOf(journey)).toHaveLength(2);
    await showRuns(journey);
    await runMenu(journey, 'rents, huber', 'Train Again');
    const states = (): string[] => runsOf(journey).map((run) => statusOf(run).state);
    await journey.until(
      () => Promise.resolve(states().join() === 'finished,finished,finished'),
      'the third run has finished',
    );
    const [first, second, third] = runsOf(journey).map(metrics);
    expect(first!.split('\n').length).toBeGreaterThan(40);
    expect(second).toBe(first);
    expect(third).toBe(first);
  });

  it('saves a run as an experiment', async () => {
    await runMenu(journey, 'rents, huber', 'Save as Experiment File');
    await enterPath(
      journey,
      'Save as Experiment File',
      '/workspace/rents-huber.losslab.json',
      file('from-run.losslab.json'),
    );
    await journey.editor('/from-run.losslab.json').locator('.view-line').first().waitFor();
    const text = fs.readFileSync(file('from-run.losslab.json'), 'utf8');
    expect(await complaints(text)).toEqual([]);
    const saved = JSON.parse(text) as { data: { path: string } };
    expect(saved.data.path).toBe('data/rents.csv');
    const first = JSON.parse(fs.readFileSync(file('experiments/rents.losslab.json'), 'utf8')) as typeof saved;
    expect(saved).toEqual({ ...first, data: { ...first.data, path: 'data/rents.csv' } });
  });
});

describe('an experiment in the editor', () => {
  let journey: Journey;
  let files: string;
  beforeAll(async () => {
    files = folderOf({
      'draft.losslab.json': [
        '{',
        '  "version": 1,',
        '  "data": { "source": "builtin", "name": "iris" },',
        '  "loss": { "id": "hub" },',
        '  "learning": 3',
        '}',
        '',
      ].join('\n'),
    });
    journey = await Journey.start({ workspace: files, open: 'draft.losslab.json' });
    await journey.editor('draft.losslab.json').locator('.view-line').first().waitFor();
  });
  afterAll(async () => {
    await journey.end();
    fs.rmSync(files, { recursive: true });
  });

  /** Labels that VS Code proposes at a place, such as "4:18". */
  async function proposals(place: string): Promise<string[]> {
    const { page } = journey;
    const labels = page.locator('.suggest-widget.visible .monaco-list-row .label-name');
    return journey.until(async () => {
      await page.keyboard.press('Escape');
      await journey.editor('draft.losslab.json').locator('.view-line').first().click();
      await page.keyboard.press('Control+g');
      await journey.quickPick.locator('input.input').fill(`:${place}`);
      await page.keyboard.press('Enter');
      await journey.quickPick.waitFor({ state: 'hidden' });
      await page.keyboard.press('Control+Space');
      await labels.first().waitFor({ timeout: 3000 });
      const found = await labels.allTextContents();
      return found.some((label) => label.includes('No suggestions')) ? undefined : found;
    }, `proposals at ${place}`);
  }

  it('is underlined at a key that does not exist', async () => {
    const { page } = journey;
    await page.locator('.editor-instance .squiggly-warning').first().waitFor();
    await journey.command('Problems: Focus on Problems View');
    const problem = page.locator('.markers-panel .monaco-list-row', { hasText: 'learning' });
    await problem.waitFor();
    expect(await problem.textContent()).toMatch(/Property learning is not allowed.*Ln 5/);
    await page.keyboard.press('Control+j');
  });

  it('gets completions for keys and for the ids of losses', async () => {
    const ids = await proposals('4:23');
    await journey.shot('experiment-completion');
    expect(ids).toEqual(expect.arrayContaining(['"huber"', '"pseudo-huber"']));
    await journey.page.keyboard.press('Escape');
    await journey.editor('draft.losslab.json').locator('.view-line', { hasText: 'version' }).click();
    await journey.page.keyboard.press('End');
    await journey.page.keyboard.press('Enter');
    const keys = await proposals('3:3');
    expect(keys).toEqual(expect.arrayContaining(['model', 'optimizer', 'training', 'split', 'scaling']));
    expect(keys).not.toContain('loss'); // it is there already
  });
});

describe('bad input', () => {
  let journey: Journey;
  let files: string;
  beforeAll(async () => {
    const iris = {
      version: 1,
      data: { source: 'builtin', name: 'iris' },
      loss: { id: 'softmax-cross-entropy' },
    };
    files = folderOf({
      'header.csv': 'a,b,c\n',
      'header.losslab.json': JSON.stringify({
        version: 1,
        data: { source: 'file', path: 'header.csv' },
        loss: { id: 'huber' },
      }),
      'unknown.losslab.json': JSON.stringify({ ...iris, epochs: 3 }),
      'negative.losslab.json': JSON.stringify({ ...iris, optimizer: { type: 'adam', rate: -0.1 } }),
      'misfit.losslab.json': JSON.stringify({ ...iris, loss: { id: 'huber' } }),
    });
    journey = await Journey.start({ workspace: files });
    await showExplorer(journey);
  });
  afterAll(async () => {
    await journey.end();
    fs.rmSync(files, { recursive: true });
  });

  it.each([
    [
      'header.csv',
      'Train Model on This File',
      /header\.csv cannot be used\. The file has a header but no rows\./,
    ],
    ['header.losslab.json', 'Run Experiment', /The file has a header but no rows\./],
    ['unknown.losslab.json', 'Run Experiment', /unknown\.losslab\.json cannot be run\. Unknown key "epochs"/],
    ['negative.losslab.json', 'Run Experiment', /"optimizer\.rate" must be greater than 0, but is -0\.1\./],
    ['misfit.losslab.json', 'Run Experiment', /species.*setosa.*Huber loss needs a target of numbers/],
  ])('of %s is explained', async (file, entry, what) => {
    await journey.explorerMenu(file, entry);
    const texts = await notifications(journey, `bad-${file.replaceAll('.', '-')}`);
    expect(texts).toEqual([expect.stringMatching(what)]);
  });

  it('leaves no run, no trainer and no chart', async () => {
    await journey.until(() => Promise.resolve(trainersOf(journey.server.pid).length === 0), 'no trainer');
    expect(runsOf(journey)).toEqual([]);
    expect(await journey.page.locator('.tabs-container .tab').count()).toBe(0);
    await showRuns(journey);
    await journey.page.locator('.welcome-view-content', { hasText: 'No runs yet' }).waitFor();
  });
});
