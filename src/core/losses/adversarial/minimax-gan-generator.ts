import { neg, softplus } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongFake, fake, fakeAt, fakeOutputs } from '../shared/discriminator.ts';

/** log(1 − σ(f)) = −softplus(f) for the logit of a generated sample: what the discriminator minimises, with the sign turned. */
export const loss: Loss = {
  id: 'minimax-gan-generator',
  name: 'Minimax GAN generator',
  synonyms: ['saturating GAN loss', 'saturating generator loss', 'GAN generator loss (saturating)'],
  chinese: ['极小极大 GAN 生成器损失', '饱和 GAN 生成器损失'],
  family: 'adversarial',
  inputs: [fakeOutputs('logit', 'The discriminator’s logits for generated samples.')],
  parameters: [],
  expression: withOptions(() => neg(softplus(fake()))),
  convention: 'Goodfellow et al. 2014',
  partner: 'minimax-gan-discriminator',
  meaning:
    'The logarithm of the probability with which the discriminator sees through a generated sample; the other side of the discriminator’s game, with the sign turned.',
  useWhen:
    'Studying the two-player game as it was defined. To train a generator take the non-saturating loss, which has the same fixed point.',
  avoidWhen:
    'Training in practice: where the discriminator is sure that a sample is fake (as at the start) the gradient −σ(f) is close to 0, and the generator does not learn.',
  pitfalls: [
    'It saturates: at a logit of −6 for the fakes the gradient is −0.0025, that of the non-saturating loss −0.9975.',
    'It is negative and has no lower bound: a falling value is no measure of the quality of the samples.',
    'Do not detach the fakes here, or no gradient reaches the generator; and step only the generator’s optimizer, for the gradient also flows into the discriminator’s weights.',
    'log(1 − sigmoid(f)) written out is −∞ for logits from 17 on in float32; −softplus(f) stays right.',
  ],
  source: 'Goodfellow et al. 2014, Generative Adversarial Nets, arXiv 1406.2661',
  apis: [],
  properties: {
    convex: fakeAt(-4, 4),
    boundedBelow: fakeAt(1e3),
    boundedAbove: 0,
    lipschitzGradient: 0.25,
    boundedInfluence: 1,
  },
  plot: alongFake('logit', -6, 6),
};
