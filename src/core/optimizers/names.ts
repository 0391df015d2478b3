import type { Optimizer } from './rule.ts';

/** What people call each optimizer; the commonest first. */
export const optimizerNames: Readonly<Record<Optimizer['type'], string>> = {
  adam: 'Adam',
  adamw: 'AdamW',
  sgd: 'SGD',
  rmsprop: 'RMSprop',
  adagrad: 'Adagrad',
  adadelta: 'Adadelta',
  adamax: 'Adamax',
  nadam: 'NAdam',
  lion: 'Lion',
};

/** The types of optimizers, in the order of {@link optimizerNames}. */
export const optimizerTypes = Object.keys(optimizerNames) as readonly Optimizer['type'][];
