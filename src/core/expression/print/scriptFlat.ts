import type { PrintableLoss } from './printable.ts';
import { shapeFor } from './pythonShape.ts';

/**
 * A loss over plain lists of numbers, where nothing depends on how the elements are arranged in rows: elementwise
 * losses, and those that reduce all elements alike. Otherwise the loss itself.
 */
export function flattened(loss: PrintableLoss): PrintableLoss {
  const shape = shapeFor(loss);
  if (shape.kind !== 'any') return loss;
  const { divisor } = shape;
  return {
    ...loss,
    inputs: loss.inputs.map((one) => ({ ...one, axes: one.axes.slice(0, 1) })),
    expression: () => shape.expression,
    ...(divisor === undefined ? {} : { divisor: () => divisor }),
    named: () => shape.named,
  };
}
