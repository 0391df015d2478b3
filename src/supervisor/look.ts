import type { Look } from '../core/data/look.ts';
import { message, ok, type Result } from '../core/messages/message.ts';
import { askTrainer, type QuestionOptions } from './question.ts';
import type { Log } from './trainerProcess.ts';

/** Lets a trainer process of its own look at a data file or a folder of images; see {@link Look}. */
export function look(
  trainer: string,
  log: Log,
  path: string,
  options: QuestionOptions,
): Promise<Result<Look>> {
  return askTrainer<Look>(
    trainer,
    log,
    {
      name: 'Look',
      order: { type: 'look', path },
      answer: (from) => (from.type === 'looked' ? ok(from.look, from.warnings) : undefined),
      cancelled: message('Reading was cancelled.'),
      notStarted: (error) => message('{path} could not be looked at: {error}.', { path, error }),
      died: (cause) =>
        message(
          '{path} could not be looked at: the process that reads it ended ({cause}). The log says more.',
          {
            path,
            cause,
          },
        ),
    },
    options,
  );
}
