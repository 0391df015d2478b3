/** Every form of a loss: its conventions, with each value of each choice, at default and at other parameters. */
import { randomStream } from '../../../src/core/data/random.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import { decided } from '../../../src/core/losses/decided.ts';
import type { Loss, Parameter } from '../../../src/core/losses/loss.ts';

interface Variant {
  readonly name: string;
  readonly loss: Loss;
  readonly parameters: Readonly<Record<string, number>>;
}

const isFree = ({ choices }: Parameter) => choices === undefined;

/** The loss and its conventions, with each value of each choice, at default and at other parameters. */
export function variantsOf(loss: Loss): readonly Variant[] {
  return [undefined, ...(loss.conventions ?? []).map(({ id }) => id)].flatMap((convention) => {
    const definition = inConvention(loss, convention);
    const defaults = Object.fromEntries(definition.parameters.map((p) => [p.id, p.default]));
    const settings: Readonly<Record<string, number>>[] = [defaults];
    for (const { id, choices = [] } of definition.parameters)
      for (const { value } of choices)
        if (value !== defaults[id]) settings.push({ ...defaults, [id]: value });
    if (definition.parameters.some(isFree)) {
      const random = randomStream(4, `${loss.id}/${convention ?? ''}`);
      const others = definition.parameters
        .filter(isFree)
        .map((p): [string, number] => [p.id, another(p, random.next())]);
      settings.push({ ...defaults, ...Object.fromEntries(others) });
    }
    return settings.map((parameters) => ({
      name: `${convention ?? 'itself'} ${JSON.stringify(parameters)}`,
      loss: decided(definition, parameters),
      parameters,
    }));
  });
}

/** A value of a parameter that is not its default: near it where the range is wide. */
function another({ default: usual, min, max }: Parameter, at: number): number {
  const low = Math.max(min, usual - 0.5 - Math.abs(usual) / 2);
  const high = Math.min(max, usual + 0.5 + Math.abs(usual) / 2);
  return low + (high - low) * (0.1 + 0.8 * at);
}
