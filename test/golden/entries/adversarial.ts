import { only, type Entries, type Entry } from '../entry.ts';

const role = (id: string, golden: string, entry: Omit<Entry, 'id'> = {}): Entries => ({
  [golden]: { id, parameters: { role: only(golden) }, ...entry },
});

export const adversarial: Readonly<Record<string, Entries>> = {
  gan_minimax: {
    ...role('minimax-gan-discriminator', 'discriminator'),
    ...role('minimax-gan-generator', 'generator-saturating'),
  },
  gan_non_saturating: {
    ...role('non-saturating-gan-generator', 'generator'),
    ...role('minimax-gan-discriminator', 'discriminator'),
  },
  lsgan: {
    ...role('least-squares-gan-discriminator', 'discriminator'),
    ...role('least-squares-gan-discriminator', 'discriminator-no-half', { convention: 'no-half' }),
    ...role('least-squares-gan-generator', 'generator'),
    ...role('least-squares-gan-generator', 'generator-no-half', { convention: 'no-half' }),
  },
  wgan: {
    ...role('wasserstein-critic', 'critic'),
    ...role('wasserstein-generator', 'generator'),
  },
  hinge_gan: {
    ...role('hinge-gan-discriminator', 'discriminator'),
    ...role('hinge-gan-generator', 'generator'),
  },
  wgan_gp: {
    'wgan-gp': {
      id: 'wasserstein-gradient-penalty',
      parameters: { role: only('gradient_penalty'), lambda: 'strength' },
      inputs: { grad: 'input_gradients' },
    },
  },
};
