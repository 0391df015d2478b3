import { apply } from '../build.ts';
import { input, nodesOf, type Apply, type Axis, type Expr } from '../expression.ts';
import { primitive } from '../primitives.ts';
import { substitute } from '../rewrite.ts';
import type { PrintableLoss } from './printable.ts';
import { axisOf } from './symbols.ts';

/**
 * A loss over arrays of one number an element, where nothing depends on how the elements are arranged in rows:
 * elementwise losses, and those that reduce all elements alike. Otherwise the loss itself.
 */
export function flattened(loss: PrintableLoss): PrintableLoss {
  const axes = loss.inputs[0]?.axes ?? [];
  if (axes.length < 2 || loss.inputs.some((one) => one.axes.join() !== axes.join())) return loss;
  const { divisor } = loss;
  const exprs = [loss.expression(), ...(divisor === undefined ? [] : [divisor()])];
  if (!exprs.every((expr) => isFlat(expr, axes))) return loss;
  const kept = axes.slice(0, 1);
  const inputs = loss.inputs.map((one) => ({ ...one, axes: kept }));
  const flat = (expr: Expr) => {
    const given = nodesOf(expr).filter((node) => node.kind === 'input');
    return substitute(
      withoutRows(expr, axes),
      Object.fromEntries(given.map(({ name, dtype }) => [name, input(name, kept, dtype)])),
    );
  };
  return {
    ...loss,
    inputs,
    expression: () => flat(loss.expression()),
    ...(divisor === undefined ? {} : { divisor: () => flat(divisor()) }),
    named: () =>
      (loss.named?.() ?? []).filter((n) => isFlat(n.expr, axes)).map((n) => ({ ...n, expr: flat(n.expr) })),
  };
}

/** Whether every node works element by element, or reduces all axes with one operation. */
function isFlat(expr: Expr, axes: readonly Axis[]): boolean {
  if (expr.kind === 'size' || expr.kind === 'index') return false;
  if (expr.kind !== 'apply') return true;
  const inner = reducedWhole(expr, axes);
  if (inner !== undefined) return isFlat(inner, axes);
  return primitive(expr.op).kind === 'elementwise' && expr.args.every((arg) => isFlat(arg, axes));
}

/** What one operation reduces over all axes, one after the other. */
function reducedWhole(expr: Apply, axes: readonly Axis[]): Expr | undefined {
  let at: Expr = expr;
  const reduced: Axis[] = [];
  while (at.kind === 'apply' && at.op === expr.op && primitive(at.op).kind === 'reduction') {
    reduced.push(axisOf(at));
    at = at.args[0]!;
  }
  return reduced.length > 0 && [...reduced].sort().join() === [...axes].sort().join() ? at : undefined;
}

/** Reductions over all axes as one over the first. */
function withoutRows(expr: Expr, axes: readonly Axis[]): Expr {
  if (expr.kind !== 'apply') return expr;
  const inner = reducedWhole(expr, axes);
  if (inner !== undefined) return apply(expr.op, [withoutRows(inner, axes)], { axis: axes[0]! });
  return apply(
    expr.op,
    expr.args.map((arg) => withoutRows(arg, axes)),
    expr.attributes,
  );
}
