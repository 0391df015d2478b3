import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { openDevice } from '../../../src/trainer/device/open.ts';
import { linePlan, lineValues } from './plans.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use after everything that can be freed was freed; buffers outside the heap included. */
async function inUse(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('2,000 plans, compiled and disposed of', () => {
  it.each(['cpu', 'webasm'] as const)('leave nothing behind on %s', async (id) => {
    const device = await openDevice(id);
    const cycle = async (count: number) => {
      for (let i = 0; i < count; i++) {
        // No two plans alike: nothing may be found compiled already.
        const executable = await device.compile(linePlan(0.01 + i * 1e-6));
        for (const [name, values] of lineValues) executable.write(name, values);
        await executable.run(1);
        await executable.dispose();
      }
    };
    await cycle(500);
    const before = await inUse();
    await cycle(1500);
    const grown = (await inUse()) - before;
    await device.dispose();
    // A plan that stayed would hold its memory of 64 KiB at least: 100 MB in all.
    expect(grown).toBeLessThan(8e6);
  });
});
