import type { Optimizer } from './rule.ts';

/** How far a reduction on plateaus has come; plain JSON, to be kept in a checkpoint. */
export interface PlateauState {
  /** Lowest loss so far; null before the first. */
  readonly best: number | null;
  /** Epochs without improvement since. */
  readonly bad: number;
  /** Epochs that do not count any more after a drop. */
  readonly cooling: number;
  /** What the rate has been multiplied by: {@link Moment.factor} of the steps that follow. */
  readonly factor: number;
}

export const plateauStart: PlateauState = { best: null, bad: 0, cooling: 0, factor: 1 };

/** Drops of the rate by less than this are not made (`eps` of PyTorch's scheduler). */
const smallestDrop = 1e-8;

/**
 * The state after an epoch, as torch.optim.lr_scheduler.ReduceLROnPlateau in mode min: after more than `patience` epochs
 * without a loss below best · (1 − threshold), or best − threshold, the rate is multiplied by `factor`, but never below
 * `minimum`. A loss of NaN is no improvement. With any other schedule the state stays as it is, so that it may be
 * called after every epoch.
 * @param loss of the validation part, or of training where there is none
 */
export function afterEpoch(
  { rate, schedule }: Pick<Optimizer, 'rate' | 'schedule'>,
  state: PlateauState,
  loss: number,
): PlateauState {
  if (schedule?.type !== 'plateau') return state;
  const { patience, threshold, cooldown, minimum } = schedule;
  const best = state.best ?? Infinity;
  const below = schedule.compare === 'relative' ? best * (1 - threshold) : best - threshold;
  const improved = loss < below;
  const isCooling = state.cooling > 0;
  const bad = improved || isCooling ? 0 : state.bad + 1;
  const next = {
    best: improved ? loss : state.best,
    bad,
    cooling: isCooling ? state.cooling - 1 : 0,
    factor: state.factor,
  };
  if (bad <= patience) return next;
  const lower = Math.max(state.factor * schedule.factor, minimum / rate);
  const drops = rate * (state.factor - lower) > smallestDrop;
  return { ...next, bad: 0, cooling: cooldown, factor: drops ? lower : state.factor };
}
