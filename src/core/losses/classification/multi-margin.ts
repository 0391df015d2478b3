import { add, div, eq, gather, mul, relu, square, sub, sum, where } from '../../expression/build.ts';
import { param, size, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { torchApis } from '../shared/apiPairs.ts';
import {
  classIndices,
  classScores,
  classWeights,
  isTrueClass,
  label,
  perClass,
  weightOfClass,
} from '../shared/classes.ts';
import { between, classesAt } from '../shared/examples.ts';
import { alongTrueLogit } from '../shared/plots.ts';

const options = [
  classWeights('A weight for each class; a row counts by that of its true class, the mean divides by rows.'),
];

/** How far each class comes within the margin of the true one. */
const shortfall = (): Expr =>
  relu(add(sub(param('margin'), gather(perClass(), 'class', label())), perClass()));

/** Σ_{c ≠ y} max(0, m − z_y + z_c)^p / C for the scores z of C classes; every wrong class within the margin counts. */
export const loss: Loss = {
  id: 'multi-margin',
  name: 'Multi-margin loss',
  synonyms: ['multi-class margin loss', 'Weston–Watkins loss', 'multi-class hinge loss (sum)'],
  chinese: ['多类间隔损失', '多分类间隔损失'],
  family: 'classification',
  inputs: [classScores(), classIndices()],
  parameters: [
    {
      id: 'p',
      symbol: 'p',
      default: 1,
      min: 1,
      max: 2,
      choices: [
        { value: 1, name: 'linear' },
        { value: 2, name: 'squared' },
      ],
      meaning: 'The power to which each shortfall is raised.',
    },
    {
      id: 'margin',
      symbol: 'm',
      default: 1,
      min: -1e6,
      max: 1e6,
      meaning: 'By how much the true class should beat every other one.',
    },
  ],
  options,
  expression: withOptions(() => {
    const short = shortfall();
    const powered = where(eq(param('p'), 1), short, square(short));
    const weighted = mul(gather(weightOfClass(), 'class', label()), powered);
    return div(sum(where(isTrueClass(), 0, weighted), 'class'), size('class'));
  }, options),
  named: () => [
    {
      name: 'shortfall',
      symbol: 's',
      expr: shortfall(),
      meaning: 'how far each class comes within the margin of the true one',
    },
  ],
  convention: 'PyTorch',
  meaning:
    'The shortfalls of the true class against every wrong class, added up and divided by the number of classes.',
  useWhen: 'A multi-class support vector machine in which every competing class should learn from a row.',
  avoidWhen: 'Probabilities are wanted (use softmax cross-entropy), or there are thousands of classes.',
  pitfalls: [
    'The sum is divided by all C classes, the true one too: two classes a full margin apart the wrong way round cost 1, not 2.',
    'It takes raw scores: behind a softmax no difference reaches the margin 1, and no row ever costs 0.',
    'With class weights the mean divides by the number of rows, unlike torch.nn.CrossEntropyLoss, which divides by the sum of weights.',
    'Only p = 1 and p = 2 exist; PyTorch raises for any other.',
  ],
  source: 'Weston, Watkins 1999, Support Vector Machines for Multi-Class Pattern Recognition, ESANN',
  apis: torchApis('MultiMarginLoss', 'multi_margin_loss', {
    keywords: { p: { parameter: 'p', default: 1 }, margin: { parameter: 'margin', default: 1 } },
  }),
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: classesAt(2, [1e3, 0], [1]),
    lipschitzGradient: between(classesAt(2, [1 - 1e-6, 0], [0]), [1 + 1e-6, 0]),
    boundedInfluence: ({ class: classes }) => Math.sqrt(1 - 1 / classes!),
  },
  plot: alongTrueLogit('index', -3, 3),
};
