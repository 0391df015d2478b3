import {
  drawFormulas,
  type LossFormulas,
  type Outlines,
  type PlacedFormula,
  type TypesetFormula,
} from './formula.ts';
import { drawPlot, escapeXml, plotFontSize, type Curve } from './plot.ts';
import type { Palette } from './theme.ts';

/** A picture that stands alone: markup, and the size at which it is meant to be shown, px. */
export interface Picture {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/** What the plot beside the formulas shows. */
export interface PlotContent {
  readonly from: number;
  readonly to: number;
  readonly xLabel: string;
  readonly curves: readonly Curve[];
}

/** A hover is at most 500 px wide, some of it padding, and shows about 250 px of height before it scrolls. */
const fullWidth = 478;
const plotHeight = 110;
const mostFormulaHeight = 120;
const gap = 18;
const leastPlotWidth = 170;
const mostPlotWidth = 250;
const largestEm = 16;
/** Below this size subscripts can hardly be read: formulas then get the whole width, above the plot. */
const readableEm = 12;
const smallestEm = 10;
const lineGap = 14;
/** Between lines above the plot, where there are often several. */
const closeGap = 8;
const fonts = "system-ui,-apple-system,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif";

/** Formulas on the left of the plot, or above it where they are long, in the colours of a theme. */
export function compose(formulas: LossFormulas, plot: PlotContent, palette: Palette, alt: string): Picture {
  const { lines } = formulas;
  const beside = emFor(lines, fullWidth - gap - leastPlotWidth, plotHeight - 6);
  return beside >= readableEm
    ? composeBeside(lines, beside, plot, palette, alt)
    : composeAbove(lines, plot, palette, alt);
}

/** Short lines share a row of a figure as long as it is no wider than this at a size for reading, in 1/1000 em. */
export const widestRow = (1000 * fullWidth) / readableEm;

/**
 * The lines that a figure shows: value and names always, then as many gradients as fit at a size that can be read.
 * Used when the formulas are typeset, so that nothing is kept that is never shown.
 */
export function linesThatFit(
  value: readonly TypesetFormula[],
  gradients: readonly TypesetFormula[],
): readonly TypesetFormula[] {
  for (let count = gradients.length; count > 0; count--) {
    const lines = [...value, ...gradients.slice(0, count)];
    const fits =
      emFor(lines, fullWidth - gap - leastPlotWidth, plotHeight - 6) >= readableEm ||
      emAbove(lines) >= smallestEm;
    if (fits) return lines;
  }
  return value;
}

function emAbove(lines: readonly TypesetFormula[]): number {
  return emFor(lines, fullWidth, mostFormulaHeight - (lines.length - 1) * closeGap);
}

function composeBeside(
  lines: readonly TypesetFormula[],
  em: number,
  plot: PlotContent,
  palette: Palette,
  alt: string,
): Picture {
  const left = (Math.max(...lines.map((f) => f.width)) * em) / 1000;
  const plotLeft = Math.ceil(left) + gap;
  const plotWidth = Math.min(mostPlotWidth, fullWidth - plotLeft);
  const picture = drawPlot({ ...plot, width: plotWidth, height: plotHeight }, palette);
  const placed = stacked(lines, em, plotHeight);
  return figure(plotLeft + plotWidth, plotHeight, alt, [
    drawFormulas(placed, palette.text),
    `<g transform="translate(${plotLeft} 0)">${picture}</g>`,
  ]);
}

function composeAbove(
  lines: readonly TypesetFormula[],
  plot: PlotContent,
  palette: Palette,
  alt: string,
): Picture {
  const em = emAbove(lines);
  return above(lines, em, fullWidth, plot, palette, alt);
}

/** The widest page on which a printed picture is expected, px. */
const pageWidth = 860;

/** All formulas in a size for reading above the plot, for a page rather than a hover; the glyphs come along. */
export function composePage(
  lines: readonly TypesetFormula[],
  outlines: Outlines,
  plot: PlotContent,
  palette: Palette,
  alt: string,
): Picture {
  const em = emFor(lines, pageWidth, Infinity);
  const width = Math.max(mostPlotWidth, Math.ceil((Math.max(...lines.map((f) => f.width)) * em) / 1000));
  return above(lines, em, width, plot, palette, alt, outlines);
}

function above(
  lines: readonly TypesetFormula[],
  em: number,
  width: number,
  plot: PlotContent,
  palette: Palette,
  alt: string,
  outlines?: Outlines,
): Picture {
  const tall = sum(lines.map((f) => ((f.ascent + f.descent) * em) / 1000));
  const block = Math.ceil(tall + (lines.length - 1) * closeGap);
  const picture = drawPlot({ ...plot, width: mostPlotWidth, height: plotHeight }, palette);
  return figure(width, block + lineGap + plotHeight, alt, [
    drawFormulas(stacked(lines, em, block), palette.text, outlines),
    `<g transform="translate(0 ${block + lineGap})">${picture}</g>`,
  ]);
}

/** Lines below each other, in the middle of a height. */
function stacked(lines: readonly TypesetFormula[], em: number, height: number): PlacedFormula[] {
  const heights = lines.map((f) => ((f.ascent + f.descent) * em) / 1000);
  const space = lines.length < 2 ? 0 : Math.min(lineGap, (height - sum(heights)) / (lines.length - 1));
  let top = (height - sum(heights) - space * (lines.length - 1)) / 2;
  return lines.map((formula, k) => {
    const baseline = top + (formula.ascent * em) / 1000;
    top += heights[k]! + space;
    return { formula, x: 0, baseline, em };
  });
}

function figure(width: number, height: number, alt: string, parts: readonly string[]): Picture {
  return {
    svg:
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${fonts}" font-size="${plotFontSize}">` +
      `<title>${escapeXml(alt)}</title>${parts.join('')}</svg>`,
    width,
    height,
  };
}

/** Pixels of one em: as large as width and height allow. */
function emFor(formulas: readonly TypesetFormula[], width: number, height: number): number {
  const wide = Math.max(...formulas.map((f) => f.width)) / 1000;
  const tall = sum(formulas.map((f) => f.ascent + f.descent)) / 1000;
  return Math.min(largestEm, width / wide, height / tall);
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
