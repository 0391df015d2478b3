import { bad, message, ok, type Result } from '../core/messages/message.ts';
import type { FromTrainer } from '../core/protocol/trainer.ts';
import { exitCode } from './death.ts';
import { TrainerProcess, type Log } from './trainerProcess.ts';

/** Rows as text cells by column name, or a CSV file and where the copy with answers goes (absolute paths). */
export type PredictionRequest =
  | { readonly rows: readonly Readonly<Record<string, string>>[] }
  | { readonly file: { readonly from: string; readonly to: string } };

export interface PredictionOptions {
  readonly signal?: AbortSignal;
  /** Share of a file that is done, 0…1. */
  readonly onProgress?: (share: number) => void;
}

/** The answers to rows; for a file only their number. */
export interface Prediction {
  readonly answers: readonly Readonly<Record<string, string | number>>[];
  readonly rows: number;
}

/** Asks a trainer process of its own and ends it. */
export async function predict(
  trainer: string,
  log: Log,
  directory: string,
  request: PredictionRequest,
  { signal, onProgress }: PredictionOptions,
): Promise<Result<Prediction>> {
  let result: Result<Prediction> | undefined;
  const receive = (from: FromTrainer): void => {
    if (from.type === 'predicted') result = ok({ answers: from.answers, rows: from.rows });
    else if (from.type === 'problems') result = { ok: false, problems: from.problems };
    else if (from.type === 'phase') onProgress?.(from.share ?? 0);
    else if (from.type === 'log') log[from.level](`Prediction: ${from.text}`);
    if (result !== undefined) child?.disconnect();
  };
  let child: TrainerProcess | undefined;
  try {
    child = new TrainerProcess(trainer, log, receive);
  } catch (error) {
    return bad(message('The prediction could not be started: {error}.', { error: String(error) }));
  }
  const process = child;
  const abort = (): void => process.kill('SIGKILL');
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  process.send({
    type: 'predict',
    directory,
    ...('rows' in request ? { rows: request.rows.map((row) => ({ ...row })) } : { file: request.file }),
  });
  const death = await process.gone;
  signal?.removeEventListener('abort', abort);
  if (result !== undefined) return result;
  if (signal?.aborted === true) return bad(message('The prediction was cancelled.'));
  if (death.output.trim() !== '') log.error(`Prediction: the trainer printed:\n${death.output.trimEnd()}`);
  return bad(
    message('The prediction failed: its process ended ({cause}). The log says more.', {
      cause: death.signal ?? exitCode(death),
    }),
  );
}
