import type { Frame } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Journey } from './journey.ts';

/** Pixels of the loss chart that are neither background nor text: how much of a curve is drawn. */
async function inkOf(frame: Frame): Promise<number> {
  return frame
    .locator('canvas')
    .first()
    .evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      let ink = 0;
      for (let i = 0; i < data.length; i += 4) {
        const [r, g, b, a] = [data[i]!, data[i + 1]!, data[i + 2]!, data[i + 3]!];
        if (a > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 60) ink++;
      }
      return ink;
    });
}

const fact = (frame: Frame, id: string): Promise<string | null> =>
  frame.locator(`.fact-${id} dd`).textContent();
const badge = async (frame: Frame): Promise<string> => (await frame.locator('.badge').textContent()) ?? '';

describe('training in a real workbench', () => {
  let journey: Journey;
  beforeAll(async () => {
    journey = await Journey.start();
  });
  afterAll(() => journey.end());

  it('trains iris when every default of Train Model is accepted', async () => {
    await journey.command('Loss Lab: Train Model');
    const titles: string[] = [];
    for (let step = 1; step <= 5; step++) {
      const title = await journey.until(async () => {
        const seen = await journey.quickPick.textContent();
        return seen?.includes(`(${step}/5)`) === true ? seen : undefined;
      }, `step ${step} of 5`);
      titles.push(title);
      if (step === 2) await journey.shot('quick-pick-target');
      if (step === 4) await journey.shot('quick-pick-loss');
      if (step === 5) await journey.shot('quick-pick-summary');
      await journey.page.waitForTimeout(200);
      await journey.page.keyboard.press('Enter');
    }
    expect(titles).toHaveLength(5);
    const frame = await journey.frame('.facts');
    await journey.until(async () => (await inkOf(frame)) > 300, 'a curve on the chart');
    await journey.until(async () => (await badge(frame)) === 'Finished', 'the end of the run', 60_000);
    await journey.page.waitForTimeout(500);
    await journey.shot('chart-dark');
    expect(await inkOf(frame)).toBeGreaterThan(1000);
    expect(await fact(frame, 'epoch')).toMatch(/^100/);
    expect(await fact(frame, 'device')).toMatch(/WebAssembly|WebGPU|JavaScript/);
    const accuracy = (await fact(frame, 'accuracy')) ?? '';
    expect(Number.parseFloat(accuracy)).toBeGreaterThan(0.85);
    expect(await frame.locator('.headline').textContent()).toMatch(/\S/);
    expect(await frame.locator('canvas').first().getAttribute('aria-label')).toMatch(/loss/i);
  });

  it('shows the same run after its panel was closed and opened from the Runs view', async () => {
    const before = await fact(await journey.frame('.facts'), 'loss');
    await journey.command('View: Close All Editors');
    const frame = await journey.openNewestRun();
    await journey.shot('runs-view');
    await journey.until(async () => (await fact(frame, 'loss')) === before, 'the same loss');
    await journey.until(async () => (await inkOf(frame)) > 1000, 'the curves');
  });

  it('shows the same run after the window was reloaded', async () => {
    const before = await fact(await journey.frame('.facts'), 'loss');
    await journey.reload();
    const frame = await journey.frame('.facts');
    await journey.until(async () => (await fact(frame, 'loss')) === before, 'the same loss after the reload');
    await journey.until(async () => (await inkOf(frame)) > 1000, 'the curves after the reload');
  });

  it('pauses, resumes and stops from the panel', async () => {
    await journey.command('View: Close All Editors');
    await journey.page.locator('.activitybar .action-item a[aria-label^="Explorer"]').click();
    await journey.explorerMenu('long.losslab.json', 'Run Experiment');
    const frame = await journey.frame('.facts');
    const step = async (): Promise<string> => (await fact(frame, 'step')) ?? '';
    await journey.until(
      async () => (await badge(frame)) === 'Running' && (await inkOf(frame)) > 200,
      'a live curve',
    );
    await journey.shot('chart-running');
    expect(await journey.page.locator('.statusbar-item', { hasText: 'Two moons' }).count()).toBe(1);
    await frame.locator('[data-action="pause"]').click();
    await journey.until(async () => (await badge(frame)) === 'Paused', 'paused', 5000);
    const paused = await step();
    await journey.page.waitForTimeout(400);
    expect(await step()).toBe(paused);
    await frame.locator('[data-action="resume"]').click();
    await journey.until(async () => (await step()) !== paused, 'steps after the pause', 5000);
    await frame.locator('[data-action="stop"]').click();
    await journey.until(async () => (await badge(frame)) === 'Stopped', 'stopped', 5000);
    await journey.until(
      async () => (await journey.page.locator('.statusbar-item', { hasText: 'Two moons' }).count()) === 0,
      'the status bar item is gone',
    );
  });

  it('asked nothing of any other machine and broke no content policy', () => {
    expect([...journey.workbench.outside]).toEqual([]);
    expect(journey.workbench.violations).toEqual([]);
  });
});

describe.each(['light', 'hc-dark', 'hc-light'] as const)('the chart in %s', (theme) => {
  let journey: Journey;
  beforeAll(async () => {
    journey = await Journey.start({ theme });
  });
  afterAll(() => journey.end());

  it('is drawn in the theme’s own colours', async () => {
    await journey.command('Loss Lab: Train an Example');
    const frame = await journey.frame('.facts');
    await journey.until(async () => (await badge(frame)) === 'Finished', 'the end of the run', 60_000);
    await journey.page.waitForTimeout(500);
    await journey.shot(`chart-${theme}`);
    expect(await inkOf(frame)).toBeGreaterThan(500);
    // Greyish pixels are the chart's own text and axes: light on a dark ground, dark on a light one.
    const brightness = await frame
      .locator('canvas')
      .first()
      .evaluate((element) => {
        const canvas = element as HTMLCanvasElement;
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        let sum = 0;
        let count = 0;
        for (let i = 0; i < data.length; i += 4) {
          const [r, g, b, a] = [data[i]!, data[i + 1]!, data[i + 2]!, data[i + 3]!];
          if (a < 200 || Math.max(r, g, b) - Math.min(r, g, b) > 25) continue;
          sum += (r + g + b) / 3;
          count++;
        }
        return count < 100 ? undefined : sum / count;
      });
    expect(brightness).toBeDefined();
    if (theme === 'hc-dark') expect(brightness).toBeGreaterThan(140);
    else expect(brightness).toBeLessThan(115);
  });
});
