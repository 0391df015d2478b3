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
  const background = colour('editor-background', '#808080');
  // Some themes define a chart colour that is all but invisible on their own background.
  const curve = (name: string, otherwise: string): string =>
    legible(colour(`charts-${name}`, otherwise), background, foreground);
  const muted = colour('descriptionForeground', foreground);
  return {
    highContrast,
    foreground,
    muted: highContrast ? foreground : muted,
    grid: highContrast
      ? colour('contrastBorder', foreground)
      : colour('charts-lines', 'rgba(128, 128, 128, 0.35)'),
    blue: curve('blue', '#3794ff'),
    orange: curve('orange', '#d18616'),
    green: curve('green', '#89d185'),
    purple: curve('purple', '#b180d7'),
    red: curve('red', '#f14c4c'),
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

/** The colours of curves as custom properties, for the swatches of the legend. */
export function publishCurveColours(theme: Theme): void {
  for (const name of ['blue', 'orange', 'green', 'purple'] as const) {
    const property = `--curve-${name}`;
    // Writing what is there already would call the observer of the theme for ever.
    if (document.body.style.getPropertyValue(property) !== theme[name])
      document.body.style.setProperty(property, theme[name]);
  }
}

/** Least contrast of a curve to its background (WCAG 2.2, 1.4.11). */
const leastContrast = 3;

/** The colour without its transparency, mixed with the foreground as far as it takes to stand out from the background. */
export function legible(colour: string, background: string, foreground: string): string {
  const [over, under, towards] = [parse(colour), parse(background), parse(foreground)];
  if (over === undefined || under === undefined || towards === undefined) return colour;
  for (let share = 0; share < 1; share += 0.1) {
    const candidate = mix(over, towards, share);
    if (contrast(candidate, under) >= leastContrast) return toHex(candidate);
  }
  return foreground;
}

type Rgba = readonly [red: number, green: number, blue: number, opacity: number];

/** The notations in which VS Code writes colours: `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb(…)` and `rgba(…)`; undefined for others. */
function parse(colour: string): Rgba | undefined {
  const numbers = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)(?:[\s,/]+([\d.]+))?\s*\)$/i.exec(colour);
  if (numbers !== null)
    return [Number(numbers[1]), Number(numbers[2]), Number(numbers[3]), Number(numbers[4] ?? 1)];
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(colour);
  const long =
    short === null ? colour : `#${short[1]!.repeat(2)}${short[2]!.repeat(2)}${short[3]!.repeat(2)}`;
  if (!/^#[\da-f]{6}([\da-f]{2})?$/i.test(long)) return undefined;
  const byte = (at: number): number => Number.parseInt(long.slice(at, at + 2), 16);
  return [byte(1), byte(3), byte(5), long.length === 9 ? byte(7) / 255 : 1];
}

function toHex([red, green, blue, opacity]: Rgba): string {
  const hex = (value: number): string => Math.round(value).toString(16).padStart(2, '0');
  return `#${hex(red)}${hex(green)}${hex(blue)}${opacity === 1 ? '' : hex(opacity * 255)}`;
}

function mix(a: Rgba, b: Rgba, share: number): Rgba {
  const at = (i: 0 | 1 | 2): number => a[i] + (b[i] - a[i]) * share;
  return [at(0), at(1), at(2), 1];
}

/** Contrast ratio of two opaque colours by WCAG 2, from 1 to 21. */
function contrast(a: Rgba, b: Rgba): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(colour: Rgba): number {
  const linear = (value: number): number =>
    value <= 10.31475 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  return 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
}

/** The colour with another opacity; a notation that VS Code does not use stays as it is. */
export function fade(colour: string, opacity: number): string {
  const parsed = parse(colour);
  return parsed === undefined ? colour : toHex([parsed[0], parsed[1], parsed[2], parsed[3] * opacity]);
}
