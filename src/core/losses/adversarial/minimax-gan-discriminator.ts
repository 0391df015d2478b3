import { add, neg, softplus } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongBoth, fake, fakeOutputs, pairAt, real, realOutputs } from '../shared/discriminator.ts';
import { detached, meansApart } from '../shared/pitfalls.ts';

/**
 * softplus(−r) + softplus(f) for the logits of a real and of a generated sample: binary cross-entropy with the labels 1
 * and 0. Each pair is one element, so the batches are of one size; the mean is mean(real part) + mean(fake part).
 */
export const loss: Loss = {
  id: 'minimax-gan-discriminator',
  name: 'Minimax GAN discriminator',
  short: 'gan-discriminator',
  synonyms: [
    'GAN discriminator loss',
    'vanilla GAN loss',
    'standard GAN loss',
    'adversarial loss',
    'real versus fake cross-entropy',
  ],
  chinese: ['极小极大 GAN 判别器损失', '原始 GAN 判别器损失', '对抗损失（判别器）'],
  family: 'adversarial',
  common: 1,
  inputs: [
    realOutputs('logit', 'The discriminator’s logits for real samples.'),
    fakeOutputs('logit', 'The discriminator’s logits for as many generated samples.'),
  ],
  parameters: [],
  expression: withOptions(() => add(softplus(neg(real())), softplus(fake()))),
  convention: 'Goodfellow et al. 2014',
  partner: 'minimax-gan-generator',
  meaning:
    'The surprise, in nats, of a classifier that calls real samples real and generated ones fake; its sigmoid is the probability that a sample is real.',
  useWhen:
    'Training the discriminator of a plain GAN, together with the non-saturating generator loss (better) or the minimax one.',
  avoidWhen:
    'Real and generated samples hardly overlap, so that a perfect discriminator exists: its gradient then tells the generator nothing; use the Wasserstein or hinge pair.',
  pitfalls: [
    detached,
    'A discriminator that cannot tell real from fake has the loss 2 ln 2 = 1.386 (some code halves it: 0.693). A loss near 0 means that it wins, not that training goes well.',
    'The label of generated samples is 0: BCEWithLogitsLoss with ones for both teaches the discriminator nothing.',
    'log(1 − sigmoid(f)) written out is −∞ for logits from 17 on in float32; softplus(f) stays right.',
    meansApart,
  ],
  source: 'Goodfellow et al. 2014, Generative Adversarial Nets, arXiv 1406.2661',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: pairAt([-1e3, 0]),
    lipschitzGradient: 0.25,
    boundedInfluence: Math.SQRT2,
  },
  plot: alongBoth('logit', -6, 6, { goodReal: 40, goodFake: -40 }),
};
