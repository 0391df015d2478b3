import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { downloadSets } from '../../src/core/data/downloads.ts';
import { folderOf, pick, screen } from './gestures.ts';
import { Journey } from './journey.ts';

describe('data from elsewhere', () => {
  let journey: Journey;
  let files: string;

  beforeAll(async () => {
    const rows = Array.from({ length: 40 }, (_, i) =>
      JSON.stringify({ x: i / 3, kind: i % 2 === 0 ? 'a' : 'b' }),
    );
    files = folderOf({ 'rows.jsonl': rows.join('\n'), 'notes.txt': 'Nothing to train on.' });
    journey = await Journey.start({ workspace: files });
  });
  afterAll(async () => {
    await journey.end();
    fs.rmSync(files, { recursive: true });
  });

  it('is fetched only after addresses, sizes, checksums and folder were shown', async () => {
    await journey.command('Loss Lab: Download Data');
    await screen(journey, 'Download Data');
    await pick(journey, 'MNIST');
    await screen(journey, 'Download MNIST');
    await journey.page.keyboard.press('Enter');
    const dialog = journey.page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    await journey.shot('download');
    const text = (await dialog.textContent()) ?? '';
    for (const { address, size, sha256 } of downloadSets.mnist.files)
      for (const part of [address, `${size} bytes`, sha256]) expect(text).toContain(part);
    const folder = path.join(journey.server.workspace, 'data');
    expect(text).toContain(folder);
    await dialog.locator('.monaco-button', { hasText: 'Cancel' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(fs.existsSync(folder)).toBe(false);
  });

  it('may be JSON Lines, from the Explorer', async () => {
    await journey.explorerMenu('rows.jsonl', 'Train Model on This File');
    const rows = await screen(journey, 'Train Model on rows.jsonl (1/4)');
    await journey.page.keyboard.press('Escape');
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatch(/^kind.*2 classes.*a · b/);
  });
});
