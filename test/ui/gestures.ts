// Gestures that several journeys make, in words of what the user does.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import type { Journey } from './journey.ts';

/** A folder of these files, for a journey to open a copy of. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'losslab-files-'));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  return folder;
}

/** Directories of the runs that a window has trained, oldest first. */
export function runsOf({ server }: Journey): string[] {
  const storage = path.join(server.userData, 'User/workspaceStorage');
  return fs
    .readdirSync(storage)
    .map((name) => path.join(storage, name, 'loss-lab.loss-lab/runs'))
    .filter((folder) => fs.existsSync(folder))
    .flatMap((folder) => fs.readdirSync(folder).map((run) => path.join(folder, run)))
    .filter((run) => fs.existsSync(path.join(run, 'status.json'))) // else it is being made
    .sort((a, b) => statusOf(a).created.localeCompare(statusOf(b).created));
}

/** What a run's record says. */
export function statusOf(run: string): { name: string; state: string; created: string; step: number } {
  return JSON.parse(fs.readFileSync(path.join(run, 'status.json'), 'utf8')) as ReturnType<typeof statusOf>;
}

export const badge = async (frame: Frame): Promise<string> =>
  (await frame.locator('.badge').textContent()) ?? '';

/** The panel of the run of this name, which is the visible one. */
export async function panelOf(journey: Journey, name: string): Promise<Frame> {
  return journey.until(async () => {
    for (const frame of journey.page.frames()) {
      const title = frame.locator('h1');
      if ((await title.count().catch(() => 0)) === 0 || !(await title.isVisible())) continue;
      if ((await title.textContent()) === name) return frame;
    }
    return undefined;
  }, `the panel of ${name}`);
}

export async function untilEnded(journey: Journey, frame: Frame, how = 'Finished'): Promise<void> {
  await journey.until(async () => (await badge(frame)) === how, `the run's end (${how})`, 60_000);
}

/** Waits for a screen whose title holds `title`; returns its rows. */
export async function screen(journey: Journey, title: string): Promise<string[]> {
  await journey.until(async () => (await journey.quickPickTitle()).includes(title), `the screen ${title}`);
  return journey.quickPick.locator('.monaco-list-row').allTextContents();
}

/** The row that Enter would take. */
export function activeRow(journey: Journey): Locator {
  return journey.quickPick.locator('.monaco-list-row.focused');
}

/** Types a part of a row's label, so that it becomes the active one, and takes it. */
export async function pick(journey: Journey, text: string): Promise<void> {
  await journey.quickPick.locator('input.input').fill(text);
  await journey.until(
    async () => (await activeRow(journey).textContent())?.includes(text),
    `the row ${text} is active`,
  );
  await journey.page.keyboard.press('Enter');
}

export async function goBack(journey: Journey): Promise<void> {
  await journey.quickPick.locator('.quick-input-titlebar [aria-label^="Back"]').click();
}

/** Types a value into the input box that is open and confirms it. */
export async function enter(journey: Journey, value: string): Promise<void> {
  await journey.quickPick.locator('input.input').fill(value);
  await journey.page.keyboard.press('Enter');
}

/** Types a path into the file dialog of this title, once it suggests a path with this ending, and confirms it. */
export async function enterPath(
  journey: Journey,
  title: string,
  suggested: string,
  file: string,
): Promise<void> {
  const input = journey.quickPick.locator('input.input');
  const isOpen = async (): Promise<boolean> =>
    (await journey.quickPick.count()) > 0 && (await journey.quickPickTitle()).includes(title);
  await journey.until(isOpen, `the dialog ${title}`);
  await journey.until(
    async () => (await input.inputValue()).endsWith(suggested),
    `${suggested} is suggested`,
  );
  await journey.until(async () => {
    if (!(await isOpen())) return true; // it was slow to close
    await input.fill(file, { timeout: 1000 });
    await journey.page.waitForTimeout(300); // the dialog lists the folder while one types
    if (await isOpen()) await journey.page.keyboard.press('Enter');
    await journey.page.waitForTimeout(300);
    return !(await isOpen());
  }, `the dialog ${title} is answered`);
}

/** The texts of the extension's notifications, which are cleared then. */
export async function notifications(journey: Journey, shot?: string): Promise<string[]> {
  const { page } = journey;
  const own = page.locator('.notifications-center.visible .notification-list-item', {
    hasNotText: 'Activating Extensions', // VS Code's own
  });
  const show = (): Promise<void> => journey.command('Notifications: Show Notifications');
  const texts = await journey.until(async () => {
    await show();
    await own.first().waitFor({ timeout: 1000 });
    return own.locator('.notification-list-item-message').allTextContents();
  }, 'a notification');
  if (shot !== undefined) await journey.shot(shot);
  await journey.until(async () => {
    await show();
    await page.waitForTimeout(200);
    if ((await own.count()) === 0) return true;
    await page.locator('.notifications-center .codicon-notifications-clear-all').click({ timeout: 1000 });
    return false;
  }, 'no notification');
  await page.keyboard.press('Escape');
  return texts;
}

export async function showRuns(journey: Journey): Promise<void> {
  await journey.command('Loss Lab: Focus on Runs View');
}

export async function showExplorer(journey: Journey): Promise<void> {
  await journey.command('View: Show Explorer');
}

/** Shows what a folder of the Explorer holds. */
export async function unfold(journey: Journey, folder: string): Promise<void> {
  const row = journey.page.locator('.explorer-folders-view .monaco-list-row', { hasText: folder });
  await journey.until(async () => {
    if ((await row.getAttribute('aria-expanded')) === 'true') return true;
    await row.click();
    return false;
  }, `the folder ${folder} is open`);
}

/** The row of the Runs view with this text. */
export function runRow(journey: Journey, text: string): Locator {
  return journey.page.locator('.pane-body .monaco-list-row', { hasText: text });
}

/** Picks an entry of the context menu of a run. */
export async function runMenu(journey: Journey, run: string, entry: string): Promise<void> {
  const item = journey.page.locator('.monaco-menu .action-label', { hasText: entry });
  // A menu that is opened before the list knows of the run's end lacks its entries and stays so.
  await journey.until(async () => {
    await journey.page.keyboard.press('Escape');
    await runRow(journey, run).first().click({ button: 'right', timeout: 2000 });
    return item.waitFor({ timeout: 2000 }).then(
      () => true,
      () => false,
    );
  }, `${entry} in the menu of ${run}`);
  await journey.page.waitForTimeout(500); // a menu takes no click in its first moments
  await item.click();
  await item.waitFor({ state: 'hidden' });
}
