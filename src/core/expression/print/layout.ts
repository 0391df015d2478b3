/** How printed code is laid out on lines: wrapping of prose, breaking of calls that are too long, indentation. */

/** Longest line of printed code, the default of Black and close to Prettier's. */
export const lineWidth = 88;

/** Indents every line that is not empty. */
export function indent(lines: readonly string[], by: string): string[] {
  return lines.map((line) => (line === '' ? '' : by + line));
}

/** Prose in lines of at most `width` characters; further lines start with `hanging`. */
export function wrapWords(text: string, width: number, hanging = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = hanging + word;
    } else {
      line = line === '' ? word : line.trim() === '' ? line + word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** How a language breaks a sum over lines: the operator ends a line (Prettier) or begins one, in brackets (Black). */
export type SumStyle = 'trailing' | 'leading';

/**
 * A statement such as `loss = f(a, b)` in lines of at most `width`, where that can be done: a call gets one argument
 * a line, a sum one term a line. Expressions hold no strings, so brackets can be counted.
 */
export function breakStatement(statement: string, tab: string, width: number, style: SumStyle): string[] {
  if (statement.length <= width) return [statement];
  const terminator = statement.endsWith(';') ? ';' : '';
  const body = terminator === '' ? statement : statement.slice(0, -1);
  const start = /^(?:const |let )?[\w.]+ \+?= |^return /.exec(body)?.[0] ?? '';
  const expression = body.slice(start.length);
  const called = callOf(expression);
  if (called !== undefined) {
    const args = splitArguments(called.args).flatMap((arg) => {
      const lines = indent(breakStatement(arg, tab, width - tab.length - 1, style), tab);
      return [...lines.slice(0, -1), `${lines.at(-1) ?? ''},`];
    });
    return [`${start}${called.name}(`, ...args, `)${terminator}`];
  }
  const terms = splitSum(expression);
  if (terms.length < 2) return [statement];
  if (style === 'leading') {
    const lines = terms.map(({ operator, text }) => (operator === '' ? text : `${operator} ${text}`));
    return [`${start}(`, ...indent(lines, tab), `)${terminator}`];
  }
  const lines = terms.map(
    ({ text }, k) => `${text}${k + 1 < terms.length ? ` ${terms[k + 1]!.operator}` : terminator}`,
  );
  return [`${start}${lines[0]!}`, ...indent(lines.slice(1), tab)];
}

/** Name and arguments of a text that is one call and nothing else. */
function callOf(text: string): { name: string; args: string } | undefined {
  if (!text.endsWith(')')) return undefined;
  const open = openingOf(text) ?? 0;
  const name = text.slice(0, open);
  return /^[\w.]+$/.test(name) ? { name, args: text.slice(open + 1, -1) } : undefined;
}

/** The terms of a sum with the operators before them, outside brackets. */
function splitSum(text: string): { operator: string; text: string }[] {
  const terms: { operator: string; text: string }[] = [];
  let depth = 0;
  let start = 0;
  let operator = '';
  for (let k = 0; k < text.length; k++) {
    if ('([{'.includes(text[k]!)) depth++;
    else if (')]}'.includes(text[k]!)) depth--;
    else if (depth === 0 && /^ [+-] /.test(text.slice(k, k + 3))) {
      terms.push({ operator, text: text.slice(start, k) });
      operator = text[k + 1]!;
      start = k + 3;
    }
  }
  return [...terms, { operator, text: text.slice(start) }];
}

/** Position of the bracket that the last character closes. */
function openingOf(text: string): number | undefined {
  let depth = 0;
  for (let k = text.length - 1; k >= 0; k--) {
    if (')]}'.includes(text[k]!)) depth++;
    else if ('([{'.includes(text[k]!) && --depth === 0) return k;
  }
  return undefined;
}

/** The arguments of a call: what stands between commas outside brackets. */
export function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let k = 0; k < text.length; k++) {
    if ('([{'.includes(text[k]!)) depth++;
    else if (')]}'.includes(text[k]!)) depth--;
    else if (text[k] === ',' && depth === 0) {
      parts.push(text.slice(start, k).trim());
      start = k + 1;
    }
  }
  return [...parts, text.slice(start).trim()].filter((part) => part !== '');
}

/** `-(-x)` as a whole argument is `x`, exactly. */
export function cancelSigns(text: string): string {
  return text.replace(/(^|\(|, )-\(-(\w+)\)(?=[),]|$)/g, '$1$2');
}
