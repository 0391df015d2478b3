import { mul, norm, relu, square, sub } from '../../expression/build.ts';
import { input, param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { CounterExample, Loss } from '../loss.ts';

const slope = () => norm(input('input_gradients', ['sample', 'feature']), 'feature');
const excess = () => sub(slope(), 1);
const penalty = (off: () => Expr) => withOptions(() => mul(param('strength'), square(off())));
const slopeName = () => [
  { name: 'slope', symbol: 's', expr: slope(), meaning: 'the length of the critic’s gradient by its input' },
];

const gradientOf = (at: readonly number[], and?: readonly number[]): CounterExample => ({
  at: { sizes: { sample: 1, feature: at.length }, inputs: { input_gradients: at } },
  ...(and === undefined ? {} : { and: { input_gradients: and } }),
});

/**
 * λ(‖g‖₂ − 1)² for the gradient g of the critic’s score by its input, at a random point between a real and a generated
 * sample. At g = 0, where the norm has no derivative, the gradient is 0.
 */
export const loss: Loss = {
  id: 'wasserstein-gradient-penalty',
  name: 'Wasserstein gradient penalty',
  short: 'gradient-penalty',
  synonyms: ['WGAN-GP', 'gradient penalty', 'GP', 'Lipschitz penalty'],
  chinese: ['Wasserstein 梯度惩罚', '梯度惩罚'],
  family: 'adversarial',
  inputs: [
    {
      id: 'input_gradients',
      symbol: 'g',
      kind: 'embedding',
      role: 'prediction',
      axes: ['sample', 'feature'],
      meaning: 'Gradients of the critic’s score by its input, one row a sample, images flattened.',
    },
  ],
  parameters: [
    {
      id: 'strength',
      symbol: '\\lambda',
      default: 10,
      min: 0,
      max: 1e4,
      meaning: 'Factor of the penalty beside the critic’s loss.',
    },
  ],
  expression: penalty(excess),
  named: slopeName,
  convention: 'Gulrajani et al. 2017',
  conventions: [
    {
      id: 'one-sided',
      users: 'Petzka et al. 2018 (WGAN-LP)',
      differs: 'Only slopes above 1 are penalised.',
      expression: penalty(() => relu(excess())),
      named: slopeName,
    },
  ],
  partner: 'wasserstein-critic',
  meaning:
    'How far the slope of the critic is from 1 at points between real and generated samples, squared: it makes the critic’s score a distance. It is added to the loss of the Wasserstein GAN critic.',
  useWhen: 'Training a Wasserstein critic, with the usual weight of 10.',
  avoidWhen:
    'Every step must be cheap (it differentiates through a gradient): spectral normalisation limits the slope at less cost.',
  pitfalls: [
    'The gradient is that by the input, not by the weights: torch.autograd.grad(scores.sum(), points, create_graph=True). Without create_graph=True the penalty has no effect on the weights.',
    'The norm is over all features of one sample: flatten images first. A norm over the channels alone is another penalty.',
    'No batch normalisation in the critic: it makes a score depend on the other samples, and the penalty on one sample loses its meaning.',
    'A gradient of exactly 0 has the norm’s kink: sqrt(sum of squares) gives NaN there in PyTorch and JAX, and many programs add 1e-12 under the root.',
  ],
  source: 'Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv 1704.00028',
  apis: [],
  properties: {
    convex: gradientOf([1], [-1]),
    boundedBelow: 0,
    boundedAbove: gradientOf([100]),
    lipschitzGradient: gradientOf([1e-6], [-1e-6]),
    boundedInfluence: gradientOf([100]),
  },
  plot: {
    label: 'slope',
    inWords: 'the gradient by an input of one feature',
    from: -2,
    to: 2,
    sizes: { sample: 1, feature: 1 },
    curves: [{ at: (x) => ({ input_gradients: [x] }) }],
  },
};
