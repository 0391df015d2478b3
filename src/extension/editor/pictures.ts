import * as vscode from 'vscode';
import type { LossFigure } from '../../core/figures/lossFigure.ts';
import type { ThemeKind } from '../../core/figures/theme.ts';

/** The kind of the present colour theme. An SVG shown as an image knows nothing of the theme. */
export function themeKind(): ThemeKind {
  switch (vscode.window.activeColorTheme.kind) {
    case vscode.ColorThemeKind.Light:
      return 'light';
    case vscode.ColorThemeKind.HighContrast:
      return 'hc-dark';
    case vscode.ColorThemeKind.HighContrastLight:
      return 'hc-light';
    case vscode.ColorThemeKind.Dark:
      return 'dark';
  }
}

const drawn = new Map<string, LossFigure>();
const mostDrawn = 50;

/** The picture of a loss in the present theme. The drawing code is loaded on the first call. */
export async function pictureOf(
  lossId: string,
  parameters: Readonly<Record<string, number>> = {},
): Promise<LossFigure> {
  const theme = themeKind();
  const key = JSON.stringify([lossId, theme, parameters]);
  const kept = drawn.get(key);
  if (kept !== undefined) return kept;
  const { lossFigure } = await import('../../core/figures/lossFigure.ts');
  const figure = lossFigure(lossId, { theme, parameters });
  if (drawn.size >= mostDrawn) drawn.clear();
  drawn.set(key, figure);
  return figure;
}

/** Markdown of a picture, no wider than it may be. Blanks around the bar would keep VS Code from reading the size. */
export function pictureMarkdown({ dataUri, width, height, alt }: LossFigure, widest = Infinity): string {
  const scale = Math.min(1, widest / width);
  const size = `width=${Math.round(width * scale)},height=${Math.round(height * scale)}`;
  return `![${alt.replace(/[[\]\\]/g, '')}](${dataUri}|${size})`;
}
