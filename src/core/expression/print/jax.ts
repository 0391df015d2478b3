import { importsOf } from './pythonImports.ts';
import { withHelpers } from './pythonHelpers.ts';
import { pythonName } from './names.ts';
import type { PrintableLoss } from './printable.ts';
import type { PythonArrays } from './python.ts';
import { idiomaticFunction, type Adapted } from './pythonIdiom.ts';
import { valueFunction, type PythonLibrary } from './pythonLoss.ts';
import { otherModule } from './rewrites.ts';
import type { Manner, Snippet } from './snippet.ts';
import type { TensorDialect } from './tensor.ts';

/** JAX inside an expression. */
export const jaxDialect: TensorDialect = {
  language: 'jax',
  infinity: 'jnp.inf',
  guards: { numbersOnly: false, unsafeNorm: true },
  write: ({ jax, numpy }) => jax ?? otherModule(numpy, 'jnp'),
  prepare: (root) => root,
  extent: (name, at) => `${name}.shape[${at}]`,
  count: (name) => `${name}.size`,
  arange: (length) => `jnp.arange(${length})`,
  eye: (length) => `jnp.eye(${length}, dtype=bool)`,
  diagonal: (text) => `jnp.diagonal(${text})`,
  transposed: (text) => `${text}.T`,
  permuted: (text, order) => `jnp.transpose(${text}, (${order.join(', ')}))`,
  reversed: (text, dim) => `jnp.flip(${text}, axis=${dim})`,
  takeAlong: (text, at, dim) => `jnp.take_along_axis(${text}, ${at}, axis=${dim})`,
  lookUp: (text, at) => `${text}[${at}]`,
  einsum: (subscripts, x, y) => `jnp.einsum("${subscripts}", ${x}, ${y})`,
  asNumber: (condition) => `jnp.where(${condition}, 1.0, 0.0)`,
  asPosition: (real) => `jnp.asarray(${real}, dtype=int)`,
  decided: (_, condition) => condition,
  number: (_, value) => value,
  limited: (op, x, value) => `jnp.${op}(${x}, ${value})`,
};

/** JAX around an expression. Under `jit` shapes are known and numbers are not: class indices cannot be checked. */
const jaxArrays: PythonArrays = {
  argumentType: 'ArrayLike',
  resultType: 'jax.Array',
  scalarType: 'jax.Array',
  arrayType: 'jax.Array',
  arrayWord: 'array',
  convert: (name) => `${name} = jnp.asarray(${name})`,
  rank: (name) => `${name}.ndim`,
  isNotInteger: (name) => `not jnp.issubdtype(${name}.dtype, jnp.integer)`,
  integerWord: 'integer',
  checksIndices: false,
  shownShape: (name) => `${name}.shape`,
  mean: (name) => `${name}.mean()`,
  sum: (name) => `${name}.sum()`,
  rowMean: (text) => `${text}.mean(axis=-1)`,
};

/** Optax takes paddings, 1 where there is nothing, in place of lengths. */
const paddings: Adapted = (names) => {
  const [logits, targets] = ['logits', 'targets'].map(names) as [string, string];
  const behind = (name: string, lengths: string) =>
    `jnp.arange(${name}.shape[1]) >= ${names(lengths)}[:, None]`;
  return { args: [logits, behind(logits, 'input_lengths'), targets, behind(targets, 'target_lengths')] };
};

const jaxLibrary: PythonLibrary = { arrays: jaxArrays, dialect: jaxDialect };

/** The value in JAX, whose `jax.grad` makes the gradient; idiomatic is by the function of Optax. */
export function jaxLoss(loss: PrintableLoss, manner: Manner): Snippet {
  const code =
    manner === 'scratch'
      ? withHelpers(valueFunction(loss, jaxLibrary), 'jax')
      : idiomaticFunction(loss, jaxLibrary, {
          frameworks: ['optax'],
          owner: 'Optax',
          write: (name) => name,
          // Here a negative weight means none, there None does.
          keyword: (keyword, text, _, name) =>
            keyword === 'alpha' && name.endsWith('.sigmoid_focal_loss')
              ? `${text} if ${text} >= 0 else None`
              : text,
          adapted: { 'optax.losses.ctc_loss': paddings },
        });
  return { code, imports: importsOf(code), name: pythonName(loss) };
}
