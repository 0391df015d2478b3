import { neg, softplus } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongFake, fake, fakeAt, fakeOutputs } from '../shared/discriminator.ts';

/** −log σ(f) = softplus(−f) for the logit of a generated sample: binary cross-entropy with the label 1. */
export const loss: Loss = {
  id: 'non-saturating-gan-generator',
  name: 'Non-saturating GAN generator',
  short: 'gan-generator',
  synonyms: ['non-saturating GAN loss', 'GAN generator loss', 'NS-GAN', '−log D trick'],
  chinese: ['非饱和 GAN 生成器损失', 'GAN 生成器损失'],
  family: 'adversarial',
  common: 2,
  inputs: [fakeOutputs('logit', 'The discriminator’s logits for generated samples.')],
  parameters: [],
  expression: withOptions(() => softplus(neg(fake()))),
  convention: 'Goodfellow et al. 2014',
  partner: 'minimax-gan-discriminator',
  meaning:
    'The surprise, in nats, that the discriminator takes a generated sample for real: cross-entropy with the label turned to 1.',
  useWhen:
    'Training the generator of a plain GAN: the gradient is largest where the discriminator sees through the samples. Its opponent is the minimax GAN discriminator.',
  avoidWhen:
    'The discriminator wins for good or modes get lost although the rates are balanced: use the Wasserstein or hinge pair.',
  pitfalls: [
    'It is not the discriminator’s loss with the sign turned: both are minimised, and the game is no longer zero-sum.',
    'Do not detach the fakes here, or no gradient reaches the generator; detach them in the discriminator’s step.',
    'The value compares the generator with the present discriminator only: it says nothing about the quality of the samples from one epoch to the next.',
    'log(sigmoid(f)) written out is −∞ for logits below −89 in float32; softplus(−f) stays right.',
  ],
  source: 'Goodfellow et al. 2014, Generative Adversarial Nets, arXiv 1406.2661, section 3',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: fakeAt(-1e3),
    lipschitzGradient: 0.25,
    boundedInfluence: 1,
  },
  plot: alongFake('logit', -6, 6),
};
