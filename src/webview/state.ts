import type {
  DrawnSamples,
  FromPanel,
  PanelRun,
  SeriesColumns,
  SeriesId,
  ToPanel,
} from '../core/protocol/panel.ts';
import type { SeriesData } from '../core/runs/series.ts';

/** Everything the page knows. It is a view of the host's truth and can be thrown away at any time. */
export interface PanelState {
  /** Number of the last message taken in; undefined while the page waits for a snapshot. */
  readonly seq: number | undefined;
  readonly run: PanelRun | undefined;
  readonly series: Readonly<Partial<Record<SeriesId, SeriesData>>>;
  /** What a generator drew last. */
  readonly samples: DrawnSamples | undefined;
  readonly strings: Readonly<Record<string, string>>;
  /** Why no run can be shown. */
  readonly failure: string | undefined;
}

export const emptyState: PanelState = {
  seq: undefined,
  run: undefined,
  series: {},
  samples: undefined,
  strings: {},
  failure: undefined,
};

/** A new state and what the host must hear about it. */
export interface Step {
  readonly state: PanelState;
  readonly reply: FromPanel | undefined;
}

/**
 * Takes in one message. A delta that does not follow the last message, or that does not fit the curves, makes the page
 * forget its place and ask for a snapshot; deltas that arrive before it are dropped without asking again.
 */
export function reduce(state: PanelState, message: ToPanel): Step {
  switch (message.type) {
    case 'snapshot':
      return {
        state: {
          seq: message.seq,
          run: message.run,
          series: mapSeries(message.series, (columns) => fromColumns(columns)),
          samples: message.samples,
          strings: message.strings,
          failure: undefined,
        },
        reply: { type: 'ack', seq: message.seq },
      };
    case 'delta': {
      if (state.seq === undefined) return { state, reply: undefined };
      if (message.seq !== state.seq + 1) return lost(state);
      const series: Partial<Record<SeriesId, SeriesData>> = { ...state.series };
      for (const [id, change] of entries(message.changes)) {
        const before = state.series[id];
        if (change.keep > (before?.steps.length ?? 0) || change.keep < 0) return lost(state);
        series[id] = splice(before, change.keep, fromColumns(change.append));
      }
      return {
        state: {
          ...state,
          seq: message.seq,
          run: message.run,
          series,
          samples: message.samples ?? state.samples,
        },
        reply: { type: 'ack', seq: message.seq },
      };
    }
    case 'failure':
      return { state: { ...emptyState, strings: state.strings, failure: message.text }, reply: undefined };
  }
}

function lost(state: PanelState): Step {
  return { state: { ...state, seq: undefined }, reply: { type: 'resync' } };
}

function fromColumns(columns: SeriesColumns): SeriesData {
  return {
    steps: new Float64Array(columns.steps),
    min: new Float64Array(columns.min),
    max: new Float64Array(columns.max),
    last: new Float64Array(columns.last),
  };
}

function splice(before: SeriesData | undefined, keep: number, added: SeriesData): SeriesData {
  if (before === undefined || keep === 0) return added;
  const join = (a: Float64Array, b: Float64Array): Float64Array => {
    const joined = new Float64Array(keep + b.length);
    joined.set(a.subarray(0, keep));
    joined.set(b, keep);
    return joined;
  };
  return {
    steps: join(before.steps, added.steps),
    min: join(before.min, added.min),
    max: join(before.max, added.max),
    last: join(before.last, added.last),
  };
}

/** The entries that are present, with their keys typed. */
function entries<T>(record: Readonly<Partial<Record<SeriesId, T>>>): [SeriesId, T][] {
  return Object.entries(record) as [SeriesId, T][];
}

function mapSeries<A, B>(
  record: Readonly<Partial<Record<SeriesId, A>>>,
  change: (value: A) => B,
): Partial<Record<SeriesId, B>> {
  const result: Partial<Record<SeriesId, B>> = {};
  for (const [id, value] of entries(record)) result[id] = change(value);
  return result;
}
