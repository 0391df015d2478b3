import { pairOf, type LossInput } from '../../losses/loss.ts';
import { breakStatement, indent, lineWidth, wrapWords } from './layout.ts';
import { snake } from './names.ts';
import {
  isElementwise,
  rangeOf,
  rangeSentence,
  rangeWords,
  sentence,
  type PrintableLoss,
  type PrintableParameter,
} from './printable.ts';

const tab = '    ';

/** What differs between the array libraries in everything around the mathematics. */
export interface PythonArrays {
  readonly argumentType: string;
  readonly resultType: string;
  readonly arrayType: string;
  readonly arrayWord: 'array' | 'tensor';
  /** Lines that turn what was given into arrays. */
  readonly convert: (input: LossInput) => string | undefined;
  /** An expression that is true where the array holds integers. */
  readonly isInteger: (name: string) => string;
  readonly integerWord: string;
  /** Whether the range of class indices is checked here; otherwise the library raises by itself. */
  readonly checksIndices: boolean;
  /** The shape of an array for a message. */
  readonly shownShape: (name: string) => string;
}

/** A printed Python function: value or gradient. */
export interface PythonFunction {
  readonly name: string;
  readonly loss: PrintableLoss;
  readonly arrays: PythonArrays;
  readonly returns: string;
  readonly summary: string;
  readonly result: string;
  /** Statements between the checks and the end, not indented. */
  readonly body: readonly string[];
}

/** The source of a documented Python function with type hints, keyword-only options and checks at its door. */
export function pythonFunction(f: PythonFunction): string {
  const { prediction, target } = pairOf(f.loss);
  const given = [prediction, target].map((input) => `${input.id}: ${f.arrays.argumentType},`);
  const options = f.loss.parameters.map((p) => `${snake(p.id)}: float = ${pythonNumber(p.default)},`);
  return [
    `def ${f.name}(`,
    ...indent([...given, '*,', ...options, 'reduction: Literal["mean", "sum", "none"] = "mean",'], tab),
    `) -> ${f.returns}:`,
    ...indent([...docstring(f), ...checks(f), ...f.body], tab),
    '',
  ].join('\n');
}

/** `name = expression` in lines that fit, with the first comment that fits behind the last. */
export function assign(name: string, expression: string, comments: readonly string[] = []): string[] {
  const lines = breakStatement(
    `${name} = ${tightPowers(expression)}`,
    tab,
    lineWidth - tab.length,
    'leading',
  );
  const last = lines.at(-1) ?? '';
  const comment = comments.find((text) => last.length + 4 + text.length + tab.length <= lineWidth);
  return comment === undefined ? lines : [...lines.slice(0, -1), `${last}  # ${comment}`];
}

/** Black writes a power of simple operands without spaces. */
function tightPowers(text: string): string {
  return text.replace(/\b([\w.]+) \*\* (\w+)\b/g, '$1**$2');
}

/** A number as Python source; whole numbers keep a point, so that a parameter reads as a float. */
export function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return 'float("nan")';
  if (!Number.isFinite(value)) return value > 0 ? 'float("inf")' : '-float("inf")';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Letters for axes in shapes: `sample` → N. */
export function shapeOf(axes: readonly string[]): string {
  const letters = axes.map(
    (axis) => ({ sample: 'N', class: 'C', output: 'D' })[axis] ?? axis.charAt(0).toUpperCase(),
  );
  return letters.length === 1 ? `(${letters[0]!},)` : `(${letters.join(', ')})`;
}

function docstring(f: PythonFunction): string[] {
  const width = lineWidth - 2 * tab.length;
  const { prediction, target } = pairOf(f.loss);
  const item = (name: string, text: string) =>
    indent(wrapWords(`${name}: ${text}`, width - tab.length, tab), tab);
  const summary = wrapWords(f.summary, width);
  return [
    `"""${summary[0] ?? ''}`,
    ...summary.slice(1),
    '',
    'Args:',
    ...item(prediction.id, `${sentence(prediction.meaning)} ${shapeWords(f.loss, prediction)}`),
    ...item(target.id, `${sentence(target.meaning)} ${shapeWords(f.loss, target)}`),
    ...f.loss.parameters.flatMap((p) => item(snake(p.id), `${sentence(p.meaning)} ${rangeSentence(p)}`)),
    ...item('reduction', '"mean" or "sum" of all values, or "none" for each of them.'),
    '',
    'Returns:',
    ...indent(wrapWords(f.result, width - tab.length), tab),
    '',
    'Raises:',
    ...item('ValueError', raised(f.loss)),
    '',
    ...wrapWords(`Source: ${sentence(f.loss.source)}`, width, tab),
    '"""',
  ];
}

function raised(loss: PrintableLoss): string {
  const reasons = [isElementwise(loss) ? 'the shapes differ' : 'the shapes do not fit'];
  if (pairOf(loss).target.kind === 'class-index') reasons.push('the targets are not class indices');
  if (loss.parameters.some((p) => rangeWords(p) !== '')) reasons.push('a parameter is out of range');
  return `If ${reasons.join(', ')}, or the reduction is unknown.`;
}

function shapeWords(loss: PrintableLoss, input: LossInput): string {
  if (!isElementwise(loss)) return `Shape: ${shapeOf(input.axes)}.`;
  return input === pairOf(loss).prediction
    ? 'Any shape.'
    : `Shape: that of \`\`${pairOf(loss).prediction.id}\`\`.`;
}

function checks(f: PythonFunction): string[] {
  const { prediction, target } = pairOf(f.loss);
  const [p, t] = [prediction.id, target.id];
  const shown = f.arrays.shownShape;
  const fail = (condition: string, ...message: string[]) => raiseIf(condition, f.name, message);
  const lines = [prediction, target].map(f.arrays.convert).filter((line) => line !== undefined);
  if (isElementwise(f.loss)) {
    lines.push(
      ...fail(
        `${p}.shape != ${t}.shape`,
        `${p} has shape {${shown(p)}}, `,
        `${t} has {${shown(t)}}; they must be equal`,
      ),
    );
  } else {
    lines.push(
      ...fail(
        `${p}.ndim != ${prediction.axes.length} or ${t}.shape != ${p}.shape[:${target.axes.length}]`,
        `expected ${p} ${shapeOf(prediction.axes)} and ${t} ${shapeOf(target.axes)}, `,
        `received {${shown(p)}} and {${shown(t)}}`,
      ),
    );
  }
  if (target.kind === 'class-index') {
    const type = f.arrays.isInteger(t);
    lines.push(
      ...fail(
        type.includes(' == ') ? type.replace(' == ', ' != ') : `not ${type}`,
        `${t} must hold ${f.arrays.integerWord} class indices, `,
        `received {${t}.dtype}`,
      ),
    );
    if (f.arrays.checksIndices) {
      lines.push(
        ...fail(
          `((${t} < 0) | (${t} >= ${p}.shape[-1])).any()`,
          `a class index in ${t} is not in `,
          `0..{${p}.shape[-1] - 1}`,
        ),
      );
    }
  }
  for (const parameter of f.loss.parameters) lines.push(...rangeCheck(parameter, fail));
  lines.push(...fail('reduction not in ("mean", "sum", "none")', 'unknown reduction ', '{reduction!r}'));
  return lines;
}

function rangeCheck(
  p: PrintableParameter,
  fail: (condition: string, ...message: string[]) => string[],
): string[] {
  const { low, high } = rangeOf(p);
  if (low === undefined && high === undefined) return [];
  const name = snake(p.id);
  const below = low === undefined ? '' : `${low.bound} ${low.exclusive ? '<' : '<='} `;
  const above = high === undefined ? '' : ` ${high.exclusive ? '<' : '<='} ${high.bound}`;
  return fail(`not ${below}${name}${above}`, `${name} must be ${rangeWords(p)}, `, `received {${name}}`);
}

/** `if condition: raise ValueError(…)`; a message that is too long for a line goes on one line a part. */
function raiseIf(condition: string, name: string, message: readonly string[]): string[] {
  const literal = (text: string) => `${text.includes('{') ? 'f' : ''}"${text}"`;
  const whole = `raise ValueError(${literal(`${name}: ${message.join('')}`)})`;
  const room = lineWidth - 2 * tab.length;
  if (whole.length <= room) return [`if ${condition}:`, tab + whole];
  const joined = literal(`${name}: ${message.join('')}`);
  const parts =
    joined.length + tab.length <= room
      ? [joined]
      : [literal(`${name}: ${message[0] ?? ''}`), ...message.slice(1).map(literal)];
  return [`if ${condition}:`, `${tab}raise ValueError(`, ...indent(parts, tab + tab), `${tab})`];
}
