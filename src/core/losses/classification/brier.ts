import { eq, indicator, square, sub, sum } from '../../expression/build.ts';
import { index } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { binaryLabels, binaryProbabilities } from '../shared/binary.ts';
import { classIndices, classProbabilities, label, perClass } from '../shared/classes.ts';
import { residual } from '../shared/elements.ts';
import { alongBinary, alongTrueProbability } from '../shared/plots.ts';
import { mean, shares } from '../shared/statistics.ts';

/** (p − y)² for the probability p of label 1; over several classes Σ_c (p_c − [c = y])². */
export const loss: Loss = {
  id: 'brier',
  name: 'Brier score',
  synonyms: ['Brier loss', 'quadratic score', 'probability score', 'mean squared error of probabilities'],
  chinese: ['Brier 分数', 'Brier 评分', '布里尔分数'],
  family: 'classification',
  inputs: [binaryProbabilities(), binaryLabels()],
  parameters: [],
  expression: withOptions(() => square(residual())),
  averaging: { weightedBy: 'weights' },
  convention: 'scikit-learn',
  conventions: [
    {
      id: 'multiclass',
      users: 'Brier 1950',
      differs: 'Over several classes, added up: Σ_c (p_c − [c = y])², between 0 and 2.',
      inputs: [classProbabilities(), classIndices()],
      expression: withOptions(() => {
        const truth = indicator(eq(index('class'), label()));
        return sum(square(sub(perClass(), truth)), 'class');
      }),
      bestConstant: {
        words: 'the share of each class',
        of: (targets, _, classes) => shares(targets, classes),
      },
      plot: alongTrueProbability(),
    },
  ],
  meaning: 'The squared difference between a stated probability and what happened.',
  useWhen:
    'Probabilities are judged, for example forecasts of rain, and a single confident mistake should cost no more than 1.',
  avoidWhen:
    'A network is trained from scratch: behind a sigmoid its gradient vanishes where the model is confidently wrong.',
  pitfalls: [
    'Of two classes, the sum over both is twice the score of one: 0.5 against 0.25 for always saying 50 %. scikit-learn halves the binary case and not several classes (scale_by_half="auto").',
    'A rare event makes any small probability look good: always saying 1 % costs 0.0099 where 1 % happen. Compare with the score of the base rate.',
    'Give it probabilities: a logit of 5 for label 1 scores 16 without an error in torch.nn.functional.mse_loss; scikit-learn raises.',
    'It is mean squared error under another name: torch.nn.MSELoss on probabilities trains on it.',
  ],
  source:
    'Brier 1950, Verification of Forecasts Expressed in Terms of Probability, Monthly Weather Review 78(1)',
  apis: [
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.brier_score_loss',
      form: 'function',
      targetFirst: true,
      note: 'A matrix of probabilities means several classes.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: 1,
    lipschitzGradient: 2,
    boundedInfluence: 2,
    strictlyProper: true,
  },
  bestConstant: { words: 'the share of label 1', of: (targets) => [mean(targets)] },
  plot: alongBinary({ label: 'probability p', inWords: 'the predicted probability' }, 0, 1, 0),
};
