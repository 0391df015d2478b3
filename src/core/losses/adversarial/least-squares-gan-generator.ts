import { mul, square, sub } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongFake, fake, fakeAt, fakeOutputs } from '../shared/discriminator.ts';

const error = () => square(sub(fake(), 1));

/** ½(f − 1)² for the discriminator’s output for a generated sample: it should read like a real one’s. */
export const loss: Loss = {
  id: 'least-squares-gan-generator',
  name: 'Least-squares GAN generator',
  short: 'lsgan-generator',
  synonyms: ['LSGAN generator loss', 'least squares generator loss'],
  chinese: ['最小二乘 GAN 生成器损失', 'LSGAN 生成器损失'],
  family: 'adversarial',
  inputs: [fakeOutputs('value', 'The discriminator’s outputs for generated samples, without a sigmoid.')],
  parameters: [],
  expression: withOptions(() => mul(0.5, error())),
  convention: 'Mao et al. 2017',
  conventions: [
    {
      id: 'no-half',
      users: 'many tutorials',
      differs: 'The square is not halved, as MSELoss against ones gives it.',
      expression: withOptions(error),
    },
  ],
  partner: 'least-squares-gan-discriminator',
  meaning:
    'How far the discriminator’s output for a generated sample is from the 1 of real samples, squared and halved.',
  useWhen: 'Training the generator against the least-squares discriminator.',
  avoidWhen:
    'The discriminator was trained with another loss: its outputs then have another scale, and 1 means nothing.',
  pitfalls: [
    'Samples whose output is above 1 are pulled back too, although the discriminator already takes them for real.',
    'Half of it or all of it: code with MSELoss has twice the gradient of the paper, as if the generator’s learning rate were doubled.',
    'Do not detach the fakes here, or no gradient reaches the generator.',
  ],
  source: 'Mao et al. 2017, Least Squares Generative Adversarial Networks, arXiv 1611.04076',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: fakeAt(1e3),
    lipschitzGradient: 1,
    boundedInfluence: fakeAt(1e4),
  },
  plot: alongFake('output', -2, 4),
};
