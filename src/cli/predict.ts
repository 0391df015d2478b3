import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { message } from '../core/messages/message.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { exitCodes, jsonLine, printProblems, quietLog, type Terminal } from './output.ts';
import { installed } from './places.ts';

/** `loss-lab predict FOLDER --csv IN --out OUT`: a copy of a CSV file with the answers of a run's best model. */
export async function predict(args: string[], to: Terminal, dist: string): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      csv: { type: 'string' },
      out: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    to.out(
      'Usage: loss-lab predict FOLDER --csv IN --out OUT [--json]\n\nWrites a copy of the CSV file IN with the answers of the run’s best model.\n',
    );
    return exitCodes.done;
  }
  const json = values.json === true;
  const [folder, ...others] = positionals;
  const { csv, out } = values;
  if (folder === undefined || others.length > 0 || csv === undefined || out === undefined) {
    printProblems(
      to,
      [{ message: message('Say what to answer: loss-lab predict FOLDER --csv IN --out OUT.') }],
      json,
    );
    return exitCodes.badInput;
  }
  const supervisor = new Supervisor({ ...installed(dist), log: quietLog(to) });
  const stop = (): void => void supervisor.dispose();
  process.on('SIGINT', stop);
  try {
    const result = await supervisor.predict(resolve(folder), {
      file: { from: resolve(csv), to: resolve(out) },
    });
    if (!result.ok) {
      printProblems(to, result.problems, json);
      return exitCodes.badInput;
    }
    const { rows } = result.value;
    to.out(
      json
        ? jsonLine({ type: 'predicted', rows, out: resolve(out) })
        : `${rows} rows with answers are in ${resolve(out)}\n`,
    );
    return exitCodes.done;
  } finally {
    process.off('SIGINT', stop);
    await supervisor.dispose();
  }
}
