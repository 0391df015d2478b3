import type {
  DrawnSamples,
  FromPanel,
  PanelRun,
  SeriesColumns,
  SeriesId,
  ToPanel,
} from '../../core/protocol/panel.ts';
import type { Series, SeriesData, SeriesMark } from '../../core/runs/series.ts';
import type { Ending } from '../events.ts';

/** Most messages a second to one panel. */
export const postsPerSecond = 25;
/** Deltas under way that the page has not acknowledged. */
const window = 2;
/** How long a page may take to say `ready`, and to acknowledge. */
const patience = 5000;

/** What a feed draws from; asked whenever a message is due, so that nothing queues up. */
export interface FeedSource {
  readonly run: () => PanelRun;
  readonly series: ReadonlyMap<SeriesId, Series>;
  readonly samples: () => DrawnSamples | undefined;
}

export interface FeedOptions {
  readonly source: FeedSource;
  readonly strings: Readonly<Record<string, string>>;
  /** Must not throw; failures are its own affair. */
  readonly post: (message: ToPanel) => void;
  /** Loads the page anew, because it did not say `ready` or went silent. */
  readonly reload: () => void;
  /** The page did not come up after a reload either. */
  readonly giveUp: () => void;
  readonly now: () => number;
  readonly after: (milliseconds: number, then: () => void) => Ending;
}

/**
 * Brings a run to one page: nothing before `ready`, then a snapshot, then numbered deltas; at most {@link postsPerSecond}
 * and at most two unacknowledged; nothing while hidden. What changes meanwhile is merged into the next message.
 */
export class PanelFeed implements Ending {
  readonly #options: FeedOptions;
  readonly #marks = new Map<SeriesId, SeriesMark>();
  /** The samples that were sent last. */
  #sentSamples: DrawnSamples | undefined;
  #seq = 0;
  #acknowledged = 0;
  /** The page listens and has, or is being sent, a snapshot. */
  #ready = false;
  #visible = true;
  #dirty = false;
  #lastPost = -Infinity;
  #reloads = 0;
  #timer: Ending | undefined;
  #watch: Ending | undefined;
  #disposed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#expect();
  }

  /** Something about the run has changed. Cheap; call it as often as you like. */
  changed(): void {
    this.#dirty = true;
    this.#schedule();
  }

  receive(message: Extract<FromPanel, { type: 'ready' | 'resync' | 'ack' }>): void {
    if (this.#disposed) return;
    if (message.type === 'ack') {
      if (message.seq > this.#acknowledged && message.seq <= this.#seq) this.#acknowledged = message.seq;
      this.#reloads = 0;
      this.#expect();
      this.#schedule();
      return;
    }
    this.#ready = true;
    if (this.#visible) this.#snapshot();
  }

  /** A hidden page is gone as far as we know: it gets nothing, and a snapshot when it says `ready` again. */
  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#ready = false;
    this.#expect();
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer?.dispose();
    this.#watch?.dispose();
  }

  #snapshot(): void {
    this.#seq += 1;
    // Whatever was under way before is void: the page starts over.
    this.#acknowledged = this.#seq - 1;
    const series: Partial<Record<SeriesId, SeriesColumns>> = {};
    for (const [id, one] of this.#options.source.series) {
      if (one.length > 0) series[id] = toColumns(one.data());
      this.#marks.set(id, one.mark());
    }
    this.#send({
      type: 'snapshot',
      seq: this.#seq,
      run: this.#options.source.run(),
      series,
      ...this.#samples(undefined),
      strings: this.#options.strings,
    });
  }

  #delta(): void {
    this.#seq += 1;
    const changes: Partial<Record<SeriesId, { keep: number; append: SeriesColumns }>> = {};
    for (const [id, one] of this.#options.source.series) {
      const { keep, append, mark } = one.changesSince(this.#marks.get(id));
      this.#marks.set(id, mark);
      if (append.steps.length > 0) changes[id] = { keep, append: toColumns(append) };
    }
    this.#send({
      type: 'delta',
      seq: this.#seq,
      run: this.#options.source.run(),
      changes,
      ...this.#samples(this.#sentSamples),
    });
  }

  /** The samples, where they are others than those that the page has. */
  #samples(known: DrawnSamples | undefined): { samples?: DrawnSamples } {
    const samples = this.#options.source.samples();
    this.#sentSamples = samples;
    return samples === undefined || samples === known ? {} : { samples };
  }

  #send(message: ToPanel): void {
    this.#dirty = false;
    this.#lastPost = this.#options.now();
    this.#options.post(message);
    this.#expect();
  }

  #schedule(): void {
    if (this.#disposed || !this.#dirty || !this.#ready || !this.#visible || this.#timer !== undefined) return;
    if (this.#seq - this.#acknowledged >= window) return;
    const wait = this.#lastPost + 1000 / postsPerSecond - this.#options.now();
    if (wait <= 0) {
      this.#delta();
      return;
    }
    this.#timer = this.#options.after(wait, () => {
      this.#timer = undefined;
      this.#schedule();
    });
  }

  /** Watches for the answer that is due: `ready`, or an acknowledgement. */
  #expect(): void {
    this.#watch?.dispose();
    this.#watch = undefined;
    if (this.#disposed || !this.#visible) return;
    if (this.#ready && this.#seq === this.#acknowledged) return;
    this.#watch = this.#options.after(patience, () => {
      this.#watch = undefined;
      this.#ready = false;
      if (this.#reloads >= 1) {
        this.#options.giveUp();
        return;
      }
      this.#reloads += 1;
      this.#options.reload();
      this.#expect();
    });
  }
}

function toColumns(data: SeriesData): SeriesColumns {
  return {
    steps: toBuffer(data.steps),
    min: toBuffer(data.min),
    max: toBuffer(data.max),
    last: toBuffer(data.last),
  };
}

function toBuffer(values: Float64Array): ArrayBuffer {
  const copy = new ArrayBuffer(values.byteLength);
  new Float64Array(copy).set(values);
  return copy;
}
