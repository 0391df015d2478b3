/** Bounds of a whole number, and whether float arithmetic might have made its zero negative. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly signedZero: boolean;
}

export const int32: Range = { low: -(2 ** 31), high: 2 ** 31 - 1, signedZero: false };

export function range(low: number, high: number, signedZero = false): Range {
  return { low, high, signedZero };
}

/** Whether 32 bits hold every value; where not, a number is known only modulo 2³², which is enough for an index. */
export function isBounded({ low, high }: Range): boolean {
  return low >= int32.low && high <= int32.high;
}

export function union(a: Range, b: Range): Range {
  return range(Math.min(a.low, b.low), Math.max(a.high, b.high), a.signedZero || b.signedZero);
}

export function add(a: Range, b: Range): Range {
  return range(a.low + b.low, a.high + b.high, a.signedZero && b.signedZero);
}

export function subtract(a: Range, b: Range): Range {
  return range(a.low - b.high, a.high - b.low, a.signedZero);
}

export function multiply(a: Range, b: Range): Range {
  const corners = [times(a.low, b.low), times(a.low, b.high), times(a.high, b.low), times(a.high, b.high)];
  const signedZero = a.signedZero || b.signedZero || (hasZero(a) && b.low < 0) || (hasZero(b) && a.low < 0);
  return range(Math.min(...corners), Math.max(...corners), signedZero);
}

/** The remainder, with the dividend's sign. */
export function remainder(a: Range, divisor: number): Range {
  const most = Math.abs(divisor) - 1;
  return range(
    Math.max(Math.min(a.low, 0), -most),
    Math.min(Math.max(a.high, 0), most),
    a.low < 0 || a.signedZero,
  );
}

/** The quotient without its fraction. */
export function quotient(a: Range, divisor: number): Range {
  const corners = [Math.trunc(a.low / divisor), Math.trunc(a.high / divisor)];
  return range(Math.min(...corners), Math.max(...corners));
}

function hasZero({ low, high }: Range): boolean {
  return low <= 0 && high >= 0;
}

/** A product in which 0 · ∞ is 0: infinity stands for a bound that is not known. */
function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}
