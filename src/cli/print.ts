import { parseArgs } from 'node:util';
import {
  languages,
  manners,
  printLoss,
  type Language,
  type Manner,
} from '../core/expression/print/snippet.ts';
import { sourceOf } from '../core/expression/print/source.ts';
import { loadLoss } from '../core/losses/catalogue.ts';
import { inConvention } from '../core/losses/conventions.ts';
import type { Loss } from '../core/losses/loss.ts';
import { checkParameters } from '../core/losses/parameters.ts';
import { unknownLoss } from './lossId.ts';
import { exitCodes, printProblems, type Terminal } from './output.ts';

const help = `Usage: loss-lab print ID --language LANGUAGE [options]

Prints an implementation of a loss with its imports.

  --language LANGUAGE     ${languages.join(', ')}
  --manner MANNER         scratch: written out (default); idiomatic: around the framework's own function
  --set NAME=NUMBER       a parameter's value, which becomes its default in the code; may be repeated
  --convention ID         another definition of the loss; loss-lab losses ID lists them

Example: loss-lab print huber --language torch --manner scratch --set delta=2
`;

/** `loss-lab print`: the code of a loss. */
export function printCode(args: string[], to: Terminal): number {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      language: { type: 'string' },
      manner: { type: 'string', default: 'scratch' },
      set: { type: 'string', multiple: true, default: [] },
      convention: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    to.out(help);
    return exitCodes.done;
  }
  const refuse = (text: string): number => {
    to.err(`loss-lab: ${text}\n`);
    return exitCodes.badInput;
  };
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0)
    return refuse('Expected the id of one loss. See loss-lab print --help.');
  const loss = loadLoss(id);
  if (loss === undefined) return unknownLoss(id, to);
  const language = languages.find((one) => one === values.language);
  if (language === undefined)
    return refuse(`--language must be one of ${languages.join(', ')}, found ${values.language ?? 'none'}.`);
  const manner = manners.find((one) => one === values.manner);
  if (manner === undefined)
    return refuse(`--manner must be one of ${manners.join(', ')}, found ${values.manner}.`);
  const { convention } = values;
  if (convention !== undefined && loss.conventions?.every((one) => one.id !== convention) !== false) {
    const known = (loss.conventions ?? []).map((one) => one.id).join(', ');
    return refuse(`${loss.id} has no convention "${convention}"${known === '' ? '' : `; it has ${known}`}.`);
  }
  const parameters = readSettings(values.set);
  if (typeof parameters === 'string') return refuse(parameters);
  const checked = checkParameters(inConvention(loss, convention), parameters);
  if (!checked.ok) {
    printProblems(to, checked.problems, false);
    return exitCodes.badInput;
  }
  return write(
    loss,
    language,
    manner,
    { parameters, ...(convention === undefined ? {} : { convention }) },
    to,
  );
}

function write(
  loss: Loss,
  language: Language,
  manner: Manner,
  options: { readonly parameters: Readonly<Record<string, number>>; readonly convention?: string },
  to: Terminal,
): number {
  try {
    to.out(sourceOf(printLoss(loss, language, { ...options, manner }), language));
    return exitCodes.done;
  } catch (error) {
    // What a language cannot say is refused with a reason.
    if (!(error instanceof RangeError)) throw error;
    to.err(`loss-lab: ${error.message}.\n`);
    return exitCodes.badInput;
  }
}

/** `delta=2` as numbers by name, or what is wrong. */
function readSettings(given: readonly string[]): Record<string, number> | string {
  const parameters: Record<string, number> = {};
  for (const text of given) {
    const [, name, number] = /^([A-Za-z]\w*)=(.+)$/.exec(text) ?? [];
    const value = Number(number);
    if (name === undefined || Number.isNaN(value)) return `--set expects NAME=NUMBER, found "${text}".`;
    parameters[name] = value;
  }
  return parameters;
}
