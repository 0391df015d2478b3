import { describe, expect, it } from 'vitest';
import { pointsOf, spreads } from '../../src/webview/charts/samples.ts';

describe('samples of a generator', () => {
  const real = [
    [1, 10],
    [3, -2],
  ];
  const generated = [[2, 5]];

  it('are points in two columns, or along a line each in one', () => {
    const two = { epoch: 1, columns: ['a', 'b'], real, generated };
    expect(pointsOf(two, 'real')).toEqual([
      { x: 1, y: 10 },
      { x: 3, y: -2 },
    ]);
    const one = { epoch: 1, columns: ['a'], real: [[1], [3]], generated: [[2]] };
    expect(pointsOf(one, 'real')).toEqual([
      { x: 1, y: 1 },
      { x: 3, y: 1 },
    ]);
    expect(pointsOf(one, 'generated')).toEqual([{ x: 2, y: 0 }]);
  });

  it('are told in words by where each column lies', () => {
    expect(spreads({ epoch: 1, columns: ['a', 'b'], real, generated })).toEqual([
      { name: 'a', real: { low: 1, high: 3, mean: 2 }, generated: { low: 2, high: 2, mean: 2 } },
      { name: 'b', real: { low: -2, high: 10, mean: 4 }, generated: { low: 5, high: 5, mean: 5 } },
    ]);
    const none = spreads({ epoch: 1, columns: ['a'], real, generated: [] });
    expect(none[0]!.generated).toEqual({ low: NaN, high: NaN, mean: NaN });
  });
});
