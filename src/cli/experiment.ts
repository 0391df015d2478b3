import { open } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { builtinIds, generatedIds } from '../core/data/catalogue.ts';
import { headBytes, sniff, type Sniffed } from '../core/data/csv.ts';
import { delimiters } from '../core/data/records.ts';
import { detectFormat } from '../core/data/readers/format.ts';
import { suggestExperiment } from '../core/data/suggest.ts';
import { bad, message, ok, type Problem, type Result } from '../core/messages/message.ts';
import { presets } from '../core/network/presets.ts';
import { fileProblem } from '../core/runs/fileProblem.ts';
import { parseExperiment, type Experiment, type ExperimentInput } from '../core/training/experiment.ts';
import { experimentOptions, type ExperimentOption } from './options.ts';

/** Values of the command line by flag. */
export type Given = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** What to train, and where its data file is. */
export interface Described {
  readonly experiment: Experiment;
  readonly dataFile: string | undefined;
}

/** The experiment of a file or of `--data`, with what the other options change. */
export async function describe(
  file: string | undefined,
  given: Given,
  directory: string,
): Promise<Result<Described>> {
  const data = given['data'];
  if (file !== undefined && data !== undefined) {
    return bad(message('Give an experiment file or --data, not both: the file says which data to use.'));
  }
  if (file !== undefined) return fromFile(resolve(directory, file), given);
  if (typeof data !== 'string' || data === '') {
    return bad(
      message(
        'Say what to train on: --data with a file or the name of a data set, or an experiment file. `loss-lab train --help` lists the options.',
      ),
    );
  }
  return fromData(data, given, directory);
}

function fromFile(path: string, given: Given): Result<Described> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    if (error instanceof SyntaxError)
      return bad(message('{path} is not JSON: {error}.', { path, error: error.message }), { file: path });
    return { ok: false, problems: [missing(error, path)] };
  }
  const parsed = parseExperiment(value);
  if (!parsed.ok)
    return {
      ok: false,
      problems: parsed.problems.map((problem) => ({ ...problem, where: { file: path, ...problem.where } })),
    };
  return finish(parsed.value, given, dirname(path));
}

async function fromData(data: string, given: Given, directory: string): Promise<Result<Described>> {
  const builtin = builtinIds.find((id) => id === data);
  if (builtin !== undefined)
    return finish(
      suggestExperiment({ source: 'builtin', name: builtin, ...targetOf(given) }),
      given,
      directory,
    );
  const generated = generatedIds.find((id) => id === data);
  if (generated !== undefined)
    return finish(suggestExperiment({ source: 'generated', name: generated }), given, directory);
  const path = resolve(directory, data);
  const sniffed = await sniffFile(path, given);
  if (!sniffed.ok) return sniffed;
  if (sniffed.value === undefined && given['loss'] === undefined) {
    return bad(
      message(
        'What suits {path} can be seen only when it is read whole: say --loss, and --target where it has columns, or write an experiment file.',
        { path },
      ),
    );
  }
  return finish(
    suggestExperiment({ source: 'file', path: data, ...targetOf(given) }, sniffed.value),
    given,
    directory,
  );
}

function targetOf(given: Given): { readonly target?: string } {
  return typeof given['target'] === 'string' ? { target: given['target'] } : {};
}

/** Looks at the beginning of a table as text, to suggest what suits it; undefined for other formats. */
async function sniffFile(path: string, given: Given): Promise<Result<Sniffed | undefined>> {
  try {
    const file = await open(path);
    try {
      const info = await file.stat();
      if (!info.isFile()) return bad(message('{path} is not a file.', { path }), { file: path });
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(headBytes, info.size)), 0);
      const format = detectFormat(basename(path), buffer.subarray(0, bytesRead));
      if (path.endsWith('.gz') || (format !== 'csv' && format !== 'tsv')) return ok(undefined);
      const sniffed = sniff(buffer.subarray(0, bytesRead), info.size, {
        delimiter: delimiters.find((delimiter) => delimiter === delimiterOf(given)) ?? 'auto',
        decimal: given['decimal'] === ',' || given['decimal'] === '.' ? given['decimal'] : 'auto',
        header: given['header'] === 'yes' || given['header'] === 'no' ? given['header'] : 'auto',
      });
      return sniffed.ok
        ? sniffed
        : {
            ok: false,
            problems: sniffed.problems.map((problem) => ({
              ...problem,
              where: { file: path, ...problem.where },
            })),
          };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { ok: false, problems: [missing(error, path)] };
  }
}

function missing(error: unknown, path: string): Problem {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    const known = [...builtinIds, ...generatedIds].join(', ');
    return {
      message: message('There is no file {path}. The data sets that need no file are {known}.', {
        path,
        known,
      }),
      where: { file: path },
    };
  }
  return fileProblem(error, path, 'read');
}

function finish(base: ExperimentInput, given: Given, directory: string): Result<Described> {
  const changed = change(base, given);
  if (!changed.ok) return changed;
  const parsed = parseExperiment(changed.value);
  if (!parsed.ok) return { ok: false, problems: parsed.problems.map(namedByFlag) };
  const { data } = parsed.value;
  return ok({
    experiment: parsed.value,
    dataFile: 'path' in data ? resolve(directory, data.path) : undefined,
  });
}

type Plain = Record<string, unknown>;

/** A copy of the experiment with the options put in; the schema judges the result. */
function change(base: ExperimentInput, given: Given): Result<Plain> {
  const changed: Plain = structuredClone({ ...base });
  const problems: Problem[] = [];
  for (const option of experimentOptions) {
    const text = given[option.flag];
    if (text === undefined) continue;
    const value = read(option, text);
    if (!value.ok) {
      problems.push(...value.problems);
      continue;
    }
    put(changed, option, value.value);
  }
  const rate = presets.find(({ id }) => id === given['model'])?.rate;
  const optimizer = plain(changed['optimizer']);
  if (rate !== undefined && optimizer['rate'] === undefined && (optimizer['type'] ?? 'adam') === 'adam')
    changed['optimizer'] = { type: 'adam', ...optimizer, rate };
  return problems.length > 0 ? { ok: false, problems } : ok(changed);
}

function put(
  experiment: Plain,
  { flag, path: [first, second, third] }: ExperimentOption,
  value: unknown,
): void {
  if (second === undefined) {
    experiment[first] = value;
    return;
  }
  const part = plain(experiment[first]);
  const preset = presets.find(({ id }) => id === value);
  // Another optimizer has other options; another loss has other parameters.
  if (flag === 'optimizer' && part['type'] !== value) experiment[first] = { type: value };
  else if (flag === 'loss' && part['id'] !== value) experiment[first] = { id: value };
  else if (flag === 'model' && value === 'linear') experiment[first] = { ...part, type: 'mlp', hidden: [] };
  else if (flag === 'model' && preset !== undefined) experiment[first] = preset.model;
  else
    experiment[first] = {
      ...(first === 'model' || first === 'optimizer' ? { type: defaultTypes[first] } : {}),
      ...part,
      [second]: third === undefined ? value : { ...plain(part[second]), [third]: value },
    };
}

function plain(value: unknown): Plain {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

const defaultTypes = { model: 'mlp', optimizer: 'adam' } as const;

function delimiterOf(given: Given): string | undefined {
  const text = given['delimiter'];
  if (typeof text !== 'string') return undefined;
  return { tab: '\t', '\\t': '\t', space: ' ' }[text] ?? text;
}

/** The value of an option. Whether it is in range is the schema's business. */
function read({ flag, kind }: ExperimentOption, given: NonNullable<Given[string]>): Result<unknown> {
  const texts = (typeof given === 'object' ? given : [given]).map(String);
  const text = texts.at(-1) ?? '';
  switch (kind) {
    case 'text':
      return ok(flag === 'delimiter' ? delimiterOf({ delimiter: text }) : text);
    case 'texts':
      return ok(texts);
    case 'yes':
      return ok(true);
    case 'no':
      return ok(false);
    case 'number':
    case 'count':
      return number(flag, text);
    case 'batch':
      return text === 'full' ? ok(text) : number(flag, text);
    case 'layers': {
      if (text === '' || text === 'none' || text === '0') return ok([]);
      const units = text.split(',').map((part) => number(flag, part));
      const wrong = units.find((unit) => !unit.ok);
      return wrong ?? ok(units.map((unit) => (unit.ok ? unit.value : 0)));
    }
    case 'parameters':
      return pairs(flag, texts, 'delta=1');
    case 'weights':
      return text === 'balanced' ? ok(text) : pairs(flag, texts, 'rare=5');
  }
}

/** `NAME=NUMBER` texts as numbers by name; a name may hold an equals sign itself. */
function pairs(flag: string, texts: readonly string[], example: string): Result<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const pair of texts) {
    const [, name, amount] = /^(.+)=([^=]*)$/.exec(pair) ?? [];
    const value = number(flag, amount ?? '');
    if (name === undefined || !value.ok)
      return bad(
        message('--{flag} takes NAME=NUMBER, such as {example}; found "{pair}".', { flag, example, pair }),
      );
    found[name] = value.value;
  }
  return ok(found);
}

function number(flag: string, text: string): Result<number> {
  const value = Number(text.trim());
  if (text.trim() === '' || !Number.isFinite(value))
    return bad(message('--{flag} takes a number; found "{text}".', { flag, text }));
  return ok(value);
}

/** Says by which option a problem came in, where it was one. */
function namedByFlag(problem: Problem): Problem {
  const path = problem.where?.path;
  const option = experimentOptions.find((candidate) => candidate.path.join('.') === path);
  if (option === undefined) return problem;
  return {
    ...problem,
    message: message('--{flag}: {problem}', { flag: option.flag, problem: problem.message }),
  };
}
