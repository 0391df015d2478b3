import { sub } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongBoth, fake, fakeOutputs, pairAt, real, realOutputs } from '../shared/discriminator.ts';
import { detached, meansApart } from '../shared/pitfalls.ts';

/** f − r for the critic’s scores of a generated and of a real sample; minus an estimate of the Wasserstein-1 distance. */
export const loss: Loss = {
  id: 'wasserstein-critic',
  name: 'Wasserstein GAN critic',
  short: 'wgan-critic',
  synonyms: [
    'WGAN critic loss',
    'WGAN',
    'Wasserstein loss',
    'earth mover’s distance',
    'WGAN discriminator loss',
  ],
  chinese: ['Wasserstein GAN 评论家损失', 'WGAN 判别器损失', '推土机距离损失'],
  family: 'adversarial',
  common: 3,
  inputs: [
    realOutputs('score', 'The critic’s scores of real samples: any numbers.'),
    fakeOutputs('score', 'The critic’s scores of as many generated samples.'),
  ],
  parameters: [],
  expression: withOptions(() => sub(fake(), real())),
  convention: 'Arjovsky et al. 2017',
  partner: 'wasserstein-generator',
  meaning:
    'How much better the critic scores generated samples than real ones; turned around, and with a critic of slope at most 1, an estimate of the distance between the two distributions.',
  useWhen:
    'Plain GANs diverge or lose modes, or a value is wanted that falls as the samples get better (minus this loss).',
  avoidWhen:
    'The critic’s slope is not limited (by a gradient penalty, spectral normalisation or clipping): the loss then falls without end.',
  pitfalls: [
    'Alone it has no minimum: add the Wasserstein gradient penalty, use spectral normalisation, or clip the weights.',
    detached,
    'The critic ends without a sigmoid, and is trained for several steps (five in the papers) for each step of the generator.',
    'With labels of ±1, as in Keras examples (mean of y·score), the sign depends on which of the two is called real.',
    meansApart,
  ],
  source: 'Arjovsky, Chintala, Bottou 2017, Wasserstein GAN, arXiv 1701.07875',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: pairAt([1e3, 0]),
    boundedAbove: pairAt([-1e3, 0]),
    lipschitzGradient: 0,
    boundedInfluence: Math.SQRT2,
  },
  plot: alongBoth('score', -3, 3, { goodReal: 0, goodFake: 0 }),
};
