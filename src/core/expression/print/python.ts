/** The skeleton of a printed Python function: signature, documentation, and how statements are laid out. */
import type { LossInput } from '../../losses/loss.ts';
import { indent, lineWidth, wrapWords } from './layout.ts';
import { pythonNames, shortNumber } from './names.ts';
import {
  rangeSentence,
  rangeWords,
  sentence,
  type PrintableLoss,
  type PrintableParameter,
} from './printable.ts';
import { checks, type Doors } from './pythonChecks.ts';
import { blackLines, breaksWell } from './pythonLines.ts';
import { inputsAnyShape, shapeOf, type PythonShape } from './pythonShape.ts';

const tab = '    ';

/** What differs between the array libraries in everything around the mathematics. */
export interface PythonArrays extends Doors {
  readonly argumentType: string;
  readonly resultType: string;
  /** The type of a loss that is one number. */
  readonly scalarType: string;
  readonly arrayType: string;
  readonly arrayWord: 'array' | 'tensor';
  /** What the library computes in, where it is always the same: ` in float64`. */
  readonly precision?: string;
  /** The library passes the targets first, as to `compile(loss=…)`. */
  readonly targetsFirst?: true;
  /** The mean and the sum of an array. */
  readonly mean: (name: string) => string;
  readonly sum: (name: string) => string;
  /** The mean over the last axis. */
  readonly rowMean: (text: string) => string;
}

/** A printed Python function: value or gradient. */
export interface PythonFunction {
  readonly name: string;
  readonly loss: PrintableLoss;
  readonly shape: PythonShape;
  readonly arrays: PythonArrays;
  readonly returns: string;
  readonly summary: string;
  readonly result: string;
  /** Whether it takes a `reduction`. */
  readonly reduces: boolean;
  /** Statements between the checks and the end, not indented. */
  readonly body: readonly string[];
}

/** The inputs in the order of the printed arguments. */
export function argumentsOf(
  loss: PrintableLoss,
  { targetsFirst }: Pick<PythonArrays, 'targetsFirst'>,
): readonly LossInput[] {
  if (targetsFirst !== true) return loss.inputs;
  const targets = loss.inputs.filter(({ role }) => role === 'target');
  return [...targets, ...loss.inputs.filter((input) => !targets.includes(input))];
}

/** The source of a documented Python function with type hints, keyword-only options and checks at its door. */
export function pythonFunction(f: PythonFunction): string {
  const names = pythonNames(f.loss);
  const given = argumentsOf(f.loss, f.arrays).map(({ id }) => `${names(id)}: ${f.arrays.argumentType},`);
  const options = [
    ...f.loss.parameters.map((p) => `${names(p.id)}: ${typed(p)},`),
    ...(f.reduces ? ['reduction: Literal["mean", "sum", "none"] = "mean",'] : []),
  ];
  const signature = [...given, ...(options.length === 0 ? [] : ['*,', ...options])];
  const short = `def ${f.name}(${signature.join(' ').replace(/,$/, '')}) -> ${f.returns}:`;
  return [
    ...(short.length <= lineWidth
      ? [short]
      : [`def ${f.name}(`, ...indent(signature, tab), `) -> ${f.returns}:`]),
    ...indent([...docstring(f), ...checks(f), ...f.body], tab),
    '',
  ].join('\n');
}

/** Type and default of a parameter. */
function typed({ default: value, whole }: PrintableParameter): string {
  return whole === true && Number.isInteger(value) ? `int = ${value}` : `float = ${pythonNumber(value)}`;
}

/** A statement that begins so, in lines that fit at a depth of indentation. */
export function statement(
  start: string,
  expression: string,
  comments: readonly string[] = [],
  depth = 1,
): string[] {
  const room = lineWidth - depth * tab.length;
  const lines = blackLines(start, tightPowers(expression), room);
  const last = lines.at(-1) ?? '';
  const comment = comments.find((text) => last.length + 4 + text.length <= room);
  return comment === undefined ? lines : [...lines.slice(0, -1), `${last}  # ${comment}`];
}

/** Whether the lines of an assignment fit. */
export function fitsLines(name: string, expression: string, depth: number): boolean {
  const room = lineWidth - depth * tab.length;
  const written = statement(`${name} = `, expression, [], depth);
  return written.length === 1
    ? (written[0] ?? '').length <= room
    : breaksWell(expression) && written.every((line) => line.length <= room);
}

/** Black writes a power of simple operands without spaces. */
function tightPowers(text: string): string {
  return text.replace(/(?<![\w.)\]])(-?[\w.]+) \*\* (-?[\w.]+)(?![\w.([])/g, '$1**$2');
}

/** A number as Python source; whole numbers keep a point, so that a parameter reads as a float. */
export function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return 'float("nan")';
  if (!Number.isFinite(value)) return value > 0 ? 'float("inf")' : '-float("inf")';
  const text = shortNumber(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function docstring(f: PythonFunction): string[] {
  const width = lineWidth - 2 * tab.length;
  const names = pythonNames(f.loss);
  const item = (name: string, text: string) =>
    indent(wrapWords(`${name}: ${text.trim()}`, width - tab.length, tab), tab);
  const summary = wrapWords(f.summary, width - 3);
  const { conventionNote } = f.loss;
  return [
    `"""${summary[0] ?? ''}`,
    ...summary.slice(1),
    '',
    ...(conventionNote === undefined ? [] : [...wrapWords(conventionNote, width), '']),
    'Args:',
    ...argumentsOf(f.loss, f.arrays).flatMap((input) =>
      item(names(input.id), `${sentence(input.meaning)} ${shapeWords(f, input)}`),
    ),
    ...f.loss.parameters.flatMap((p) => item(names(p.id), `${sentence(p.meaning)} ${rangeSentence(p)}`)),
    ...(f.reduces ? item('reduction', '"mean" or "sum" of all values, or "none" for each of them.') : []),
    '',
    'Returns:',
    ...indent(wrapWords(f.result, width - tab.length), tab),
    '',
    'Raises:',
    ...item('ValueError', raised(f)),
    '',
    ...wrapWords(`Source: ${sentence(f.loss.source)}`, width, tab),
    '"""',
  ];
}

function raised({ loss, shape, reduces }: PythonFunction): string {
  const reasons: string[] = [];
  if (shape.kind === 'shaped') reasons.push('the shapes do not fit');
  else if (loss.inputs.length > 1) reasons.push('the shapes differ');
  if (loss.inputs.some(({ kind }) => kind === 'class-index'))
    reasons.push('the targets are not class indices');
  if (loss.parameters.some((p) => rangeWords(p) !== '')) reasons.push('a parameter is out of range');
  if (reduces) reasons.push('the reduction is unknown');
  const last = reasons.pop();
  return last === undefined
    ? 'Never.'
    : `If ${reasons.length === 0 ? last : `${reasons.join(', ')}, or ${last}`}.`;
}

function shapeWords({ loss, shape }: PythonFunction, input: LossInput): string {
  if (shape.kind === 'shaped') return `Shape: ${shapeOf(input.axes)}.`;
  const [first] = inputsAnyShape(loss);
  if (input.axes.length === 0) return 'A scalar.';
  if (input !== first && first !== undefined) return `Shape: that of \`\`${pythonNames(loss)(first.id)}\`\`.`;
  return shape.kind === 'rows' ? 'Shape: (..., D).' : 'Any shape.';
}
