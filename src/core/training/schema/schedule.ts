import * as v from 'valibot';
import { count, nonNegative, positive, share, title } from './fields.ts';

const every = (usual: 'epoch' | 'step') =>
  v.optional(
    v.pipe(v.picklist(['epoch', 'step']), title('Unit of the lengths: epochs, or steps of the optimizer.')),
    usual,
  );
const factor = (text: string, usual: number) => v.optional(v.pipe(positive, title(text)), usual);
const wholeRun = v.optional(v.pipe(count, title('Length. Default: the rest of the run.')));
const minimum = v.optional(v.pipe(nonNegative, title('Rate below which it does not go.')), 0);

/** How the learning rate changes during a run. `rate` of the optimizer is where it starts, or the peak of one cycle. */
export const scheduleSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('constant'),
    factor: factor('Factor of the rate at the beginning.', 1),
    length: v.optional(v.pipe(count, title('How long the factor holds.')), 5),
    every: every('epoch'),
  }),
  v.strictObject({
    type: v.literal('step'),
    length: v.optional(v.pipe(count, title('Distance between two drops.')), 10),
    factor: factor('Factor of each drop.', 0.1),
    every: every('epoch'),
  }),
  v.strictObject({
    type: v.literal('multi-step'),
    at: v.pipe(v.array(count), v.minLength(1), title('When the rate drops.')),
    factor: factor('Factor of each drop.', 0.1),
    every: every('epoch'),
  }),
  v.strictObject({
    type: v.literal('exponential'),
    factor: factor('Factor from one to the next.', 0.95),
    every: every('epoch'),
  }),
  v.strictObject({
    type: v.literal('linear'),
    from: v.optional(v.pipe(nonNegative, title('Factor of the rate at the beginning.')), 1),
    to: v.optional(v.pipe(nonNegative, title('Factor of the rate at the end.')), 0),
    length: wholeRun,
    every: every('epoch'),
  }),
  v.strictObject({
    type: v.literal('polynomial'),
    power: v.optional(v.pipe(positive, title('Power; 1 falls along a line.')), 1),
    length: wholeRun,
    every: every('epoch'),
  }),
  v.strictObject({ type: v.literal('cosine'), length: wholeRun, minimum, every: every('epoch') }),
  v.strictObject({
    type: v.literal('cosine-restarts'),
    length: v.optional(v.pipe(count, title('Length of the first cycle.')), 10),
    growth: v.optional(v.pipe(count, title('Each cycle is so many times as long as the one before.')), 1),
    minimum,
    every: every('epoch'),
  }),
  v.strictObject({
    type: v.literal('one-cycle'),
    length: wholeRun,
    rise: v.optional(v.pipe(share, v.gtValue(0), title('Share of the cycle in which the rate rises.')), 0.3),
    start: factor('The rate starts at its peak divided by this.', 25),
    end: factor('The rate ends at its start divided by this.', 10_000),
    shape: v.optional(
      v.pipe(v.picklist(['cosine', 'linear']), title('Along what the rate rises and falls.')),
      'cosine',
    ),
    phases: v.optional(
      v.pipe(v.picklist([2, 3]), title('2: up, down to the end. 3: up, down to the start, down to the end.')),
      2,
    ),
    every: every('step'),
  }),
  v.strictObject({
    type: v.literal('plateau'),
    factor: v.optional(v.pipe(share, v.gtValue(0), title('Factor of each drop.')), 0.1),
    patience: v.optional(
      v.pipe(
        v.number(),
        v.safeInteger(),
        v.minValue(0),
        title('Epochs without improvement that are tolerated.'),
      ),
      10,
    ),
    threshold: v.optional(v.pipe(nonNegative, title('What counts as an improvement.')), 1e-4),
    compare: v.optional(
      v.pipe(
        v.picklist(['relative', 'absolute']),
        title('Whether the threshold is a share of the best loss, or a difference from it.'),
      ),
      'relative',
    ),
    cooldown: v.optional(
      v.pipe(v.number(), v.safeInteger(), v.minValue(0), title('Epochs after a drop that do not count.')),
      0,
    ),
    minimum,
  }),
]);

/** A linear rise before the schedule begins. */
export const warmupSchema = v.strictObject({
  length: v.pipe(count, title('How long the rate rises.')),
  from: v.optional(v.pipe(nonNegative, v.maxValue(1), title('Factor of the rate at the beginning.')), 1 / 3),
  every: every('step'),
});
