import { drawFormulas, type LossFormulas, type TypesetFormula } from './formula.ts';
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
const height = 110;
const gap = 18;
const leastPlotWidth = 170;
const mostPlotWidth = 250;
const largestEm = 16;
const lineGap = 14;
const fonts = "system-ui,-apple-system,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif";

/** Formula above gradient on the left, the plot on the right, in the colours of a theme. */
export function compose(formulas: LossFormulas, plot: PlotContent, palette: Palette, alt: string): Picture {
  const stack = [formulas.value, formulas.gradient];
  const em = emFor(stack);
  const left = (Math.max(...stack.map((f) => f.width)) * em) / 1000;
  const heights = stack.map((f) => ((f.ascent + f.descent) * em) / 1000);
  const space = Math.min(lineGap, height - sum(heights));
  let top = (height - sum(heights) - space) / 2;
  const placed = stack.map((formula, k) => {
    const baseline = top + (formula.ascent * em) / 1000;
    top += heights[k]! + space;
    return { formula, x: 0, baseline, em };
  });
  const plotLeft = Math.ceil(left) + gap;
  const plotWidth = Math.min(mostPlotWidth, fullWidth - plotLeft);
  const picture = drawPlot({ ...plot, width: plotWidth, height }, palette);
  const width = plotLeft + plotWidth;
  return {
    svg:
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${fonts}" font-size="${plotFontSize}">` +
      `<title>${escapeXml(alt)}</title>${drawFormulas(placed, palette.text)}<g transform="translate(${plotLeft} 0)">${picture}</g></svg>`,
    width,
    height,
  };
}

/** Pixels of one em: as large as the height and the room beside the plot allow. */
function emFor(formulas: readonly TypesetFormula[]): number {
  const width = Math.max(...formulas.map((f) => f.width)) / 1000;
  const tall = sum(formulas.map((f) => f.ascent + f.descent)) / 1000;
  return Math.min(largestEm, (fullWidth - gap - leastPlotWidth) / width, (height - 6) / tall);
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
