import { predictionsOf, type InputKind, type LossInput } from '../../losses/loss.ts';
import { gradient as gradientOf } from '../differentiate.ts';
import type { Axis, Expr, Input } from '../expression.ts';
import { precedence, wrap, type Fragment } from '../fragment.ts';
import { indent } from './layout.ts';
import { printLoops, type LoopRoot } from './loops.ts';
import { camel, Names, typescriptName } from './names.ts';
import { sentence, type PrintableLoss } from './printable.ts';
import { Extents, kindChecks, rangeChecks, shapeChecks } from './scriptChecks.ts';
import {
  axisWord,
  comment,
  conventionSentence,
  listed,
  optionsType,
  scriptName,
  scriptSummary,
  thrown,
} from './scriptDoc.ts';
import { flattened } from './scriptFlat.ts';
import { helpersFor } from './scriptHelpers.ts';
import { laidOut } from './scriptLayout.ts';
import { optionsArgument, overloads, signature } from './scriptSignature.ts';
import type { Snippet } from './snippet.ts';

const tab = '  ';

/** Value and gradient in plain TypeScript: functions over nested arrays of numbers, without dependencies. */
export function typescriptLoss(original: PrintableLoss): Snippet {
  const loss = flattened(original);
  const name = typescriptName(loss);
  const gradientName = `${name}Gradient`;
  const reduces = loss.expression().axes.length > 0;
  const functions = [...valueFunction(loss, name), '', ...gradientFunction(loss, name, gradientName)];
  const helpers = helpersFor(functions).flatMap((lines) => ['', ...lines]);
  const lines = [...optionsType(loss, name, reduces), ...functions, ...helpers];
  return { code: `${lines.join('\n')}\n`, imports: [], name, gradientName };
}

function valueFunction(loss: PrintableLoss, name: string): string[] {
  const expr = loss.expression();
  const rank = expr.axes.length;
  const reduces = rank > 0;
  const names = namesFor(loss, ['losses', 'values', 'sum', 'count', 'lossRow', 'lossRows']);
  const extents = new Extents(loss, names);
  const divisor = divisorOf(loss);
  const value: LoopRoot = reduces
    ? { expr, axes: expr.axes, ...collected('losses', 'lossRow', rank, (x) => x.text) }
    : { expr, axes: [], consume: ({ text }) => [`return ${text};`] };
  const counted = divisor === undefined ? [] : [counting(divisor)];
  const loops = printLoops({ ...planOf(loss, names, extents), roots: [value, ...counted] });
  const all = rank > 1 ? 'values' : 'losses';
  const body = [
    ...checks(loss, name, extents),
    ...(divisor === undefined ? [] : ['let count = 0;']),
    ...loops,
    ...(reduces
      ? [
          "if (reduction === 'none') return losses;",
          ...(rank > 1 ? [`const values = losses.flat(${rank > 2 ? rank - 1 : ''});`] : []),
          `const sum = ${all}.reduce((a, b) => a + b, 0);`,
          `return reduction === 'mean' ? sum / ${divisor === undefined ? `${all}.length` : 'count'} : sum;`,
        ]
      : []),
  ];
  const inputs = loss.inputs.map(argument);
  return [
    ...comment([
      scriptSummary(loss),
      ...conventionSentence(loss),
      '',
      ...documented(loss),
      reduces
        ? `@returns The loss; with \`reduction: 'none'\` ${eachValue(loss)}.`
        : '@returns The loss of the whole batch.',
      ...thrown(loss),
      `@see ${sentence(loss.source)}`,
    ]),
    ...(reduces ? overloads(name, inputs, arrayType(rank), 'number') : []),
    ...signature(
      name,
      [...inputs, ...optionsArgument(loss, name, reduces, body)],
      reduces ? `number | ${arrayType(rank)} {` : 'number {',
    ),
    ...laidOut(indent([...extents.constantsFor(body), ...body], tab)),
    '}',
  ];
}

function gradientFunction(loss: PrintableLoss, name: string, gradientName: string): string[] {
  const predictions = predictionsOf(loss);
  const alone = predictions.length === 1 ? predictions[0] : undefined;
  const arrayOf = ({ id }: LossInput) =>
    alone === undefined ? camel([...id.split('_'), 'gradient']) : 'gradient';
  const own = predictions.flatMap((p) => [arrayOf(p), `${arrayOf(p)}Row`, `${arrayOf(p)}Rows`]);
  const names = namesFor(loss, ['count', ...own]);
  const extents = new Extents(loss, names);
  const expr = loss.expression();
  const reduces = expr.axes.length > 0;
  const finished = (x: Fragment) => (reduces ? `${wrap(x, precedence.unary)} / count` : x.text);
  const plan = planOf(loss, names, extents);
  const roots = predictions.map((prediction): LoopRoot => ({
    expr: gradientOf(expr, prediction.id),
    axes: prediction.axes,
    ...collected(arrayOf(prediction), `${arrayOf(prediction)}Row`, prediction.axes.length, finished),
  }));
  const body = [
    ...checks(loss, gradientName, extents),
    ...(reduces ? countLines(loss, extents, plan) : []),
    ...printLoops({ ...plan, roots }),
    alone === undefined
      ? `return { ${predictions.map((p) => `${scriptName(p.id)}: ${arrayOf(p)}`).join(', ')} };`
      : 'return gradient;',
  ];
  const members = predictions.map((p) => `${scriptName(p.id)}: ${arrayType(p.axes.length)}`);
  const ids = listed(predictions.map((p) => `\`${scriptName(p.id)}\``));
  return [
    ...comment([
      `Gradient of {@link ${name}} with respect to ${ids}.`,
      '',
      ...documented(loss),
      `@returns For each element of ${alone === undefined ? 'each of them' : ids} the derivative of ` +
        (reduces ? "the mean or the sum; with `reduction: 'none'` that of the sum." : 'the loss.'),
      ...thrown(loss),
    ]),
    ...signature(
      gradientName,
      [...loss.inputs.map(argument), ...optionsArgument(loss, name, reduces, body)],
      `${alone === undefined ? `{ ${members.join('; ')} }` : arrayType(alone.axes.length)} {`,
    ),
    ...laidOut(indent([...extents.constantsFor(body), ...body], tab)),
    '}',
  ];
}

/** Lines that find what the gradient of a mean is divided by. */
function countLines(loss: PrintableLoss, extents: Extents, plan: Plan): string[] {
  const divisor = divisorOf(loss);
  if (divisor === undefined) {
    const elements = loss.expression().axes.map((axis) => extents.of(axis));
    return [`const count = reduction === 'mean' ? ${elements.join(' * ')} : 1;`];
  }
  return [
    "let count = reduction === 'mean' ? 0 : 1;",
    "if (reduction === 'mean') {",
    ...indent(printLoops({ ...plan, roots: [counting(divisor)] }), tab),
    '}',
  ];
}

/** Names that are taken already: inputs, options and what the function itself needs. */
function namesFor(loss: PrintableLoss, own: readonly string[]): Names {
  const given = [...loss.inputs, ...loss.parameters].map(({ id }) => scriptName(id));
  return new Names('typescript', [...given, 'reduction', 'isClass', 'isClassOrNone', ...own]);
}

type Plan = ReturnType<typeof planOf>;

/** What value and gradient share: names and lets. */
function planOf(loss: PrintableLoss, names: Names, extents: Extents) {
  const words: Partial<Record<InputKind, string>> = {
    logit: 'logit',
    'class-index': 'label',
    'binary-label': 'label',
    'sign-label': 'label',
  };
  const alone = predictionsOf(loss).length === 1;
  return {
    named: loss.named?.() ?? [],
    names,
    extent: (axis: Axis) => extents.of(axis),
    variable: ({ name }: Input) => scriptName(name),
    elementName: ({ name }: Input) => {
      const input = loss.inputs.find(({ id }) => id === name);
      const usual = alone && input?.role === 'prediction' ? 'value' : `${name}_value`;
      return scriptName(words[input?.kind ?? 'value'] ?? usual);
    },
  };
}

/** How the values of a root are collected in nested arrays; a single value gets the name itself. */
function collected(
  array: string,
  row: string,
  rank: number,
  write: (value: Fragment) => string,
): Pick<LoopRoot, 'before' | 'after' | 'consume'> {
  const names = [array, ...(rank > 2 ? [`${row}s`] : []), ...(rank > 1 ? [row] : [])];
  return {
    before: (level) => [`const ${names[level]!}: ${arrayType(rank - level)} = [];`],
    after: (level) => (level === 0 ? [] : [`${names[level - 1]!}.push(${names[level]!});`]),
    consume: (value) => [
      rank === 0 ? `const ${array} = ${write(value)};` : `${names.at(-1)!}.push(${write(value)});`,
    ],
  };
}

/** Adds up what the mean divides by. */
function counting(divisor: Expr): LoopRoot {
  return { expr: divisor, axes: divisor.axes, consume: ({ text }) => [`count += ${text};`] };
}

/** What the mean divides by, where that is not the number of elements. */
function divisorOf(loss: PrintableLoss): Expr | undefined {
  const divisor = loss.divisor?.();
  return divisor === undefined || divisor.kind === 'const' ? undefined : divisor;
}

function checks(loss: PrintableLoss, name: string, extents: Extents): string[] {
  return [
    ...shapeChecks(loss, name, extents),
    ...kindChecks(loss, name, extents),
    ...rangeChecks(loss, name),
  ];
}

function argument(input: LossInput): string {
  const types = ['number', 'ArrayLike<number>', 'readonly ArrayLike<number>[]'];
  return `${scriptName(input.id)}: ${types[input.axes.length] ?? 'readonly (readonly ArrayLike<number>[])[]'}`;
}

function arrayType(rank: number): string {
  return `number${'[]'.repeat(rank)}`;
}

/** Whether every input is a plain list of numbers. */
function isListed(loss: PrintableLoss): boolean {
  return loss.inputs.every(({ axes }) => axes.length === 1);
}

function documented(loss: PrintableLoss): string[] {
  const [first, ...others] = loss.inputs;
  return loss.inputs.map((one) => {
    const alike = isListed(loss) && others.includes(one) && one.axes.join() === first?.axes.join();
    const shape = alike
      ? ` As many as in \`${scriptName(first.id)}\`.`
      : shapeWords(one.axes, isListed(loss));
    return `@param ${scriptName(one.id)} ${sentence(one.meaning)}${shape}`;
  });
}

function shapeWords(axes: readonly Axis[], isListed: boolean): string {
  const [first, second, third] = axes.map(axisWord);
  if (first === undefined || (second === undefined && isListed)) return '';
  if (second === undefined) return ` One ${first}.`;
  if (third === undefined) return ` One row ${first}, one number ${second}.`;
  return ` One array ${first}, one row ${second}, one number ${third}.`;
}

function eachValue(loss: PrintableLoss): string {
  const axes = loss.expression().axes.map((axis) => axisWord(axis).replace(/^an? /, ''));
  if (axes.length > 1) return `an array with one value for each ${listed(axes)}`;
  return isListed(loss) ? 'one value for each element' : `one value for each ${axes[0]!}`;
}
