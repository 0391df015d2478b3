import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { admit, allowance } from '../../src/trainer/memory.ts';
import { words } from '../words.ts';

const MB = 2 ** 20;

describe('the memory of a run', () => {
  it('is a share of what the process may see, or what was set', () => {
    const own = allowance(undefined);
    expect(own.limit).toBeLessThan(totalmem());
    expect(own.free).toBeGreaterThan(0);
    expect(allowance(500 * MB)).toEqual({ limit: 500 * MB, free: Infinity });
  });

  it('is refused with numbers where it cannot fit', () => {
    const told = (needed: number, resident: number, allowed: { limit: number; free: number }) => {
      const result = admit(needed, resident, allowed);
      return result.ok ? '' : words(result.problems[0]!.message);
    };
    expect(told(300 * MB, 100 * MB, { limit: 400 * MB, free: 300 * MB })).toBe('');
    expect(told(301 * MB, 100 * MB, { limit: 400 * MB, free: Infinity })).toMatch(
      /about 301 MB .* besides the 100 MB .* 400 MB in all/,
    );
    expect(told(301 * MB, 100 * MB, { limit: 4000 * MB, free: 300 * MB })).toMatch(
      /about 301 MB .* only 300 MB are free/,
    );
  });
});
