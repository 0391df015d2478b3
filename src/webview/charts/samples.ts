import type { DrawnSamples } from '../../core/protocol/panel.ts';

/** The points of a cloud; of a single column at height 0, and of real rows at 1. */
export function pointsOf(samples: DrawnSamples, cloud: 'real' | 'generated'): { x: number; y: number }[] {
  const alone = cloud === 'real' ? 1 : 0;
  return samples[cloud].map(([x = 0, y = alone]) => ({ x, y }));
}

/** Where the values of a column lie. */
export interface Spread {
  readonly low: number;
  readonly high: number;
  readonly mean: number;
}

/** Where the values of each column lie, of real and of generated rows; NaN where there are none. */
export function spreads({
  columns,
  real,
  generated,
}: DrawnSamples): { readonly name: string; readonly real: Spread; readonly generated: Spread }[] {
  const spread = (rows: readonly (readonly number[])[], column: number): Spread => {
    const values = rows.map((row) => row[column] ?? NaN);
    if (values.length === 0) return { low: NaN, high: NaN, mean: NaN };
    return {
      low: Math.min(...values),
      high: Math.max(...values),
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    };
  };
  return columns.map((name, i) => ({ name, real: spread(real, i), generated: spread(generated, i) }));
}
