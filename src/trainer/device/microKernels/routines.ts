import type { Operation } from '../../../core/compute/plan.ts';
import { convolution } from './convolution.ts';
import { filterGradient } from './filterGradient.ts';
import { rowGather } from './rowGather.ts';
import { matrixProduct } from './matrixProduct.ts';
import type { Routine } from './routine.ts';

/** The micro-kernel of an operation. */
export function routineOf(operation: Operation): Routine {
  switch (operation.kind) {
    case 'matrix-product':
      return matrixProduct(operation);
    case 'convolution':
      return convolution(operation);
    case 'filter-gradient':
      return filterGradient(operation);
    case 'row-gather':
      return rowGather(operation);
  }
}
