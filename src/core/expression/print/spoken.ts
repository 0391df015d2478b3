import { predictionsOf, type Loss } from '../../losses/loss.ts';
import { gradient } from '../differentiate.ts';
import type { Expr } from '../expression.ts';
import { primitive } from '../primitives.ts';
import {
  axisOf,
  excluding,
  factorOf,
  including,
  letterFor,
  meanLetters,
  pairLetters,
  relabelled,
  subscripts,
  symbolsOf,
  type Letters,
} from './symbols.ts';

/** A formula that would take longer to hear than this many words is not read out; its code says the same. */
const mostWords = 120;

/** The formulas of a loss in plain words, as the text alternative of its picture. */
export function speakLoss(loss: Loss): string {
  const symbols = symbolsOf(loss);
  const expr = loss.expression();
  const of = loss.inputs.map(({ symbol }) => spokenSymbol(symbol));
  const value = speak(expr, symbols, pairLetters(expr));
  const slopes = predictionsOf(loss).map((by) => {
    const letters = meanLetters(by);
    const symbol = spokenSymbol(by.symbol, subscripts(by.axes, letters));
    const slope = gradient(expr, by.id);
    if (expr.axes.length === 0) return `Gradient by each ${symbol}: ${speak(slope, symbols, letters)}.`;
    const [factor, rest] = factorOf(slope);
    return `Gradient of the mean over n values by each ${symbol}: ${factor === 1 ? 'one' : spokenNumber(factor)} over n times ${grouped(rest, 'mul', symbols, letters)}.`;
  });
  const told = [`${loss.name} of ${list(of)}: ${value}.`, ...slopes].map((text) =>
    text.split(' ').length > mostWords ? `${text.split(':')[0]!}: a long formula.` : text,
  );
  return told.join(' ');
}

function list(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;
}

/** Operations whose words join their arguments, so that what comes before or after could be taken in. */
const joining = new Set(['add', 'sub', 'where', 'lt', 'le', 'gt', 'ge', 'eq', 'ne', 'and', 'or', 'xlogy']);

/** Where the ear would group differently than the formula does, the group is announced. */
function grouped(arg: Expr, inside: string, symbols: ReadonlyMap<string, string>, letters: Letters): string {
  const text = speak(arg, symbols, letters);
  return arg.kind === 'apply' && joining.has(arg.op) && !joining.has(inside) ? `the quantity ${text}` : text;
}

/** An expression in plain words. */
export function speak(expr: Expr, symbols: ReadonlyMap<string, string>, letters: Letters): string {
  switch (expr.kind) {
    case 'const':
      return spokenNumber(expr.value);
    case 'param':
      return spokenSymbol(symbols.get(expr.name) ?? expr.name);
    case 'input':
      return spokenSymbol(symbols.get(expr.name) ?? expr.name, subscripts(expr.axes, letters));
    case 'size':
      return expr.axis === 'sample' ? 'n' : `the number of ${expr.axis} values`;
    case 'index':
      return letters.get(expr.axis) ?? letterFor(expr.axis, letters);
    case 'apply':
      break;
  }
  const row = primitive(expr.op);
  const axis = axisOf(expr);
  const place = { dim: '', keepdim: false, rank: 0, letter: '', extent: 'n' };
  const words = (arg: Expr, at: Letters) => grouped(arg, expr.op, symbols, at);
  switch (row.kind) {
    case 'elementwise': {
      const parts = expr.args.map((arg) => words(arg, letters));
      if (expr.op === 'where' && parts[1] === '1' && parts[2] === '0')
        return `one if ${parts[0]!}, else zero`;
      const long =
        (expr.op === 'add' || expr.op === 'sub') && parts.some((part) => part.split(' ').length > 3);
      // A pause ends a group: "the quantity a minus b, squared".
      const paused = parts.map((part, k) =>
        (long && k === 0) || (groups(expr.op) && part.startsWith('the quantity ')) ? `${part},` : part,
      );
      return row.print.spoken(paused, place).replace(/,$/, '');
    }
    case 'reduction': {
      const letter = letterFor(axis, letters);
      return row.print.spoken([words(expr.args[0]!, including(letters, axis, letter))], { ...place, letter });
    }
    case 'mapping': {
      const letter = letters.get(axis);
      const line = row.print.spoken([words(expr.args[0]!, excluding(letters, axis))], place);
      return letter === undefined ? line : `${line} at ${letter}`;
    }
    case 'structural': {
      if (expr.op === 'rename') {
        const { from = '', to = '' } = expr.attributes;
        return speak(expr.args[0]!, symbols, relabelled(letters, from, to));
      }
      const [x, at] = [expr.args[0]!, speak(expr.args[1]!, symbols, letters)];
      if (x.kind === 'input') return speak(x, symbols, including(letters, axis, at));
      return row.print.spoken([words(x, excluding(letters, axis)), at], place);
    }
    case 'programme': {
      const whole = Object.values(expr.attributes).reduce(excluding, letters);
      return row.print.spoken(
        expr.args.map((arg) => words(arg, whole)),
        place,
      );
    }
  }
}

/** Operations whose words follow an argument, so that its end must be heard. */
function groups(op: string): boolean {
  return ['square', 'pow', 'mul', 'div'].includes(op);
}

function spokenNumber(value: number): string {
  if (value === 0.5) return 'one half';
  return value < 0 ? `minus ${-value}` : String(value);
}

/** `\hat{y}` → `y hat`, `\delta` → `delta`; subscripts follow as `sub c`. */
export function spokenSymbol(symbol: string, letters: readonly string[] = []): string {
  const plain = symbol
    .replace(/\^\{?2\}?$/, ' squared')
    .replace(/\^\{?([+-])\}?$/, (_, sign: string) => (sign === '+' ? ' plus' : ' minus'))
    .replace(/\\(hat|bar|tilde)\s*\{?\s*(\\?\w+?)\s*\}?(?= |$)/, '$2 $1')
    .replace(/_/g, ' sub ')
    .replace(/\\/g, '')
    .replace(/[{}]/g, '')
    .trim();
  return letters.length === 0 ? plain : `${plain} sub ${letters.join(' ')}`;
}
