import { add, exp, mul, sigmoid } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';
import type { Loss, Trainable } from '../../losses/loss.ts';
import { gradientName, scalarShape } from '../../network/parameterShape.ts';
import { lossKernels } from '../lossKernels.ts';
import type { Objective } from '../objective.ts';

type TrainableParameter = Trainable['parameters'][number];

/**
 * A loss some of whose parameters are trained with the network: the mean of the negative logarithm of its density. A
 * parameter that has a lower bound alone is bound + exp(θ), one between two bounds goes from one to the other by the
 * sigmoid of θ; trained is θ, `loss.alpha`. Throws a RangeError for a parameter that the loss cannot train.
 * @param parameters of the loss: fixed, or where a trained one starts, within its bounds
 */
export function trainedObjective(
  loss: Loss,
  parameters: Readonly<Record<string, number>>,
  trained: readonly string[],
): Objective {
  const { trainable } = loss;
  const chosen = trained.map((id) => {
    const found = trainable?.parameters.find((parameter) => parameter.id === id);
    if (found === undefined) throw new RangeError(`${loss.id} cannot train ${id}`);
    return { ...found, buffer: `loss.${id}` };
  });
  const term = trainable?.logNormaliser();
  return {
    roles: 1,
    targets: 1,
    parameters: chosen.map((one) => scalarShape(one.buffer, freeOf(one, parameters[one.id]!))),
    kernels(samples, outputs, buffers) {
      const held = chosen.map((one) => ({
        id: one.id,
        buffer: one.buffer,
        axes: [],
        from: (free: Expr) => bounded(one, free),
        ...(buffers.gradient === undefined ? {} : { gradient: gradientName(one.buffer) }),
      }));
      const extras = { held, ...(term === undefined ? {} : { term }) };
      return { ...lossKernels(loss, parameters, samples, outputs, buffers, 'loss', extras), carry: [] };
    },
    shown: (values) =>
      Object.fromEntries(chosen.map((one) => [one.name, valueOf(one, values[one.buffer]![0]!)])),
  };
}

function bounded({ from, to }: TrainableParameter, free: Expr): Expr {
  return add(to === undefined ? exp(free) : mul(to - from, sigmoid(free)), from);
}

/** The same as a number. */
function valueOf({ from, to }: TrainableParameter, free: number): number {
  return from + (to === undefined ? Math.exp(free) : (to - from) / (1 + Math.exp(-free)));
}

/** The inverse. */
function freeOf({ from, to }: TrainableParameter, value: number): number {
  return to === undefined ? Math.log(value - from) : Math.log((value - from) / (to - value));
}
