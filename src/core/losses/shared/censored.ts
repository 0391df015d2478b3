/** Inputs of survival losses: a time for each sample, and whether the event was seen then. */
import { gt } from '../../expression/build.ts';
import { input, type Expr } from '../../expression/expression.ts';
import type { LossInput } from '../loss.ts';

const axes = ['sample'] as const;

/** Follow-up times. */
export const followUpTimes: LossInput = {
  id: 'time',
  symbol: 't',
  kind: 'positive',
  role: 'target',
  axes,
  meaning: 'Time until the event, or until observation ended without it.',
};

/** Whether the event was seen. */
export const eventsSeen: LossInput = {
  id: 'event',
  symbol: '\\delta',
  kind: 'event',
  role: 'target',
  axes,
  meaning: '1 where the event was seen, 0 where observation ended before it (censored on the right).',
};

/** The input `time`. */
export const time = (): Expr => input('time', axes);
/** The input `event`. */
export const event = (): Expr => input('event', axes);
/** The condition that the event was seen. */
export const wasSeen = (): Expr => gt(event(), 0);
/** The input `pred`, one number a sample. */
export const score = (): Expr => input('pred', axes);
