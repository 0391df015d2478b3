/**
 * Pieces of kernel bodies: text in the JavaScript subset that GPU.js translates. Sizes are literal, because loops
 * there need literal bounds and because literal offsets fold into the loads.
 */

/** Widths are padded to a multiple of this: SIMD lanes run along the fastest axis. */
const lanes = 4;

/** A width with its padding. Padded columns hold zeros in every buffer. */
export function padded(width: number): number {
  return Math.ceil(width / lanes) * lanes;
}

/**
 * A number as a literal without an exponent: kernel translators differ in whether they read one. Negative numbers come
 * in parentheses, whole numbers with a fraction, so that no language takes them for integers.
 */
export function literal(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`literal: expected a finite number, received ${value}`);
  const text = expand(Math.abs(value));
  return value < 0 ? `(-${text})` : text;
}

function expand(value: number): string {
  const [digits = '0', exponent] = String(value).split('e');
  const [whole = '0', fraction = ''] = digits.split('.');
  if (exponent === undefined) return `${whole}.${fraction === '' ? '0' : fraction}`;
  const shift = Number(exponent);
  const all = whole + fraction;
  if (shift < 0) return `0.${'0'.repeat(-shift - whole.length)}${all}`;
  return `${all.padEnd(whole.length + shift, '0')}.0`;
}

/** A walk through a flat buffer: element k lies at `start + k · stride`. */
export interface Walk {
  readonly parameter: string;
  /** Expression of the first element's index. */
  readonly start: string;
  readonly stride: number;
}

const unroll = 16;
const accumulators = 4;

/**
 * Statements that leave Σₖ a[k]·b[k]·… over `length` elements in an expression. Sixteen products per iteration into
 * four sums: independent additions overlap, and four shorter sums round less than one long sum.
 */
export function sumOfProducts(length: number, walks: readonly Walk[]): { statements: string; value: string } {
  const sums = sumNames(length);
  const statements = [...sums.map((sum) => `let ${sum} = 0.0;`), addProducts(length, walks)].join('\n');
  return {
    statements,
    value: sums.length === accumulators ? '((sum0 + sum1) + (sum2 + sum3))' : `(${sums.join(' + ')})`,
  };
}

/** Names of the sums that {@link addProducts} adds to. */
function sumNames(length: number): string[] {
  return Array.from({ length: Math.min(accumulators, length) }, (_, i) => `sum${i}`);
}

/** Four sums for {@link addProducts} at zero, and what they amount to: for bodies that add more than once. */
export const fourSums = {
  declare: 'let sum0 = 0.0; let sum1 = 0.0; let sum2 = 0.0; let sum3 = 0.0;',
  clear: 'sum0 = 0.0; sum1 = 0.0; sum2 = 0.0; sum3 = 0.0;',
  value: '((sum0 + sum1) + (sum2 + sum3))',
} as const;

/** Statements that add Σₖ a[k]·b[k]·… over `length` elements to `sum0` … `sum3`, as far as there are so many elements. */
export function addProducts(length: number, walks: readonly Walk[]): string {
  const sums = sumNames(length);
  const whole = Math.floor(length / unroll);
  const starts = (prefix: string, offset: (walk: Walk) => string) =>
    walks.map((walk, i) => `const ${prefix}${i} = ${walk.start}${offset(walk)};`).join(' ');
  const terms = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, k) => {
      const factors = walks.map(
        (walk, i) => `${walk.parameter}[${prefix}${i}${k === 0 ? '' : ` + ${k * walk.stride}`}]`,
      );
      return `${sums[k % sums.length]!} += ${factors.join(' * ')};`;
    }).join(' ');

  const lines: string[] = [];
  if (whole > 0) {
    const step = starts('at', (walk) => ` + q * ${unroll * walk.stride}`);
    lines.push(`for (let q = 0; q < ${whole}; q++) { ${step} ${terms('at', unroll)} }`);
  }
  const rest = length - whole * unroll;
  if (rest > 0) {
    lines.push(
      starts('rest', (walk) => ` + ${whole * unroll * walk.stride}`),
      terms('rest', rest),
    );
  }
  return lines.join('\n');
}
