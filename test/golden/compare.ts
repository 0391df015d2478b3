/** Comparisons of our numbers with a case's; each returns what differs, or undefined. */
import { isClose, type GoldenArray, type Tolerance } from './types.ts';

/** Every value within the tolerance. */
export function difference(
  what: string,
  actual: ArrayLike<number>,
  expected: GoldenArray,
  tolerance: Tolerance,
): string | undefined {
  if (actual.length !== expected.data.length) {
    return `${what} has ${actual.length} values, expected ${expected.data.length}`;
  }
  const at = expected.data.findIndex((value, i) => !isClose(actual[i]!, value, tolerance));
  return at < 0 ? undefined : `${what}[${at}] is ${actual[at]}, expected ${expected.data[at]}`;
}

/** The one-sided partial derivatives at one position, and how exactly they are known. */
export interface Sides {
  readonly left: number;
  readonly right: number;
  readonly slack: number;
}

/** The one-sided derivatives of a case, which have 7 digits. */
export function givenSides(left: GoldenArray, right: GoldenArray): (i: number) => Sides {
  return (i) => {
    const [l, r] = [left.data[i]!, right.data[i]!];
    return { left: l, right: r, slack: 1e-6 * (1 + Math.abs(l) + Math.abs(r)) };
  };
}

/** One-sided differences of a function of many values. */
export function measuredSides(
  of: (values: readonly number[]) => number,
  values: readonly number[],
): (i: number) => Sides {
  const here = of(values);
  return (i) => {
    const h = 1e-6 * Math.max(1, Math.abs(values[i]!));
    const right = (of(values.with(i, values[i]! + h)) - here) / h;
    const left = (here - of(values.with(i, values[i]! - h))) / h;
    const slack = 1e-5 * (1 + Math.abs(left) + Math.abs(right)) + (1e-15 * Math.abs(here)) / h;
    return { left, right, slack };
  };
}

/**
 * At a kink any value between the one-sided derivatives is right; elsewhere only the expected one. The expected value
 * itself must lie between them, too.
 */
export function subgradientDifference(
  what: string,
  actual: ArrayLike<number>,
  expected: GoldenArray,
  tolerance: Tolerance,
  sides: (i: number) => Sides,
): string | undefined {
  if (actual.length !== expected.data.length) {
    return `${what} has ${actual.length} values, expected ${expected.data.length}`;
  }
  for (const [i, value] of expected.data.entries()) {
    if (isClose(actual[i]!, value, tolerance)) continue;
    const { left, right, slack } = sides(i);
    const low = Math.min(left, right) - slack;
    const high = Math.max(left, right) + slack;
    const isKink = Math.abs(right - left) > slack;
    if (!isKink) return `${what}[${i}] is ${actual[i]}, expected ${value}`;
    for (const one of [actual[i]!, value]) {
      if (!(one >= low && one <= high))
        return `${what}[${i}] is ${actual[i]}, expected ${value} or another value within [${low}, ${high}]`;
    }
  }
  return undefined;
}
