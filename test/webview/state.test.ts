import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PanelRun, SeriesColumns, ToPanel } from '../../src/core/protocol/panel.ts';
import { emptyState, reduce, type PanelState } from '../../src/webview/state.ts';

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
  lossName: 'Huber loss',
  headline: '',
  notes: [],
  actions: [],
};

function columns(...rows: readonly (readonly [step: number, value: number])[]): SeriesColumns {
  const buffer = (values: readonly number[]): ArrayBuffer => Float64Array.from(values).buffer;
  const values = buffer(rows.map(([, value]) => value));
  return { steps: buffer(rows.map(([step]) => step)), min: values, max: values, last: values };
}

function snapshot(seq: number, loss: SeriesColumns): ToPanel {
  return { type: 'snapshot', seq, run, series: { loss }, strings: {} };
}

function delta(seq: number, keep: number, append: SeriesColumns): ToPanel {
  return { type: 'delta', seq, run, changes: { loss: { keep, append } } };
}

const shown = (state: PanelState): number[] => [...(state.series.loss?.last ?? [])];

describe('the page takes in messages', () => {
  it('draws a snapshot, then what deltas add and replace', () => {
    let { state, reply } = reduce(emptyState, snapshot(7, columns([1, 5], [2, 4])));
    expect(reply).toEqual({ type: 'ack', seq: 7 });
    ({ state, reply } = reduce(state, delta(8, 1, columns([2, 3], [3, 2]))));
    expect(shown(state)).toEqual([5, 3, 2]);
    expect([...state.series.loss!.steps]).toEqual([1, 2, 3]);
    expect(reply).toEqual({ type: 'ack', seq: 8 });
  });

  it('keeps NaN, infinities and -0 as they are', () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
    const { state } = reduce(
      emptyState,
      snapshot(1, columns(...values.map((value, i) => [i + 1, value] as const))),
    );
    expect(shown(state)).toEqual(values);
    expect(Object.is(state.series.loss!.last[3], -0)).toBe(true);
  });

  it('asks for a snapshot after a gap, once, and ignores deltas until it comes', () => {
    const first = reduce(emptyState, snapshot(1, columns([1, 5])));
    const gap = reduce(first.state, delta(3, 1, columns([3, 1])));
    expect(gap.reply).toEqual({ type: 'resync' });
    expect(shown(gap.state)).toEqual([5]);
    const late = reduce(gap.state, delta(4, 1, columns([4, 1])));
    expect(late).toEqual({ state: gap.state, reply: undefined });
    expect(shown(reduce(late.state, snapshot(9, columns([1, 5], [2, 4]))).state)).toEqual([5, 4]);
  });

  it('asks for a snapshot when a delta keeps more than there is', () => {
    const { state } = reduce(emptyState, snapshot(1, columns([1, 5])));
    expect(reduce(state, delta(2, 2, columns([3, 1]))).reply).toEqual({ type: 'resync' });
  });

  it('ignores a delta that comes before any snapshot', () => {
    expect(reduce(emptyState, delta(1, 0, columns([1, 1])))).toEqual({ state: emptyState, reply: undefined });
  });

  it('leaves series that a delta does not name as the same objects', () => {
    const { state } = reduce(emptyState, snapshot(1, columns([1, 5])));
    const next = reduce(state, { type: 'delta', seq: 2, run, changes: {} }).state;
    expect(next.series.loss).toBe(state.series.loss);
  });

  it('shows a failure instead of a run', () => {
    const { state } = reduce(emptyState, snapshot(1, columns([1, 5])));
    const failed = reduce(state, { type: 'failure', text: 'This run has been deleted.' }).state;
    expect(failed.failure).toBe('This run has been deleted.');
    expect(failed.run).toBeUndefined();
  });

  it('never ends up with columns of different lengths, whatever arrives', () => {
    const point = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.double());
    const message = fc.oneof(
      fc
        .tuple(fc.integer({ min: 0, max: 9 }), fc.array(point, { maxLength: 5 }))
        .map(([seq, rows]) => snapshot(seq, columns(...rows))),
      fc
        .tuple(
          fc.integer({ min: 0, max: 9 }),
          fc.integer({ min: -1, max: 6 }),
          fc.array(point, { maxLength: 5 }),
        )
        .map(([seq, keep, rows]) => delta(seq, keep, columns(...rows))),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 30 }), (messages) => {
        let state = emptyState;
        for (const one of messages) {
          state = reduce(state, one).state;
          const loss = state.series.loss;
          if (loss !== undefined)
            expect(new Set([loss.steps, loss.min, loss.max, loss.last].map((c) => c.length)).size).toBe(1);
        }
      }),
    );
  });
});
