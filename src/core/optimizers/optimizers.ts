import { adadelta } from './adadelta.ts';
import { adagrad } from './adagrad.ts';
import { adam } from './adam.ts';
import { adamax } from './adamax.ts';
import { lion } from './lion.ts';
import { nadam } from './nadam.ts';
import { rmsprop } from './rmsprop.ts';
import type { Optimizer, Rule } from './rule.ts';
import { sgd } from './sgd.ts';

/** The update rule of an experiment's optimizer. */
export function ruleOf(optimizer: Optimizer): Rule {
  switch (optimizer.type) {
    case 'sgd':
      return sgd(optimizer);
    case 'rmsprop':
      return rmsprop(optimizer);
    case 'adagrad':
      return adagrad(optimizer);
    case 'adadelta':
      return adadelta(optimizer);
    case 'adam':
    case 'adamw':
      return adam(optimizer);
    case 'adamax':
      return adamax(optimizer);
    case 'nadam':
      return nadam(optimizer);
    case 'lion':
      return lion(optimizer);
  }
}
