import { choice, type Entries } from '../entry.ts';

export const survival: Readonly<Record<string, Entries>> = {
  cox_partial_likelihood: {
    breslow: { id: 'cox-partial-likelihood' },
    efron: { id: 'cox-partial-likelihood', convention: 'efron' },
  },
  accelerated_failure_time: {
    xgboost: {
      id: 'accelerated-failure-time',
      parameters: {
        distribution: choice('distribution', { normal: 0, logistic: 1, extreme: 2 }),
        sigma: 'sigma',
      },
    },
  },
};
