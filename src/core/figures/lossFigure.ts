import { loadLoss } from '../losses/catalogue.ts';
import { asciiToBase64 } from './base64.ts';
import { compose, type Picture } from './compose.ts';
import { formulasOf } from './formula.ts';
import { lossPlot } from './lossPlot.ts';
import { palettes, type ThemeKind } from './theme.ts';

/** Formula, gradient and plot of a loss as one picture; `alt` says the formulas in words. */
export interface LossFigure extends Picture {
  /** The picture as a base64 `data:` URI, what a VS Code hover can show. */
  readonly dataUri: string;
  readonly alt: string;
}

export interface FigureOptions {
  readonly theme: ThemeKind;
  /** Values at which the plot is drawn; the others are at their defaults. */
  readonly parameters?: Readonly<Record<string, number>>;
}

/** The figure of a loss of the catalogue in the colours of a theme kind. Throws a RangeError for an unknown id. */
export function lossFigure(lossId: string, { theme, parameters = {} }: FigureOptions): LossFigure {
  const loss = loadLoss(lossId);
  const formulas = formulasOf(lossId);
  if (loss === undefined || formulas === undefined) throw new RangeError(`there is no figure of ${lossId}`);
  const palette = palettes[theme];
  const plot = lossPlot(loss, parameters, palette);
  const alt = `${formulas.spoken} Plot: loss and gradient against ${plot.inWords}, from ${spoken(loss.plot.from)} to ${spoken(loss.plot.to)}.`;
  const picture = compose(formulas, plot, palette, alt);
  return { ...picture, dataUri: `data:image/svg+xml;base64,${asciiToBase64(picture.svg)}`, alt };
}

function spoken(value: number): string {
  return value < 0 ? `minus ${-value}` : String(value);
}
