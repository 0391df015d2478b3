import { experimentOptions, runOptions } from './options.ts';

/** `loss-lab --help` */
export function mainHelp(): string {
  return `Loss Lab: train small models, and look up and print losses, from a terminal.

Usage: loss-lab COMMAND [options]

Commands:
  train FILE.losslab.json          train what an experiment file describes
  train --data DATA [options]      train on a CSV file or a data set; see loss-lab train --help
  resume FOLDER                    continue a run from its last checkpoint
  predict FOLDER --csv IN --out OUT   answer the rows of a CSV file with a run's best model
  download [NAME|ADDRESS]          fetch a well-known data set, or a file, after showing what and asking
  losses [ID]                      list the losses, or explain one
  print ID --language LANGUAGE     print the code of a loss

  --help                           this help, or that of a command
  --version                        the version

Exit codes: 0 done, 1 the training failed or its loss was no longer finite, 2 bad input or options, 130 stopped by Ctrl-C.
`;
}

/** `loss-lab train --help` */
export function trainHelp(): string {
  const rows = [...runOptions, ...experimentOptions].map(
    ({ flag, value, help }) => [`  --${flag}${value === undefined ? '' : ` ${value}`}`, help] as const,
  );
  const width = Math.max(...rows.map(([option]) => option.length)) + 2;
  return `Usage: loss-lab train --data DATA [options]
       loss-lab train FILE.losslab.json [options]

Trains and keeps the run in a folder. Every option but --data has a default that suits the data; given with a file, an
option replaces what the file says. Paths in an experiment file are relative to it.

${rows.map(([option, help]) => `${option.padEnd(width)}${help}`).join('\n')}

Example: loss-lab train --data iris --loss softmax-cross-entropy --epochs 50
`;
}
