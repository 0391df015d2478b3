import { pairOf, type Api } from '../../losses/loss.ts';
import { logsigmoid, neg } from '../build.ts';
import { rewrite } from '../rewrite.ts';
import { pythonName, snake } from './names.ts';
import type { PrintableLoss } from './printable.ts';
import { assign, pythonFunction, pythonNumber, type PythonArrays } from './python.ts';
import { summary, valueFunction, valueResult } from './pythonLoss.ts';
import type { Manner, Snippet } from './snippet.ts';
import type { TensorDialect } from './tensor.ts';

/** PyTorch inside an expression. */
export const torchDialect: TensorDialect = {
  language: 'torch',
  arange: (length, like) => `torch.arange(${length}, device=${like}.device)`,
  decided: (like, condition) => `torch.full_like(${like}, ${condition}, dtype=torch.bool)`,
  prepare: (root) =>
    rewrite(root, (node) => {
      // softplus(−x) is −logσ(x); F.softplus itself drops its tail.
      const x = node.kind === 'apply' && node.op === 'softplus' ? node.args[0] : undefined;
      return x?.kind === 'apply' && x.op === 'neg' ? neg(logsigmoid(x.args[0]!)) : node;
    }),
  filled: (like, value) => `torch.full_like(${like}, ${value})`,
};

/** PyTorch around an expression. `gather` checks the range of indices itself, without waiting for a GPU. */
const torchArrays: PythonArrays = {
  argumentType: 'torch.Tensor',
  resultType: 'torch.Tensor',
  arrayType: 'torch.Tensor',
  arrayWord: 'tensor',
  convert: () => undefined,
  isInteger: (name) => `${name}.dtype == torch.int64`,
  integerWord: 'int64',
  checksIndices: false,
  shownShape: (name) => `tuple(${name}.shape)`,
};

/** The value in PyTorch, whose autograd makes the gradient. */
export function torchLoss(loss: PrintableLoss, manner: Manner): Snippet {
  const code = manner === 'scratch' ? valueFunction(loss, torchArrays, torchDialect) : idiomatic(loss);
  return {
    code,
    imports: [
      { module: 'torch' },
      ...(/\bF\.\w/.test(code) ? [{ module: 'torch.nn.functional', alias: 'F' }] : []),
      { module: 'typing', name: 'Literal' },
    ],
    name: pythonName(loss),
  };
}

/** Around the function of `torch.nn.functional`, which would broadcast shapes that differ with no more than a warning. */
function idiomatic(loss: PrintableLoss): string {
  const api = loss.apis.find((a) => a.framework === 'torch' && a.form === 'function');
  if (api === undefined) throw new RangeError(`PyTorch has no function for ${loss.id}`);
  return pythonFunction({
    name: pythonName(loss),
    loss,
    arrays: torchArrays,
    returns: torchArrays.resultType,
    summary: summary(loss),
    result: valueResult(loss, torchArrays),
    body: assign('loss', frameworkCall(loss, api)).map((line, k) =>
      k === 0 ? line.replace('loss = ', 'return ') : line,
    ),
  });
}

/** The call that means the same, by the claims of the loss's `apis`. */
function frameworkCall(loss: PrintableLoss, api: Api): string {
  const { prediction, target } = pairOf(loss);
  const taken = new Set(loss.parameters.map((p) => p.id));
  const keywords = Object.entries(api.keywords ?? {})
    .filter(([, { parameter }]) => taken.has(parameter))
    .map(([keyword, { parameter }]) => `${keyword}=${snake(parameter)}`);
  const call = `${api.name.replace(/^torch\.nn\.functional\./, 'F.')}(${[prediction.id, target.id, ...keywords, 'reduction=reduction'].join(', ')})`;
  return api.scale === undefined ? call : `${call} / ${pythonNumber(api.scale)}`;
}
