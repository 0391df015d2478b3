import * as v from 'valibot';
import { messageSchema } from '../messages/schema.ts';

/** States of a run; the last four are ends. */
export const runStates = [
  'starting',
  'running',
  'paused',
  'stopping',
  'stopped',
  'finished',
  'failed',
  'interrupted',
] as const;
export type RunState = (typeof runStates)[number];
export const endStates = ['stopped', 'finished', 'failed', 'interrupted'] as const;
export type EndState = (typeof endStates)[number];

/** Why a run ended. */
export const endReasons = [
  'epochs',
  'steps',
  'target',
  'patience',
  'budget',
  'user',
  'notFinite',
  'crash',
  'killed',
  'memory',
  'disk',
  'badInput',
  'hostGone',
] as const;
export type EndReason = (typeof endReasons)[number];

/** Whether a state is an end: no trainer is alive for the run. */
export function hasEnded(state: RunState): state is EndState {
  return (endStates as readonly RunState[]).includes(state);
}

/** A number that JSON may not have: NaN and infinities are written as their names, and are themselves between processes. */
export const jsonNumber = v.union([
  v.number(),
  v.nan(),
  v.pipe(v.picklist(['NaN', 'Infinity', '-Infinity']), v.transform(Number)),
]);

/** Writes a number so that {@link jsonNumber} reads it back. */
export function toJsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** Metrics on the validation part, flat: `accuracy`, or `rmse` and `r2`. */
export const metricsSchema = v.record(v.string(), jsonNumber);
export type Metrics = v.InferOutput<typeof metricsSchema>;

/** What a generator draws beside what it should look like. */
const samplesEntries = {
  /** Names of the columns that are drawn, one or two. */
  columns: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(2)),
  /** Points: a number for each column, in its own units. */
  real: v.array(v.array(v.number())),
  generated: v.array(v.array(v.number())),
};
export const samplesSchema = v.object(samplesEntries);
export type Samples = v.InferOutput<typeof samplesSchema>;

/**
 * One line of `metrics.jsonl`, append-only. `step` counts optimizer steps from 1. A `step` line is a training batch's
 * loss before its update (thinned for long runs), an `epoch` line closes an epoch.
 */
export const metricsLineSchema = v.variant('type', [
  v.object({ type: v.literal('step'), step: v.number(), loss: jsonNumber }),
  v.object({
    type: v.literal('epoch'),
    step: v.number(),
    epoch: v.number(),
    /** Mean loss of the epoch's batches, weighted by their sizes. */
    loss: jsonNumber,
    validationLoss: v.optional(jsonNumber),
    metrics: v.optional(metricsSchema),
    /** Seconds of training up to here, pauses excluded. */
    seconds: v.number(),
  }),
  /** What the generator drew at the end of an epoch: of some epochs, ever farther apart, and of the last. */
  v.object({ type: v.literal('samples'), step: v.number(), epoch: v.number(), ...samplesEntries }),
]);
export type MetricsLine = v.InferOutput<typeof metricsLineSchema>;

/** The state of one run, `status.json`: written by the trainer while it lives, by the supervisor after its death. */
export const statusSchema = v.object({
  version: v.literal(1),
  id: v.string(),
  name: v.string(),
  state: v.picklist(runStates),
  reason: v.optional(v.picklist(endReasons)),
  /** For people: how it ended and what to do next, a few sentences. */
  note: v.optional(messageSchema),
  /** ISO 8601. */
  created: v.string(),
  ended: v.optional(v.string()),
  pid: v.optional(v.number()),
  device: v.optional(v.object({ id: v.string(), label: v.string(), why: messageSchema })),
  step: v.number(),
  epoch: v.number(),
  /** Steps and epochs when nothing stops the run early. */
  steps: v.optional(v.number()),
  epochs: v.number(),
  loss: v.optional(jsonNumber),
  validationLoss: v.optional(jsonNumber),
  /** Metrics at the best checkpoint. */
  metrics: v.optional(metricsSchema),
  /** The best step so far by validation loss, or training loss where there is no validation part. */
  best: v.optional(v.object({ step: v.number(), epoch: v.number(), loss: jsonNumber })),
  seconds: v.number(),
  /** Parameters of the model. */
  parameters: v.optional(v.number()),
  /** What was read and done to the data, one sentence each. */
  dataNotes: v.optional(v.array(messageSchema)),
});
export type RunStatus = v.InferOutput<typeof statusSchema>;
