import { div, gather, pow, sub } from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { classIndices, classProbabilities, label, perClass } from '../shared/classes.ts';
import { between, classesAt, sevenToThree } from '../shared/examples.ts';
import { alongTrueProbability } from '../shared/plots.ts';

const trueProbability = (): Expr => gather(perClass(), 'class', label());

/** (1 − p_y^q)/q for the probability p_y of the true class: cross-entropy as q → 0, 1 − p_y at q = 1. */
export const loss: Loss = {
  id: 'generalised-cross-entropy',
  name: 'Generalised cross-entropy',
  short: 'gce',
  synonyms: ['GCE', 'generalized cross-entropy', 'Lq loss', 'Box–Cox loss'],
  chinese: ['广义交叉熵', 'GCE 损失', 'Lq 损失'],
  family: 'classification',
  inputs: [classProbabilities(), classIndices()],
  parameters: [
    {
      id: 'q',
      symbol: 'q',
      default: 0.7,
      min: 0,
      max: 1,
      minExclusive: true,
      meaning:
        'Between cross-entropy (towards 0) and the probability of a mistake (1), which bears more wrong labels.',
    },
  ],
  expression: withOptions(() => {
    const q = param('q');
    return div(sub(1, pow(trueProbability(), q)), q);
  }),
  named: () => [
    { name: 'p_y', symbol: 'p_y', expr: trueProbability(), meaning: 'the probability of the true class' },
  ],
  convention: 'Zhang and Sabuncu 2018',
  meaning:
    'Between cross-entropy and the plain probability of a mistake: a row with a hopelessly wrong label costs at most 1/q.',
  useWhen: 'A share of the labels is wrong, and the model should not learn them by heart.',
  avoidWhen: 'Labels are clean: cross-entropy learns faster and gives calibrated probabilities.',
  pitfalls: [
    'The prediction is probabilities: Keras has no from_logits here, and raw scores below 0 give NaN.',
    'With many classes training starts slowly: at p_y = 1/C the gradient by the logits is p_y^q times that of cross-entropy, 0.04 for 100 classes at q = 0.7.',
    'Defaults differ: q = 0.7 in the paper, 0.5 in keras.losses.CategoricalGeneralizedCrossEntropy.',
    'Keras offers it by class and function only; compile(loss="categorical_generalized_cross_entropy") raises.',
    'It is not a proper score: the best prediction exaggerates the largest probability.',
  ],
  source:
    'Zhang, Sabuncu 2018, Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels, NeurIPS, arXiv 1805.07836',
  apis: [
    {
      framework: 'keras',
      name: 'keras.losses.CategoricalGeneralizedCrossEntropy',
      form: 'class',
      targetFirst: true,
      keywords: { q: { parameter: 'q', default: 0.5 } },
    },
    {
      framework: 'keras',
      name: 'keras.losses.categorical_generalized_cross_entropy',
      form: 'function',
      targetFirst: true,
      keywords: { q: { parameter: 'q', default: NaN } },
      note: 'q has no default. One value a row: reduce it yourself.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: 1 / 0.7,
    lipschitzGradient: between(classesAt(2, [1e-5, 1 - 1e-5], [0]), [2e-5, 1 - 2e-5]),
    boundedInfluence: classesAt(2, [1e-12, 1 - 1e-12], [0]),
    strictlyProper: sevenToThree([0.94, 0.06]),
  },
  plot: alongTrueProbability(),
};
