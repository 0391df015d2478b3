import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Journey, type ThemeKind } from './journey.ts';

const kinds: readonly ThemeKind[] = ['dark', 'light'];

describe.each(kinds)('Loss Catalogue in %s', (theme) => {
  let journey: Journey;
  beforeAll(async () => {
    journey = await Journey.start({ theme, open: 'insert.py' });
    await journey.editor('insert.py').locator('.view-line').first().waitFor();
  });
  afterAll(() => journey.end());

  const row = (text: string) =>
    journey.page.locator('.pane-body .monaco-list-row', { hasText: text }).first();

  const focusList = () => journey.command('Loss Lab: Focus on Loss Catalogue View');

  /** Moves the focus to the row of this text, which is the nth of the list. */
  const goTo = (text: string, nth: number) =>
    journey.until(async () => {
      await focusList(); // a list that was empty does not keep the focus
      await journey.page.keyboard.press('Home');
      for (let i = 1; i < nth; i++) await journey.page.keyboard.press('ArrowDown');
      return ((await row(text).getAttribute('class')) ?? '').includes('focused');
    }, `${text} has the focus`);

  it('opens a family, shows a loss with its picture, and inserts it, by keyboard alone', async () => {
    const { page } = journey;
    await focusList();
    await row('Segmentation').waitFor();
    await goTo('Segmentation', 5);
    expect(await row('Segmentation').getAttribute('aria-label')).toMatch(/^Segmentation, \d+ losses/);
    await page.keyboard.press('ArrowRight');
    await row('Dice loss').waitFor();
    await goTo('Dice loss', 6);
    expect(await row('Dice loss').getAttribute('aria-label')).toMatch(/^Dice loss\. .{40}/);

    const picture = page.locator('.workbench-hover img, .monaco-hover:visible img').first();
    const seen = await journey.until(
      async () => {
        await goTo('Dice loss', 6);
        await page.keyboard.press('Control+k');
        await page.keyboard.press('Control+i');
        await picture.waitFor({ timeout: 6000 });
        await page.waitForTimeout(300);
        await journey.shot(`catalogue-${theme}`);
        return picture.evaluate(
          (element) => {
            const { alt, naturalHeight } = element as HTMLImageElement;
            return { alt, naturalHeight };
          },
          undefined,
          { timeout: 1000 },
        );
      },
      'the picture of Dice',
      90_000,
    );
    expect(seen.alt.length).toBeGreaterThan(20);
    expect(seen.naturalHeight).toBeGreaterThan(50);

    await page.keyboard.press('Escape');
    const entries = page.locator('.monaco-menu .action-label');
    await goTo('Dice loss', 6);
    await page.keyboard.press('Shift+F10');
    await entries.first().waitFor();
    await journey.shot(`catalogue-menu-${theme}`);
    const titles = (await entries.allTextContents()).filter((title) => title !== '');
    // A mask is no column of a table: no data set fits.
    expect(titles).toEqual(['Insert Loss Implementation…', 'Copy Loss As…']);
    await page.waitForTimeout(500); // a menu takes no key in its first moments
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await journey.until(
      async () => /def dice/.test(await journey.text('insert.py')),
      'the inserted function',
    );
    await journey.shot(`catalogue-inserted-${theme}`);
  });
});
