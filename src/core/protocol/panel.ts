import * as v from 'valibot';
import { samplesSchema, statusSchema } from '../runs/record.ts';

/** The curves a panel may draw; `loss` is per step, the others per epoch. */
export const seriesIds = ['loss', 'epochLoss', 'validationLoss', 'accuracy', 'rmse', 'r2'] as const;
export type SeriesId = (typeof seriesIds)[number];

/** What a panel may ask of the host: an enumerated list, nothing else. */
export const panelActions = [
  'pause',
  'resume',
  'stop',
  'continue',
  'trainAgain',
  'predict',
  'exportWeights',
  'saveAsExperiment',
  'showLog',
] as const;
export type PanelAction = (typeof panelActions)[number];

/**
 * Buckets of one series as columns. ArrayBuffers (Float64) because typed arrays do not survive `postMessage` to a
 * webview and JSON has no NaN.
 */
const columnsSchema = v.pipe(
  v.object({
    steps: v.instance(ArrayBuffer),
    min: v.instance(ArrayBuffer),
    max: v.instance(ArrayBuffer),
    last: v.instance(ArrayBuffer),
  }),
  v.check(
    ({ steps, min, max, last }) =>
      steps.byteLength % 8 === 0 &&
      [min, max, last].every((column) => column.byteLength === steps.byteLength),
    'columns of one length',
  ),
);
export type SeriesColumns = v.InferOutput<typeof columnsSchema>;

/** A run's status with its sentences in the user's language; how a run ended is in the headline and the notes. */
const panelStatusSchema = v.object({
  ...v.omit(statusSchema, ['note', 'device', 'dataNotes']).entries,
  device: v.optional(v.object({ label: v.string(), why: v.string() })),
  dataNotes: v.optional(v.array(v.string())),
});

/** What a panel shows besides the curves. Everything it needs to be redrawn from nothing. */
const panelRunSchema = v.object({
  status: panelStatusSchema,
  /** The loss's name for the axis, such as "Huber loss (delta = 1)". */
  lossName: v.string(),
  /** What judges the model after every epoch, where that is not the loss on the validation part. */
  judgeName: v.exactOptional(v.string()),
  /** Steps per second over the last second; absent before the first batch and after the end. */
  speed: v.optional(v.number()),
  /** One line on what is going on ("Reading data …"), or the summary in words at the end. */
  headline: v.string(),
  /** Points after the headline: causes of a failure and what to do next. */
  notes: v.array(v.string()),
  /** What can be asked of this run now; the page enables exactly these. */
  actions: v.array(v.picklist(panelActions)),
});
export type PanelRun = v.InferOutput<typeof panelRunSchema>;

/** What a generator drew at the end of an epoch. */
const drawnSamplesSchema = v.object({ epoch: v.number(), ...samplesSchema.entries });
export type DrawnSamples = v.InferOutput<typeof drawnSamplesSchema>;

const seriesRecord = <T extends v.GenericSchema>(value: T) => v.record(v.picklist(seriesIds), value);

/** Host → panel. `seq` counts by one from a snapshot; a gap makes the panel ask for a new snapshot. */
export const toPanelSchema = v.variant('type', [
  v.object({
    type: v.literal('snapshot'),
    seq: v.number(),
    run: panelRunSchema,
    series: seriesRecord(columnsSchema),
    samples: v.exactOptional(drawnSamplesSchema),
    strings: v.record(v.string(), v.string()),
  }),
  v.object({
    type: v.literal('delta'),
    seq: v.number(),
    run: panelRunSchema,
    /** For each changed series: how many leading buckets stay, and what follows them now. */
    changes: seriesRecord(v.object({ keep: v.number(), append: columnsSchema })),
    /** Present where they are new. */
    samples: v.exactOptional(drawnSamplesSchema),
  }),
  /** The panel cannot show a run; `text` says why and what to do. */
  v.object({ type: v.literal('failure'), text: v.string() }),
]);
export type ToPanel = v.InferOutput<typeof toPanelSchema>;

/** Panel → host. */
export const fromPanelSchema = v.variant('type', [
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('resync') }),
  /** The delta or snapshot up to `seq` has been taken in; the host keeps at most two unacknowledged. */
  v.object({ type: v.literal('ack'), seq: v.number() }),
  v.object({ type: v.literal('action'), action: v.picklist(panelActions) }),
  v.object({ type: v.literal('error'), text: v.pipe(v.string(), v.maxLength(4000)) }),
]);
export type FromPanel = v.InferOutput<typeof fromPanelSchema>;
