import { gradient } from '../expression/differentiate.ts';
import { broadcast, evaluate } from '../expression/evaluate.ts';
import type { Expr } from '../expression/expression.ts';
import type { Loss } from '../losses/loss.ts';
import type { PlotContent } from './compose.ts';
import type { Curve, Sampled } from './plot.ts';
import type { Palette } from './theme.ts';

/** The plot of a loss; `inWords` says what runs along x. */
export interface LossPlot extends PlotContent {
  readonly inWords: string;
}

/** Classes in the plot of a loss over several. */
const classes = 3;

/** Loss and gradient of one element against the quantity that the loss names, computed from its expression. */
export function lossPlot(loss: Loss, given: Readonly<Record<string, number>>, palette: Palette): LossPlot {
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
