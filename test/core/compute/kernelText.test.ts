import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literal, padded, sumOfProducts } from '../../../src/core/compute/kernelText.ts';

/** The value of an expression of our own making. */
// eslint-disable-next-line @typescript-eslint/no-implied-eval
const value = (text: string) => (new Function(`return ${text};`) as () => number)();

describe('literals', () => {
  it('are the number itself, without exponent or sign trouble', () => {
    const numbers = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0));
    fc.assert(
      fc.property(numbers, (x) => {
        expect(value(literal(x))).toBe(x);
        expect(literal(x)).toMatch(/^(\d+\.\d+|\(-\d+\.\d+\))$/);
      }),
    );
    expect([1e-8, 5e-324, 1e21, 1.5e300, 0, 32, -0.5].map((x) => value(literal(x)))).toEqual([
      1e-8, 5e-324, 1e21, 1.5e300, 0, 32, -0.5,
    ]);
    expect(literal(1e-8)).toBe('0.00000001');
    expect(literal(-2)).toBe('(-2.0)');
  });

  it('are refused where there is none', () => {
    expect(() => literal(NaN)).toThrow('finite');
    expect(() => literal(Infinity)).toThrow('finite');
  });
});

describe('padding', () => {
  it('rounds up to four', () => {
    expect([1, 3, 4, 5, 16].map(padded)).toEqual([4, 4, 4, 8, 16]);
  });
});

describe('sums of products', () => {
  it('are right at every length around the unrolling, with strides', () => {
    for (const length of [1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 50]) {
      const { statements, value: sum } = sumOfProducts(length, [
        { parameter: 'a', start: '1', stride: 2 },
        { parameter: 'b', start: '0', stride: 3 },
      ]);
      const a = Array.from({ length: 2 * length + 1 }, (_, i) => i + 1);
      const b = Array.from({ length: 3 * length }, (_, i) => (i % 7) - 3);
      // eslint-disable-next-line @typescript-eslint/no-implied-eval
      const run = new Function('a', 'b', `${statements}\nreturn ${sum};`) as (
        a: number[],
        b: number[],
      ) => number;
      let expected = 0;
      for (let k = 0; k < length; k++) expected += a[1 + 2 * k]! * b[3 * k]!;
      expect(run(a, b)).toBe(expected);
    }
  });
});
