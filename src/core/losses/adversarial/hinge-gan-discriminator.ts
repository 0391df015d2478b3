import { add, relu, sub } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongBoth, fake, fakeOutputs, pairAt, real, realOutputs } from '../shared/discriminator.ts';
import { detached, meansApart } from '../shared/pitfalls.ts';

/** max(1 − r, 0) + max(1 + f, 0) for the scores of a real and of a generated sample; derivative 0 at the margins. */
export const loss: Loss = {
  id: 'hinge-gan-discriminator',
  name: 'Hinge GAN discriminator',
  synonyms: ['hinge adversarial loss', 'GAN hinge loss', 'geometric GAN loss', 'SAGAN discriminator loss'],
  chinese: ['铰链 GAN 判别器损失', 'Hinge 对抗损失（判别器）'],
  family: 'adversarial',
  common: 4,
  inputs: [
    realOutputs('score', 'The discriminator’s scores of real samples, without a sigmoid.'),
    fakeOutputs('score', 'The discriminator’s scores of as many generated samples.'),
  ],
  parameters: [],
  expression: withOptions(() => add(relu(sub(1, real())), relu(add(1, fake())))),
  convention: 'Lim and Ye 2017',
  partner: 'hinge-gan-generator',
  meaning:
    'How far real samples are scored below 1 and generated ones above −1; samples beyond their margin no longer count.',
  useWhen:
    'Image GANs with spectral normalisation (SAGAN, BigGAN): the discriminator works on the hard samples and does not run away.',
  avoidWhen:
    'Probabilities of being real are wanted, or the slope of the score should be limited (Wasserstein).',
  pitfalls: [
    detached,
    'A discriminator that answers 0 to everything has the loss 2; at a loss of 0 every sample is beyond its margin and no gradient is left.',
    'The generator’s loss is −f, not a hinge: with a hinge there the generator stops learning where the discriminator is fooled only a little.',
    'Without a limit on the slope (spectral normalisation) scores only have to grow to cross the margins.',
    meansApart,
  ],
  source:
    'Lim, Ye 2017, Geometric GAN, arXiv 1705.02894; Miyato et al. 2018, Spectral Normalization, arXiv 1802.05957',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: pairAt([-1e3, 0]),
    lipschitzGradient: pairAt([1 - 1e-6, -2], [1 + 1e-6, -2]),
    boundedInfluence: Math.SQRT2,
  },
  plot: alongBoth('score', -3, 3, { goodReal: 2, goodFake: -2 }),
};
