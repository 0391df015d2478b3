import type { LossInput } from '../../losses/loss.ts';
import { baseAxis, type Axis } from '../expression.ts';
import { idiomOf, type Idiom } from './idiom.ts';
import { indent } from './layout.ts';
import { Names, typescriptName } from './names.ts';
import { sentence, type PrintableLoss } from './printable.ts';
import { shapeFor, type PythonShape } from './pythonShape.ts';
import { rangeChecks } from './scriptChecks.ts';
import {
  axisPlural,
  comment,
  conventionSentence,
  listed,
  optionsType,
  scriptName,
  scriptSummary,
  thrown,
} from './scriptDoc.ts';
import { helpersFor } from './scriptHelpers.ts';
import { laidOut } from './scriptLayout.ts';
import { reads } from './scriptScope.ts';
import { optionsArgument, overloads, signature } from './scriptSignature.ts';
import type { Manner, Snippet } from './snippet.ts';
import { tfjsHelpers } from './tfjsHelpers.ts';
import { printTfjs, shapeText } from './tfjsTensor.ts';

const tab = '  ';

/** The value in TensorFlow.js, whose `tf.grad` makes the gradient. */
export function tfjsLoss(loss: PrintableLoss, manner: Manner): Snippet {
  const name = typescriptName(loss);
  const lines = manner === 'scratch' ? fromScratch(loss, name) : idiomatic(loss, name);
  return {
    code: `${lines.join('\n')}\n`,
    imports: [{ module: '@tensorflow/tfjs', alias: 'tf' }],
    name,
  };
}

function fromScratch(loss: PrintableLoss, name: string): string[] {
  const shape = shapeFor(loss);
  const { expression, divisor } = shape;
  const reduces = expression.axes.length > 0;
  const names = new Names('typescript', [
    ...[...loss.inputs, ...loss.parameters].map(({ id }) => scriptName(id)),
    ...['tf', 'loss', 'divisor', 'reduction', ...tfjsHelpers.map((helper) => helper.name)],
  ]);
  const extents = new TfjsExtents(loss, shape, names);
  const roots = [
    { name: 'loss', expr: expression },
    ...(reduces && divisor !== undefined ? [{ name: 'divisor', expr: divisor }] : []),
  ];
  const computed = printTfjs({ loss, shape, names, extent: (axis) => extents.of(axis), roots });
  const body = [
    ...extents.constantsFor(computed),
    ...(reduces ? reduced(computed, divisor !== undefined) : returned(computed)),
  ];
  return functionOf(loss, shape, name, reduces, [
    ...checks(loss, shape, name),
    'return tf.tidy(() => {',
    ...indent(body, tab),
    '});',
  ]);
}

/** The last constant is returned instead. */
function returned(lines: readonly string[]): string[] {
  const last = /^const \w+ = (.*?);( \/\/ .*)?$/.exec(lines.at(-1) ?? '');
  const value = last?.[1] ?? '';
  // A function of one tensor has the type of that tensor.
  const typed = /\.(?!sum|mean|max)\w+\(\)$/.test(value) ? `${value}.asScalar()` : value;
  return [...lines.slice(0, -1), `return ${typed};`];
}

/** The lines that compute the loss, and the divisor behind it, with the reduction. */
function reduced(lines: readonly string[], divides: boolean): string[] {
  if (!divides) return [...lines, ...ending()];
  // A divisor that has a name already needs no other.
  const name = /^const divisor = (\w+);/.exec(lines.at(-1) ?? '')?.[1];
  return name === undefined ? [...lines, ...ending('divisor')] : [...lines.slice(0, -1), ...ending(name)];
}

function ending(divisor?: string): string[] {
  const mean = divisor === undefined ? 'loss.mean()' : `loss.sum().div(${divisor}.sum())`;
  return ["if (reduction === 'none') return loss;", `return reduction === 'mean' ? ${mean} : loss.sum();`];
}

/** A documented function with overloads, and the helpers that its lines call. */
function functionOf(
  loss: PrintableLoss,
  shape: PythonShape,
  name: string,
  reduces: boolean,
  lines: readonly string[],
): string[] {
  const inputs = loss.inputs.map((input) => argument(input, shape));
  const body = laidOut(indent(lines, tab));
  const helpers = helpersFor(lines, tfjsHelpers).flatMap((helper) => ['', ...helper]);
  return [
    ...optionsType(loss, name, reduces),
    ...comment([
      scriptSummary(loss),
      ...conventionSentence(loss),
      '',
      ...documented(loss, shape),
      reduces
        ? `@returns The loss, a scalar; with \`reduction: 'none'\` ${eachValue(loss, shape)}.`
        : '@returns The loss of the whole batch, a scalar.',
      ...thrown(loss).map((text) => text.replace('lengths', 'shapes')),
      `@see ${sentence(loss.source)}`,
    ]),
    ...(reduces ? overloads(name, inputs, 'tf.Tensor', 'tf.Scalar') : []),
    ...signature(
      name,
      [...inputs, ...optionsArgument(loss, name, reduces, lines)],
      reduces ? 'tf.Tensor {' : 'tf.Scalar {',
    ),
    ...body,
    '}',
    ...helpers,
  ];
}

function argument({ id, axes }: LossInput, { kind }: PythonShape): string {
  const type = axes.length === 0 ? 'number' : kind === 'shaped' ? `tf.Tensor${axes.length}D` : 'tf.Tensor';
  return `${scriptName(id)}: ${type}`;
}

function documented(loss: PrintableLoss, { kind }: PythonShape): string[] {
  const first = loss.inputs.find(({ axes }) => axes.length > 0);
  return loss.inputs.map((input) => {
    const shape =
      kind === 'shaped'
        ? input.axes.length === 0
          ? ''
          : ` Shape: ${shapeText(input.axes)!}.`
        : input === first
          ? ' Any shape.'
          : ` Of the shape of \`${scriptName(first!.id)}\`.`;
    return `@param ${scriptName(input.id)} ${sentence(input.meaning)}${shape}`;
  });
}

function eachValue(loss: PrintableLoss, shape: PythonShape): string {
  const [first] = loss.inputs;
  if (shape.kind === 'any') return `a tensor of the shape of \`${scriptName(first!.id)}\``;
  if (shape.kind === 'rows') return 'a tensor with one value a row';
  return `a tensor of shape ${shapeText(shape.expression.axes)!}`;
}

/** The extents of axes: members of shapes, and constants for those that are read more than once. */
class TfjsExtents {
  readonly #code = new Map<Axis, string>();
  readonly #constants = new Map<string, string>();

  constructor(loss: PrintableLoss, { kind }: PythonShape, names: Names) {
    for (const { id, axes } of loss.inputs) {
      axes.forEach((axis, at) => {
        if (this.#code.has(axis)) return;
        const code =
          kind === 'any' || axes.length === 1 ? `${scriptName(id)}.size` : `${scriptName(id)}.shape[${at}]`;
        const name = names.take(axisPlural(axis));
        this.#code.set(axis, name);
        this.#constants.set(name, code);
      });
    }
  }

  of(axis: Axis): string {
    const code = this.#code.get(baseAxis(axis));
    if (code === undefined) throw new RangeError(`no input has the axis ${axis}`);
    return code;
  }

  constantsFor(lines: readonly string[]): string[] {
    return [...this.#constants]
      .filter(([name]) => lines.some((line) => reads(line.replace(/ \/\/ .*$/, ''), name)))
      .map(([name, code]) => `const ${name} = ${code};`);
  }
}

/** Lines that refuse shapes that would be broadcast silently, and options out of range. */
function checks(loss: PrintableLoss, shape: PythonShape, name: string): string[] {
  const inputs = loss.inputs.filter(({ axes }) => axes.length > 0);
  const [first, ...others] = inputs;
  if (shape.kind !== 'shaped') {
    return [
      ...others.map(
        ({ id }) =>
          `tf.util.assertShapesMatch(${scriptName(first!.id)}.shape, ${scriptName(id)}.shape, '${name}: ');`,
      ),
      ...rangeChecks(loss, name),
    ];
  }
  const seen = new Map<Axis, string>();
  const conditions = inputs.flatMap(({ id, axes }) =>
    axes.flatMap((axis, at) => {
      const own = `${scriptName(id)}.shape[${at}]`;
      const before = seen.get(axis);
      seen.set(axis, before ?? own);
      return before === undefined ? [] : [`${own} !== ${before}`];
    }),
  );
  const ids = listed(inputs.map(({ id }) => scriptName(id)));
  return [
    ...(conditions.length === 0
      ? []
      : [
          `if (${conditions.join(' || ')}) {`,
          `  throw new RangeError('${name}: the shapes of ${ids} do not fit');`,
          '}',
        ]),
    ...rangeChecks(loss, name),
  ];
}

/** The arguments of the functions of `tf.losses` in their order; JavaScript has no keywords. */
const signatures: Readonly<Record<string, readonly string[]>> = {
  'tf.losses.absoluteDifference': ['labels', 'predictions', 'weights', 'reduction'],
  'tf.losses.cosineDistance': ['labels', 'predictions', 'axis', 'weights', 'reduction'],
  'tf.losses.hingeLoss': ['labels', 'predictions', 'weights', 'reduction'],
  'tf.losses.huberLoss': ['labels', 'predictions', 'weights', 'delta', 'reduction'],
  'tf.losses.logLoss': ['labels', 'predictions', 'weights', 'epsilon', 'reduction'],
  'tf.losses.meanSquaredError': ['labels', 'predictions', 'weights', 'reduction'],
  'tf.losses.sigmoidCrossEntropy': ['labels', 'logits', 'weights', 'labelSmoothing', 'reduction'],
  'tf.losses.softmaxCrossEntropy': ['labels', 'logits', 'weights', 'labelSmoothing', 'reduction'],
};

/** Around the library's own function. */
function idiomatic(loss: PrintableLoss, name: string): string[] {
  const idiom = idiomOf(loss, ['tfjs'], 'TensorFlow.js');
  const shape = shapeFor(loss);
  const reduces = shape.expression.axes.length > 0;
  const { api } = idiom;
  const lines = api.name.startsWith('tf.regularizers.')
    ? regularizer(idiom)
    : lossCall(idiom, reduces, loss.rowsFirst);
  return functionOf({ ...loss, parameters: idiom.parameters }, shape, name, reduces, [
    ...rangeChecks({ ...loss, parameters: idiom.parameters }, name),
    ...lines,
  ]);
}

/** A regularizer is made with its options, then applied. */
function regularizer({ api, args, keywords }: Idiom): string[] {
  const options = keywords.map(({ keyword, value }) => `${keyword}: ${valueText(value)}`);
  const call = `${api.name}({ ${options.join(', ')} }).apply(${args.map(({ id }) => scriptName(id)).join(', ')})`;
  return [`return ${scaled(call, api.scale)};`];
}

function lossCall({ api, args, keywords }: Idiom, reduces: boolean, rowsFirst: boolean): string[] {
  const order = signatures[api.name];
  if (order === undefined || !reduces) throw new RangeError(`${api.name} is not a function of tf.losses`);
  const values = new Map(keywords.map(({ keyword, value }) => [keyword, valueText(value)]));
  const given = args.map(({ id }) => scriptName(id));
  const reduction = rowsFirst ? 'tf.Reduction.NONE' : 'reductions[reduction]';
  const positional = order.map((argument, at) =>
    argument === 'reduction' ? reduction : (given[at] ?? values.get(argument) ?? 'undefined'),
  );
  const call = scaled(`${api.name}(${positional.join(', ')})`, api.scale);
  if (rowsFirst)
    return ['return tf.tidy(() => {', ...indent([`const loss = ${call}.mean(-1);`, ...ending()], tab), '});'];
  return [
    'const reductions = { none: tf.Reduction.NONE, mean: tf.Reduction.MEAN, sum: tf.Reduction.SUM };',
    `return ${call};`,
  ];
}

function scaled(call: string, scale: number | undefined): string {
  return scale === undefined ? call : `${call}.div(${scale})`;
}

function valueText(value: Idiom['keywords'][number]['value']): string {
  return value.kind === 'parameter' ? scriptName(value.id) : String(value.value);
}
