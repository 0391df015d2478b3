import { importsOf } from './pythonImports.ts';
import { pythonName } from './names.ts';
import type { PrintableLoss } from './printable.ts';
import type { PythonArrays } from './python.ts';
import { idiomaticFunction } from './pythonIdiom.ts';
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
};

const jaxLibrary: PythonLibrary = { arrays: jaxArrays, dialect: jaxDialect };

/** The value in JAX, whose `jax.grad` makes the gradient; idiomatic is by the function of Optax. */
export function jaxLoss(loss: PrintableLoss, manner: Manner): Snippet {
  const code =
    manner === 'scratch'
      ? valueFunction(loss, jaxLibrary)
      : idiomaticFunction(loss, jaxLibrary, {
          frameworks: ['optax'],
          owner: 'Optax',
          write: (name) => name,
        });
  return { code, imports: importsOf(code), name: pythonName(loss) };
}
