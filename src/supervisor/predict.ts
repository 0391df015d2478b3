import { message, ok, type Result } from '../core/messages/message.ts';
import { askTrainer, type QuestionOptions } from './question.ts';
import type { Log } from './trainerProcess.ts';

/** Rows as text cells by column name, or a CSV file and where the copy with answers goes (absolute paths). */
export type PredictionRequest =
  | { readonly rows: readonly Readonly<Record<string, string>>[] }
  | { readonly file: { readonly from: string; readonly to: string } };

/** The answers to rows; for a file only their number. */
export interface Prediction {
  readonly answers: readonly Readonly<Record<string, string | number>>[];
  readonly rows: number;
}

/** Asks a trainer process of its own and ends it. */
export function predict(
  trainer: string,
  log: Log,
  directory: string,
  request: PredictionRequest,
  options: QuestionOptions,
): Promise<Result<Prediction>> {
  return askTrainer<Prediction>(
    trainer,
    log,
    {
      name: 'Prediction',
      order: {
        type: 'predict',
        directory,
        ...('rows' in request ? { rows: request.rows.map((row) => ({ ...row })) } : { file: request.file }),
      },
      answer: (from) =>
        from.type === 'predicted' ? ok({ answers: from.answers, rows: from.rows }) : undefined,
      cancelled: message('The prediction was cancelled.'),
      notStarted: (error) => message('The prediction could not be started: {error}.', { error }),
      died: (cause) =>
        message('The prediction failed: its process ended ({cause}). The log says more.', { cause }),
    },
    options,
  );
}
