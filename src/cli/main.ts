import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { download } from './download.ts';
import { mainHelp } from './help.ts';
import { showLosses } from './losses.ts';
import { exitCodes, jsonLine, terminal, type Terminal } from './output.ts';
import { installed } from './places.ts';
import { predict } from './predict.ts';
import { printCode } from './print.ts';
import { resume } from './resume.ts';
import { train } from './train.ts';

// Whoever read what we print may go (`| head`); that ends a run, see train.ts, and is no error.
process.stdout.on('error', () => undefined);
void main(process.argv.slice(2), terminal(), __dirname).then((code) => {
  // Set rather than called: what has been printed leaves first.
  process.exitCode = code;
});

async function main(args: string[], to: Terminal, dist: string): Promise<number> {
  const [command, ...rest] = args;
  try {
    switch (command) {
      case 'train':
        return await train(rest, to, dist);
      case 'resume':
        return await resume(rest, to, dist);
      case 'predict':
        return await predict(rest, to, dist);
      case 'download':
        return await download(rest, to);
      case 'losses':
        return showLosses(rest, to);
      case 'print':
        return printCode(rest, to);
      case '--version':
        to.out(`${version(installed(dist).manifest)}\n`);
        return exitCodes.done;
      case '--help':
      case '-h':
      case 'help':
        to.out(mainHelp());
        return exitCodes.done;
      case undefined:
        to.err(mainHelp());
        return exitCodes.badInput;
      default:
        to.err(
          `loss-lab: There is no command "${command}". The commands are train, resume, predict, download, losses and print; see loss-lab --help.\n`,
        );
        return exitCodes.badInput;
    }
  } catch (error) {
    if (isUsageError(error)) {
      // Node's message goes on about positional arguments.
      const text = `${error.message.split('. ')[0] ?? error.message}. See loss-lab ${command ?? ''} --help.`;
      to.err(`loss-lab: ${text}\n`);
      if (rest.includes('--json')) to.out(jsonLine({ type: 'error', problems: [{ message: text }] }));
      return exitCodes.badInput;
    }
    to.err(`loss-lab: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return exitCodes.failed;
  }
}

function isUsageError(error: unknown): error is Error {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

function version(manifest: string): string {
  return v.parse(v.object({ version: v.string() }), JSON.parse(readFileSync(manifest, 'utf8'))).version;
}
