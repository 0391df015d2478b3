import { sum } from '../expression/build.ts';
import { compileFunction } from '../expression/compile.ts';
import { gradient } from '../expression/differentiate.ts';
import { broadcast } from '../expression/evaluate.ts';
import type { Expr } from '../expression/expression.ts';
import { predictionsOf, type Loss, type Plot } from '../losses/loss.ts';
import type { PlotContent } from './compose.ts';
import type { Curve, Sampled } from './plot.ts';
import type { Palette } from './theme.ts';

/** The plot of a loss; `inWords` says what runs along x. */
export interface LossPlot extends PlotContent {
  readonly inWords: string;
}

/** Half the distance over which the speed of the inputs is taken; they move along lines and circles. */
const step = 2 ** -13;

/** Loss and its slope against the quantity that the loss names, computed from its expression. */
export function lossPlot(loss: Loss, given: Readonly<Record<string, number>>, palette: Palette): LossPlot {
  const { from, to, label, inWords, curves } = loss.plot;
  const parameters = Object.fromEntries(loss.parameters.map((p) => [p.id, given[p.id] ?? p.default]));
  const total = loss
    .expression()
    .axes.reduceRight<Expr>((inner, axis) => sum(inner, axis), loss.expression());
  const predictions = predictionsOf(loss);
  const slopes = predictions.map(({ id }) => gradient(total, id));
  const compiled = compileFunction([total, ...slopes]);
  const { sizes } = loss.plot;
  const of = ({ at }: Plot['curves'][number], pick: 'value' | 'slope'): Sampled => {
    const compute = (x: number) => compiled({ sizes, inputs: at(x), parameters });
    if (pick === 'value') return (xs) => Float64Array.from(xs, (x) => compute(x)[0]![0]!);
    const slope = (x: number): number => {
      const [, ...gradients] = compute(x);
      const [before, after] = [at(x - step), at(x + step)];
      // The chain rule: the gradient along the direction in which the inputs move.
      return predictions.reduce((total, { id, axes }, k) => {
        const grad = broadcast({ axes: slopes[k]!.axes, data: gradients[k]! }, axes, sizes);
        return grad.reduce((part, g, i) => {
          const speed = (after[id]![i]! - before[id]![i]!) / (2 * step);
          return speed === 0 ? part : part + speed * g;
        }, total);
      }, 0);
    };
    return (xs) => Float64Array.from(xs, slope);
  };
  const drawn = (['value', 'slope'] as const).flatMap((pick) =>
    curves.map((curve, k): Curve => ({
      label: pick === 'value' ? 'loss' : 'gradient',
      of: of(curve, pick),
      colour: pick === 'value' ? palette.loss : palette.gradient,
      dashed: pick === 'slope',
      ...(pick === 'value' && curve.note !== undefined ? { note: curve.note } : {}),
      ...(k > 0 ? { unlisted: true as const } : {}),
    })),
  );
  return { from, to, curves: drawn, xLabel: label, inWords };
}
