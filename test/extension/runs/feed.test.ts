import { describe, expect, it } from 'vitest';
import {
  seriesIds,
  type DrawnSamples,
  type PanelRun,
  type SeriesId,
  type ToPanel,
} from '../../../src/core/protocol/panel.ts';
import { Series } from '../../../src/core/runs/series.ts';
import { PanelFeed } from '../../../src/extension/runs/feed.ts';
import { emptyState, reduce, type PanelState } from '../../../src/webview/state.ts';

/** A clock and timers that a test turns by hand. */
class Clock {
  now = 0;
  #timers: { at: number; then: () => void }[] = [];

  after = (milliseconds: number, then: () => void) => {
    const timer = { at: this.now + milliseconds, then };
    this.#timers.push(timer);
    return { dispose: () => void (this.#timers = this.#timers.filter((one) => one !== timer)) };
  };

  get pending(): number {
    return this.#timers.length;
  }

  advance(milliseconds: number): void {
    const until = this.now + milliseconds;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== due);
      this.now = due.at;
      due.then();
    }
    this.now = until;
  }
}

const run: PanelRun = {
  status: {
    version: 1,
    id: 'r',
    name: 'iris',
    state: 'running',
    created: '',
    step: 0,
    epoch: 0,
    epochs: 1,
    seconds: 0,
  },
  lossName: '',
  headline: '',
  notes: [],
  actions: [],
};

/** A feed, the page at its other end, and a line between them that a test may cut. */
class Bench {
  readonly clock = new Clock();
  readonly series = new Map<SeriesId, Series>(seriesIds.map((id) => [id, new Series(64)]));
  readonly posted: ToPanel[] = [];
  readonly feed: PanelFeed;
  samples: DrawnSamples | undefined;
  state: PanelState = emptyState;
  reloads = 0;
  gaveUp = 0;
  /** Whether the message with this index arrives. */
  arrives: (index: number) => boolean = () => true;
  answers = true;

  constructor() {
    this.feed = new PanelFeed({
      source: { run: () => run, series: this.series, samples: () => this.samples },
      strings: {},
      post: (message) => {
        this.posted.push(message);
        if (this.arrives(this.posted.length - 1)) this.#take(message);
      },
      reload: () => (this.reloads += 1),
      giveUp: () => (this.gaveUp += 1),
      now: () => this.clock.now,
      after: this.clock.after,
    });
  }

  /** The page has come up. */
  ready(): void {
    this.state = emptyState;
    this.feed.receive({ type: 'ready' });
  }

  train(from: number, steps: number): void {
    for (let step = from; step < from + steps; step++) this.series.get('loss')!.append(step, Math.sin(step));
    this.feed.changed();
  }

  get equal(): boolean {
    const host = this.series.get('loss')!.data();
    const page = this.state.series.loss;
    if (page === undefined) return host.steps.length === 0;
    return (['steps', 'min', 'max', 'last'] as const).every(
      (column) =>
        page[column].length === host[column].length &&
        page[column].every((value, i) => Object.is(value, host[column][i])),
    );
  }

  #take(message: ToPanel): void {
    const { state, reply } = reduce(this.state, message);
    this.state = state;
    // An answer is never there within the call that posts.
    if (reply !== undefined && this.answers && (reply.type === 'ack' || reply.type === 'resync'))
      this.clock.after(1, () => this.feed.receive(reply));
  }
}

describe('a feed', () => {
  it('sends nothing before the page is ready, then a snapshot', () => {
    const bench = new Bench();
    bench.train(1, 10);
    bench.clock.advance(1000);
    expect(bench.posted).toEqual([]);
    bench.ready();
    expect(bench.posted.map(({ type }) => type)).toEqual(['snapshot']);
    expect(bench.equal).toBe(true);
  });

  it('sends at most 30 messages a second, whatever happens', () => {
    const bench = new Bench();
    bench.ready();
    for (let i = 0; i < 5000; i++) {
      bench.train(1 + i * 4, 4);
      bench.clock.advance(1);
    }
    expect(bench.posted.length).toBeGreaterThan(50);
    expect(bench.posted.length).toBeLessThanOrEqual(5 * 30);
    bench.clock.advance(100);
    expect(bench.equal).toBe(true);
  });

  it('has at most two messages under way, and merges what happens meanwhile', () => {
    const bench = new Bench();
    bench.ready();
    bench.clock.advance(10);
    bench.answers = false;
    for (let i = 0; i < 40; i++) {
      bench.train(1 + i, 1);
      bench.clock.advance(50);
    }
    expect(bench.posted.length).toBe(1 + 2);
    bench.answers = true;
    bench.feed.receive({ type: 'ack', seq: 3 });
    bench.clock.advance(100);
    expect(bench.posted.length).toBe(4);
    expect(bench.equal).toBe(true);
  });

  it('converges when every seventh message is lost', () => {
    const bench = new Bench();
    bench.ready();
    bench.arrives = (index) => index % 7 !== 6;
    for (let i = 0; i < 2000; i++) {
      bench.train(1 + i * 3, 3);
      bench.clock.advance(20);
    }
    bench.arrives = () => true;
    bench.train(6001, 1);
    bench.clock.advance(20_000);
    expect(bench.posted.filter(({ type }) => type === 'snapshot').length).toBeGreaterThan(1);
    expect(bench.equal).toBe(true);
  });

  it('sends samples with the snapshot, and again only where they are new', () => {
    const bench = new Bench();
    const at = (epoch: number) => ({ epoch, columns: ['a'], real: [[1]], generated: [[epoch]] });
    const sent = () => bench.posted.map((message) => 'samples' in message && message.samples.epoch);
    bench.samples = at(1);
    bench.ready();
    bench.clock.advance(100);
    bench.train(1, 1);
    bench.clock.advance(100);
    bench.samples = at(2);
    bench.train(2, 1);
    bench.clock.advance(100);
    bench.train(3, 1);
    bench.clock.advance(100);
    expect(sent()).toEqual([1, false, 2, false]);
    expect(bench.state.samples).toEqual(at(2));
  });

  it('posts nothing to a hidden page and refills it when it is back', () => {
    const bench = new Bench();
    bench.ready();
    bench.clock.advance(10);
    bench.feed.setVisible(false);
    const before = bench.posted.length;
    for (let i = 0; i < 10_000; i++) bench.train(1 + i, 1);
    bench.clock.advance(60_000);
    expect(bench.posted.length).toBe(before);
    bench.feed.setVisible(true);
    expect(bench.posted.length).toBe(before);
    bench.ready();
    expect(bench.equal).toBe(true);
  });

  it('loads a silent page again, once, and then gives up', () => {
    const bench = new Bench();
    bench.clock.advance(4000);
    expect(bench.reloads).toBe(0);
    bench.clock.advance(2000);
    expect(bench.reloads).toBe(1);
    bench.clock.advance(20_000);
    expect([bench.reloads, bench.gaveUp]).toEqual([1, 1]);
  });

  it('forgives a page that comes up after the reload', () => {
    const bench = new Bench();
    bench.clock.advance(6000);
    bench.ready();
    bench.train(1, 5);
    bench.clock.advance(20_000);
    expect([bench.reloads, bench.gaveUp]).toEqual([1, 0]);
    expect(bench.equal).toBe(true);
  });

  it('has no timer left when nothing happens, or after its end', () => {
    const bench = new Bench();
    bench.ready();
    bench.train(1, 5);
    bench.clock.advance(1000);
    expect(bench.clock.pending).toBe(0);
    bench.answers = false;
    bench.train(6, 5);
    bench.feed.dispose();
    bench.feed.dispose();
    bench.train(11, 5);
    expect(bench.clock.pending).toBe(0);
  });
});
