import { loadLoss } from '../../core/losses/catalogue.ts';
import { inConvention } from '../../core/losses/conventions.ts';
import type { Loss } from '../../core/losses/loss.ts';
import { printableValues } from '../../core/losses/parameters.ts';

/** What a link or an action asks a command for; all of it can be missing. */
export interface Wish {
  readonly loss: Loss | undefined;
  /** Another definition of the loss. */
  readonly convention: string | undefined;
  /** Parameters and options that this definition allows. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly uri: string | undefined;
  /** 0-based. */
  readonly line: number | undefined;
}

/** Reads a command's argument, which anybody may have made; what does not fit is left out. */
export function readWish(argument: unknown): Wish {
  const { loss: id, convention: wanted, parameters, uri, line } = record(argument);
  const loss = typeof id === 'string' ? loadLoss(id) : undefined;
  const convention = loss?.conventions?.find((one) => one.id === wanted)?.id;
  const values = Object.entries(record(parameters)).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return {
    loss,
    convention,
    parameters:
      loss === undefined ? {} : printableValues(inConvention(loss, convention), Object.fromEntries(values)),
    uri: typeof uri === 'string' ? uri : undefined,
    line: typeof line === 'number' && line >= 0 ? Math.floor(line) : undefined,
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
