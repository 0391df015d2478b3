/** Colours and type of the editor's theme, as the canvas needs them. */
export interface Theme {
  readonly highContrast: boolean;
  readonly foreground: string;
  readonly muted: string;
  readonly grid: string;
  readonly blue: string;
  readonly orange: string;
  readonly green: string;
  readonly purple: string;
  readonly red: string;
  readonly font: string;
  readonly fontSize: number;
}

/** Reads the theme as it is now. VS Code sets its colours as custom properties of the document element. */
export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string, otherwise: string): string => {
    const value = style.getPropertyValue(`--vscode-${name}`).trim();
    return value === '' ? otherwise : value;
  };
  const highContrast = [...document.body.classList].some((name) => name.startsWith('vscode-high-contrast'));
  const foreground = colour('foreground', '#808080');
  const muted = colour('descriptionForeground', foreground);
  return {
    highContrast,
    foreground,
    muted: highContrast ? foreground : muted,
    grid: highContrast
      ? colour('contrastBorder', foreground)
      : colour('charts-lines', 'rgba(128, 128, 128, 0.35)'),
    blue: colour('charts-blue', '#3794ff'),
    orange: colour('charts-orange', '#d18616'),
    green: colour('charts-green', '#89d185'),
    purple: colour('charts-purple', '#b180d7'),
    red: colour('charts-red', '#f14c4c'),
    font: colour('font-family', 'sans-serif'),
    fontSize: Number.parseFloat(colour('font-size', '13px')) || 13,
  };
}

/** Calls `changed` whenever the editor switches its theme. */
export function onThemeChange(changed: () => void): void {
  // VS Code swaps the classes of the body and the style attribute of the document element.
  const observer = new MutationObserver(changed);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ['class', 'data-vscode-theme-kind', 'data-vscode-theme-id'],
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}

/** The colour with another opacity, for `#rgb`, `#rrggbb` and `#rrggbbaa`; other notations stay as they are. */
export function fade(colour: string, opacity: number): string {
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(colour);
  const long =
    short === null ? colour : `#${short[1]!.repeat(2)}${short[2]!.repeat(2)}${short[3]!.repeat(2)}`;
  if (!/^#[\da-f]{6}([\da-f]{2})?$/i.test(long)) return colour;
  const before = long.length === 9 ? Number.parseInt(long.slice(7), 16) / 255 : 1;
  return (
    long.slice(0, 7) +
    Math.round(before * opacity * 255)
      .toString(16)
      .padStart(2, '0')
  );
}
