import { neg } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongFake, fake, fakeAt, fakeOutputs } from '../shared/discriminator.ts';

/** −f for the discriminator’s score of a generated sample: the margin is the discriminator’s alone. */
export const loss: Loss = {
  id: 'hinge-gan-generator',
  name: 'Hinge GAN generator',
  synonyms: ['hinge generator loss', 'SAGAN generator loss'],
  chinese: ['铰链 GAN 生成器损失', 'Hinge 对抗损失（生成器）'],
  family: 'adversarial',
  inputs: [fakeOutputs('score', 'The discriminator’s scores of generated samples, without a sigmoid.')],
  parameters: [],
  expression: withOptions(() => neg(fake())),
  convention: 'Lim and Ye 2017',
  partner: 'hinge-gan-discriminator',
  meaning:
    'The discriminator’s score of generated samples with the sign turned: the higher the score, the better.',
  useWhen: 'Training the generator against a hinge discriminator.',
  avoidWhen:
    'The discriminator’s slope is not limited: scores, and with them this loss, can run away. Its formula is that of the Wasserstein generator; what differs is the opponent.',
  pitfalls: [
    'There is no hinge in it: max(1 − f, 0) would stop the gradient of samples that the discriminator scores above 1.',
    'The value is a score with the sign turned, often negative: it does not measure the quality of the samples.',
    'Do not detach the fakes here, or no gradient reaches the generator.',
  ],
  source:
    'Lim, Ye 2017, Geometric GAN, arXiv 1705.02894; Miyato et al. 2018, Spectral Normalization, arXiv 1802.05957',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: fakeAt(1e3),
    boundedAbove: fakeAt(-1e3),
    lipschitzGradient: 0,
    boundedInfluence: 1,
  },
  plot: alongFake('score', -3, 3),
};
