import type { Message, Result } from '../core/messages/message.ts';
import { bad } from '../core/messages/message.ts';
import type { FromTrainer, ToTrainer } from '../core/protocol/trainer.ts';
import { exitCode } from './death.ts';
import { TrainerProcess, type Log } from './trainerProcess.ts';

/** How a question to a trainer is watched and ended. */
export interface QuestionOptions {
  readonly signal?: AbortSignal;
  /** Share of a file that is done, 0…1. */
  readonly onProgress?: (share: number) => void;
}

/** A question to a trainer process of its own. */
export interface Question<T> {
  /** What the log calls it. */
  readonly name: string;
  readonly order: ToTrainer;
  /** The answer, if this message is it. */
  readonly answer: (from: FromTrainer) => Result<T> | undefined;
  /** What is said when there is no answer. */
  readonly cancelled: Message;
  readonly notStarted: (error: string) => Message;
  readonly died: (cause: string | Message) => Message;
}

/** Asks a trainer process of its own and ends it. Problems of the trainer are the result's. */
export async function askTrainer<T>(
  trainer: string,
  log: Log,
  { name, order, answer, cancelled, notStarted, died }: Question<T>,
  { signal, onProgress }: QuestionOptions,
): Promise<Result<T>> {
  let result: Result<T> | undefined;
  const receive = (from: FromTrainer): void => {
    if (from.type === 'problems') result = { ok: false, problems: from.problems };
    else if (from.type === 'phase') onProgress?.(from.share ?? 0);
    else if (from.type === 'log') log[from.level](`${name}: ${from.text}`);
    else result = answer(from) ?? result;
    if (result !== undefined) child?.disconnect();
  };
  let child: TrainerProcess | undefined;
  try {
    child = new TrainerProcess(trainer, log, receive);
  } catch (error) {
    return bad(notStarted(String(error)));
  }
  const process = child;
  const abort = (): void => process.kill('SIGKILL');
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  process.send(order);
  const death = await process.gone;
  signal?.removeEventListener('abort', abort);
  if (result !== undefined) return result;
  if (signal?.aborted === true) return bad(cancelled);
  if (death.output.trim() !== '') log.error(`${name}: the trainer printed:\n${death.output.trimEnd()}`);
  return bad(died(death.signal ?? exitCode(death)));
}
