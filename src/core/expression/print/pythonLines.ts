/** Statements of Python laid out on lines as Black does it. */
import { splitArguments } from './layout.ts';

const tab = '    ';

/**
 * `start` and an expression (`loss = f(a, b)`, `return x + y`) in lines of at most `width`, where that can be done: what
 * stands in the brackets of a call or, for anything else, in brackets around it goes on a line of its own, and if that
 * is too long, on one for each argument or operand.
 */
export function blackLines(start: string, expression: string, width: number): string[] {
  const line = `${start}${expression}`;
  if (line.length <= width) return [line];
  const call = callOf(expression);
  if (call !== undefined) return [`${start}${call.head}(`, ...indented(bracketed(call.body, width - 4)), ')'];
  if (operandsOf(expression).length < 2) return [line];
  return [`${start}(`, ...indented(withoutBrackets(expression, width - 4)), ')'];
}

/**
 * Whether an expression that is too long for a line reads well on several: a call, or at least three operands. Black
 * breaks two operands inside the last call, which tears them apart: give one of them a name.
 */
export function breaksWell(expression: string): boolean {
  return callOf(expression) !== undefined || operandsOf(expression).length > 2;
}

const indented = (lines: readonly string[]) => lines.map((line) => tab + line);

/** The inside of a call's brackets: on one line, or one argument a line, each followed by a comma. */
function bracketed(body: string, width: number): string[] {
  if (body.length <= width) return [body];
  const args = splitArguments(body);
  if (args.length === 1) return withoutBrackets(body, width);
  return args.flatMap((arg) => {
    const lines = withoutBrackets(arg, width - 1);
    return [...lines.slice(0, -1), `${lines.at(-1) ?? ''},`];
  });
}

/** An expression that stands in brackets already: one operand a line, the operator in front. */
function withoutBrackets(expression: string, width: number): string[] {
  if (expression.length <= width) return [expression];
  const operands = operandsOf(expression);
  if (operands.length > 1) return operands.flatMap((operand) => withoutBrackets(operand, width));
  const call = callOf(expression);
  if (call === undefined) return [expression];
  return [`${call.head}(`, ...indented(bracketed(call.body, width - 4)), ')'];
}

interface Call {
  /** What stands before the opening bracket. */
  readonly head: string;
  readonly body: string;
}

/** A text that is one call, perhaps with an operator before it, and nothing else. */
function callOf(text: string): Call | undefined {
  const open = openingOf(text);
  if (open === undefined) return undefined;
  const head = text.slice(0, open);
  return /^(?:(?:[-+*/@&|]|\*\*|if|else|and|or|not|[<>=!]=?) )?[-~]?[\w.]+$/.test(head)
    ? { head, body: text.slice(open + 1, -1) }
    : undefined;
}

/** Position of the bracket that the last character closes. */
function openingOf(text: string): number | undefined {
  if (!text.endsWith(')')) return undefined;
  const open: number[] = [];
  let last: number | undefined;
  for (const { at, character } of codeOf(text)) {
    if ('([{'.includes(character)) open.push(at);
    else if (')]}'.includes(character)) last = open.pop();
  }
  return last;
}

/** From the weakest operators to the strongest; those of one line bind alike. */
const levels: readonly (readonly string[])[] = [
  ['if', 'else'],
  ['or'],
  ['and'],
  ['<', '<=', '>', '>=', '==', '!='],
  ['|'],
  ['&'],
  ['+', '-'],
  ['*', '/', '@'],
];

/** The operands of the weakest operators outside brackets, each but the first with its operator. */
function operandsOf(text: string): readonly string[] {
  const found: { readonly at: number; readonly operator: string }[] = [];
  let depth = 0;
  for (const { at, character } of codeOf(text)) {
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
    else if (depth === 0 && character === ' ') {
      const operator = /^ (\S+) /.exec(text.slice(at))?.[1];
      if (operator !== undefined) found.push({ at, operator });
    }
  }
  for (const level of levels) {
    const cuts = found.filter(({ operator }) => level.includes(operator)).map(({ at }) => at);
    if (cuts.length === 0) continue;
    return [0, ...cuts].map((from, k) => text.slice(from, cuts[k]).trim());
  }
  return [text];
}

/** The characters of a text that do not lie in strings. */
function codeOf(text: string): readonly { readonly at: number; readonly character: string }[] {
  const code: { at: number; character: string }[] = [];
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') isString = !isString;
    else if (!isString) code.push({ at, character });
  }
  return code;
}
