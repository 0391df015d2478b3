import { randomStream } from '../data/random.ts';
import { message, ok, type Problem, type Result } from '../messages/message.ts';
import { draw } from './initialisers.ts';
import type { Model, Network, Parameters } from './network.ts';
import { shapeText } from './rowShape.ts';

/**
 * Starting values: those given with the model, otherwise drawn as each parameter says. Every parameter has a stream of its
 * own, so that giving one leaves the others as they were.
 * Problems carry the path in the experiment: an unknown name, or a wrong number of values.
 */
export function initialParameters(
  network: Pick<Network, 'parameters'>,
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
  for (const parameter of network.parameters) {
    const { name, shape, size } = parameter;
    const values = given[name];
    if (values === undefined) {
      parameters[name] = draw(parameter, randomStream(seed, `initial/${name}`));
    } else if (values.length === size) {
      parameters[name] = Float64Array.from(values);
    } else {
      problems.push({
        message: message('"{name}" needs {expected} values (shape {shape}), but {found} are given.', {
          name,
          expected: size,
          shape: shapeText(shape),
          found: values.length,
        }),
        where: { path: `model.initial.${name}` },
      });
    }
  }
  return problems.length > 0 ? { ok: false, problems } : ok(parameters);
}
