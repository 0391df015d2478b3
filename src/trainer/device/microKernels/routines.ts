import type { ConvolutionExtent, Operation } from '../../../core/compute/plan.ts';
import { convolution } from './convolution.ts';
import { filterGradient } from './filterGradient.ts';
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
    case 'row-gather':
      return [rowGather(operation)];
  }
}

/** Multiplications and additions of an operation. */
export function operationsOf(operation: Operation): number {
  switch (operation.kind) {
    case 'matrix-product':
      return 2 * operation.rows * operation.columns * operation.depth;
    case 'convolution':
    case 'filter-gradient':
      return 2 * places(operation.extent) * terms(operation.extent);
    case 'row-gather':
      return operation.rows * operation.columns;
  }
}

function places({ batch, outputHeight, outputWidth }: ConvolutionExtent): number {
  return batch * outputHeight * outputWidth;
}

function terms({ filterHeight, filterWidth, channels, filters }: ConvolutionExtent): number {
  return filterHeight * filterWidth * channels * filters;
}
