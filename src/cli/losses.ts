import { parseArgs } from 'node:util';
import { losses } from '../core/losses/catalogue.ts';
import type { Task } from '../core/losses/loss.ts';
import { exitCodes, jsonLine, type Terminal } from './output.ts';

const tasks: Readonly<Record<Task, string>> = {
  regression: 'numbers',
  binary: 'two classes',
  classes: 'classes',
};

/** `loss-lab losses`: the losses, what they are for, and their parameters. */
export function listLosses(args: string[], to: Terminal): number {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help === true) {
    to.out('Usage: loss-lab losses [--json]\n\nLists the losses, what they are for, and their parameters.\n');
    return exitCodes.done;
  }
  if (values.json === true) {
    for (const { id, name, task, parameters, useWhen } of losses()) {
      to.out(
        jsonLine({
          type: 'loss',
          id,
          name,
          task,
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
  for (const { id, name, task, parameters } of losses()) {
    const options = parameters.map((parameter) => `${parameter.id}=${parameter.default}`).join(', ');
    to.out(`${id.padEnd(width)}  ${name} (${tasks[task]})${options === '' ? '' : `, ${options}`}\n`);
  }
  return exitCodes.done;
}
