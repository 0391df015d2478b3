import { parseArgs } from 'node:util';
import { losses } from '../core/losses/catalogue.ts';
import { familyNames } from '../core/losses/families.ts';
import { english } from '../core/messages/message.ts';
import { exitCodes, jsonLine, type Terminal } from './output.ts';

/** `loss-lab losses`: the losses, what they are for, and their parameters. */
export function listLosses(args: string[], to: Terminal): number {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help === true) {
    to.out('Usage: loss-lab losses [--json]\n\nLists the losses, what they are for, and their parameters.\n');
    return exitCodes.done;
  }
  if (values.json === true) {
    for (const { id, name, family, parameters, useWhen } of losses()) {
      to.out(
        jsonLine({
          type: 'loss',
          id,
          name,
          family,
          useWhen,
          parameters: parameters.map((p) => ({
            id: p.id,
            default: p.default,
            min: p.min,
            max: p.max,
            meaning: p.meaning,
          })),
        }),
      );
    }
    return exitCodes.done;
  }
  const width = Math.max(...losses().map(({ id }) => id.length));
  for (const { id, name, family, parameters } of losses()) {
    const options = parameters.map((parameter) => `${parameter.id}=${parameter.default}`).join(', ');
    to.out(
      `${id.padEnd(width)}  ${name} (${english(familyNames[family])})${options === '' ? '' : `, ${options}`}\n`,
    );
  }
  return exitCodes.done;
}
