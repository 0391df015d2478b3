/** Small rewritings by which a library writes an operation better, or more precisely. */
import { logsigmoid, neg, softplus, sub } from '../build.ts';
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

/** softplus(−x) is −logσ(x), softplus(x − y) is −logσ(y − x); the softplus of PyTorch drops its tail. */
export function softplusByLogsigmoid(root: Expr): Expr {
  return rewrite(root, (node) => {
    const opposite = node.kind === 'apply' && node.op === 'softplus' ? oppositeOf(node.args[0]!) : undefined;
    return opposite === undefined ? node : neg(logsigmoid(opposite));
  });
}

/** −x where that is shorter than x. */
function oppositeOf(x: Expr): Expr | undefined {
  if (x.kind !== 'apply') return undefined;
  if (x.op === 'neg') return x.args[0];
  return x.op === 'sub' ? sub(x.args[1]!, x.args[0]!) : undefined;
}

/** NumPy writes softplus as a log-add-exp with 0, and has neither logσ nor softmax. */
export function writtenOut(root: Expr): Expr {
  return rewrite(softmaxWritten(root), (node) => {
    const opposite =
      node.kind === 'apply' && node.op === 'logsigmoid' ? oppositeOf(node.args[0]!) : undefined;
    return opposite === undefined ? node : neg(softplus(opposite));
  });
}

/** Softmax and its logarithm by a log-sum-exp, for a library that has neither. */
function softmaxWritten(root: Expr): Expr {
  return rewrite(root, (node) =>
    node.kind === 'apply' && (node.op === 'softmax' || node.op === 'logsoftmax')
      ? (primitive(node.op).lower?.(node) ?? node)
      : node,
  );
}
