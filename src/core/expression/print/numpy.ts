import type { InputKind } from '../../losses/loss.ts';
import { indent } from './layout.ts';
import { importsOf } from './pythonImports.ts';
import { withHelpers } from './pythonHelpers.ts';
import { writtenOut } from './rewrites.ts';
import { pythonName } from './names.ts';
import type { PrintableLoss } from './printable.ts';
import type { PythonArrays } from './python.ts';
import { gradientFunction, gradientName, valueFunction, type PythonLibrary } from './pythonLoss.ts';
import { idiomaticFunction } from './pythonIdiom.ts';
import { isIndex } from './pythonShape.ts';
import type { Manner, Snippet } from './snippet.ts';
import type { TensorDialect } from './tensor.ts';

/** NumPy inside an expression. */
export const numpyDialect: TensorDialect = {
  language: 'numpy',
  infinity: 'np.inf',
  guards: { numbersOnly: true, unsafeNorm: false },
  write: ({ numpy }) => numpy,
  prepare: writtenOut,
  extent: (name, at) => `${name}.shape[${at}]`,
  count: (name) => `${name}.size`,
  arange: (length) => `np.arange(${length})`,
  eye: (length) => `np.eye(${length}, dtype=bool)`,
  diagonal: (text) => `np.diagonal(${text})`,
  transposed: (text) => `${text}.T`,
  permuted: (text, order) => `np.transpose(${text}, (${order.join(', ')}))`,
  reversed: (text, dim) => `np.flip(${text}, axis=${dim})`,
  takeAlong: (text, at, dim) => `np.take_along_axis(${text}, ${at}, axis=${dim})`,
  lookUp: (text, at) => `${text}[${at}]`,
  einsum: (subscripts, x, y) => `np.einsum("${subscripts}", ${x}, ${y})`,
  quiet: (lines, warnings) => [
    `with np.errstate(${warnings.map((kind) => `${kind}="ignore"`).join(', ')}):`,
    ...indent(lines, '    '),
  ],
  asNumber: (condition) => `np.where(${condition}, 1.0, 0.0)`,
  asPosition: (real) => `np.asarray(${real}, dtype=int)`,
  decided: (_, condition) => condition,
  number: (_, value) => value,
  limited: (op, x, value) => `np.${op}(${x}, ${value})`,
};

/** NumPy around an expression: what is given is computed in float64, whatever it was, so that integers cannot wrap. */
const numpyArrays: PythonArrays = {
  argumentType: 'ArrayLike',
  resultType: 'np.ndarray | np.float64',
  scalarType: 'np.float64',
  arrayType: 'np.ndarray',
  arrayWord: 'array',
  precision: ' in float64',
  convert: (name, input) => `${name} = np.asarray(${name}${isIndex(input) ? '' : ', dtype=float'})`,
  rank: (name) => `${name}.ndim`,
  isNotInteger: (name) => `not np.issubdtype(${name}.dtype, np.integer)`,
  integerWord: 'integer',
  checksIndices: true,
  shownShape: (name) => `${name}.shape`,
  mean: (name) => `${name}.mean()`,
  sum: (name) => `${name}.sum()`,
  rowMean: (text) => `${text}.mean(axis=-1)`,
};

/** What functions of scikit-learn for reports do otherwise than a loss. */
const inexact: Readonly<Record<string, (kinds: readonly InputKind[]) => string | undefined>> = {
  'sklearn.metrics.hinge_loss': (kinds) =>
    kinds.includes('class-index') ? undefined : 'takes labels that are all alike for the negative class',
  'sklearn.metrics.log_loss': (kinds) =>
    kinds.includes('distribution') ? 'takes labels, not distributions' : undefined,
};

const numpyLibrary: PythonLibrary = { arrays: numpyArrays, dialect: numpyDialect };

/** Value and gradient in NumPy; idiomatic is the value by the function of scikit-learn, where that is exact. */
export function numpyLoss(loss: PrintableLoss, manner: Manner): Snippet {
  if (manner === 'idiomatic') {
    const code = idiomaticFunction(loss, numpyLibrary, {
      frameworks: ['sklearn'],
      owner: 'scikit-learn',
      // Some of these functions want vectors; the mean is over all elements anyway.
      vectors: (name) => `${name}.ravel()`,
      adapted: {
        // Without the labels a class that is missing in the batch would not count.
        'sklearn.metrics.hinge_loss': (names) => ({
          args: [names('target'), names('pred'), `labels=np.arange(${names('pred')}.shape[1])`],
        }),
      },
      inexact: ({ name }, { inputs }) => inexact[name]?.(inputs.map(({ kind }) => kind)),
      write: (name) => name.replace(/^sklearn\.metrics\./, 'metrics.'),
    });
    return { code, imports: importsOf(code), name: pythonName(loss) };
  }
  const code = withHelpers(
    [valueFunction(loss, numpyLibrary), gradientFunction(loss, numpyLibrary)].join('\n\n'),
    'numpy',
  );
  return { code, imports: importsOf(code), name: pythonName(loss), gradientName: gradientName(loss) };
}
