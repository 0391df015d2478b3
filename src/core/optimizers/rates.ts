import type { Optimizer } from './rule.ts';

type Schedule = NonNullable<Optimizer['schedule']>;
type ScheduleOf<Type extends Schedule['type']> = Extract<Schedule, { type: Type }>;

/** Where a step stands in its run: all that a learning rate may depend on. */
export interface Moment {
  /** Number of the step (the batch) in the run, from 1. */
  readonly step: number;
  /** Epochs that are over: 0 in the first. */
  readonly epoch: number;
  readonly stepsPerEpoch: number;
  /** Steps of the whole run, for schedules that end with it; absent where the end is open, which they never reach. */
  readonly totalSteps?: number;
  /** What the rate has been multiplied by on plateaus: `factor` of the state in plateau.ts. Absent: 1. */
  readonly factor?: number;
}

/** Number of the update that a step belongs to, from 1; without accumulation the step's own. */
export function updateOf({ accumulate = 1 }: Pick<Optimizer, 'accumulate'>, step: number): number {
  return Math.ceil(step / accumulate);
}

/**
 * The learning rate of a step: `rate` through its schedule, times the plateau factor. Before the schedule comes the
 * linear rise of `warmup`; the schedule counts from where that ends (PyTorch's SequentialLR), a schedule by epoch from
 * the first epoch that begins thereafter. Steps are counted as updates of the optimizer.
 *
 * Formulas are those of torch.optim.lr_scheduler in closed form; `lr_at_epoch[e]` there is the rate at `epoch: e` here.
 */
export function rateAt(
  optimizer: Pick<Optimizer, 'rate' | 'schedule' | 'warmup' | 'accumulate'>,
  moment: Moment,
): number {
  const { rate, schedule, warmup } = optimizer;
  const factor = moment.factor ?? 1;
  const perEpoch = moment.stepsPerEpoch / (optimizer.accumulate ?? 1);
  const updates = updateOf(optimizer, moment.step) - 1;
  const time = (every: 'epoch' | 'step') => (every === 'epoch' ? moment.epoch : updates);
  let delay = 0;
  if (warmup !== undefined) {
    const done = time(warmup.every) / warmup.length;
    if (done < 1) return rate * factor * (warmup.from + (1 - warmup.from) * done);
    delay = warmup.length * (warmup.every === 'epoch' ? perEpoch : 1);
  }
  if (schedule === undefined || schedule.type === 'plateau') return rate * factor;
  const { every } = schedule;
  const unit = every === 'epoch' ? perEpoch : 1;
  const start = Math.ceil(delay / unit);
  const end = Math.floor((moment.totalSteps ?? Infinity) / (optimizer.accumulate ?? 1) / unit);
  return factor * scheduled(schedule, rate, Math.max(0, time(every) - start), Math.max(1, end - start));
}

/** The rate at time t = 0, 1, … of a schedule that has `rest` to go. */
function scheduled(
  schedule: Exclude<Schedule, { type: 'plateau' }>,
  rate: number,
  t: number,
  rest: number,
): number {
  switch (schedule.type) {
    case 'constant':
      return t < schedule.length ? rate * schedule.factor : rate;
    case 'step':
      return rate * schedule.factor ** Math.floor(t / schedule.length);
    case 'multi-step':
      return rate * schedule.factor ** schedule.at.filter((at) => at <= t).length;
    case 'exponential':
      return rate * schedule.factor ** t;
    case 'linear':
      return rate * mix(schedule.from, schedule.to, Math.min(1, t / (schedule.length ?? rest)));
    case 'polynomial':
      return rate * (1 - Math.min(1, t / (schedule.length ?? rest))) ** schedule.power;
    case 'cosine':
      return halfCosine(rate, schedule.minimum, t / (schedule.length ?? rest));
    case 'cosine-restarts': {
      const { into, length } = cycleAt(schedule, t);
      return halfCosine(rate, schedule.minimum, into / length);
    }
    case 'one-cycle':
      return oneCycle(schedule, rate, t, schedule.length ?? rest);
  }
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** From one value to another along half a cosine; beyond 1 it comes back, as CosineAnnealingLR does. */
function halfCosine(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
}

/** The place in the open cycle and its length, each cycle `growth` times as long as the one before. */
function cycleAt(
  { length, growth }: ScheduleOf<'cosine-restarts'>,
  t: number,
): { into: number; length: number } {
  if (growth === 1) return { into: t % length, length };
  let [into, current] = [t, length];
  while (into >= current) {
    into -= current;
    current *= growth;
  }
  return { into, length: current };
}

/**
 * torch.optim.lr_scheduler.OneCycleLR (L. Smith, N. Topin, "Super-Convergence", 2018) with the optimizer's rate as its
 * max_lr; its cycle of the momentum is left out. After the end the rate stays.
 */
function oneCycle(
  { rise, start, end, shape, phases }: ScheduleOf<'one-cycle'>,
  peak: number,
  t: number,
  length: number,
): number {
  const first = peak / start;
  const last = first / end;
  const stops = [
    { at: 0, rate: first },
    { at: rise * length - 1, rate: peak },
    ...(phases === 3 ? [{ at: 2 * rise * length - 2, rate: first }] : []),
    { at: length - 1, rate: last },
  ];
  const next = stops.findIndex((stop, i) => i > 0 && t <= stop.at);
  if (next < 0) return last;
  const [from, to] = [stops[next - 1]!, stops[next]!];
  const share = to.at === from.at ? 1 : (t - from.at) / (to.at - from.at);
  return shape === 'linear' ? mix(from.rate, to.rate, share) : halfCosine(from.rate, to.rate, share);
}
