import type { Dataset, Part } from '../data/dataset.ts';
import { bad, message, ok, type Result } from '../messages/message.ts';
import type { Network } from './network.ts';

/**
 * Whether a data set holds what an embedding takes: whole numbers from 0 below its count. Any data will do for a network
 * without one.
 */
export function checkWholeNumbers(
  { layers }: Network,
  { training, validation }: Pick<Dataset, 'training' | 'validation'>,
): Result<undefined> {
  const [first] = layers;
  if (first?.takes === undefined) return ok(undefined);
  const count = first.takes;
  const isTaken = (value: number) => Number.isInteger(value) && value >= 0 && value < count;
  const strange = (part: Part | undefined) => part?.features.find((value) => !isTaken(value));
  const found = strange(training) ?? strange(validation);
  if (found === undefined) return ok(undefined);
  return bad(
    message(
      'The embedding takes whole numbers from 0 to {last}, but the data has {found}. Raise its count, or turn the scaling of features off.',
      { last: count - 1, found },
    ),
    { path: first.path },
  );
}
