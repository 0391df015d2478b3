import { pairOf, type Loss } from '../../losses/loss.ts';
import { gradient } from '../differentiate.ts';
import { baseAxis, type Apply, type Expr } from '../expression.ts';
import { atom, precedence, wrap, type Fragment } from '../fragment.ts';
import { primitive } from '../primitives.ts';
import { speakLoss } from './spoken.ts';
import {
  axisOf,
  excluding,
  factorOf,
  including,
  letterFor,
  meanLetters,
  subscripts,
  symbolsOf,
  type Letters,
} from './symbols.ts';

/** A loss as TeX: one value ℓ of it, the gradient of the mean L of n values, and both in plain words. */
export interface LossTex {
  readonly value: string;
  readonly gradient: string;
  readonly spoken: string;
}

/** The formulas of a loss, from its expression and the derivative of that. */
export function lossTex(loss: Loss): LossTex {
  const { prediction, target } = pairOf(loss);
  const symbols = symbolsOf(loss);
  const parameters = loss.parameters.map((p) => p.symbol).join(', ');
  const options = parameters === '' ? '' : `_{${parameters}}`;
  const value = printTex(loss.expression(), symbols, new Map());
  const letters = meanLetters(loss);
  const by = symbolWith(prediction.symbol, subscripts(prediction.axes, letters));
  const slope = meanOf(gradient(loss.expression(), prediction.id), symbols, letters);
  return {
    value: `\\ell${options}(${prediction.symbol}, ${target.symbol}) = ${compact(value.text)}`,
    gradient: `\\frac{\\partial L}{\\partial ${by}} = ${compact(slope)}`,
    spoken: speakLoss(loss),
  };
}

/** Brackets around what is no taller than a letter need not grow, and then stand closer. */
function compact(tex: string): string {
  const inner = /\\left([([|])((?:(?!\\left|\\right|frac|\\sum|\\begin|\\end|&).)*?)\\right([)\]|])/;
  const plain = { '|': ['\\lvert ', ' \\rvert'], '(': ['(', ')'], '[': ['[', ']'] } as const;
  let [before, after] = ['', tex];
  while (after !== before) {
    before = after;
    after = before.replace(inner, (_, open: keyof typeof plain, content: string) =>
      plain[open].join(content),
    );
  }
  return after;
}

/** An expression as TeX. `letters` says which axes are indexed where it stands. */
export function printTex(expr: Expr, symbols: ReadonlyMap<string, string>, letters: Letters): Fragment {
  const print = (node: Expr, at: Letters) => printTex(node, symbols, at);
  switch (expr.kind) {
    case 'const':
      return number(expr.value);
    case 'param':
      return atom(symbols.get(expr.name) ?? expr.name);
    case 'input':
      return atom(symbolWith(symbols.get(expr.name) ?? expr.name, subscripts(expr.axes, letters)));
    case 'size':
      return atom(extent(expr.axis));
    case 'index':
      return atom(letters.get(expr.axis) ?? letterFor(expr.axis, letters));
    case 'apply':
      return printApply(expr, letters, print);
  }
}

function printApply(expr: Apply, letters: Letters, print: (node: Expr, at: Letters) => Fragment): Fragment {
  const row = primitive(expr.op);
  const write = row.print.tex;
  const axis = axisOf(expr);
  const place = { dim: '', keepdim: false, rank: 0, letter: '', extent: extent(axis) };
  switch (row.kind) {
    case 'elementwise':
      return write(
        expr.args.map((arg, k) => asFactor(expr, k, print(arg, letters))),
        place,
      );
    case 'reduction': {
      const letter = letterFor(axis, letters);
      return write([print(expr.args[0]!, including(letters, axis, letter))], { ...place, letter });
    }
    case 'mapping': {
      const line = write([print(expr.args[0]!, excluding(letters, axis))], place);
      const letter = letters.get(axis);
      return letter === undefined ? line : { ...line, text: `${line.text}_{${letter}}` };
    }
    case 'structural': {
      if (expr.op === 'rename') {
        const { from = '', to = '' } = expr.attributes;
        const letter = letters.get(to);
        return print(expr.args[0]!, letter === undefined ? letters : including(letters, from, letter));
      }
      const [x, at] = [expr.args[0]!, print(expr.args[1]!, letters)];
      if (x.kind === 'input') return print(x, including(letters, axis, at.text));
      return write([print(x, excluding(letters, axis)), at], place);
    }
  }
}

/**
 * `\log(…)` as the last factor needs no brackets, since nothing follows that it could take in; `\log x` before
 * another factor does.
 */
function asFactor(expr: Apply, k: number, fragment: Fragment): Fragment {
  if (expr.op !== 'mul' || !/^\\(?:log|tanh)\b/.test(fragment.text)) return fragment;
  if (fragment.precedence !== precedence.multiply) return fragment;
  if (k === 1) return atom(fragment.text);
  return fragment.text.endsWith('\\right)') ? fragment : { ...fragment, precedence: precedence.add };
}

/** A gradient under the mean of n values: its constant factor joins 1/n. */
function meanOf(expr: Expr, symbols: ReadonlyMap<string, string>, letters: Letters): string {
  const [factor, rest] = factorOf(expr);
  const top = Number.isInteger(factor) ? String(factor) : number(factor).text;
  const inner = printTex(rest, symbols, letters);
  // Cases have a brace of their own.
  const cases = inner.text.startsWith('\\begin{cases}') && inner.precedence === precedence.conditional;
  const body = cases ? inner.text : wrap(inner, precedence.multiply, '\\left(', '\\right)');
  return `\\frac{${top}}{n} ${body.startsWith('\\left(') ? '' : '\\, '}${body}`;
}

function symbolWith(symbol: string, letters: readonly string[]): string {
  return letters.length === 0 ? symbol : `${symbol}_{${letters.join(' ')}}`;
}

function extent(axis: string): string {
  return baseAxis(axis) === 'sample' ? 'n' : baseAxis(axis).charAt(0).toUpperCase();
}

function number(value: number): Fragment {
  if (value === 0.5) return atom('\\tfrac{1}{2}');
  if (value === Infinity) return atom('\\infty');
  return { text: String(value), precedence: value < 0 ? precedence.add : precedence.atom };
}
