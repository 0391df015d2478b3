import type { Api } from '../../losses/loss.ts';
import { importsOf } from './pythonImports.ts';
import { withHelpers } from './pythonHelpers.ts';
import { pythonName } from './names.ts';
import type { PrintableLoss } from './printable.ts';
import type { PythonArrays } from './python.ts';
import { idiomaticFunction } from './pythonIdiom.ts';
import { valueFunction, type PythonLibrary } from './pythonLoss.ts';
import { softplusByLogsigmoid } from './rewrites.ts';
import type { Manner, Snippet } from './snippet.ts';
import type { TensorDialect } from './tensor.ts';

/** PyTorch inside an expression. */
export const torchDialect: TensorDialect = {
  language: 'torch',
  infinity: 'torch.inf',
  guards: { numbersOnly: false, unsafeNorm: false },
  write: ({ torch }) => torch,
  prepare: softplusByLogsigmoid,
  extent: (name, at) => `${name}.shape[${at}]`,
  count: (name) => `${name}.numel()`,
  arange: (length, like) => `torch.arange(${length}, device=${like}.device)`,
  eye: (length, like) => `torch.eye(${length}, dtype=torch.bool, device=${like}.device)`,
  diagonal: (text) => `torch.diagonal(${text})`,
  transposed: (text) => `${text}.T`,
  permuted: (text, order) => `torch.permute(${text}, (${order.join(', ')}))`,
  reversed: (text, dim) => `torch.flip(${text}, dims=(${dim},))`,
  takeAlong: (text, at, dim) => `torch.take_along_dim(${text}, ${at}, dim=${dim})`,
  lookUp: (text, at) => `${text}[${at}]`,
  einsum: (subscripts, x, y) => `torch.einsum("${subscripts}", ${x}, ${y})`,
  asNumber: (condition, like) => `${bracketed(condition)}.to(${like}.dtype)`,
  asReal: (whole, like) => `${bracketed(whole)}.to(${like}.dtype)`,
  asPosition: (real) => `${bracketed(real)}.long()`,
  decided: (like, condition) => `torch.full_like(${like}, ${condition}, dtype=torch.bool)`,
  number: (like, value) => `${like}.new_tensor(${value})`,
  limited: (op, x, value) => `torch.clamp(${x}, ${op === 'maximum' ? 'min' : 'max'}=${value})`,
};

function bracketed(text: string): string {
  return /^[\w.]+(?:\([^()]*\))?$/.test(text) ? text : `(${text})`;
}

/** PyTorch around an expression. Looking up checks the range of indices itself, without waiting for a GPU. */
const torchArrays: PythonArrays = {
  argumentType: 'torch.Tensor',
  resultType: 'torch.Tensor',
  scalarType: 'torch.Tensor',
  arrayType: 'torch.Tensor',
  arrayWord: 'tensor',
  convert: () => undefined,
  rank: (name) => `${name}.ndim`,
  isNotInteger: (name) => `${name}.dtype != torch.int64`,
  integerWord: 'int64',
  checksIndices: false,
  shownShape: (name) => `tuple(${name}.shape)`,
  mean: (name) => `${name}.mean()`,
  sum: (name) => `${name}.sum()`,
  rowMean: (text) => `${text}.mean(dim=-1)`,
};

/** Keywords that take something else than a float. */
const keywordTypes: Readonly<Record<string, (text: string, like: string) => string>> = {
  pos_weight: (text, like) => `${like}.new_tensor(${text})`,
};

/** Only the mean of CTC divides by the lengths of the labels in PyTorch. */
function withoutMean(api: Api): readonly Api[] {
  if (api.name !== 'torch.nn.functional.ctc_loss') return [];
  const { framework, name, form, keywords, positional } = api;
  return [
    {
      framework,
      name,
      form,
      ...(keywords === undefined ? {} : { keywords }),
      ...(positional === undefined ? {} : { positional }),
      requires: { reduction: 'none' },
      gives: 'elements',
    },
  ];
}

const torchLibrary: PythonLibrary = { arrays: torchArrays, dialect: torchDialect };

/** The value in PyTorch, whose autograd makes the gradient. */
export function torchLoss(loss: PrintableLoss, manner: Manner): Snippet {
  const code =
    manner === 'scratch'
      ? withHelpers(valueFunction(loss, torchLibrary), 'torch')
      : idiomaticFunction(loss, torchLibrary, {
          frameworks: ['torch'],
          owner: 'PyTorch',
          write: (name) => name.replace(/^torch\.nn\.functional\./, 'F.'),
          inexact: ({ name }) => (/^torch\./.test(name) ? undefined : 'belongs to another package'),
          also: ({ id, apis, conventionId }) =>
            id === 'ctc' && conventionId === undefined ? apis.flatMap(withoutMean) : [],
          adapted: {
            'torch.nn.functional.ctc_loss': (names) => ({
              args: [
                `F.log_softmax(${names('logits')}, dim=-1).transpose(0, 1)`,
                ...['targets', 'input_lengths', 'target_lengths'].map(names),
              ],
            }),
          },
          keyword: (keyword, text, like) => keywordTypes[keyword]?.(text, like) ?? text,
        });
  return { code, imports: importsOf(code), name: pythonName(loss) };
}
