import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { join } from '../../../src/core/compute/layers/layer.ts';
import { maxBufferSize } from '../../../src/core/compute/plan.ts';
import {
  featureChunks,
  gatherFeatures,
  gatherTargets,
  gatherWeights,
} from '../../../src/core/compute/rows.ts';

describe('chunks of the features', () => {
  it('are one where all indices are exact in float32', () => {
    expect(featureChunks(150, 4)).toEqual([{ buffer: 'features.0', first: 0, rows: 150 }]);
    expect(featureChunks(maxBufferSize / 16, 16)).toHaveLength(1);
  });

  it('never pass 2²⁴ values and cover every row once', () => {
    // 60,000 pictures of 28 × 28 are 47 million values.
    const chunks = featureChunks(60_000, 784)!;
    expect(chunks.length).toBe(3);
    expect(chunks.every((chunk) => chunk.rows * 784 <= 2 ** 24)).toBe(true);
    expect(chunks.reduce((next, chunk) => (expect(chunk.first).toBe(next), next + chunk.rows), 0)).toBe(
      60_000,
    );
  });

  it('are refused where there would be too many, or rows beyond 2²⁴', () => {
    expect(featureChunks(100_000, 784)).toBeUndefined();
    expect(featureChunks(2 ** 24 + 1, 1)).toBeUndefined();
    expect(featureChunks(1, 2 ** 24 + 1)).toBeUndefined();
  });
});

describe('gathering a batch', () => {
  it('takes the rows of the order from all chunks, and pads columns with zeros', async () => {
    const rows = 7;
    const width = 3;
    const chunks = [
      { buffer: 'features.0', first: 0, rows: 3 },
      { buffer: 'features.1', first: 3, rows: 3 },
      { buffer: 'features.2', first: 6, rows: 1 },
    ];
    const row = { reads: { order: 'order' }, text: 'const r = order[n] | 0;' };
    const { buffers, kernels } = join(
      gatherFeatures({ chunks, width, columns: 4, batch: 4, row }),
      gatherTargets({ rows, width: 1, batch: 4, row }),
      gatherWeights(4, 1, { reads: {}, text: 'return n + 1.0;' }),
    );
    const executable = await float64Device().compile({
      buffers: [...buffers, { name: 'order', size: 4, role: 'data' }],
      kernels,
      carry: [],
      report: 'batch.targets',
    });
    const value = (row: number, column: number) => 10 * row + column + 1;
    for (const { buffer, first, rows: count } of chunks) {
      executable.write(
        buffer,
        Float64Array.from({ length: count * width }, (_, i) =>
          value(first + Math.floor(i / width), i % width),
        ),
      );
    }
    executable.write(
      'targets',
      Float64Array.from({ length: rows }, (_, row) => -row),
    );
    executable.write('order', Float64Array.of(6, 2, 3, 5));
    await executable.run(1);
    expect([...(await executable.read('batch.features'))]).toEqual(
      [6, 2, 3, 5].flatMap((row) => [value(row, 0), value(row, 1), value(row, 2), 0]),
    );
    expect([...(await executable.read('batch.targets'))]).toEqual([-6, -2, -3, -5]);
    expect([...(await executable.read('batch.weight'))]).toEqual([1, 2, 3, 4]);
  });
});
