import { literal } from '../compute/kernelText.ts';
import { elementwise, type Piece, type Scope } from './elementwise.ts';
import { accumulated, carried, closes, continues, preparedGradients, sizeOf } from './gradients.ts';
import { ruleOf } from './optimizers.ts';
import { optimizerFor, penaltyOf } from './penalties.ts';
import { rateAt, updateOf, type Moment } from './rates.ts';
import {
  scheduleWidth,
  slotName,
  type Optimizer,
  type PlanPart,
  type Rule,
  type UpdateTarget,
} from './rule.ts';

export type { Moment };

/** The part of a plan that moves the parameters along their gradients. */
export interface Updates extends PlanPart {
  /** State tensors of the optimizer, each shaped like its parameter, and the value they start from (absent: 0). */
  readonly state: readonly { readonly name: string; readonly parameter: string; readonly initial?: number }[];
  /** The buffer to report for a step: what is minimised, which is the loss or, with l1 or l2, the loss and the penalties. */
  readonly report: string;
  /** What the host computes for a step: a row of the `schedule` buffer. */
  readonly schedule: (moment: Moment) => readonly number[];
  /** Numbers of such a row in the buffer. */
  readonly scheduleWidth: number;
}

/** Where in a row of `schedule` the numbers of an update stand, if several optimizers share it. */
export interface ScheduleRow {
  readonly width: number;
  readonly first: number;
}

/**
 * The updates of all parameters of a plan, in the order of `targets`: gradient → mean over the batches of an update →
 * penalties → clipping → weight decay and rule. A step whose update is still incomplete changes nothing but the mean.
 * Batches are counted through the run, across epochs; those left at its end make no update.
 * Reads the plan's buffers `schedule` and `clock` (the row of the step).
 * @param loss the buffer whose first number is the loss
 */
export function updates(
  optimizer: Optimizer,
  targets: readonly UpdateTarget[],
  loss = 'loss',
  scheduled: ScheduleRow = { width: scheduleWidth, first: 0 },
): Updates {
  const rule = ruleOf(optimizer);
  const batches = optimizer.accumulate ?? 1;
  const names = ['rate', closes, continues, ...Object.keys(rule.numbers)];
  if (names.length > scheduleWidth) throw new RangeError(`${optimizer.type}: too many numbers per step`);
  const row: Scope = Object.fromEntries(
    names.map((name, element) => [name, { buffer: 'update.row', element }]),
  );
  const gradients = preparedGradients(optimizer, targets, row, loss);
  const parts: PlanPart[] = [
    rowPart(scheduled),
    gradients,
    ...targets.map((target, i) =>
      updateOfParameter(optimizerFor(optimizer, target), rule, target, gradients.scopes[i]!),
    ),
  ];
  const slots = Object.entries(batches > 1 ? { ...rule.slots, [accumulated]: 0 } : rule.slots);
  return {
    buffers: parts.flatMap((part) => part.buffers),
    kernels: parts.flatMap((part) => part.kernels),
    carry: parts.flatMap((part) => part.carry),
    state: targets.flatMap(({ parameter }) =>
      slots.map(([slot, initial]) => ({
        name: slotName(parameter, slot),
        parameter,
        ...(initial === 0 ? {} : { initial }),
      })),
    ),
    report: gradients.report,
    scheduleWidth: scheduled.width,
    schedule: (moment) => {
      const rate = rateAt(optimizer, moment);
      const update = updateOf(optimizer, moment.step);
      return [
        rate,
        moment.step % batches === 0 ? 1 : 0,
        (moment.step - 1) % batches === 0 ? 0 : 1,
        ...Object.values(rule.numbers).map((number) => number(update, rate)),
      ];
    },
  };
}

/** The step's numbers of the schedule in a place that does not move, so that kernels find them by a literal index. */
function rowPart({ width, first }: ScheduleRow): PlanPart {
  return {
    buffers: [{ name: 'update.row', size: scheduleWidth, role: 'temporary' }],
    kernels: [
      {
        name: 'update.row',
        output: [scheduleWidth],
        reads: [
          { parameter: 'schedule', buffer: 'schedule' },
          { parameter: 'clock', buffer: 'clock' },
        ],
        writes: 'update.row',
        body: `return schedule[(clock[0] | 0) * ${width} + ${first} + this.thread.x];`,
      },
    ],
    carry: [],
  };
}

/** The kernels of a rule for one parameter. */
function updateOfParameter(optimizer: Optimizer, rule: Rule, target: UpdateTarget, given: Scope): PlanPart {
  const size = sizeOf(target);
  const { weightDecay } = optimizer;
  const decay = penaltyOf(optimizer, target.parameter).decay + (rule.decoupled ? weightDecay : 0);
  const coupled = rule.decoupled ? 0 : weightDecay;
  let scope: Scope = {
    ...given,
    ...(coupled === 0
      ? {}
      : { undecayed: given['gradient']!, gradient: { formula: `undecayed + ${literal(coupled)} * old` } }),
    // The product is small and its own number: 1 − rate · decay would lose its digits in single precision.
    parameter: { formula: decay === 0 ? 'old' : `old - rate * ${literal(decay)} * old` },
    ...Object.fromEntries(
      Object.keys(rule.slots).map((slot) => [slot, { buffer: slotName(target.parameter, slot) }]),
    ),
    ...Object.fromEntries(Object.entries(rule.terms ?? {}).map(([name, formula]) => [name, { formula }])),
  };
  const pieces: Piece[] = [];
  const parts: PlanPart[] = [];
  for (const [name, formula] of Object.entries(rule.next)) {
    const state = name === 'parameter' ? target.parameter : slotName(target.parameter, name);
    const gate = { when: closes, otherwise: name === 'parameter' ? 'old' : name };
    const gates = (optimizer.accumulate ?? 1) > 1;
    const own = name === 'parameter' ? scope : { ...scope, moved: { formula } };
    const value = name === 'parameter' ? formula : settled('moved');
    const piece = elementwise(`${state}.next`, size, own, value, gates ? gate : undefined);
    pieces.push(piece);
    // Padding and names of parameters are the network's; the parameter's own buffer exists already.
    parts.push(
      name === 'parameter'
        ? { buffers: [], kernels: [], carry: carried(state, piece).carry }
        : carried(state, piece),
    );
    scope = { ...scope, [`next${name[0]!.toUpperCase()}${name.slice(1)}`]: { buffer: piece.buffer.name } };
  }
  return {
    buffers: [...parts.flatMap((part) => part.buffers), ...pieces.map((piece) => piece.buffer)],
    kernels: pieces.map((piece) => piece.kernel),
    carry: parts.flatMap((part) => part.carry),
  };
}

/**
 * A name's value, but 0 where it has faded away. Without gradient (a dead unit) a moment shrinks by a constant factor for
 * ever; in single precision it ends among the denormal numbers, on which processors are a hundred times slower.
 */
function settled(name: string): string {
  return `(Math.abs(${name}) < ${smallest} ? 0.0 : ${name})`;
}

/** A little more than the smallest normal number of single precision, 1.2 · 10⁻³⁸. */
const smallest = literal(1e-37);
