import { pythonName } from './names.ts';
import type { PrintableLoss } from './printable.ts';
import type { PythonArrays } from './python.ts';
import { gradientFunction, gradientName, valueFunction } from './pythonLoss.ts';
import type { Manner, Snippet } from './snippet.ts';
import type { TensorDialect } from './tensor.ts';

/** NumPy inside an expression. */
export const numpyDialect: TensorDialect = {
  language: 'numpy',
  arange: (length) => `np.arange(${length})`,
  decided: (_, condition) => condition,
  prepare: (root) => root,
  filled: (_, value) => value,
};

/** NumPy around an expression: what is given is computed in float64, whatever it was, so that integers cannot wrap. */
const numpyArrays: PythonArrays = {
  argumentType: 'ArrayLike',
  resultType: 'np.ndarray | np.float64',
  arrayType: 'np.ndarray',
  arrayWord: 'array',
  convert: ({ id, kind }) => `${id} = np.asarray(${id}${kind === 'class-index' ? '' : ', dtype=float'})`,
  isInteger: (name) => `np.issubdtype(${name}.dtype, np.integer)`,
  integerWord: 'integer',
  checksIndices: true,
  shownShape: (name) => `${name}.shape`,
};

/** Value and gradient in NumPy. */
export function numpyLoss(loss: PrintableLoss, manner: Manner): Snippet {
  if (manner === 'idiomatic') throw new RangeError(`NumPy has no function for ${loss.id}`);
  return {
    code: [
      valueFunction(loss, numpyArrays, numpyDialect),
      gradientFunction(loss, numpyArrays, numpyDialect),
    ].join('\n\n'),
    imports: [
      { module: 'numpy', alias: 'np' },
      { module: 'typing', name: 'Literal' },
      { module: 'numpy.typing', name: 'ArrayLike' },
    ],
    name: pythonName(loss),
    gradientName: gradientName(loss),
  };
}
