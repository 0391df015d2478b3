import { importsOf } from './pythonImports.ts';
import { withHelpers } from './pythonHelpers.ts';
import { pythonName } from './names.ts';
import type { PrintableLoss } from './printable.ts';
import type { PythonArrays } from './python.ts';
import { idiomaticFunction } from './pythonIdiom.ts';
import { valueFunction, type PythonLibrary } from './pythonLoss.ts';
import { isIndex } from './pythonShape.ts';
import { otherModule, softplusByLogsigmoid } from './rewrites.ts';
import type { Manner, Snippet } from './snippet.ts';
import type { TensorDialect } from './tensor.ts';

/** The operations of Keras 3 inside an expression, which run on TensorFlow, PyTorch and JAX alike. */
export const kerasDialect: TensorDialect = {
  language: 'keras',
  infinity: 'math.inf',
  guards: { numbersOnly: false, unsafeNorm: true },
  write: ({ keras, numpy }) => keras ?? otherModule(numpy, 'ops'),
  prepare: softplusByLogsigmoid,
  extent: (name, at) => `ops.shape(${name})[${at}]`,
  count: (name) => `ops.size(${name})`,
  arange: (length) => `ops.arange(${length})`,
  eye: (length) => `ops.eye(${length}, dtype="bool")`,
  diagonal: (text) => `ops.diagonal(${text})`,
  transposed: (text) => `ops.transpose(${text})`,
  permuted: (text, order) => `ops.transpose(${text}, (${order.join(', ')}))`,
  reversed: (text, dim) => `ops.flip(${text}, axis=${dim})`,
  takeAlong: (text, at, dim) => `ops.take_along_axis(${text}, ${at}, axis=${dim})`,
  lookUp: (text, at) => `ops.take(${text}, ${at}, axis=0)`,
  einsum: (subscripts, x, y) => `ops.einsum("${subscripts}", ${x}, ${y})`,
  asNumber: (condition, like) => `ops.cast(${condition}, ${like}.dtype)`,
  asReal: (whole, like) => `ops.cast(${whole}, ${like}.dtype)`,
  asPosition: (real) => `ops.cast(${real}, "int32")`,
  decided: (like, condition) => `ops.full_like(${like}, ${condition}, dtype="bool")`,
  number: (like, value) => `ops.cast(${value}, ${like}.dtype)`,
  limited: (op, x, value) => `ops.${op}(${x}, ${value})`,
};

/** Keras around an expression: targets first, as `compile(loss=…)` passes them, and as floats whatever they hold. */
const kerasArrays: PythonArrays = {
  argumentType: 'keras.KerasTensor',
  resultType: 'keras.KerasTensor',
  scalarType: 'keras.KerasTensor',
  arrayType: 'keras.KerasTensor',
  arrayWord: 'tensor',
  targetsFirst: true,
  convert: (name, input, like) =>
    name === like
      ? `${name} = ops.convert_to_tensor(${name})`
      : `${name} = ops.cast(${name}, ${isIndex(input) ? '"int32"' : `${like}.dtype`})`,
  rank: (name) => `len(${name}.shape)`,
  integerWord: 'integer',
  checksIndices: false,
  shownShape: (name) => `tuple(${name}.shape)`,
  mean: (name) => `ops.mean(${name})`,
  sum: (name) => `ops.sum(${name})`,
  rowMean: (text) => `ops.mean(${text}, axis=-1)`,
};

const kerasLibrary: PythonLibrary = { arrays: kerasArrays, dialect: kerasDialect };

/** The value in Keras 3, on whichever backend; that makes the gradient. */
export function kerasLoss(loss: PrintableLoss, manner: Manner): Snippet {
  const code =
    manner === 'scratch'
      ? withHelpers(valueFunction(loss, kerasLibrary), 'keras')
      : idiomaticFunction(loss, kerasLibrary, {
          frameworks: ['keras'],
          owner: 'Keras',
          write: (name) => name,
          adapted: {
            // The function of the losses takes no lengths.
            'keras.losses.ctc': (names) => ({
              name: 'ops.ctc_loss',
              args: [...['targets', 'logits', 'target_lengths', 'input_lengths'].map(names), 'mask_index=0'],
            }),
          },
        });
  return { code, imports: importsOf(code), name: pythonName(loss) };
}
