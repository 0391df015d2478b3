import { adam } from './adam.ts';
import type { Optimizer, UpdateRule } from './rule.ts';
import { sgd } from './sgd.ts';

/** The update rule of an experiment's optimizer. */
export function updateRule(optimizer: Optimizer): UpdateRule {
  switch (optimizer.type) {
    case 'sgd':
      return sgd(optimizer);
    case 'adam':
      return adam(optimizer);
  }
}
