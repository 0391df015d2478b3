import { neg } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongFake, fake, fakeAt, fakeOutputs } from '../shared/discriminator.ts';

/** −f for the critic’s score of a generated sample. */
export const loss: Loss = {
  id: 'wasserstein-generator',
  name: 'Wasserstein GAN generator',
  short: 'wgan-generator',
  synonyms: ['WGAN generator loss'],
  chinese: ['Wasserstein GAN 生成器损失', 'WGAN 生成器损失'],
  family: 'adversarial',
  inputs: [fakeOutputs('score', 'The critic’s scores of generated samples: any numbers.')],
  parameters: [],
  expression: withOptions(() => neg(fake())),
  convention: 'Arjovsky et al. 2017',
  partner: 'wasserstein-critic',
  meaning: 'The critic’s score of generated samples with the sign turned: the higher the score, the better.',
  useWhen: 'Training the generator against a Wasserstein critic whose slope is limited.',
  avoidWhen:
    'The opponent is a classifier of real and fake: its logits are not made to be pushed up without end.',
  pitfalls: [
    'The value alone means nothing: the critic’s scores may drift up or down together. Watch the difference of the means of real and fake scores.',
    'Do not detach the fakes here, or no gradient reaches the generator.',
    'Adam with a large β₁ is unstable here: the papers use RMSProp, or Adam with β₁ = 0 or 0.5.',
  ],
  source: 'Arjovsky, Chintala, Bottou 2017, Wasserstein GAN, arXiv 1701.07875',
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
