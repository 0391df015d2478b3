import { describe, expect, it } from 'vitest';
import { losses } from '../../src/core/losses/catalogue.ts';
import { descentOf } from '../trainer/device/lossDescent.ts';
import {
  expectSameWithAndWithoutFixes,
  mistakesOnRandomKernels,
} from '../trainer/device/webAssemblyFixesCompare.ts';

describe('the fixes to GPU.js’s WebAssembly', () => {
  it.each(Array.from({ length: 10 }, (_, part) => 1000 + part * 500))(
    'compute what shipped code and JavaScript compute: 500 random kernels from %i',
    async (from) => {
      expect(await mistakesOnRandomKernels(from, 500)).toEqual([]);
    },
  );

  it.each(losses().map((loss) => [loss.id, loss] as const))(
    'leave the numbers of %s as they are',
    async (_, loss) => {
      const { plan, values } = descentOf(loss, 0.05, 5);
      await expectSameWithAndWithoutFixes(plan, new Map(Object.entries(values)));
    },
  );
});
