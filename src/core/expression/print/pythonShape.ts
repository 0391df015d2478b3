/** For which shapes of arrays the printed code of a loss is written. */
import type { LossInput } from '../../losses/loss.ts';
import { apply } from '../build.ts';
import { baseAxis, input, nodesOf, type Axis, type Expr, type Named } from '../expression.ts';
import { primitive } from '../primitives.ts';
import { withArgs } from '../rewrite.ts';
import type { Layout } from './arrayLayout.ts';
import type { PrintableLoss } from './printable.ts';

/**
 * - `any`: elements at equal places are compared, whatever the number of axes; expressions see them in one line.
 * - `rows`: the same, then the mean over the last axis.
 * - `shaped`: each input has exactly its axes.
 */
export interface PythonShape {
  readonly kind: 'any' | 'rows' | 'shaped';
  readonly expression: Expr;
  readonly divisor?: Expr;
  readonly named: readonly Named[];
}

/** Whether an input holds whole numbers that stand for places. */
export function isIndex({ kind }: LossInput): boolean {
  return ['class-index', 'label-set', 'label-sequence', 'length'].includes(kind);
}

/** The inputs whose elements are matched where any shape will do. */
export function inputsAnyShape(loss: PrintableLoss): readonly LossInput[] {
  return loss.inputs.filter(({ axes }) => axes.length > 0);
}

/** The shapes of a loss, and its expression for them. */
export function shapeFor(loss: PrintableLoss): PythonShape {
  const expression = loss.expression();
  const divisor = loss.divisor?.();
  const whole = divisor === undefined || divisor.kind === 'const' ? {} : { divisor };
  const named = loss.named?.() ?? [];
  const [first, ...others] = inputsAnyShape(loss);
  const matched =
    first !== undefined &&
    others.every(({ axes }) => axes.join() === first.axes.join()) &&
    ['sample', 'sample,output'].includes(first.axes.join());
  if (matched) {
    const exprs = [expression, ...(divisor === undefined ? [] : [divisor])];
    const flat = exprs.map((expr) => inOneLine(expr, first.axes));
    if (flat.every((expr) => expr !== undefined)) {
      return {
        kind: 'any',
        expression: flat[0]!,
        ...(whole.divisor === undefined ? {} : { divisor: flat[1]! }),
        named: named.flatMap((n) => {
          const expr = inOneLine(n.expr, first.axes);
          return expr === undefined ? [] : [{ ...n, expr }];
        }),
      };
    }
    if (first.axes.length === 2 && whole.divisor === undefined && isRowMean(expression, first.axes))
      return { kind: 'rows', expression, named };
  }
  return { kind: 'shaped', expression, ...whole, named };
}

function isRowMean(expr: Expr, axes: readonly Axis[]): boolean {
  const last = axes.at(-1)!;
  return (
    expr.kind === 'apply' &&
    expr.op === 'mean' &&
    expr.attributes['axis'] === last &&
    inOneLine(expr.args[0]!, axes) !== undefined
  );
}

/**
 * The expression with all axes of its inputs laid out as one; undefined where they do not play the same part. Reductions
 * over all of them become one.
 */
function inOneLine(root: Expr, axes: readonly Axis[]): Expr | undefined {
  const [line] = axes;
  const flattened = (node: Expr): Expr | undefined => {
    switch (node.kind) {
      case 'input':
        return node.axes.length === 0 ? node : input(node.name, [line!], node.dtype);
      case 'size':
        return axes.length === 1 ? node : undefined;
      case 'index':
        return undefined;
      case 'const':
      case 'param':
        return node;
      case 'apply': {
        const { kind } = primitive(node.op);
        if (kind === 'reduction') return reduced(node.op, node);
        if (kind !== 'elementwise') return undefined;
        const args = node.args.map(known);
        return args.some((a) => a === undefined) ? undefined : withArgs(node, args as Expr[]);
      }
    }
  };
  const reduced = (op: string, node: Expr): Expr | undefined => {
    const over: Axis[] = [];
    let inner = node;
    while (inner.kind === 'apply' && inner.op === op && over.length < axes.length) {
      over.push(inner.attributes['axis']!);
      inner = inner.args[0]!;
    }
    if ([...over].sort().join() !== [...axes].sort().join() || inner.axes.join() !== axes.join())
      return undefined;
    const arg = known(inner);
    return arg === undefined ? undefined : apply(op, [arg], { axis: line! });
  };
  const done = new Map<Expr, Expr | undefined>();
  const known = (node: Expr): Expr | undefined => {
    if (!done.has(node)) done.set(node, flattened(node));
    return done.get(node);
  };
  const wanted = root.axes.length === 0 || root.axes.join() === axes.join();
  const mixed = nodesOf(root).some((n) => n.axes.some((axis) => axis !== baseAxis(axis)));
  return wanted && !mixed ? known(root) : undefined;
}

const letters: Readonly<Record<Axis, string>> = {
  sample: 'N',
  class: 'C',
  output: 'D',
  feature: 'D',
  item: 'M',
  time: 'T',
  label: 'L',
  negative: 'K',
  pixel: 'P',
  row: 'H',
  column: 'W',
};

/** The letter of an axis in shapes: `sample` → N. */
export function shapeLetter(axis: Axis): string {
  return letters[baseAxis(axis)] ?? axis.charAt(0).toUpperCase();
}

/** Letters for axes as Python writes a shape: `(N, C)`, with 1 for an axis of length one. */
export function shapeOf(axes: Layout): string {
  const list = axes.map((axis) => (axis === null ? '1' : shapeLetter(axis)));
  return list.length === 1 ? `(${list[0]!},)` : `(${list.join(', ')})`;
}
