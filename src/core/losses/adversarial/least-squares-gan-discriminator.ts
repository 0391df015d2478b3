import { add, mul, square, sub } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongBoth, fake, fakeOutputs, pairAt, real, realOutputs } from '../shared/discriminator.ts';
import { detached, meansApart } from '../shared/pitfalls.ts';

const errors = () => add(square(sub(real(), 1)), square(fake()));

/** ½(r − 1)² + ½f² for the discriminator’s outputs r and f: a regression of 1 for real and 0 for generated samples. */
export const loss: Loss = {
  id: 'least-squares-gan-discriminator',
  name: 'Least-squares GAN discriminator',
  short: 'lsgan-discriminator',
  synonyms: ['LSGAN discriminator loss', 'LSGAN', 'least squares adversarial loss'],
  chinese: ['最小二乘 GAN 判别器损失', 'LSGAN 判别器损失'],
  family: 'adversarial',
  inputs: [
    realOutputs('value', 'The discriminator’s outputs for real samples, without a sigmoid.'),
    fakeOutputs('value', 'The discriminator’s outputs for as many generated samples.'),
  ],
  parameters: [],
  expression: withOptions(() => mul(0.5, errors())),
  convention: 'Mao et al. 2017',
  conventions: [
    {
      id: 'no-half',
      users: 'many tutorials',
      differs: 'The squares are not halved, as MSELoss against ones and zeros gives them.',
      expression: withOptions(errors),
    },
  ],
  partner: 'least-squares-gan-generator',
  meaning:
    'How far the discriminator’s output is from 1 for real and from 0 for generated samples, squared and halved.',
  useWhen:
    'A GAN whose generator should also learn from samples that the discriminator calls real but that lie far from its boundary; simple and fairly stable.',
  avoidWhen:
    'Outputs run to large values, which the square punishes although they are on the right side: the hinge pair ignores them.',
  pitfalls: [
    detached,
    'The output is a plain number: a sigmoid at the end of the discriminator squashes the gradient that this loss was made for.',
    'A discriminator that cannot tell real from fake answers ½ and has the loss 0.25 (0.5 without the halves).',
    meansApart,
  ],
  source: 'Mao et al. 2017, Least Squares Generative Adversarial Networks, arXiv 1611.04076',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: pairAt([1e3, 0]),
    lipschitzGradient: 1,
    boundedInfluence: pairAt([1e4, 0]),
  },
  plot: alongBoth('output', -1, 2, { goodReal: 1, goodFake: 0 }),
};
