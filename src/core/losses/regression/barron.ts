import {
  abs,
  add,
  div,
  eq,
  expm1,
  le,
  log,
  log1p,
  mul,
  neg,
  square,
  sub,
  where,
} from '../../expression/build.ts';
import { constant, param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';
import { scale } from '../shared/scale.ts';

/** (r/c)². */
const squared = (): Expr => square(div(residual(), param('c')));

/** Bounds of a trained α, those of Barron's own implementation: at 0 and 2 the formula has other cases. */
const [lowest, highest] = [0.001, 1.999];

/**
 * log ∫ exp(−ρ(x, α, 1)) dx as a polynomial in s = log(α/(2 − α)) through its largest value, which maps these bounds to
 * ±1; constant first. In s the integral has no edges: next to α = 2 it goes as (2 − α)·log(2 − α). The numbers are those
 * of a Chebyshev expansion of degree 20 of integrals by the double exponential rule, right to 1e-13; the polynomial is off
 * by less than 1e-6 within the bounds, in float32 by 4e-6, and its slope by log(α/(2 − α)) by 5e-5.
 */
const logPartitionTerms: readonly number[] = [
  1.185494530727, -0.7329508580629, 0.2064711338279, 1.253928164026, -0.8643682249211, -1.602767121116,
  1.966713325828, 0.3492079110897, -2.211846136518, 3.537851760817, -0.5699983912409, -8.470300812696,
  6.134199863251, 10.43495129897, -9.945052564098, -7.626265951898, 8.290950444093, 3.126481667722,
  -3.671488932882, -0.5550598630249, 0.6844491441397,
];

const logPartition = (): Expr => {
  const alpha = param('alpha');
  const s = div(sub(log(alpha), log(sub(2, alpha))), Math.log(highest / (2 - highest)));
  return logPartitionTerms.reduceRight<Expr>((sum, term) => add(mul(sum, s), term), constant(0));
};

/**
 * |α − 2|/α·(((r/c)²/|α − 2| + 1)^(α/2) − 1) with its limits ½(r/c)² at α = 2, log(1 + ½(r/c)²) at α = 0 and
 * 1 − e^(−½(r/c)²) at α = −∞, each a case of the parameter alone. The power minus 1 is written expm1(α/2·log1p(…)):
 * next to the limits, and for small residuals, the power itself would lose its digits to the 1.
 */
export const loss: Loss = {
  id: 'barron',
  name: 'Barron’s general robust loss',
  synonyms: ['general robust loss', 'general adaptive robust loss', 'adaptive robust loss', 'robust_loss'],
  chinese: ['Barron 通用鲁棒损失', '通用自适应鲁棒损失'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [
    {
      id: 'alpha',
      symbol: '\\alpha',
      default: 1,
      min: -Infinity,
      max: 1000,
      meaning:
        'The shape: 2 is the squared error, 1 pseudo-Huber, 0 Cauchy, −2 Geman–McClure, −∞ Welsch. The lower, the less outliers count.',
    },
    scale(1, 'The size of residuals that count as normal: the loss is about ½(r/c)² below it.'),
  ],
  expression: withOptions(() => {
    const alpha = param('alpha');
    const z = squared();
    const distance = abs(sub(alpha, 2));
    const power = mul(div(alpha, 2), log1p(div(z, distance)));
    const general = mul(div(distance, alpha), expm1(power));
    const welsch = neg(expm1(mul(-0.5, z)));
    const cauchy = log1p(mul(0.5, z));
    return where(
      eq(alpha, 2),
      mul(0.5, z),
      where(eq(alpha, 0), cauchy, where(le(alpha, -Infinity), welsch, general)),
    );
  }),
  named: () => [
    ...residualName(),
    { name: 'scaled', symbol: 'z', expr: squared(), meaning: 'the square of the residual in units of c' },
  ],
  meaning:
    'One family that holds the common robust losses: a single number α says how little outliers count, from squared error to ignoring them.',
  useWhen:
    'You want to try how robust the loss should be as one knob, or lower α during training (graduated non-convexity).',
  avoidWhen: 'A named member does: its formula is shorter. α below 1 is not convex and needs a good start.',
  pitfalls: [
    'c divides the residual and is not multiplied back: at small residuals the loss is ½(r/c)², so that halving c makes gradients four times as large.',
    'Formulas with a plain power divide by 0 at α = 0 and α = 2, and lose digits beside them; the reference implementation moves α away by machine epsilon.',
    'To learn α together with the model, add log c and the log of the normalising constant Z(α) of the distribution; without them α runs to −∞, where every error is cheap.',
    'Convex only for α of at least 1; for α below 0 it is bounded by |α − 2|/|α|, and outliers lose their pull.',
  ],
  source: 'Barron 2019, A General and Adaptive Robust Loss Function, CVPR',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    symmetric: true,
    lipschitzGradient: 1,
    boundedInfluence: 1,
  },
  trainable: {
    parameters: [
      { id: 'alpha', from: lowest, to: highest, name: 'alpha' },
      { id: 'c', from: 0, name: 'c' },
    ],
    logNormaliser: () => add(log(param('c')), logPartition()),
  },
  plot: alongResidual(),
};
