import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Journey, type ThemeKind } from './journey.ts';

const kinds: readonly ThemeKind[] = ['dark', 'light', 'hc-dark', 'hc-light'];

describe.each(kinds)('hover in %s', (theme) => {
  let journey: Journey;
  beforeAll(async () => {
    journey = await Journey.start({ theme, open: 'hover.py' });
    await journey.editor('hover.py').locator('.view-line').first().waitFor();
  });
  afterAll(() => journey.end());

  it('shows formula, gradient and plot as one picture, with its text, within the widget', async () => {
    const widget = await journey.hoverWithPicture('hover.py', 'HuberLoss');
    const picture = widget.locator('img').first();
    const seen = await picture.evaluate((element) => {
      const image = element as HTMLImageElement;
      const canvas = document.createElement('canvas');
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      const context = canvas.getContext('2d')!;
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      let drawn = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i]! > 100) drawn++;
      return { complete: image.complete, width: image.width, height: image.height, alt: image.alt, drawn };
    });
    await journey.shot(`hover-${theme}`);
    expect(seen.complete).toBe(true);
    expect(seen.width).toBeLessThanOrEqual(500);
    expect(seen.height).toBeGreaterThan(50);
    expect(seen.drawn).toBeGreaterThan(1000);
    expect(seen.alt.length).toBeGreaterThan(20);
    const text = (await widget.textContent()) ?? '';
    expect(text).toContain('Huber loss');
    expect(text).toContain('delta=0.5');
    const height = await widget.evaluate((element) => element.getBoundingClientRect().height);
    const scrolls = await widget.evaluate((element) =>
      [...element.querySelectorAll('.monaco-scrollable-element')].some(
        (e) => e.scrollHeight > e.clientHeight + 2,
      ),
    );
    expect(height).toBeLessThanOrEqual(260);
    expect(scrolls).toBe(false);
  });

  it('says nothing about the user’s own class of that name', async () => {
    await journey.page.keyboard.press('Escape');
    await journey.hover('hover.py', 'own');
    await journey.page.waitForTimeout(1500);
    expect(await journey.page.locator('.monaco-hover:visible img').count()).toBe(0);
  });
});

describe('insert', () => {
  let journey: Journey;
  beforeAll(async () => {
    journey = await Journey.start({ open: 'insert.py' });
    await journey.editor('insert.py').locator('.view-line').first().waitFor();
  });
  afterAll(() => journey.end());

  it('puts an implementation into the file from the light bulb, and one undo takes it back', async () => {
    const before = await journey.text('insert.py');
    await journey.editor('insert.py').locator('.view-line').first().click();
    await journey.page.keyboard.press('Control+Home');
    await journey.page.keyboard.press('ArrowDown');
    const entry = journey.page.locator('.action-widget .monaco-list-row', {
      hasText: 'Insert loss implementation…',
    });
    await journey.until(async () => {
      await journey.page.keyboard.press('Control+.');
      await journey.page.waitForTimeout(600);
      return entry.isVisible();
    }, 'the code action');
    await journey.shot('code-action');
    await entry.click();
    await journey.quickPick.locator('.monaco-list-row', { hasText: 'Huber' }).first().waitFor();
    await journey.shot('insert-pick');
    await journey.page.keyboard.type('Huber');
    await journey.page.waitForTimeout(400);
    await journey.page.keyboard.press('Enter');
    await journey.until(
      async () => /def huber/.test(await journey.text('insert.py')),
      'the inserted function',
    );
    await journey.shot('inserted');
    expect(await journey.text('insert.py')).toMatch(/npy\./);
    await journey.editor('insert.py').locator('.view-line').first().click();
    await journey.page.keyboard.press('Control+z');
    await journey.until(async () => (await journey.text('insert.py')) === before, 'the text as it was');
  });
});
