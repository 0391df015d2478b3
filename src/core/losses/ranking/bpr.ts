import { softplus, sub } from '../../expression/build.ts';
import { input } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, LossInput, Sample } from '../loss.ts';

const axes = ['sample', 'output'] as const;
const score = (id: string, symbol: string, meaning: string): LossInput => ({
  id,
  symbol,
  kind: 'score',
  role: 'prediction',
  axes,
  meaning,
});
const pair = (pos: number, neg: number): { readonly at: Sample } => ({
  at: { sizes: { sample: 1, output: 1 }, inputs: { pos: [pos], neg: [neg] } },
});

/** −log σ(s⁺ − s⁻) = log(1 + exp(s⁻ − s⁺)) for the score s⁺ of what was chosen and s⁻ of what was not. */
export const loss: Loss = {
  id: 'bpr',
  name: 'Bayesian personalised ranking loss',
  synonyms: ['BPR', 'Bayesian personalized ranking', 'pairwise log-sigmoid loss'],
  chinese: ['贝叶斯个性化排序损失', 'BPR 损失'],
  family: 'ranking',
  common: 3,
  inputs: [
    score('pos', 's^{+}', 'Scores of items that were chosen.'),
    score('neg', 's^{-}', 'For each the score of an item that was not, drawn at random.'),
  ],
  parameters: [],
  expression: withOptions(() => softplus(sub(input('neg', axes), input('pos', axes)))),
  convention: 'Rendle et al. 2009',
  meaning:
    'The surprise, in nats, that the chosen item is preferred to another, with σ of the difference as probability.',
  useWhen: 'Recommendation from clicks or purchases: you know what was chosen, and draw what was not.',
  avoidWhen:
    'The head of the list matters more than the rest: WARP and LambdaRank weight by rank. With graded labels use RankNet.',
  pitfalls: [
    'Written as -log(sigmoid(pos - neg)) it is infinite in PyTorch from a difference of −89 on in float32, and −710 in float64: use softplus or logsigmoid.',
    'Negatives drawn evenly are soon all easy and the gradient fades; harder or popularity-weighted draws go on teaching.',
    'It is the reward-model loss of preference learning: there, too, only differences of scores have a meaning.',
    'The paper adds an L2 penalty on the user and item factors; without it the loss can be driven to 0 by scaling the scores.',
  ],
  source:
    'Rendle, Freudenthaler, Gantner, Schmidt-Thieme 2009, BPR: Bayesian Personalized Ranking from Implicit Feedback, UAI, arXiv 1205.2618',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: pair(-1e3, 0),
    lipschitzGradient: 0.5,
    boundedInfluence: Math.SQRT2,
  },
  plot: {
    label: 's⁺ − s⁻',
    inWords: 'the difference of the two scores',
    from: -6,
    to: 6,
    sizes: { sample: 1, output: 1 },
    curves: [{ at: (x) => ({ pos: [x], neg: [0] }) }],
  },
};
