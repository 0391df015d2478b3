import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Journey } from './journey.ts';

describe('kinds of workspaces', () => {
  let journey: Journey | undefined;
  afterEach(async () => {
    await journey?.end();
    journey = undefined;
  });

  it('trains with no folder open', async () => {
    journey = await Journey.start({ withoutFolder: true });
    await journey.command('Loss Lab: Train an Example');
    const frame = await journey.frame('.facts');
    await journey.until(
      async () => (await frame.locator('.badge').textContent()) === 'Finished',
      'the end of the run',
      60_000,
    );
    const runs = path.join(journey.server.userData, 'User/globalStorage/loss-lab.loss-lab/runs');
    expect(fs.readdirSync(runs)).toHaveLength(1);
  });

  it('only reads in Restricted Mode, and says so', async () => {
    journey = await Journey.start({
      workspaceTrust: true,
      open: 'hover.py',
      settings: {
        'security.workspace.trust.startupPrompt': 'never',
        'security.workspace.trust.untrustedFiles': 'open',
      },
    });
    await journey.editor('hover.py').locator('.view-line').first().waitFor();
    await journey.hoverWithPicture('hover.py', 'HuberLoss'); // reading works
    await journey.page.keyboard.press('Escape');
    await journey.page.keyboard.press('F1');
    await journey.page.locator('.quick-input-widget:visible input.input').fill('>Loss Lab: Train');
    await journey.page.waitForTimeout(1000);
    await journey.shot('restricted');
    expect(await journey.quickPick.locator('.monaco-list-row', { hasText: 'Train Model' }).count()).toBe(0);
  });

  it('works in a multi-root workspace', async () => {
    journey = await Journey.start();
    const second = path.join(journey.server.root, 'second');
    fs.mkdirSync(second);
    fs.copyFileSync(path.join(journey.server.workspace, 'points.csv'), path.join(second, 'points.csv'));
    const file = path.join(journey.server.root, 'both.code-workspace');
    fs.writeFileSync(
      file,
      JSON.stringify({ folders: [{ path: journey.server.workspace }, { path: second }] }),
    );
    await journey.openWorkspaceFile(file, 'second');
    await journey.command('Loss Lab: Train Model');
    await journey.quickPick.locator('input.input').fill('points');
    await journey.until(
      async () =>
        (await journey!.quickPick.locator('.monaco-list-row', { hasText: 'points.csv' }).count()) === 2,
      'the files of both folders',
    );
    await journey.shot('multi-root');
    await journey.page.keyboard.press('Escape');
  });
});
