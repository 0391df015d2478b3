import type { RandomStream } from '../data/random.ts';
import type { ParameterShape, Start } from './parameterShape.ts';

/** Ways to draw the weights of a layer, by the numbers of inputs and outputs that one of its sums and values has. */
export const initialiserNames = [
  'default',
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'lecunUniform',
  'lecunNormal',
  'orthogonal',
] as const;
export type Initialiser = (typeof initialiserNames)[number] | { readonly constant: number };

/** Inputs of one sum and sums that one input enters: for a convolution times the extent of a filter. */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

/**
 * What weights are drawn from. `default` is what PyTorch's layers do: uniform in ±1/√fan-in (`kaiming_uniform_` with a =
 * √5; torch/nn/modules/linear.py, conv.py). Glorot: variance 2/(fan-in + fan-out) (X. Glorot, Y. Bengio, 2010); He:
 * 2/fan-in (K. He et al., 2015); LeCun: 1/fan-in (Y. LeCun et al., "Efficient BackProp", 1998). Normals are not
 * truncated, as in torch.nn.init.
 */
export function weightStart(initialiser: Initialiser, fans: Fans): Start {
  if (typeof initialiser === 'object') return { kind: 'constant', value: initialiser.constant };
  const uniform = (variance: number): Start => ({ kind: 'uniform', bound: Math.sqrt(3 * variance) });
  const normal = (variance: number): Start => ({ kind: 'normal', deviation: Math.sqrt(variance) });
  switch (initialiser) {
    case 'default':
      return { kind: 'uniform', bound: 1 / Math.sqrt(fans.in) };
    case 'glorotUniform':
      return uniform(2 / (fans.in + fans.out));
    case 'glorotNormal':
      return normal(2 / (fans.in + fans.out));
    case 'heUniform':
      return uniform(2 / fans.in);
    case 'heNormal':
      return normal(2 / fans.in);
    case 'lecunUniform':
      return uniform(1 / fans.in);
    case 'lecunNormal':
      return normal(1 / fans.in);
    case 'orthogonal':
      return { kind: 'orthogonal' };
  }
}

/** Biases are drawn like the weights by default, as PyTorch does; with any other initialiser they start at 0. */
export function biasStart(initialiser: Initialiser, fans: Fans): Start {
  return initialiser === 'default' ? weightStart(initialiser, fans) : { kind: 'constant', value: 0 };
}

/** Starting values of a parameter, flat and row-major, without padding. */
export function draw({ shape, size, start }: ParameterShape, random: RandomStream): Float64Array {
  switch (start.kind) {
    case 'uniform':
      return Float64Array.from({ length: size }, () => start.bound * (2 * random.next() - 1));
    case 'normal':
      return Float64Array.from({ length: size }, () => start.deviation * random.normal());
    case 'constant':
      return new Float64Array(size).fill(start.value);
    case 'orthogonal':
      return orthogonal(size / shape.at(-1)!, shape.at(-1)!, random);
  }
}

/**
 * A random matrix, rows × columns, with orthonormal rows or columns, whichever are fewer, every such matrix equally
 * likely (A. Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks",
 * 2013): normal vectors made orthonormal one after another, each twice, for a single pass loses orthogonality.
 */
function orthogonal(rows: number, columns: number, random: RandomStream): Float64Array {
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const vectors = Array.from({ length: count }, () => Float64Array.from({ length }, () => random.normal()));
  for (const [i, vector] of vectors.entries()) {
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors.slice(0, i)) {
        let product = 0;
        for (let k = 0; k < length; k++) product += vector[k]! * other[k]!;
        for (let k = 0; k < length; k++) vector[k]! -= product * other[k]!;
      }
    }
    const norm = Math.hypot(...vector);
    for (let k = 0; k < length; k++) vector[k]! /= norm;
  }
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return rows < columns ? vectors[row]![column]! : vectors[column]![row]!;
  });
}
