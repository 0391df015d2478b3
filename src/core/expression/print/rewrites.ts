/** Small rewritings by which a library writes an operation better, or more precisely. */
import { neg, logsigmoid } from '../build.ts';
import type { Expr } from '../expression.ts';
import { primitive } from '../primitives.ts';
import type { Write } from '../primitives/row.ts';
import { rewrite } from '../rewrite.ts';

/** The text for NumPy with another module in place of `np`. */
export function otherModule(numpy: Write, module: string): Write {
  return (args, place) => {
    const { text, precedence } = numpy(args, place);
    return { text: text.replace(/\bnp\./g, `${module}.`), precedence };
  };
}

/** softplus(−x) is −logσ(x); the softplus of PyTorch drops its tail. */
export function softplusByLogsigmoid(root: Expr): Expr {
  return rewrite(root, (node) => {
    const x = node.kind === 'apply' && node.op === 'softplus' ? node.args[0] : undefined;
    return x?.kind === 'apply' && x.op === 'neg' ? neg(logsigmoid(x.args[0]!)) : node;
  });
}

/** Softmax and its logarithm by a log-sum-exp, for a library that has neither. */
export function softmaxWritten(root: Expr): Expr {
  return rewrite(root, (node) =>
    node.kind === 'apply' && (node.op === 'softmax' || node.op === 'logsoftmax')
      ? (primitive(node.op).lower?.(node) ?? node)
      : node,
  );
}
