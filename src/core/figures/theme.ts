/** The four kinds of VS Code colour theme. */
export type ThemeKind = 'dark' | 'light' | 'hc-dark' | 'hc-light';

/**
 * Colours of a figure. An SVG shown as an image knows neither the page's style nor its theme, so they are baked in.
 * Against the hover backgrounds of VS Code's default themes text has a contrast of at least 4.5:1, lines 3:1;
 * blue and orange stay apart for the common colour deficiencies, and the gradient is dashed besides.
 */
export interface Palette {
  readonly text: string;
  readonly axis: string;
  readonly loss: string;
  readonly gradient: string;
}

export const palettes: Readonly<Record<ThemeKind, Palette>> = {
  dark: { text: '#d4d4d4', axis: '#8c8c8c', loss: '#4da3ff', gradient: '#f2a04e' },
  light: { text: '#3b3b3b', axis: '#7d7d7d', loss: '#0064c8', gradient: '#b34e00' },
  'hc-dark': { text: '#ffffff', axis: '#c0c0c0', loss: '#6fc3ff', gradient: '#ffb454' },
  'hc-light': { text: '#292929', axis: '#5a5a5a', loss: '#0f4a85', gradient: '#a33a00' },
};
