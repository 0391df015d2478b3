/** An order of expressions by what they are, not by when they were made: results do not depend on what ran before. */
import type { Expr } from '../expression.ts';

const texts = new WeakMap<Expr, string>();
const most = 120;

/** A short text that tells most expressions apart. */
function textOf(e: Expr): string {
  const known = texts.get(e);
  if (known !== undefined) return known;
  const text = describe(e).slice(0, most);
  texts.set(e, text);
  return text;
}

function describe(e: Expr): string {
  switch (e.kind) {
    case 'const':
      return `0${e.value}`;
    case 'input':
      return `1${e.name}`;
    case 'param':
      return `2${e.name}`;
    case 'index':
    case 'size':
      return `3${e.axis}`;
    case 'apply':
      return `4${e.args.map(textOf).join()}${e.op}${Object.values(e.attributes).join()}`;
  }
}

/** Negative where the first comes earlier: inputs by name, then parameters, then what is made of them. */
export function compareExpr(x: Expr, y: Expr): number {
  const [first, second] = [textOf(x), textOf(y)];
  if (first === second) return x.id - y.id;
  return first < second ? -1 : 1;
}
