import { pairOf } from '../../losses/loss.ts';
import { gradient as gradientOf } from '../differentiate.ts';
import type { Expr } from '../expression.ts';
import { lineWidth } from './layout.ts';
import { Names, pythonName, snake } from './names.ts';
import { isElementwise, sentence, type PrintableLoss } from './printable.ts';
import { assign, pythonFunction, shapeOf, type PythonArrays } from './python.ts';
import { printTensor, type TensorDialect } from './tensor.ts';

/** Name of the printed gradient function. */
export function gradientName(loss: PrintableLoss): string {
  return `${pythonName(loss)}_gradient`;
}

/** The loss written out, as a Python function. */
export function valueFunction(loss: PrintableLoss, arrays: PythonArrays, dialect: TensorDialect): string {
  return pythonFunction({
    name: pythonName(loss),
    loss,
    arrays,
    returns: arrays.resultType,
    summary: summary(loss),
    result: valueResult(loss, arrays),
    body: [
      ...statements('loss', loss.expression(), loss, dialect),
      'if reduction == "none":',
      '    return loss',
      'return loss.mean() if reduction == "mean" else loss.sum()',
    ],
  });
}

/** The gradient of the loss by its prediction, as a Python function. */
export function gradientFunction(loss: PrintableLoss, arrays: PythonArrays, dialect: TensorDialect): string {
  const { prediction } = pairOf(loss);
  return pythonFunction({
    name: gradientName(loss),
    loss,
    arrays,
    returns: arrays.arrayType,
    summary: `Gradient of \`\`${pythonName(loss)}\`\` with respect to \`\`${prediction.id}\`\`.`,
    result:
      `An ${arrays.arrayWord} of the shape of \`\`${prediction.id}\`\`: the derivative of the mean or the sum; ` +
      'for "none" that of the sum, so that each value has its own.',
    body: [
      ...statements('gradient', gradientOf(loss.expression(), prediction.id), loss, dialect),
      `return gradient / ${count(loss)} if reduction == "mean" else gradient`,
    ],
  });
}

/** First line of the documentation. */
export function summary(loss: PrintableLoss): string {
  return `${loss.name}: ${sentence(loss.meaning.charAt(0).toLowerCase() + loss.meaning.slice(1))}`;
}

/** What the value function returns, in words. */
export function valueResult(loss: PrintableLoss, arrays: PythonArrays): string {
  const each = isElementwise(loss)
    ? `${arrays.arrayWord} of the shape of \`\`${pairOf(loss).prediction.id}\`\``
    : `${arrays.arrayWord} of shape ${shapeOf(loss.expression().axes)}`;
  const precision = arrays.arrayWord === 'array' ? ' in float64' : '';
  return `The loss${precision}: a scalar, or for "none" an ${each}.`.replace('an tensor', 'a tensor');
}

function statements(name: string, expr: Expr, loss: PrintableLoss, dialect: TensorDialect): string[] {
  const { prediction, target } = pairOf(loss);
  const taken = [
    prediction.id,
    target.id,
    ...loss.parameters.map((p) => snake(p.id)),
    'reduction',
    name,
    'np',
    'torch',
    'F',
  ];
  const width = lineWidth - 4 - `${name} = `.length;
  const { lets, result } = printTensor(
    expr,
    loss.named?.() ?? [],
    () => new Names('python', taken),
    dialect,
    width,
  );
  return [
    ...lets.flatMap((line) => {
      const shape = isElementwise(loss)
        ? undefined
        : line.expr.axes.length === 0
          ? 'scalar'
          : shapeOf(line.expr.axes);
      const full = [shape, line.meaning].filter((part) => part !== undefined).join(': ');
      return assign(line.name, line.text, full === '' ? [] : [full, ...(shape === undefined ? [] : [shape])]);
    }),
    ...assign(name, result.text, isElementwise(loss) ? [] : [shapeOf(expr.axes)]),
  ];
}

/** How many values the mean runs over. */
function count(loss: PrintableLoss): string {
  const { prediction } = pairOf(loss);
  return isElementwise(loss) ? `${prediction.id}.size` : `${prediction.id}.shape[0]`;
}
