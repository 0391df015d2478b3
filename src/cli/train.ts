import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { deviceIds, type DeviceId } from '../core/compute/device.ts';
import { bad, english, message, ok, type Result } from '../core/messages/message.ts';
import type { RunStatus } from '../core/runs/record.ts';
import type { Experiment } from '../core/training/experiment.ts';
import { runSummary } from '../core/training/summary.ts';
import type { Run } from '../supervisor/run.ts';
import { RunStore } from '../supervisor/runStore.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { describe } from './experiment.ts';
import { trainHelp } from './help.ts';
import { defaultOut, experimentOptions, runOptions } from './options.ts';
import { exitCodes, jsonLine, printProblems, quietLog, words, type Terminal } from './output.ts';
import { deviceCache, installed } from './places.ts';
import { jsonProgress, textProgress } from './progress.ts';

/** `loss-lab train`: trains to the end and prints a summary. Fulfilled with the exit code. Throws what parseArgs throws. */
export async function train(args: string[], to: Terminal, dist: string): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: parseOptions() });
  if (values['help'] === true) {
    to.out(trainHelp());
    return exitCodes.done;
  }
  const json = values['json'] === true;
  const refuse = (problems: Extract<Result<unknown>, { ok: false }>['problems']): number => {
    printProblems(to, problems, json);
    return exitCodes.badInput;
  };
  const [file, ...others] = positionals;
  if (others.length > 0) {
    const found = others.join(' ');
    return refuse([{ message: message('One experiment at a time: "{found}" is too much.', { found }) }]);
  }
  const device = readDevice(values['device']);
  if (!device.ok) return refuse(device.problems);
  const memory = readMemoryLimit(values['memory-limit']);
  if (!memory.ok) return refuse(memory.problems);
  const described = await describe(file, values, process.cwd());
  if (!described.ok) return refuse(described.problems);
  const { experiment, dataFile } = described.value;
  const store = new RunStore(resolve(typeof values['out'] === 'string' ? values['out'] : defaultOut));
  const start = (supervisor: Supervisor) =>
    supervisor.start(store, experiment, { dataFile, device: device.value });
  return follow(to, json, dist, experiment, start, memory.value);
}

/** Bytes that `--memory-limit` names; undefined without it. */
export function readMemoryLimit(given: unknown): Result<number | undefined> {
  if (typeof given !== 'string') return ok(undefined);
  const megabytes = Number(given);
  if (Number.isFinite(megabytes) && megabytes > 0) return ok(megabytes * 2 ** 20);
  return bad(message('--memory-limit takes a number of MB above 0; found "{text}".', { text: given }));
}

/** Options as parseArgs wants them. */
function parseOptions(): Record<string, { type: 'string' | 'boolean'; multiple?: boolean }> {
  const options: Record<string, { type: 'string' | 'boolean'; multiple?: boolean }> = {};
  for (const { flag, value } of runOptions)
    options[flag] = { type: value === undefined ? 'boolean' : 'string' };
  for (const { flag, value, kind } of experimentOptions) {
    options[flag] = {
      type: value === undefined ? 'boolean' : 'string',
      multiple: kind === 'texts' || kind === 'parameters' || kind === 'weights',
    };
  }
  return options;
}

/** The device that `--device` names. */
export function readDevice(given: unknown): Result<DeviceId | 'auto'> {
  const known = ['auto', ...deviceIds] as const;
  const device = known.find((id) => id === (given ?? 'auto'));
  if (device !== undefined) return { ok: true, value: device, warnings: [] };
  return bad(
    message('There is no device "{device}". The devices are {known}.', {
      device: String(given),
      known: known.join(', '),
    }),
  );
}

/** Starts a run and shows it until it has ended and its trainer is gone. Ctrl-C stops it, a second one kills it. */
export async function follow(
  to: Terminal,
  json: boolean,
  dist: string,
  experiment: Experiment,
  start: (supervisor: Supervisor) => Promise<Result<Run>>,
  memoryLimit: number | undefined,
): Promise<number> {
  const { trainer, dataSets } = installed(dist);
  const supervisor = new Supervisor({
    trainer,
    dataSets,
    cache: deviceCache(process.env, process.platform),
    log: quietLog(to),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
  });
  const started = await start(supervisor);
  if (!started.ok) {
    printProblems(to, started.problems, json);
    return exitCodes.badInput;
  }
  const run = started.value;
  const progress = json ? jsonProgress(to, run) : textProgress(to, run);
  const listening = run.onEvent((event) => progress.event(event));
  const interrupt = (): void => {
    if (run.status.state === 'stopping') run.kill();
    else run.stop();
  };
  // Whoever read our output is gone, or the terminal is: the run is kept as interrupted.
  const leave = (): void => void supervisor.dispose();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', leave);
  process.on('SIGHUP', leave);
  process.stdout.on('error', leave);
  try {
    const good = await run.started;
    const status = await run.ended;
    progress.end();
    if (!good.ok) {
      printProblems(to, good.problems, json);
      return exitCodes.badInput;
    }
    to.out(json ? jsonLine(summary(status, run.directory)) : textSummary(status, experiment, run.directory));
    return exitCode(status);
  } finally {
    listening.dispose();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', leave);
    process.off('SIGHUP', leave);
    process.stdout.off('error', leave);
    await supervisor.dispose();
  }
}

/** The last line of `--json`. `metrics` are those on the validation part at the best checkpoint. */
function summary(status: RunStatus, directory: string): Readonly<Record<string, unknown>> {
  const { state, reason, note, step, epoch, loss, validationLoss, metrics, best, device, seconds } = status;
  return {
    type: 'summary',
    state,
    reason: reason ?? null,
    steps: step,
    epochs: epoch,
    loss: loss ?? null,
    validationLoss: validationLoss ?? null,
    metrics: metrics ?? {},
    best: best ?? null,
    device: device?.id ?? null,
    seconds,
    run: directory,
    ...(note === undefined ? {} : { note: english(note) }),
  };
}

function textSummary(status: RunStatus, experiment: Experiment, directory: string): string {
  const { headline, notes } = runSummary(status, experiment);
  return `${[headline, ...notes].map(words).join('\n')}\nThe run is kept in ${directory}\n`;
}

function exitCode({ state, reason }: RunStatus): number {
  if (state === 'finished') return exitCodes.done;
  return reason === 'user' ? exitCodes.interrupted : exitCodes.failed;
}
