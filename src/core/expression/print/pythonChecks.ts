/** The checks at the door of a printed Python function. */
import type { LossInput } from '../../losses/loss.ts';
import type { Axis } from '../expression.ts';
import { indent, lineWidth } from './layout.ts';
import { pythonNames } from './names.ts';
import { rangeOf, rangeWords, type PrintableLoss, type PrintableParameter } from './printable.ts';
import { inputsAnyShape, shapeOf, type PythonShape } from './pythonShape.ts';

const tab = '    ';

/** What differs between the array libraries at the door. */
export interface Doors {
  /** A line that turns what was given into an array; `like` is the first prediction. */
  readonly convert: (name: string, input: LossInput, like: string) => string | undefined;
  /** The number of axes of an array. */
  readonly rank: (name: string) => string;
  /** A condition that is true where the array holds no integers; undefined where `convert` makes them. */
  readonly isNotInteger?: (name: string) => string;
  readonly integerWord: string;
  /** Whether the range of class indices is checked here; otherwise the library raises by itself, or cannot look. */
  readonly checksIndices: boolean;
  /** The shape of an array for a message. */
  readonly shownShape: (name: string) => string;
}

type Fail = (condition: string, ...message: readonly string[]) => string[];

/** The statements with which a function begins. */
export function checks({
  name,
  loss,
  shape,
  arrays,
  reduces,
}: {
  readonly name: string;
  readonly loss: PrintableLoss;
  readonly shape: PythonShape;
  readonly arrays: Doors;
  readonly reduces: boolean;
}): string[] {
  const names = pythonNames(loss);
  const fail: Fail = (condition, ...message) => raiseIf(condition, name, message);
  const like = names((loss.inputs.find(({ role }) => role === 'prediction') ?? loss.inputs[0]!).id);
  const first = loss.inputs.find(({ id }) => names(id) === like);
  const conversions = [first!, ...loss.inputs.filter((input) => input !== first)]
    .map((input) => arrays.convert(names(input.id), input, like))
    .filter((line) => line !== undefined);
  const shapes = shape.kind === 'shaped' ? shapeChecks(loss, arrays, fail) : equalShapes(loss, arrays, fail);
  return [
    ...conversions,
    ...shapes,
    ...loss.inputs.flatMap((input) => indexChecks(loss, input, arrays, fail)),
    ...loss.parameters.flatMap((p) => rangeCheck(names(p.id), p, fail)),
    ...(reduces
      ? fail('reduction not in ("mean", "sum", "none")', 'unknown reduction ', '{reduction!r}')
      : []),
  ];
}

function equalShapes(loss: PrintableLoss, arrays: Doors, fail: Fail): string[] {
  const names = inputsAnyShape(loss).map(({ id }) => pythonNames(loss)(id));
  const [first, second, ...more] = names;
  if (first === undefined || second === undefined) return [];
  if (more.length === 0) {
    return fail(
      `${first}.shape != ${second}.shape`,
      `${first} has shape {${arrays.shownShape(first)}}, `,
      `${second} has {${arrays.shownShape(second)}}; they must be equal`,
    );
  }
  return fail(
    `not ${names.map((n) => `${n}.shape`).join(' == ')}`,
    `the shapes of ${names.slice(0, -1).join(', ')} and ${names.at(-1)!} must be equal, `,
    `received ${names.map((n) => `{${arrays.shownShape(n)}}`).join(', ')}`,
  );
}

/** Each array has its axes, and an axis has one length wherever it occurs. */
function shapeChecks(loss: PrintableLoss, arrays: Doors, fail: Fail): string[] {
  const names = pythonNames(loss);
  const seen: LossInput[] = [];
  const conditions: string[] = [];
  for (const input of loss.inputs) {
    conditions.push(...conditionsOf(input, seen, names, arrays));
    seen.push(input);
  }
  if (conditions.length === 0) return [];
  const given = loss.inputs.map(({ id }) => names(id));
  return fail(
    conditions.join(' or '),
    `expected ${listed(loss.inputs.map((i) => `${names(i.id)} ${shapeOf(i.axes)}`))}, `,
    `received ${listed(given.map((n) => `{${arrays.shownShape(n)}}`))}`,
  );
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;
}

/** Conditions under which an array does not fit those seen before. */
function conditionsOf(
  input: LossInput,
  seen: readonly LossInput[],
  names: (id: string) => string,
  arrays: Doors,
): string[] {
  const name = names(input.id);
  const { axes } = input;
  const whole = seen.find((other) => other.axes.slice(0, axes.length).join() === axes.join());
  if (whole !== undefined && axes.length > 0) {
    const shape = `${names(whole.id)}.shape${whole.axes.length === axes.length ? '' : `[:${axes.length}]`}`;
    return [`${name}.shape != ${shape}`];
  }
  const known = axes.map((axis) => extentOf(axis, seen, names));
  if (axes.length > 0 && known.every((extent) => extent !== undefined)) {
    const tuple = known.length === 1 ? `(${known[0]!},)` : `(${known.join(', ')})`;
    return [`${name}.shape != ${tuple}`];
  }
  return [
    `${arrays.rank(name)} != ${axes.length}`,
    ...known.flatMap((extent, k) => (extent === undefined ? [] : [`${name}.shape[${k}] != ${extent}`])),
  ];
}

function extentOf(
  axis: Axis,
  inputs: readonly LossInput[],
  names: (id: string) => string,
): string | undefined {
  const holder = inputs.find(({ axes }) => axes.includes(axis));
  return holder === undefined ? undefined : `${names(holder.id)}.shape[${holder.axes.indexOf(axis)}]`;
}

function indexChecks(loss: PrintableLoss, input: LossInput, arrays: Doors, fail: Fail): string[] {
  if (input.kind !== 'class-index') return [];
  const names = pythonNames(loss);
  const name = names(input.id);
  const classes = extentOf(
    'class',
    loss.inputs.filter((other) => other !== input),
    names,
  );
  const ignored = loss.parameters.find(({ id }) => id === 'ignoreIndex');
  const outside = `(${name} < 0) | (${name} >= ${classes ?? ''})`;
  const condition =
    ignored === undefined
      ? { before: [], text: `(${outside}).any()` }
      : {
          before: [`outside = ${outside}`],
          text: `(outside & (${name} != ${names(ignored.id)})).any()`,
        };
  return [
    ...(arrays.isNotInteger === undefined
      ? []
      : fail(
          arrays.isNotInteger(name),
          `${name} must hold ${arrays.integerWord} class indices, `,
          `received {${name}.dtype}`,
        )),
    ...(arrays.checksIndices && classes !== undefined
      ? [
          ...condition.before,
          ...fail(condition.text, `a class index in ${name} is not in `, `0..{${classes} - 1}`),
        ]
      : []),
  ];
}

function rangeCheck(name: string, p: PrintableParameter, fail: Fail): string[] {
  const { low, high } = rangeOf(p);
  if (low === undefined && high === undefined) return [];
  const below = low === undefined ? '' : `${low.bound} ${low.exclusive ? '<' : '<='} `;
  const above = high === undefined ? '' : ` ${high.exclusive ? '<' : '<='} ${high.bound}`;
  return fail(`not ${below}${name}${above}`, `${name} must be ${rangeWords(p)}, `, `received {${name}}`);
}

/** `if condition: raise ValueError(…)`; a message that is too long for a line goes on one line a part. */
function raiseIf(condition: string, name: string, message: readonly string[]): string[] {
  const literal = (text: string) => `${text.includes('{') ? 'f' : ''}"${text}"`;
  const whole = `raise ValueError(${literal(`${name}: ${message.join('')}`)})`;
  const room = lineWidth - 2 * tab.length;
  const head = ifLines(condition);
  if (whole.length <= room) return [...head, tab + whole];
  const joined = literal(`${name}: ${message.join('')}`);
  const parts =
    joined.length + tab.length <= room
      ? [joined]
      : [`${name}: ${message[0] ?? ''}`, ...message.slice(1)].flatMap((part) =>
          splitText(part, room - tab.length - 3).map(literal),
        );
  return [...head, `${tab}raise ValueError(`, ...indent(parts, tab + tab), `${tab})`];
}

/** `if a or b:`, one condition a line where they are too long for one. */
function ifLines(condition: string): string[] {
  const line = `if ${condition}:`;
  if (line.length <= lineWidth - tab.length) return [line];
  const terms = condition.split(' or ');
  return ['if (', ...terms.map((term, k) => `${tab}${k === 0 ? '' : 'or '}${term}`), '):'];
}

/** A long text in pieces, split behind spaces outside braces. */
function splitText(text: string, width: number): string[] {
  const pieces: string[] = [];
  let line = '';
  for (const word of text.match(/(?:\{[^}]*\}|[^\s{])+\s*|\s+/g) ?? []) {
    if (line !== '' && line.length + word.length > width) {
      pieces.push(line);
      line = '';
    }
    line += word;
  }
  return line === '' ? pieces : [...pieces, line];
}
