import { loadLoss } from '../../core/losses/catalogue.ts';
import type { Loss } from '../../core/losses/loss.ts';

/** What a link or an action asks a command for; all of it can be missing. */
export interface Wish {
  readonly loss: Loss | undefined;
  readonly parameters: Readonly<Record<string, number>>;
  readonly uri: string | undefined;
  /** 0-based. */
  readonly line: number | undefined;
}

/** Reads a command's argument, which anybody may have made; what does not fit is left out. */
export function readWish(argument: unknown): Wish {
  const given: Readonly<Record<string, unknown>> =
    typeof argument === 'object' && argument !== null ? { ...argument } : {};
  const { loss: id, parameters, uri, line } = given;
  const loss = typeof id === 'string' ? loadLoss(id) : undefined;
  const values = typeof parameters === 'object' && parameters !== null ? Object.entries(parameters) : [];
  return {
    loss,
    parameters: Object.fromEntries(
      values.filter(
        (entry): entry is [string, number] =>
          typeof entry[1] === 'number' &&
          Number.isFinite(entry[1]) &&
          loss?.parameters.some((parameter) => parameter.id === entry[0]) === true,
      ),
    ),
    uri: typeof uri === 'string' ? uri : undefined,
    line: typeof line === 'number' && line >= 0 ? Math.floor(line) : undefined,
  };
}
