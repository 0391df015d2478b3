/** A loss as Python functions: its value, and its gradient where the library makes none. */
import { predictionsOf, type LossInput } from '../../losses/loss.ts';
import { gradient as gradientOf } from '../differentiate.ts';
import { input, type Expr } from '../expression.ts';
import type { Layout } from './arrayLayout.ts';
import { guardsOf } from './guards.ts';
import { indent, lineWidth } from './layout.ts';
import { Names, pythonName, pythonNames } from './names.ts';
import { sentence, type PrintableLoss } from './printable.ts';
import { fitsLines, pythonFunction, statement, type PythonArrays } from './python.ts';
import { inputsAnyShape, isIndex, shapeFor, shapeOf, type PythonShape } from './pythonShape.ts';
import { printTensors, type Root, type Statement, type TensorDialect } from './tensor.ts';

/** A library: what it calls things inside an expression, and around it. */
export interface PythonLibrary {
  readonly arrays: PythonArrays;
  readonly dialect: TensorDialect;
}

/** Name of the printed gradient function. */
export function gradientName(loss: PrintableLoss): string {
  return `${pythonName(loss)}_gradient`;
}

/** The loss written out, as a Python function. */
export function valueFunction(loss: PrintableLoss, library: PythonLibrary): string {
  const { arrays } = library;
  const shape = shapeFor(loss);
  const { expression, divisor } = shape;
  const reduces = expression.axes.length > 0;
  const roots = [
    { name: 'loss', expr: expression },
    ...(reduces && divisor !== undefined ? [{ name: 'divisor', expr: divisor }] : []),
  ];
  return pythonFunction({
    name: pythonName(loss),
    loss,
    shape,
    arrays,
    returns: reduces ? arrays.resultType : arrays.scalarType,
    summary: summary(loss),
    result: valueResult(loss, shape, arrays),
    reduces,
    body: [
      ...returned(statements(roots, loss, shape, library), reduces),
      ...(reduces ? ending(arrays, divisor) : []),
    ],
  });
}

/** The last assignment of a function that has nothing to reduce returns what it computes. */
function returned(lines: readonly string[], reduces: boolean): readonly string[] {
  return reduces ? lines : [...lines, 'return loss'];
}

/** The reduction at the end of a function. */
export function ending(arrays: PythonArrays, divisor?: Expr): string[] {
  const none = ['if reduction == "none":', '    return loss'];
  if (divisor === undefined)
    return [...none, `return ${arrays.mean('loss')} if reduction == "mean" else ${arrays.sum('loss')}`];
  return [
    ...none,
    'if reduction == "sum":',
    `    return ${arrays.sum('loss')}`,
    `return ${arrays.sum('loss')} / ${arrays.sum('divisor')}`,
  ];
}

/** The gradient of the loss by its predictions, as a Python function. */
export function gradientFunction(loss: PrintableLoss, library: PythonLibrary): string {
  const { arrays } = library;
  const shape = shapeFor(loss);
  const names = pythonNames(loss);
  const predictions = predictionsOf(loss);
  const single = predictions.length === 1;
  const rootOf = ({ id }: LossInput) => (single ? 'gradient' : `${names(id)}_gradient`);
  const reduces = shape.expression.axes.length > 0;
  const by = predictions.map((input) => ({
    name: rootOf(input),
    input,
    expr: gradientOf(shape.expression, input.id),
  }));
  const { divisor } = shape;
  const roots = [
    ...by.map(({ name, expr }) => ({ name, expr })),
    ...(reduces && divisor !== undefined ? [{ name: 'divisor', expr: divisor }] : []),
  ];
  const spread = by
    .filter(({ input, expr }) => expr.axes.length < axesIn(input, shape).length)
    .map(({ name, input }) => `${name} = np.full(${names(input.id)}.shape, ${name})`);
  const count = divisor === undefined ? countOf(loss, shape, library) : 'divisor.sum()';
  const results = by.map(({ name }) => name);
  const short = / /.test(count) ? `(${count})` : count;
  const tuple = (items: readonly string[]) => items.join(', ');
  const shapes = predictions.map(({ id }) => `\`\`${names(id)}\`\``);
  return pythonFunction({
    name: gradientName(loss),
    loss,
    shape,
    arrays,
    returns: single ? arrays.arrayType : `tuple[${results.map(() => arrays.arrayType).join(', ')}]`,
    summary: `Gradient of \`\`${pythonName(loss)}\`\` with respect to ${listed(shapes)}.`,
    result:
      (single
        ? `An ${arrays.arrayWord} of the shape of ${shapes[0]!}`
        : `An ${arrays.arrayWord} for each of ${listed(shapes)}, of its shape`) +
      (reduces
        ? ': the derivative of the mean or the sum; for "none" that of the sum, so that each value has its own.'
        : '.'),
    reduces,
    body: [
      ...statements(roots, loss, shape, library),
      ...spread,
      ...(!reduces
        ? [`return ${tuple(results)}`]
        : single
          ? [`return gradient / ${short} if reduction == "mean" else gradient`]
          : [
              `count = ${count} if reduction == "mean" else 1`,
              ...returnedTuple(results.map((name) => `${name} / count`)),
            ]),
    ],
  });
}

/** `return a, b`, one a line where they are too long for one. */
function returnedTuple(items: readonly string[]): string[] {
  const line = `return ${items.join(', ')}`;
  return line.length <= lineWidth - 4
    ? [line]
    : [
        'return (',
        ...indent(
          items.map((item) => `${item},`),
          '    ',
        ),
        ')',
      ];
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;
}

/** First line of the documentation. */
export function summary(loss: PrintableLoss): string {
  return `${loss.name}: ${sentence(loss.meaning.charAt(0).toLowerCase() + loss.meaning.slice(1))}`;
}

/** What the value function returns, in words. */
export function valueResult(loss: PrintableLoss, shape: PythonShape, arrays: PythonArrays): string {
  const precision = arrays.precision ?? '';
  if (shape.expression.axes.length === 0) return `The loss${precision}: a scalar.`;
  const [first] = inputsAnyShape(loss);
  const each =
    shape.kind === 'any' && first !== undefined
      ? `${arrays.arrayWord} of the shape of \`\`${pythonNames(loss)(first.id)}\`\``
      : shape.kind === 'rows'
        ? `${arrays.arrayWord} with one value a row`
        : `${arrays.arrayWord} of shape ${shapeOf(shape.expression.axes)}`;
  const article = arrays.arrayWord === 'array' ? 'an' : 'a';
  return `The loss${precision}: a scalar, or for "none" ${article} ${each}.`;
}

/** The axes that an input has in the expression. */
function axesIn(input: LossInput, shape: PythonShape) {
  return shape.kind === 'any' ? input.axes.slice(0, 1) : input.axes;
}

/** Expressions as statements, with comments on shapes. */
export function statements(
  roots: readonly Root[],
  loss: PrintableLoss,
  shape: PythonShape,
  { dialect }: PythonLibrary,
): string[] {
  const names = pythonNames(loss);
  const taken = [
    ...[...loss.inputs, ...loss.parameters].map(({ id }) => names(id)),
    ...roots.map(({ name }) => name),
    ...['reduction', 'outside', 'count', 'np', 'torch', 'F', 'keras', 'ops', 'jax', 'jnp', 'math', 'special'],
  ];
  const guards = guardsOf(loss, dialect.guards);
  const guarded = roots.map((root) => ({ ...root, expr: guards.rewrite(root.expr) }));
  const named = shape.named.flatMap((n) => guards.formsOf(n.expr).map((expr) => ({ ...n, expr })));
  const predictions = predictionsOf(loss);
  const quiet = dialect.quiet === undefined ? [] : guards.warnings(guarded.map(({ expr }) => expr));
  const printed = printTensors({
    roots: guarded,
    inputs: [...predictions, ...loss.inputs.filter((one) => !predictions.includes(one))].map((one) =>
      input(one.id, axesIn(one, shape), isIndex(one) ? 'index' : 'real'),
    ),
    named,
    names: () => new Names('python', taken),
    nameOf: names,
    dialect,
    fits: (name, text, depth) => fitsLines(name, text, depth + (quiet.length > 0 ? 1 : 0)),
  });
  if (quiet.length === 0 || dialect.quiet === undefined) return printed.flatMap((s) => lines(s, shape, 1));
  return [
    ...dialect.quiet(
      printed.flatMap((s) => lines(s, shape, 2)),
      quiet,
    ),
  ];
}

function lines(s: Statement, shape: PythonShape, depth: number): string[] {
  if (s.kind === 'let') {
    const axes = shape.kind === 'shaped' ? shapeComment(s.layout) : undefined;
    const full = [axes, s.meaning].filter((part) => part !== undefined).join(': ');
    const comments = full === '' ? [] : [full, ...(axes === undefined ? [] : [axes])];
    return statement(`${s.name} = `, s.text, comments, depth);
  }
  const inside = (list: readonly Statement[]) =>
    indent(
      list.flatMap((one) => lines(one, shape, depth + 1)),
      '    ',
    );
  const [only, ...more] = s.otherwise;
  const otherwise =
    only?.kind === 'branches' && more.length === 0
      ? lines(only, shape, depth).map((line, k) => (k === 0 ? `el${line}` : line))
      : ['else:', ...inside(s.otherwise)];
  return [`if ${s.condition}:`, ...inside(s.then), ...otherwise];
}

function shapeComment(layout: Layout): string {
  return layout.length === 0 ? 'scalar' : shapeOf(layout);
}

/** How many values the mean runs over. */
function countOf(loss: PrintableLoss, shape: PythonShape, { dialect }: PythonLibrary): string {
  const names = pythonNames(loss);
  const { axes } = shape.expression;
  const [first] = inputsAnyShape(loss);
  if (first !== undefined && shape.kind === 'any') return dialect.count(names(first.id));
  if (first !== undefined && shape.kind === 'rows')
    return `${dialect.count(names(first.id))} // ${dialect.extent(names(first.id), -1)}`;
  const same = loss.inputs.find((input) => input.axes.join() === axes.join());
  if (same !== undefined) return dialect.count(names(same.id));
  return axes
    .map((axis) => {
      const holder = loss.inputs.find((input) => input.axes.includes(axis));
      if (holder === undefined) throw new RangeError(`no input has the axis ${axis}`);
      const at = holder.axes.indexOf(axis);
      return dialect.extent(names(holder.id), at === 0 ? 0 : at - holder.axes.length);
    })
    .join(' * ');
}
