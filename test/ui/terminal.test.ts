import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderOf, panelOf, runRow, showRuns, statusOf, untilEnded } from './gestures.ts';
import { Journey } from './journey.ts';

describe('loss-lab in a terminal of VS Code', () => {
  let journey: Journey;
  let files: string;
  const output = async (): Promise<string> => {
    const rows = await journey.page.locator('.terminal-wrapper.active .xterm-rows > div').allTextContents();
    return rows.map((row) => row.replaceAll('\u00a0', ' ').trimEnd()).join('\n');
  };
  /** Types a command; returns what the terminal shows once it has ended. */
  const run = async (command: string): Promise<string> => {
    const mark = `ended-${Math.random().toString(36).slice(2)}`;
    await journey.page.keyboard.type(`clear; ${command}; echo "${mark.replace('-', '-""')}:$?"`);
    await journey.page.keyboard.press('Enter');
    return journey.until(
      async () => {
        const text = await output();
        return text.includes(`${mark}:`) ? text : undefined;
      },
      `the end of ${command}`,
      60_000,
    );
  };

  beforeAll(async () => {
    files = folderOf({ 'wrong.losslab.json': '{ "version": 1, "loss": { "id": "huber" }, "rate": 1 }' });
    journey = await Journey.start({
      workspace: files,
      settings: { 'terminal.integrated.gpuAcceleration': 'off' }, // text that can be read, not a canvas
    });
    await showRuns(journey); // which makes the extension active
    await journey.page.locator('.welcome-view-content', { hasText: 'No runs yet' }).waitFor();
    await journey.command('Terminal: Create New Terminal');
    await journey.until(async () => /[#$] *$/.test((await output()).trimEnd()), 'a prompt');
  });
  afterAll(async () => {
    await journey.end();
    fs.rmSync(files, { recursive: true });
  });

  it('is found, on the Node that VS Code brings', async () => {
    const text = (await run('command -v loss-lab; loss-lab --version; echo "$LOSSLAB_NODE"')).replaceAll(
      '\n',
      '',
    );
    expect(text).toMatch(/\/dist\/bin\/loss-lab/);
    const { version } = JSON.parse(
      fs.readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8'),
    ) as { version: string };
    expect(text).toContain(version);
    expect(text).toMatch(/\/node_modules\/node-[\w-]+\/bin\/node/);
  });

  it('trains, and the run is in the Runs view', async () => {
    const text = await run('loss-lab train --data iris --epochs 3');
    await journey.shot('terminal');
    expect(text).toContain('Finished all 3 epochs');
    expect(text).toMatch(/ended-\w+:0/);
    const runs = path.join(journey.server.workspace, '.losslab/runs');
    const [name, ...others] = fs.readdirSync(runs);
    expect(others).toEqual([]);
    expect(statusOf(path.join(runs, name!))).toMatchObject({
      state: 'finished',
      name: 'iris, softmax-cross-entropy',
    });
    await runRow(journey, 'iris, softmax-cross-entropy').filter({ hasText: 'accuracy' }).click();
    await untilEnded(journey, await panelOf(journey, 'iris, softmax-cross-entropy'));
    await journey.page.locator('.terminal-wrapper.active').click();
  });

  it('ends with one JSON object per line and a summary', async () => {
    await run('loss-lab train --data line --epochs 2 --json > lines.jsonl');
    const lines = fs
      .readFileSync(path.join(journey.server.workspace, 'lines.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const objects = lines.map((line) => JSON.parse(line) as { type: string; state?: string });
    expect(objects.at(-1)).toMatchObject({ type: 'summary', state: 'finished', reason: 'epochs', steps: 2 });
  });

  it('explains what is wrong with an experiment and leaves no run', async () => {
    const text = await run('loss-lab train wrong.losslab.json');
    expect(text.replaceAll('\n', '')).toContain('Unknown key "rate"');
    expect(text).not.toMatch(/ended-\w+:0/);
    expect(fs.readdirSync(path.join(journey.server.workspace, '.losslab/runs'))).toHaveLength(2);
  });
});
