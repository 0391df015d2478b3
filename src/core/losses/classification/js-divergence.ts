import { add, eq, log, mul, sub, sum, where, xlogy } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { classProbabilities, classShares, perClass, targetShares } from '../shared/classes.ts';
import { between, classesAt } from '../shared/examples.ts';
import { alongTrueProbability } from '../shared/plots.ts';

const middle = (): Expr => mul(0.5, add(perClass(), targetShares()));

/**
 * ½ Σ_c [p_c log p_c + q_c log q_c] − Σ_c m_c log m_c with the middle m = (p + q)/2, in nats: the mean of the
 * Kullback–Leibler divergences of both to it. The logarithms are taken apart, since a quotient of tiny probabilities
 * has a derivative that divides by a square. Where both probabilities are 0 the gradient is its limit, ½ log 2.
 */
export const loss: Loss = {
  id: 'js-divergence',
  name: 'Jensen–Shannon divergence',
  short: 'js',
  synonyms: ['JS divergence', 'JSD', 'total divergence to the average', 'information radius'],
  chinese: ['JS 散度', 'Jensen–Shannon 散度', '詹森-香农散度'],
  family: 'classification',
  inputs: [
    classProbabilities({ symbol: 'q' }),
    classShares({ symbol: 'p', meaning: 'True probabilities of the classes; every row sums to 1.' }),
  ],
  parameters: [],
  expression: withOptions(() => {
    const [q, p, m] = [perClass(), targetShares(), middle()];
    const own = mul(0.5, add(xlogy(p, p), xlogy(q, q)));
    return sum(where(eq(m, 0), mul(0.5 * Math.LN2, q), sub(own, mul(m, log(m)))), 'class');
  }),
  named: () => [{ name: 'middle', symbol: 'm', expr: middle(), meaning: 'halfway between both' }],
  convention: 'Lin 1991',
  meaning:
    'How different two distributions are: symmetric, 0 where they agree, and at most log 2 = 0.693 nats where no class is shared.',
  useWhen:
    'Two distributions are compared of which neither is the truth, or zeros must not make the loss infinite.',
  avoidWhen:
    'Probabilities should come out right as scores of events: with one-hot labels it is not minimised by the true probabilities.',
  pitfalls: [
    'scipy.spatial.distance.jensenshannon returns the square root (a distance); square it to get the divergence.',
    'In bits (base 2) the largest value is 1, in nats 0.693: check the base before comparing numbers.',
    'It takes probabilities, not logits or logarithms; every row sums to 1.',
    'On one-hot labels its minimum is not at the true probabilities: where classes come 70 : 30 it favours more than 70 %. Use cross-entropy there.',
  ],
  source:
    'Lin 1991, Divergence Measures Based on the Shannon Entropy, IEEE Transactions on Information Theory 37(1)',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: Math.LN2,
    symmetric: true,
    lipschitzGradient: between(classesAt(2, [1e-6, 1 - 1e-6], [0.5, 0.5]), [1e-5, 1 - 1e-5]),
    boundedInfluence: classesAt(2, [0, 1], [1, 0]),
  },
  plot: alongTrueProbability('one-hot'),
};
