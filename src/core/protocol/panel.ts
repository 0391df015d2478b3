import type { Message } from '../messages/message.ts';
import type { RunStatus } from '../runs/record.ts';

/** The curves a panel may draw; `loss` is per step, the others per epoch. */
export const seriesIds = ['loss', 'epochLoss', 'validationLoss', 'accuracy', 'rmse', 'r2'] as const;
export type SeriesId = (typeof seriesIds)[number];

/**
 * Buckets of one series as columns. ArrayBuffers (Float64) because typed arrays do not survive `postMessage` to a
 * webview and JSON has no NaN.
 */
export interface SeriesColumns {
  readonly steps: ArrayBuffer;
  readonly min: ArrayBuffer;
  readonly max: ArrayBuffer;
  readonly last: ArrayBuffer;
}

/** What a panel shows besides the curves. Everything it needs to be redrawn from nothing. */
export interface PanelRun {
  readonly status: RunStatus;
  /** The loss's name for the axis, such as "Huber loss (δ = 1)". */
  readonly lossName: string;
  /** Steps per second over the last second; undefined before the first batch. */
  readonly speed: number | undefined;
  /** One line on what is going on ("Reading data …"), or the summary in words at the end. */
  readonly headline: string;
  /** Points after the headline: data notes, causes of a failure, what to do next. */
  readonly notes: readonly string[];
}

/** Host → panel. `seq` counts by one from a snapshot; a gap makes the panel ask for a new snapshot. */
export type ToPanel =
  | { readonly type: 'snapshot'; readonly seq: number; readonly run: PanelRun; readonly series: Readonly<Partial<Record<SeriesId, SeriesColumns>>>; readonly strings: Readonly<Record<string, string>> }
  /** `replace` holds for each series how many trailing buckets are withdrawn before `append` is added. */
  | { readonly type: 'delta'; readonly seq: number; readonly run: PanelRun; readonly changes: Readonly<Partial<Record<SeriesId, { readonly keep: number; readonly append: SeriesColumns }>>> };

/** What a panel may ask of the host: an enumerated list, nothing else. */
export const panelActions = ['pause', 'resume', 'stop', 'trainAgain', 'predict', 'exportWeights', 'saveAsExperiment', 'continue', 'showLog'] as const;
export type PanelAction = (typeof panelActions)[number];

/** Panel → host. */
export type FromPanel =
  | { readonly type: 'ready' }
  | { readonly type: 'resync' }
  /** The delta or snapshot up to `seq` is drawn; the host keeps at most two unacknowledged. */
  | { readonly type: 'ack'; readonly seq: number }
  | { readonly type: 'action'; readonly action: PanelAction }
  | { readonly type: 'error'; readonly text: string };

/** A message for a panel that cannot show a run. */
export interface PanelFailure {
  readonly type: 'failure';
  readonly message: Message;
}
