import type { Operation } from '../../../core/compute/plan.ts';
import { convolution } from './convolution.ts';
import { filterGradient } from './filterGradient.ts';
import { maxPool, maxPoolGradient } from './maxPool.ts';
import { rowGather } from './rowGather.ts';
import { matrixProduct } from './matrixProduct.ts';
import type { Routine } from './routine.ts';

/**
 * The micro-kernel of an operation, in at most `most` parts that can run at the same time: each computes elements of the
 * result that no other one does, every element in the same way whatever the parts are.
 */
export function routinesOf(operation: Operation, most = 1): readonly Routine[] {
  switch (operation.kind) {
    case 'matrix-product':
      return matrixProduct(operation, most);
    case 'convolution':
      return convolution(operation, most);
    case 'filter-gradient':
      return filterGradient(operation, most);
    case 'max-pool':
      return maxPool(operation, most);
    case 'max-pool-gradient':
      return maxPoolGradient(operation, most);
    case 'row-gather':
      return [rowGather(operation)];
  }
}
