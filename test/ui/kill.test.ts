import fs from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extensionHostOf, Journey, trainersOf } from './journey.ts';

const badge = async (frame: Frame): Promise<string> => (await frame.locator('.badge').textContent()) ?? '';
const step = async (frame: Frame): Promise<number> =>
  Number(((await frame.locator('.fact-step dd').textContent()) ?? '').replaceAll(/[^\d].*$|[,.\s]/g, ''));

/** Run directories of a server's workspace storage. */
function runFolders(userData: string): string[] {
  const storage = path.join(userData, 'User/workspaceStorage');
  return fs
    .readdirSync(storage)
    .map((name) => path.join(storage, name, 'loss-lab.loss-lab/runs'))
    .filter((folder) => fs.existsSync(folder))
    .flatMap((folder) => fs.readdirSync(folder).map((run) => path.join(folder, run)));
}

async function startLongRun(journey: Journey): Promise<Frame> {
  await journey.explorerMenu('long.losslab.json', 'Run Experiment');
  return journey.frame('.facts');
}

describe('what must outlive a death', () => {
  let journey: Journey;
  beforeEach(async () => {
    journey = await Journey.start();
    await journey.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
  });
  afterEach(() => journey.end());

  it.each(['SIGKILL', 'SIGSEGV'] as const)(
    'a trainer ended by %s leaves a readable run, a sentence and Resume',
    async (signal) => {
      const frame = await startLongRun(journey);
      await journey.until(
        async () => (await badge(frame)) === 'Running' && (await step(frame)) > 100,
        'a live run',
      );
      const [pid] = trainersOf(journey.server.pid);
      process.kill(pid!, signal);
      await journey.until(async () => (await badge(frame)) === 'Failed', 'the run has failed', 10_000);
      await journey.shot(`killed-${signal.toLowerCase()}`);
      expect((await frame.locator('.headline').textContent())?.length).toBeGreaterThan(20);
      const at = await step(frame);
      await frame.locator('[data-action="continue"]').click();
      await journey.until(
        async () => (await badge(frame)) === 'Running' && (await step(frame)) > at,
        'the run goes on',
        20_000,
      );
      expect(trainersOf(journey.server.pid)).toHaveLength(1);
      await frame.locator('[data-action="stop"]').click();
      await journey.until(async () => (await badge(frame)) === 'Stopped', 'stopped', 10_000);
    },
  );

  it('a killed extension host leaves no trainer after ten seconds, and the run can be resumed', async () => {
    const frame = await startLongRun(journey);
    await journey.until(
      async () => (await badge(frame)) === 'Running' && (await step(frame)) > 100,
      'a live run',
    );
    expect(trainersOf(journey.server.pid)).toHaveLength(1);
    const trainers = trainersOf(journey.server.pid);
    process.kill(extensionHostOf(journey.server.pid)!, 'SIGKILL');
    const gone = (): boolean => trainers.every((pid) => !fs.existsSync(`/proc/${pid}`));
    for (let waited = 0; waited < 10_000 && !gone(); waited += 100) await sleep(100);
    expect(gone()).toBe(true);
    // VS Code closes the panels of an extension host that died; the run is in the Runs view.
    await journey.reload();
    const again = await journey.openNewestRun();
    await journey.until(async () => /Interrupted|Failed/.test(await badge(again)), 'the run is marked');
    await journey.shot('interrupted');
    const at = await step(again);
    await again.locator('[data-action="continue"]').click();
    await journey.until(
      async () => (await badge(again)) === 'Running' && (await step(again)) > at,
      'the run goes on',
      20_000,
    );
    await again.locator('[data-action="stop"]').click();
    await journey.until(async () => (await badge(again)) === 'Stopped', 'stopped', 10_000);
    const [folder] = runFolders(journey.server.userData);
    const lines = fs
      .readFileSync(path.join(folder!, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: 'step' | 'epoch'; step: number });
    for (const type of ['step', 'epoch'] as const) {
      const steps = lines.filter((line) => line.type === type).map((line) => line.step);
      expect(steps.length).toBeGreaterThan(10);
      expect(steps.every((step, i) => i === 0 || step > steps[i - 1]!)).toBe(true);
    }
  });

  it('a reload of the window while a run is live loses nothing that was flushed', async () => {
    const frame = await startLongRun(journey);
    await journey.until(
      async () => (await badge(frame)) === 'Running' && (await step(frame)) > 100,
      'a live run',
    );
    const at = await step(frame);
    await journey.reload();
    const again = await journey.frame('.facts');
    await journey.until(
      async () => /Interrupted|Stopped|Failed|Running/.test(await badge(again)),
      'the run is shown',
    );
    await journey.until(
      async () => (await step(again)) >= at - 2000 && (await step(again)) > 0,
      'its steps are there',
    );
    await journey.shot('reloaded');
  });
});
