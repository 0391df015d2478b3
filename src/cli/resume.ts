import { basename, dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { message } from '../core/messages/message.ts';
import { RunStore } from '../supervisor/runStore.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { exitCodes, printProblems, type Terminal } from './output.ts';
import { follow, readDevice, readMemoryLimit } from './train.ts';

/** `loss-lab resume FOLDER`: continues a run from its last checkpoint. */
export async function resume(args: string[], to: Terminal, dist: string): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      device: { type: 'string' },
      'memory-limit': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    to.out(
      'Usage: loss-lab resume FOLDER [--device ID] [--memory-limit MB] [--json]\n\nContinues a run that was stopped, failed or was interrupted, from its last checkpoint.\n',
    );
    return exitCodes.done;
  }
  const [folder, ...others] = positionals;
  const json = values.json === true;
  const device = readDevice(values.device);
  if (folder === undefined || others.length > 0) {
    printProblems(to, [{ message: message('Say which run: loss-lab resume FOLDER.') }], json);
    return exitCodes.badInput;
  }
  if (!device.ok) {
    printProblems(to, device.problems, json);
    return exitCodes.badInput;
  }
  const memory = readMemoryLimit(values['memory-limit']);
  if (!memory.ok) {
    printProblems(to, memory.problems, json);
    return exitCodes.badInput;
  }
  const directory = resolve(folder);
  const store = new RunStore(dirname(directory));
  const id = basename(directory);
  const read = await store.read(id);
  const experiment = read.ok ? read.value.experiment : undefined;
  if (!read.ok || experiment === undefined) {
    printProblems(
      to,
      read.ok
        ? [{ message: message('The experiment in {folder} is damaged.', { folder: directory }) }]
        : read.problems,
      json,
    );
    return exitCodes.badInput;
  }
  const start = (supervisor: Supervisor) => supervisor.resume(store, id, { device: device.value });
  return follow(to, json, dist, experiment, start, memory.value);
}
