/** A Python function around a framework's own: documented and checked as one from scratch. */
import type { Api, Framework } from '../../losses/loss.ts';
import { idiomOf, type Idiom, type KeywordValue } from './idiom.ts';
import { pythonName, pythonNames } from './names.ts';
import type { PrintableLoss } from './printable.ts';
import { pythonFunction, pythonNumber, statement } from './python.ts';
import { ending, statements, summary, valueResult, type PythonLibrary } from './pythonLoss.ts';
import { shapeFor, type PythonShape } from './pythonShape.ts';

export interface Frame {
  readonly frameworks: readonly Framework[];
  /** Whose functions these are, for a refusal: `PyTorch`. */
  readonly owner: string;
  /** A canonical name as it is written in code: `F.huber_loss`. */
  readonly write: (name: string) => string;
  /** The value of a keyword as this framework wants it; `like` is an array. */
  readonly keyword?: (keyword: string, text: string, like: string, name: string) => string;
  /** An array of any shape as a vector, where that is what the functions want. */
  readonly vectors?: (name: string) => string;
  /** Arguments that must be brought into another form, and perhaps another name, by the name of the function. */
  readonly adapted?: Readonly<Record<string, Adapted>>;
  /** Calls that mean the loss beyond those that the catalogue lists. */
  readonly also?: (loss: PrintableLoss) => readonly Api[];
  /** Functions that are not this loss on all arguments, or cannot be called here, with the reason. */
  readonly inexact?: (api: Api, loss: PrintableLoss) => string | undefined;
}

/** Undefined where the function can be called as it is. */
export type Adapted = (
  names: (id: string) => string,
  loss: PrintableLoss,
) => { readonly name?: string; readonly args: readonly string[] } | undefined;

/** The source of the function; throws a RangeError that says why where the framework has none. */
export function idiomaticFunction(original: PrintableLoss, library: PythonLibrary, frame: Frame): string {
  const idiom = idiomOf(original, frame.frameworks, frame.owner, {
    inexact: (api) => frame.inexact?.(api, original),
    arranges: ({ name }) => Object.hasOwn(frame.adapted ?? {}, name),
    ...(frame.also === undefined ? {} : { also: frame.also(original) }),
  });
  const loss: PrintableLoss = { ...original, parameters: idiom.parameters };
  const shape = shapeFor(loss);
  const { arrays } = library;
  const { divisor } = shape;
  const plan = planOf(idiom, shape, loss, frame);
  return pythonFunction({
    name: pythonName(loss),
    loss,
    shape,
    arrays,
    returns: plan.reduces ? arrays.resultType : frame.owner === 'scikit-learn' ? 'float' : arrays.scalarType,
    summary: summary(loss),
    result: plan.reduces ? valueResult(loss, shape, arrays) : `The loss: ${plan.word}.`,
    reduces: plan.reduces,
    body: plan.ends
      ? [
          ...statement('loss = ', plan.text),
          ...(plan.rowMean === true ? [`loss = ${arrays.rowMean('loss')}`] : []),
          ...(divisor === undefined
            ? []
            : statements([{ name: 'divisor', expr: divisor }], loss, shape, library)),
          ...ending(arrays, divisor),
        ]
      : statement('return ', plan.text),
  });
}

/** How the value of the call becomes that of the function. */
interface Plan {
  readonly text: string;
  /** Whether the function takes a `reduction`. */
  readonly reduces: boolean;
  /** Whether it reduces by itself what the call returns. */
  readonly ends: boolean;
  /** What a function without `reduction` returns. */
  readonly word: string;
  /** Whether the mean of each row is taken before. */
  readonly rowMean?: true;
}

function planOf(idiom: Idiom, shape: PythonShape, loss: PrintableLoss, frame: Frame): Plan {
  const { gives, api } = idiom;
  const { axes } = shape.expression;
  const scaled = (text: string) => (api.scale === undefined ? text : scaledBy(text, api.scale));
  const call = (options: CallOptions = {}) =>
    scaled(callText(idiom, loss, frame, { ...options, isAny: shape.kind === 'any' }));
  const refused = () => new RangeError(`${api.name} gives ${gives}, from which this loss cannot be made`);
  const reduced = (text: string): Plan => ({ text, reduces: true, ends: true, word: '' });
  if (axes.length === 0) {
    if (gives === 'elements' || gives === 'rows') throw refused();
    return { text: call(), reduces: false, ends: false, word: 'a scalar' };
  }
  // The loss has the mean of each row, the function each element.
  const lacksMean = loss.rowsFirst && api.framework !== 'keras';
  switch (gives) {
    case 'reduction':
      if (lacksMean) return { ...reduced(call({ reduction: '"none"' })), rowMean: true };
      // A class of Keras averages over the last axis before it reduces.
      if (api.framework === 'keras' && !isRows(shape)) throw refused();
      return { text: call({ reduction: 'reduction' }), reduces: true, ends: false, word: '' };
    case 'elements':
      return lacksMean ? { ...reduced(call()), rowMean: true } : reduced(call());
    case 'rows':
      if (isRows(shape)) return reduced(call());
      if (shape.kind !== 'any') throw refused();
      // A last axis of length one: the mean over it leaves each element.
      return reduced(call({ isApart: true }));
    case 'mean':
      return { text: call(), reduces: false, ends: false, word: 'the mean' };
    case 'sum':
      return { text: call(), reduces: false, ends: false, word: 'the sum' };
  }
}

/** Whether the loss has one value a row. */
function isRows({ kind, expression }: PythonShape): boolean {
  return kind === 'rows' || (kind === 'shaped' && expression.axes.join() === 'sample');
}

function scaledBy(text: string, scale: number): string {
  const factor = 1 / scale;
  return Number.isInteger(factor) ? `${factor} * ${text}` : `${text} / ${pythonNumber(scale)}`;
}

interface CallOptions {
  /** Text of the keyword `reduction`. */
  readonly reduction?: string;
  /** Each element gets a row of its own. */
  readonly isApart?: boolean;
  /** The arrays may have any shape. */
  readonly isAny?: boolean;
}

function callText(
  { api, args, keywords }: Idiom,
  loss: PrintableLoss,
  frame: Frame,
  { reduction, isApart, isAny }: CallOptions,
): string {
  const names = pythonNames(loss);
  const like = names((loss.inputs.find(({ role }) => role === 'prediction') ?? loss.inputs[0]!).id);
  const given = keywords.map(({ keyword, value }) => {
    const text = valueText(value, names);
    return `${keyword}=${frame.keyword?.(keyword, text, like, api.name) ?? text}`;
  });
  const options = [...given, ...(reduction === undefined ? [] : [`reduction=${reduction}`])];
  const adapted = frame.adapted?.[api.name]?.(names, loss);
  if (adapted === undefined && args.length < loss.inputs.length)
    throw new RangeError(`${api.name} takes only ${args.map(({ id }) => id).join(' and ')}`);
  const arrays =
    adapted?.args ??
    args.map(({ id }) => {
      if (isApart === true) return `${names(id)}[..., None]`;
      return isAny === true && frame.vectors !== undefined ? frame.vectors(names(id)) : names(id);
    });
  const name = adapted?.name ?? frame.write(api.name);
  return api.form === 'class'
    ? `${name}(${options.join(', ')})(${arrays.join(', ')})`
    : `${name}(${[...arrays, ...options].join(', ')})`;
}

function valueText(value: KeywordValue, names: (id: string) => string): string {
  if (value.kind === 'parameter') return names(value.id);
  if (typeof value.value === 'boolean') return value.value ? 'True' : 'False';
  return typeof value.value === 'string' ? `"${value.value}"` : String(value.value);
}
