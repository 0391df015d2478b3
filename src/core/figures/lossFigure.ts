import { gradient } from '../expression/differentiate.ts';
import { broadcast, evaluate } from '../expression/evaluate.ts';
import type { Expr } from '../expression/expression.ts';
import { loadLoss } from '../losses/catalogue.ts';
import type { Loss } from '../losses/loss.ts';
import { asciiToBase64 } from './base64.ts';
import { compose, type Picture, type PlotContent } from './compose.ts';
import { formulasOf } from './formula.ts';
import type { Curve, Sampled } from './plot.ts';
import { palettes, type Palette, type ThemeKind } from './theme.ts';

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
  const plot = plotOf(loss, parameters, palette);
  const alt = `${formulas.spoken} Plot: loss and gradient against ${plot.inWords}, from ${spoken(loss.plot.from)} to ${spoken(loss.plot.to)}.`;
  const picture = compose(formulas, plot, palette, alt);
  return { ...picture, dataUri: `data:image/svg+xml;base64,${asciiToBase64(picture.svg)}`, alt };
}

function spoken(value: number): string {
  return value < 0 ? `minus ${-value}` : String(value);
}

interface LossPlot extends PlotContent {
  readonly inWords: string;
}

/** Classes in the plot of a loss over several. */
const classes = 3;

function plotOf(loss: Loss, given: Readonly<Record<string, number>>, palette: Palette): LossPlot {
  const { from, to } = loss.plot;
  const parameters = Object.fromEntries(loss.parameters.map((p) => [p.id, given[p.id] ?? p.default]));
  const value = loss.expression();
  const slope = gradient(value, loss.inputs.prediction.id);
  const curve = (label: string, expr: Expr, target: number): Curve => ({
    label,
    of: along(loss, expr, target, parameters),
    colour: expr === value ? palette.loss : palette.gradient,
    dashed: expr !== value,
  });
  switch (loss.task) {
    case 'regression': {
      const curves = [curve('loss', value, 0), curve('gradient', slope, 0)];
      return { from, to, curves, xLabel: 'ŷ − y', inWords: 'the difference of prediction and target' };
    }
    case 'binary': {
      const curves: Curve[] = [
        { ...curve('loss', value, 1), note: { text: 'y = 1', side: 'right' } },
        { ...curve('loss', value, 0), note: { text: 'y = 0', side: 'left' }, unlisted: true },
        curve('gradient', slope, 1),
        { ...curve('gradient', slope, 0), unlisted: true },
      ];
      return { from, to, curves, xLabel: 'logit z', inWords: 'the logit, for label 1 and for label 0' };
    }
    case 'classes': {
      const curves = [curve('loss', value, 0), curve('gradient', slope, 0)];
      return {
        from,
        to,
        curves,
        xLabel: 'logit z_y',
        inWords: `the logit of the true class, the other ${classes - 1} at 0`,
      };
    }
  }
}

/**
 * The expression as a function of the prediction for a fixed target, many points at once as samples of one batch; of
 * several classes the first is varied, the others are at 0.
 */
function along(
  loss: Loss,
  expr: Expr,
  target: number,
  parameters: Readonly<Record<string, number>>,
): Sampled {
  const { prediction, target: label } = loss.inputs;
  const width = loss.task === 'classes' ? classes : 1;
  return (xs) => {
    const sizes = { sample: xs.length, output: 1, class: classes };
    const data = new Float64Array(xs.length * width);
    xs.forEach((x, k) => (data[k * width] = x));
    const inputs = { [prediction.id]: data, [label.id]: new Float64Array(xs.length).fill(target) };
    const result = evaluate(expr, { sizes, inputs, parameters });
    const axes = result.axes.includes('class') ? prediction.axes : label.axes;
    const values = broadcast(result, axes, sizes);
    const stride = values.length / xs.length;
    return Float64Array.from(xs, (_, k) => values[k * stride]!);
  };
}
