import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { Conversation, type Contender } from './contender.ts';
import { drawProblem, writeProblem } from './problem.ts';
import type { Measured, RowResult } from './results.ts';
import type { Task } from './tasks.ts';

/** How long and how often. */
export interface Pace {
  /** Length of a window, ms. */
  readonly milliseconds: number;
  /** Windows of each contender. */
  readonly windows: number;
}

/** Losses of all contenders over this many steps must agree to this share. */
const checkedSteps = 10;
const tolerance = 1e-3;
/** Of contenders whose step takes longer than this, ms, only the first loss is compared. */
const slow = 8000;
/** Who has been computing for so long on one row is not asked again, ms. */
const patience = 30_000;

const windowSchema = v.object({
  steps: v.number(),
  milliseconds: v.number(),
  feeding: v.optional(v.number()),
});
const lossesSchema = v.object({ losses: v.array(v.number()) });
const outputsSchema = v.object({ outputs: v.array(v.number()) });
const readySchema = v.object({});

/** SGD of the check and of contenders that have no Adam. */
const sgd = { momentum: 0.9, rate: 0.001 };

/** Processes of contenders by id, or why one is not there. */
export type Field = ReadonlyMap<string, Conversation | string>;

/** Starts all contenders. */
export async function startField(contenders: readonly Contender[]): Promise<Field> {
  const field = new Map<string, Conversation | string>();
  for (const contender of contenders) {
    field.set(
      contender.id,
      'absent' in contender
        ? contender.absent
        : await Conversation.start(contender.command).catch((error: unknown) => reasonOf(error)),
    );
  }
  return field;
}

export function endField(field: Field): void {
  for (const conversation of field.values()) if (typeof conversation !== 'string') conversation.end();
}

/** Measures a task: checks that all compute the same, then gives windows in turns. `ours-1` is what others are held against. */
export async function measureRow(
  task: Task,
  contenders: readonly Contender[],
  field: Field,
  pace: Pace,
): Promise<RowResult> {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'losslab-steps-'));
  const file = path.join(scratch, 'problem.json');
  writeProblem(file, drawProblem(task));
  try {
    const reference = await referenceOf(field.get('ours-1'), file);
    const results = new Map<string, Measured>();
    for (const contender of contenders)
      results.set(contender.id, await prepare(contender, field.get(contender.id)!, file, reference));
    for (let turn = 0; turn < pace.windows; turn++) {
      for (const contender of contenders) {
        const result = results.get(contender.id)!;
        const conversation = field.get(contender.id)!;
        if (typeof conversation === 'string' || !('windows' in result)) continue;
        const spent = result.windows.reduce((sum, window) => sum + window.milliseconds, 0);
        if (spent > patience) continue;
        result.windows.push(
          await conversation.ask({ do: 'window', milliseconds: pace.milliseconds }, windowSchema),
        );
      }
    }
    return {
      task: task.id,
      title: task.title,
      contenders: contenders.map(({ id, name, threads, differs }) => ({
        id,
        name,
        threads,
        ...(differs === undefined ? {} : { differs }),
        ...results.get(id)!,
      })),
    };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** What the others are held against: Loss Lab's losses with Adam and with SGD, and its outputs before training. */
interface Reference {
  readonly losses: readonly number[];
  readonly sgd: readonly number[];
  readonly outputs: readonly number[];
}

async function referenceOf(
  ours: Conversation | string | undefined,
  file: string,
): Promise<Reference | string> {
  if (ours === undefined || typeof ours === 'string') return ours ?? 'Loss Lab takes no part';
  try {
    const losses = async () => (await ours.ask({ do: 'losses', steps: checkedSteps }, lossesSchema)).losses;
    await ours.ask({ do: 'prepare', file, ...sgd }, readySchema);
    const plain = await losses();
    await ours.ask({ do: 'prepare', file }, readySchema);
    const { outputs } = await ours.ask({ do: 'outputs' }, outputsSchema);
    return { losses: await losses(), sgd: plain, outputs };
  } catch (error) {
    return reasonOf(error);
  }
}

async function prepare(
  contender: Contender,
  conversation: Conversation | string,
  file: string,
  reference: Reference | string,
): Promise<Measured> {
  if (typeof conversation === 'string') return { absent: conversation };
  try {
    await conversation.ask(
      { do: 'prepare', file, ...(contender.check === 'losses of SGD' ? sgd : {}) },
      readySchema,
    );
    if (typeof reference === 'string') {
      // Whether it computes at all.
      if (contender.check !== 'outputs') await conversation.ask({ do: 'losses', steps: 1 }, lossesSchema);
      return { unchecked: reference, windows: [] };
    }
    return { ...(await check(contender, conversation, reference)), windows: [] };
  } catch (error) {
    return { absent: reasonOf(error) };
  }
}

/** The greatest difference from Loss Lab, as a share: of each loss, or of the greatest output. */
async function check(
  { check: what }: Contender,
  conversation: Conversation,
  reference: Reference,
): Promise<{ readonly difference: number; readonly compared?: number }> {
  let difference: number;
  let compared: number | undefined;
  if (what === 'outputs') {
    const { outputs } = await conversation.ask({ do: 'outputs' }, outputsSchema);
    const expected = reference.outputs.map((output) => Math.max(0, output));
    const scale = Math.max(...expected);
    difference = greatest(expected.map((value, i) => (value - (outputs[i] ?? Number.NaN)) / scale));
  } else {
    const start = performance.now();
    let { losses } = await conversation.ask({ do: 'losses', steps: 1 }, lossesSchema);
    if (performance.now() - start < slow)
      ({ losses } = await conversation.ask({ do: 'losses', steps: checkedSteps }, lossesSchema));
    const expected = (what === 'losses' ? reference.losses : reference.sgd).slice(0, losses.length);
    difference = greatest(expected.map((value, i) => (value - (losses[i] ?? Number.NaN)) / value));
    compared = expected.length;
  }
  // NaN is no agreement.
  if (!(difference <= tolerance))
    throw new Error(`it does not compute the same: its ${what} differ by ${difference.toPrecision(2)}`);
  return { difference, ...(compared === undefined ? {} : { compared }) };
}

const greatest = (differences: readonly number[]): number => Math.max(...differences.map(Math.abs));

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, 300);
