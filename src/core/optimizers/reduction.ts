import { padded } from '../compute/kernelText.ts';
import type { Buffer } from '../compute/plan.ts';
import { bind, type Piece, type Scope } from './elementwise.ts';

/** How numbers become one. The largest is that of numbers that are not negative; NaN stays NaN in both. */
export type Reduction = 'sum' | 'max';

const text: Readonly<Record<Reduction, (so: string, far: string) => string>> = {
  sum: (so, far) => `${so} = ${so} + ${far};`,
  max: (so, far) => `${so} = Math.max(${so}, ${far});`,
};

/** Most elements that one thread of a kernel takes, and most that a tensor leaves to the kernel that reduces them all. */
const share = 64;

/**
 * Kernels that reduce a formula over all elements of a tensor to at most 64 numbers, which the last of them leaves in its
 * buffer. Each thread takes every so-many-th element, so that neighbouring threads read neighbours, and sums stay short.
 */
export function partial(
  name: string,
  size: number,
  scope: Scope,
  formula: string,
  how: Reduction,
): readonly [...Piece[], Piece] {
  const piece = round(name, size, scope, formula, how);
  const left = piece.buffer.size;
  if (left <= share) return [piece];
  return [piece, ...partial(`${name}.${left}`, left, { part: { buffer: name } }, 'part', how)];
}

/** One round of the reduction: to a sixty-fourth. */
function round(name: string, size: number, scope: Scope, formula: string, how: Reduction): Piece {
  const width = Math.min(padded(Math.ceil(size / share)), size);
  const rounds = Math.floor(size / width);
  const rest = size - rounds * width;
  const { statements, reads } = bind([formula], scope, 'at');
  const take = (at: string) => `const at = ${at};\n${statements}\n${text[how]('total', `(${formula})`)}`;
  const tail =
    rest === 0 ? '' : `if (this.thread.x < ${rest}) {\n${take(`${rounds * width} + this.thread.x`)}\n}\n`;
  return {
    buffer: { name, size: width, role: 'temporary' },
    kernel: {
      name,
      output: [width],
      reads,
      writes: name,
      body: `let total = 0.0;\nfor (let q = 0; q < ${rounds}; q++) {\n${take(`q * ${width} + this.thread.x`)}\n}\n${tail}return total;`,
    },
  };
}

/** Most buffers that a kernel may read. */
const mostReads = 7;

/**
 * Kernels that reduce all elements of all given buffers to one number and apply a last formula to it. Many buffers are
 * reduced in groups first.
 * @param finish the result from `total`
 */
export function whole(
  name: string,
  partials: readonly Pick<Buffer, 'name' | 'size'>[],
  how: Reduction,
  finish: string,
): Piece[] {
  if (partials.length <= mostReads) return [reduceAll(name, partials, how, finish)];
  const groups: Piece[] = [];
  for (let first = 0; first < partials.length; first += mostReads) {
    const group = partials.slice(first, first + mostReads);
    groups.push(reduceAll(`${name}.${partials.length}.${groups.length}`, group, how, 'total'));
  }
  return [
    ...groups,
    ...whole(
      name,
      groups.map((piece) => piece.buffer),
      how,
      finish,
    ),
  ];
}

function reduceAll(
  name: string,
  from: readonly Pick<Buffer, 'name' | 'size'>[],
  how: Reduction,
  finish: string,
): Piece {
  const loops = from.map(
    ({ size }, i) => `for (let q = 0; q < ${size}; q++) { ${text[how]('total', `part${i}[q]`)} }`,
  );
  return {
    buffer: { name, size: 1, role: 'temporary' },
    kernel: {
      name,
      output: [1],
      reads: from.map((buffer, i) => ({ parameter: `part${i}`, buffer: buffer.name })),
      writes: name,
      body: `let total = 0.0;\n${loops.join('\n')}\nreturn ${finish};`,
    },
  };
}
