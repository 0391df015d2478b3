/** Expressions as fast float64 JavaScript; equal to the interpreter up to the rounding of a reordered sum. */
import { extent, programmed, type Environment } from './evaluate.ts';
import { baseAxis, inputsOf, nodesOf, parametersOf, type Axis, type Expr } from './expression.ts';
import { atom, precedence, type Fragment } from './fragment.ts';
import { LoopWriter, type Dialect, type Storage } from './loops.ts';
import { logNormalCdf } from './normal.ts';
import { lower, programmeOf, schedule, type Step } from './schedule.ts';

/**
 * Runs compiled expressions: one result each, row-major over the expression's axes. Throws a RangeError as the
 * interpreter does.
 */
export type CompiledFunction = (environment: Environment) => readonly Float64Array[];

type Body = (
  sizes: Readonly<Record<Axis, number>>,
  parameters: Readonly<Record<string, number>>,
  inputs: readonly ArrayLike<number>[],
  arrays: readonly Float64Array[],
  helpers: Helpers,
) => void;

/** What compiled code calls by name. */
interface Helpers {
  readonly logNormalCdf: (x: number) => number;
  /** Fills the array of a step that is a dynamic programme. */
  readonly programme: (step: number, ...args: readonly ArrayLike<number>[]) => void;
}

/** Sizes are not known yet; with this one what pairs of samples share is worth keeping, what rows share is not. */
const usualExtent = 32;

/** Compiles expressions into one function; what they share is computed once. Costs about a millisecond: keep it. */
export function compileFunction(roots: readonly Expr[]): CompiledFunction {
  const lowered = roots.map((root) => ({ expr: lower(root, 'host'), axes: root.axes }));
  const steps = schedule(lowered, { nest: true, extent: () => usualExtent });
  const inputs = [...new Map(roots.flatMap(inputsOf).map((node) => [node.name, node])).values()];
  const parameters = [...new Set(roots.flatMap((root) => parametersOf(root).map((node) => node.name)))];
  const body = writeBody(steps, inputs);
  const axes = [...new Set(steps.flatMap((step) => [...step.axes, ...nodesOf(step.expr).flatMap(axesOf)]))];
  return ({ sizes, inputs: given, parameters: values = {} }) => {
    for (const name of parameters)
      if (values[name] === undefined) throw new RangeError(`parameter ${name} is not given`);
    const count = (axes: readonly Axis[]) => axes.reduce((product, axis) => product * extent(sizes, axis), 1);
    const data = inputs.map(({ name, axes }) => {
      const array = given[name];
      if (array === undefined) throw new RangeError(`input ${name} is not given`);
      const needed = count(axes);
      if (array.length === needed) return array;
      throw new RangeError(
        `input ${name}[${axes.join(', ')}] needs ${needed} values, received ${array.length}`,
      );
    });
    const arrays = steps.map((step) => new Float64Array(count(step.axes)));
    // The sizes of all axes that steps run over, renamed copies included.
    const allSizes = Object.fromEntries(axes.map((axis) => [axis, extent(sizes, axis)]));
    const programme = (step: number, ...args: readonly ArrayLike<number>[]) => {
      arrays[step]!.set(runProgramme(steps[step]!.expr, args, allSizes));
    };
    body(allSizes, values, data, arrays, { logNormalCdf, programme });
    return lowered.map((_, root) => arrays[steps.findIndex((step) => step.root === root)]!);
  };
}

function axesOf(node: Expr): readonly Axis[] {
  if (node.kind === 'size') return [node.axis];
  if (node.kind !== 'apply') return node.axes;
  return [...node.axes, ...node.args.flatMap((arg) => arg.axes), ...Object.values(node.attributes)];
}

function runProgramme(
  expr: Expr,
  args: readonly ArrayLike<number>[],
  sizes: Readonly<Record<Axis, number>>,
): Float64Array {
  const row = programmeOf(expr);
  if (row === undefined || expr.kind !== 'apply') throw new RangeError('not a programme');
  const tensors = expr.args.map(({ axes }, i) => ({ axes, data: Float64Array.from(args[i]!) }));
  return programmed(expr, row, tensors, sizes).data;
}

function writeBody(
  steps: readonly Step[],
  inputs: readonly { readonly name: string; readonly axes: readonly Axis[] }[],
): Body {
  const sizeNames = new Map<Axis, string>();
  const sizeName = (axis: Axis) => {
    const known = sizeNames.get(axis) ?? `n${sizeNames.size}`;
    sizeNames.set(axis, known);
    return known;
  };
  const strides = (axes: readonly Axis[]) =>
    axes
      .map(
        (_, i) =>
          axes
            .slice(i + 1)
            .map(sizeName)
            .join(' * ') || '1',
      )
      .map((text) => (text.includes('*') ? `(${text})` : text));
  const dialect: Dialect = {
    number: numberText,
    size: sizeName,
    isTrivial: () => false,
    position: (value) => value,
    check: (index, axis) =>
      `if (!(${index} >= 0 && ${index} < ${sizeName(axis)} && Number.isInteger(${index}))) throw new RangeError('gather: ' + ${index} + ' is outside axis ${baseAxis(axis)}');`,
    lowest: '-Infinity',
    isInfinitySafe: true,
  };
  const given = new Map(
    inputs.map(({ name, axes }, i): [string, Storage] => [
      name,
      { name: `x${i}`, axes, strides: strides(axes) },
    ]),
  );
  const filled = new Map<Expr, Storage>();
  const blocks = steps.map((step, i) => {
    const storage: Storage = { name: `y${i}`, axes: step.axes, strides: strides(step.axes) };
    if (step.root === undefined && step.expr.kind === 'apply' && programmeOf(step.expr) !== undefined) {
      const args = step.expr.args.map((arg) =>
        arg.kind === 'input' ? given.get(arg.name)!.name : filled.get(arg)!.name,
      );
      filled.set(step.expr, storage);
      return `helpers.programme(${i}, ${args.join(', ')});`;
    }
    const writer = new LoopWriter(dialect, filled, given, step.expr);
    const nest = (axes: readonly Axis[]): void => {
      const [axis, ...rest] = axes;
      if (axis !== undefined) {
        writer.loop(axis, () => {
          nest(rest);
        });
        return;
      }
      const value = writer.value(step.expr);
      writer.line(`${writer.element(storage)} = ${value.text};`);
    };
    nest(step.axes);
    if (step.root === undefined) filled.set(step.expr, storage);
    return `{\n${writer.text()}\n}`;
  });
  const code = [
    "'use strict';",
    'const { logNormalCdf } = helpers;',
    ...[...sizeNames].map(([axis, name]) => `const ${name} = sizes[${JSON.stringify(axis)}];`),
    ...inputs.map((_, i) => `const x${i} = inputs[${i}];`),
    ...steps.map((_, i) => `const y${i} = arrays[${i}];`),
    ...blocks,
  ].join('\n');
  // The text is written by this file from interned nodes, never taken from a user.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  return new Function('sizes', 'parameters', 'inputs', 'arrays', 'helpers', code) as Body;
}

function numberText(value: number): Fragment {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return text.startsWith('-') ? { text, precedence: precedence.unary } : atom(text);
}
