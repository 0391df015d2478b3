import { add, gather, mul, softmax, sub, sum } from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { optaxRowApis } from '../shared/apiPairs.ts';
import {
  classIndices,
  classShares,
  label,
  logits,
  logNormaliser,
  perClass,
  targetShares,
} from '../shared/classes.ts';
import { between, classesAt } from '../shared/examples.ts';
import { alongTrueLogit } from '../shared/plots.ts';

const probabilities = (): Expr => softmax(perClass(), 'class');

/** Σ_c y_c (−log p_c + ε (1 − p_c)) for softmax probabilities p: cross-entropy with the first term of its series in 1 − p enlarged. */
export const loss: Loss = {
  id: 'poly-1-cross-entropy',
  name: 'Poly-1 cross-entropy',
  synonyms: ['PolyLoss', 'Poly-1', 'polynomial cross-entropy'],
  chinese: ['Poly-1 交叉熵', '多项式损失', 'PolyLoss 损失'],
  family: 'classification',
  inputs: [logits(), classShares()],
  parameters: [
    {
      id: 'epsilon',
      symbol: '\\varepsilon',
      default: 2,
      min: -1,
      max: 1e6,
      meaning: 'What is added to the weight 1 of the term 1 − p_y; 0 gives cross-entropy.',
    },
  ],
  expression: withOptions(() => {
    const y = targetShares();
    const crossEntropy = sum(mul(y, sub(logNormaliser(), perClass())), 'class');
    const miss = sum(mul(y, sub(1, probabilities())), 'class');
    return add(crossEntropy, mul(param('epsilon'), miss));
  }),
  named: () => [
    { name: 'probabilities', symbol: 'p', expr: probabilities(), meaning: 'the softmax of the logits' },
  ],
  convention: 'optax',
  conventions: [
    {
      id: 'class-index',
      users: 'Leng et al. 2022',
      differs: 'The targets are class indices.',
      inputs: [logits(), classIndices()],
      expression: withOptions(() => {
        const picked = (of: Expr): Expr => gather(of, 'class', label());
        const crossEntropy = sub(logNormaliser(), picked(perClass()));
        return add(crossEntropy, mul(param('epsilon'), sub(1, picked(probabilities()))));
      }),
      plot: alongTrueLogit(),
    },
  ],
  meaning:
    'Cross-entropy with a straight line added in the probability of the wrong classes, which keeps the gradient larger where the model is nearly right.',
  useWhen: 'Cross-entropy works and one more number may be tuned.',
  avoidWhen:
    'Calibrated probabilities are wanted: unless ε is 0 the best prediction is not the true distribution.',
  pitfalls: [
    'The best ε depends on the task: the paper finds a positive one best for ImageNet and −1 for Mask R-CNN on COCO, so that the default of 2 may do harm.',
    'Below ε = −1 a probability close to 1 is punished: the loss no longer decreases towards the right answer.',
    'optax takes one-hot labels of a floating-point type, not class indices.',
    'It is not a proper score: at ε = 2 and true shares 70 : 30 the best prediction is about 82 : 18.',
  ],
  source:
    'Leng, Tan, Liu, Cubuk, Shi, Cheng, Anguelov 2022, PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions, ICLR, arXiv 2204.12511',
  apis: optaxRowApis(
    'poly_loss_cross_entropy',
    { keywords: { epsilon: { parameter: 'epsilon', default: 2 } }, positional: [] },
    ['optax.losses'],
  ),
  properties: {
    convex: between(classesAt(2, [-6, 0], [1, 0]), [0, 0]),
    boundedBelow: 0,
    boundedAbove: classesAt(2, [1e3, 0], [0, 1]),
    lipschitzGradient: 0.7580757,
    boundedInfluence: (9 * Math.SQRT2) / 8,
    strictlyProper: classesAt(2, [Math.log(0.8 / 0.2), 0], [0.7, 0.3]),
  },
  plot: alongTrueLogit('one-hot'),
};
