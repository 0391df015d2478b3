import { randomStream } from '../data/random.ts';
import { message, ok, type Problem, type Result } from '../messages/message.ts';
import type { Model, Network, Parameters } from './network.ts';

/**
 * Starting values: those given with the model, otherwise drawn as PyTorch's `nn.Linear` does, uniformly from
 * ±1/√fan-in for weights and biases alike (`kaiming_uniform_` with a = √5: gain √(2/(1+5)) times √(3/fan-in); K. He
 * et al., "Delving Deep into Rectifiers", 2015; torch/nn/modules/linear.py). Every parameter has a stream of its own,
 * so that giving one leaves the others as they were.
 * Problems carry the path in the experiment: an unknown name, or a wrong number of values.
 */
export function initialParameters(
  network: Network,
  seed: number,
  given: NonNullable<Model['initial']> = {},
): Result<Parameters> {
  const problems: Problem[] = [];
  for (const name of Object.keys(given)) {
    if (!network.parameters.some((p) => p.name === name)) {
      problems.push({
        message: message('This model has no parameter "{name}". Its parameters are {names}.', {
          name,
          names: network.parameters.map((p) => p.name).join(', '),
        }),
        where: { path: `model.initial.${name}` },
      });
    }
  }
  const parameters: Record<string, Float64Array> = {};
  for (const { name, shape, size, fanIn } of network.parameters) {
    const values = given[name];
    if (values === undefined) {
      const random = randomStream(seed, `initial/${name}`);
      const bound = 1 / Math.sqrt(fanIn);
      parameters[name] = Float64Array.from({ length: size }, () => bound * (2 * random.next() - 1));
    } else if (values.length === size) {
      parameters[name] = Float64Array.from(values);
    } else {
      problems.push({
        message: message('"{name}" needs {expected} values (shape {shape}), but {found} are given.', {
          name,
          expected: size,
          shape: shape.join(' × '),
          found: values.length,
        }),
        where: { path: `model.initial.${name}` },
      });
    }
  }
  return problems.length > 0 ? { ok: false, problems } : ok(parameters);
}
