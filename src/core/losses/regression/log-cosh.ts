import { add, mul, softplus, sub } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { kerasApis, optaxApis } from '../shared/apis.ts';
import { kerasRows } from '../shared/conventions.ts';
import { at } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';

/** r + log(1 + e^(−2r)) minus a value of log 2. */
function logCosh(log2: number): Expr {
  const r = residual();
  return sub(add(r, softplus(mul(-2, r))), log2);
}

/**
 * log cosh r = r + log(1 + e^(−2r)) − log 2, which neither overflows nor cancels for large r; log(cosh(r)) itself is
 * infinite beyond |r| = 710, in single precision beyond 89. Gradient tanh r.
 */
export const loss: Loss = {
  id: 'log-cosh',
  name: 'Log-cosh loss',
  synonyms: ['log hyperbolic cosine', 'logcosh'],
  chinese: ['对数双曲余弦损失', 'Log-Cosh 损失'],
  family: 'regression',
  common: 5,
  inputs: [predictedValues(), trueValues()],
  parameters: [],
  expression: withOptions(() => logCosh(Math.LN2)),
  named: residualName,
  conventions: [
    kerasRows,
    {
      id: 'keras-float32',
      users: 'Keras where its float type is float32, as by default',
      differs:
        'As keras, but log 2 is rounded to single precision: on float64 data every value is 1.9e-9 too low.',
      expression: withOptions(() => logCosh(Math.fround(Math.LN2))),
      named: residualName,
      averaging: { rowsFirst: true },
    },
  ],
  meaning:
    'The logarithm of the hyperbolic cosine of the residual: about ½r² for small residuals and |r| − log 2 for large ones.',
  useWhen: 'You want the robustness of Huber without a threshold to choose, twice differentiable everywhere.',
  avoidWhen:
    'The scale of the target is not near 1: the turn from quadratic to linear sits at a residual of about 1 and cannot be moved.',
  pitfalls: [
    'np.log(np.cosh(r)) overflows beyond |r| = 710 in float64 and 89 in float32, and loses all digits below |r| = 1e-8. Write it with softplus or logaddexp.',
    'It has no scale of its own: divide the residual by s and multiply the loss by s² to move the turn to s.',
    'In Keras 3 the string is "log_cosh"; "logcosh" raises. In TensorFlow.js it is "logcosh".',
    'Keras takes log 2 in its default float type: with float32 there and float64 data its values are off by 1.9e-9.',
  ],
  source:
    'Saleh, Saleh 2022, Statistical Properties of the log-cosh Loss Function Used in Machine Learning, arXiv 2208.04564',
  apis: [
    ...kerasApis('LogCosh', 'log_cosh'),
    ...optaxApis('log_cosh'),
    { framework: 'tfjs', name: 'logcosh', form: 'string', convention: 'keras' },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    symmetric: true,
    lipschitzGradient: 1,
    boundedInfluence: 1,
  },
  plot: alongResidual(),
};
