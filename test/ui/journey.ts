// What the UI journeys share: a VS Code with the packaged extension, and the gestures of a user.
import fs from 'node:fs';
import path from 'node:path';
import type { Frame, Locator, Page } from 'playwright-core';
import { packaged } from '../../scripts/packaged.ts';
import {
  openWorkbench,
  startServer,
  type Server,
  type ServerOptions,
  type Workbench,
} from '../../scripts/vscode/server.ts';

const root = path.resolve(import.meta.dirname, '../..');
const shots = path.join(root, 'out/ui');

/** Colour themes of VS Code by the kind they show. */
export const themes = {
  dark: 'Default Dark Modern',
  light: 'Default Light Modern',
  'hc-dark': 'Default High Contrast',
  'hc-light': 'Default High Contrast Light',
} as const;
export type ThemeKind = keyof typeof themes;

let extensionFolder: string | undefined;

export interface JourneyOptions extends ServerOptions {
  readonly theme?: ThemeKind;
  /** File of the workspace to open. */
  readonly open?: string;
  readonly withoutFolder?: boolean;
}

/** A running VS Code and the gestures of a user in it. */
export class Journey {
  readonly server: Server;
  workbench: Workbench;

  private constructor(server: Server, workbench: Workbench) {
    this.server = server;
    this.workbench = workbench;
  }

  static async start(options: JourneyOptions = {}): Promise<Journey> {
    extensionFolder ??= packaged();
    const server = await startServer({
      workspace: path.join(root, 'test/fixtures/workspace'),
      ...options,
      settings: { 'workbench.colorTheme': themes[options.theme ?? 'dark'], ...options.settings },
    });
    const payload: [string, string][] = [['extensionDevelopmentPath', server.remote(extensionFolder)]];
    if (options.open !== undefined)
      payload.push(['openFile', server.remote(path.join(server.workspace, options.open))]);
    const address = server.url(payload, options.withoutFolder === true ? 'none' : 'folder');
    return new Journey(server, await openWorkbench(address));
  }

  get page(): Page {
    return this.workbench.page;
  }

  async end(): Promise<void> {
    await this.workbench.close();
    await this.server.stop();
  }

  /** Opens a multi-root workspace in place of the folder, and waits for a folder of it in the Explorer. */
  async openWorkspaceFile(file: string, folder: string): Promise<void> {
    const payload: [string, string][] = [['extensionDevelopmentPath', this.server.remote(extensionFolder!)]];
    await this.until(
      async () => {
        // The server sometimes opens a workspace file without its folders; opening it again helps.
        await this.workbench.close();
        this.workbench = await openWorkbench(this.server.url(payload, { workspaceFile: file }));
        const row = this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: folder });
        return row
          .first()
          .waitFor({ timeout: 15_000 })
          .then(
            () => true,
            () => false,
          );
      },
      `the folder ${folder} of ${path.basename(file)}`,
      90_000,
    );
  }

  /** Waits until `probe` gives something, and returns it. */
  async until<T>(
    probe: () => Promise<T | undefined | false | null | ''>,
    what: string,
    ms = 30_000,
  ): Promise<T> {
    for (const start = Date.now(); ;) {
      const value = await probe().catch(() => undefined);
      if (value !== undefined && value !== false && value !== null && value !== '') return value;
      if (Date.now() - start > ms) {
        await this.shot(`timeout-${what.replace(/\W+/g, '-')}`);
        throw new Error(`waited ${ms} ms for: ${what}`);
      }
      await this.page.waitForTimeout(50);
    }
  }

  /** Keeps a screenshot under out/ui, for people to look at. */
  async shot(name: string): Promise<void> {
    fs.mkdirSync(shots, { recursive: true });
    await this.page.screenshot({ path: path.join(shots, `${name}.png`) });
  }

  /** Runs a command by its title from the command palette. */
  async command(title: string): Promise<void> {
    const first = this.page.locator('.quick-input-widget:visible .monaco-list-row').first();
    await this.until(
      async () => {
        // A palette that was opened before VS Code has read the extension stays without its commands.
        await this.page.keyboard.press('Escape');
        await this.page.keyboard.press('F1');
        await this.page
          .locator('.quick-input-widget:visible input.input')
          .fill(`>${title}`, { timeout: 3000 });
        for (let waited = 0; waited < 4000; waited += 100) {
          if (((await first.textContent()) ?? '').includes(title)) return true;
          await this.page.waitForTimeout(100);
        }
        return false;
      },
      `command ${title} in the palette`,
      60_000,
    );
    await this.page.keyboard.press('Enter');
  }

  /** Picks an entry of the context menu of a file in the Explorer. */
  async explorerMenu(file: string, entry: string): Promise<void> {
    const row = this.page.locator('.explorer-folders-view .monaco-list-row', { hasText: file });
    const item = this.page.locator('.monaco-menu .action-label', { hasText: entry });
    // A menu that is opened before VS Code has read the extension lacks its entries and stays so.
    await this.until(async () => {
      await this.page.keyboard.press('Escape');
      await row.click({ button: 'right' });
      return item.waitFor({ timeout: 2000 }).then(
        () => true,
        () => false,
      );
    }, `${entry} in the menu of ${file}`);
    await this.page.waitForTimeout(500); // a menu takes no click in its first moments
    await item.click();
    await item.waitFor({ state: 'hidden' });
  }

  /** Opens the chart of the newest run from the Runs view. */
  async openNewestRun(): Promise<Frame> {
    await this.page.locator('.activitybar .action-item a[aria-label="Loss Lab"]').click();
    // The catalogue below the runs has rows before they have.
    const runs = this.page.locator('.pane', { has: this.page.locator('.pane-header', { hasText: 'Runs' }) });
    const row = runs.locator('.monaco-list-row').first();
    await row.waitFor();
    await row.dblclick();
    return this.frame('.facts');
  }

  /** Reloads the window as its user would, so that it saves its state. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load', { timeout: 60_000 });
    await this.command('Developer: Reload Window');
    await loaded;
    await this.page.waitForSelector('.monaco-workbench', { timeout: 60_000 });
  }

  get quickPick(): Locator {
    return this.page.locator('.quick-input-widget:visible');
  }

  /** Title of the quick pick that is open, such as "Train Model (1/5): data". */
  async quickPickTitle(): Promise<string> {
    // A widget that goes away in this moment must not be waited for.
    return (await this.quickPick.locator('.quick-input-title').textContent({ timeout: 1000 })) ?? '';
  }

  /** The frame of a webview that holds `selector`. */
  async frame(selector: string): Promise<Frame> {
    return this.until(
      async () => {
        for (const frame of this.page.frames())
          if (
            (await frame
              .locator(selector)
              .count()
              .catch(() => 0)) > 0
          )
            return frame;
        return undefined;
      },
      `webview with ${selector}`,
      60_000,
    );
  }

  editor(file: string): Locator {
    return this.page.locator(`.monaco-editor[data-uri$="${file}"]`);
  }

  /** The editor's visible text in order. */
  async text(file: string): Promise<string> {
    const lines = await this.editor(file)
      .locator('.view-lines .view-line')
      .evaluateAll((all) =>
        all
          .map((l) => ({ y: parseFloat((l as HTMLElement).style.top), t: l.textContent }))
          .sort((a, b) => a.y - b.y)
          .map((l) => l.t.replaceAll('\u00a0', ' ')),
      );
    return lines.join('\n');
  }

  /** Shows the hover of the `nth` occurrence of a word and returns the widget. */
  async hover(file: string, word: string, nth = 0): Promise<Locator> {
    const box = await this.until(
      () =>
        this.editor(file).evaluate(
          (editor, [wanted, index]) => {
            let seen = 0;
            const walker = document.createTreeWalker(
              editor.querySelector('.view-lines')!,
              NodeFilter.SHOW_TEXT,
            );
            for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
              const text = node as Text;
              for (let at = text.data.indexOf(wanted); at >= 0; at = text.data.indexOf(wanted, at + 1)) {
                if (seen++ !== index) continue;
                const range = document.createRange();
                range.setStart(text, at);
                range.setEnd(text, at + wanted.length);
                const { x, y, width, height } = range.getBoundingClientRect();
                return { x, y, width, height };
              }
            }
            return undefined;
          },
          [word, nth] as const,
        ),
      `the word ${word} in ${file}`,
    );
    const widget = this.page.locator('.monaco-hover:visible').first();
    await this.page.mouse.move(box.x + 4, Math.max(box.y - 120, 60));
    await this.page.waitForTimeout(150);
    await this.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 3 });
    return widget;
  }

  /** Moves the pointer back and forth until the hover of a word shows at least one picture. */
  async hoverWithPicture(file: string, word: string, nth = 0): Promise<Locator> {
    return this.until(
      async () => {
        const widget = await this.hover(file, word, nth);
        await this.page.waitForTimeout(1200);
        return (await widget.locator('img').count()) > 0 ? widget : undefined;
      },
      `hover with a picture on ${word}`,
      60_000,
    );
  }
}

/** Process ids of the trainers that descend from a server. */
export function trainersOf(serverPid: number): number[] {
  const parents = new Map<number, number>();
  const trainers: number[] = [];
  for (const entry of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const pid = Number(entry);
      const stat = fs.readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
      if (fs.readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes('trainer.cjs')) trainers.push(pid);
    } catch {
      // The process ended while we looked.
    }
  }
  const descends = (pid: number): boolean => {
    for (let p: number | undefined = pid; p !== undefined && p > 1; p = parents.get(p))
      if (p === serverPid) return true;
    return false;
  };
  return trainers.filter(descends);
}

/** Process id of the extension host that descends from a server. */
export function extensionHostOf(serverPid: number): number | undefined {
  for (const entry of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const command = fs.readFileSync(`/proc/${entry}/cmdline`, 'utf8');
      if (!command.includes('type=extensionHost')) continue;
      for (let p = Number(entry); p > 1;) {
        if (p === serverPid) return Number(entry);
        const stat = fs.readFileSync(`/proc/${p}/stat`, 'utf8');
        p = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      }
    } catch {
      // The process ended while we looked.
    }
  }
  return undefined;
}
