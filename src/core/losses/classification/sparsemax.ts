import {
  add,
  amax,
  argsort,
  cumsum,
  div,
  gather,
  ge,
  le,
  mul,
  neg,
  relu,
  square,
  stop,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import { index, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { optaxApis } from '../shared/apis.ts';
import { optaxRowApis } from '../shared/apiPairs.ts';
import { binaryLabels, margin01, marginName, signScores } from '../shared/binary.ts';
import { classIndices, classScores, label, perClass } from '../shared/classes.ts';
import { classesAt } from '../shared/examples.ts';
import { alongBinary, alongTrueLogit } from '../shared/plots.ts';

/** The scores as seen from the largest, which loses no digits where they are large; a common shift changes nothing. */
const behind = (): Expr => sub(perClass(), stop(amax(perClass(), 'class')));
/**
 * The threshold τ with Σ_c max(u_c − τ, 0) = 1: the largest of (u_(1) + … + u_(r) − 1)/r over the scores in descending
 * order. The loss does not change with it to first order, so that it counts as a constant in the gradient.
 */
const threshold = (): Expr => {
  const u = behind();
  const descending = gather(u, 'class', argsort(neg(u), 'class'));
  const upTo = add(index('class'), 1);
  return stop(amax(div(sub(cumsum(descending, 'class'), 1), upTo), 'class'));
};
const probabilities = (): Expr => relu(sub(behind(), threshold()));

/**
 * ½ Σ_c p_c² + τ + ½ − u_y for the scores u less the largest, with p = sparsemax(u) = max(u − τ, 0), the projection of the
 * scores onto the probabilities. Its gradient is p − [c = y]: what softmax cross-entropy is to softmax.
 */
export const loss: Loss = {
  id: 'sparsemax',
  name: 'Sparsemax loss',
  synonyms: ['sparsemax cross-entropy', 'Fenchel–Young loss of sparsemax', 'multi-class sparsemax loss'],
  chinese: ['Sparsemax 损失', '稀疏最大损失'],
  family: 'classification',
  inputs: [classScores(), classIndices()],
  parameters: [],
  expression: withOptions(() => {
    const squares = mul(0.5, sum(square(probabilities()), 'class'));
    return sub(add(add(squares, threshold()), 0.5), gather(behind(), 'class', label()));
  }),
  named: () => [
    { name: 'behind', symbol: 'u', expr: behind(), meaning: 'the scores less the largest' },
    { name: 'threshold', symbol: '\\tau', expr: threshold(), meaning: 'below it a class has probability 0' },
    { name: 'probabilities', symbol: 'p', expr: probabilities(), meaning: 'the sparsemax of the scores' },
  ],
  convention: 'Martins and Astudillo 2016; optax',
  conventions: [
    {
      id: 'binary',
      users: 'optax.losses.sparsemax_loss',
      differs:
        'Of one score f and labels 0 and 1, with the margin m = (2y − 1)f: 0 from m = 1 on, (1 − m)²/4 between, −m below −1.',
      inputs: [signScores(), binaryLabels('Labels 0 or 1.')],
      expression: withOptions(() => {
        const m = margin01();
        const between = mul(0.25, square(sub(1, m)));
        return where(ge(m, 1), 0, where(le(m, -1), neg(m), between));
      }),
      named: marginName(margin01),
      plot: alongBinary({ label: 'score f', inWords: 'the score' }, -3, 3, 0),
    },
  ],
  meaning:
    'The counterpart of softmax cross-entropy for sparsemax, which gives classes that are far behind a probability of exactly 0.',
  useWhen:
    'Few classes should get any probability at all, as in attention or with very many labels; a hinge-like loss that is smooth.',
  avoidWhen:
    'Probabilities should be calibrated everywhere, or a true class may be judged impossible without an infinite price.',
  pitfalls: [
    'It is 0, and teaches nothing more, as soon as the true class leads by 1: scores stay small, unlike with cross-entropy.',
    'Predict with sparsemax, not softmax: the scores are trained for it, and a softmax of them is far too flat.',
    'It takes raw scores and class indices in optax.losses.multiclass_sparsemax_loss; optax.losses.sparsemax_loss is the binary one, on a single score.',
    'The log-likelihood of its probabilities is −∞ where it said 0: do not evaluate such a model by log loss.',
  ],
  source:
    'Martins, Astudillo 2016, From Softmax to Sparsemax: A Sparse Model of Attention and Multi-Label Classification, ICML, arXiv 1602.02068',
  apis: [
    ...optaxRowApis('multiclass_sparsemax_loss', {}, ['optax.losses']),
    ...optaxApis('sparsemax_loss', { convention: 'binary' }, ['optax.losses']),
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: classesAt(2, [1e3, 0], [1]),
    lipschitzGradient: 1,
    boundedInfluence: Math.SQRT2,
  },
  plot: alongTrueLogit('index', -3, 3),
};
