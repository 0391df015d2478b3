import type { Entries, Entry } from '../entry.ts';

const vae: Entry = {
  id: 'vae-elbo',
  parameters: { beta: 'beta' },
  inputs: { mean: 'latent_mean', log_variance: 'latent_log_variance' },
};
const distillation: Entry = {
  id: 'distillation',
  parameters: { temperature: 'temperature', alpha: 'alpha' },
};

export const composite: Readonly<Record<string, Entries>> = {
  vae_elbo: { torch: vae, 'torch-bernoulli': { ...vae, convention: 'bernoulli' } },
  distillation: {
    'torch-kl': distillation,
    'torch-cross-entropy': { ...distillation, convention: 'cross-entropy' },
  },
};
