/** Reads the expressions that printers write, so that they can be laid out on lines. */

/** An expression of printed TypeScript. */
export type Syntax =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unary'; readonly operator: string; readonly of: Syntax }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Syntax; readonly right: Syntax }
  | { readonly kind: 'choice'; readonly test: Syntax; readonly then: Syntax; readonly otherwise: Syntax }
  /** `.name`, `!`, or `[position]` behind something. */
  | { readonly kind: 'member'; readonly of: Syntax; readonly text: string }
  | { readonly kind: 'call'; readonly of: Syntax; readonly args: readonly Syntax[] }
  | { readonly kind: 'list'; readonly open: '[' | '{'; readonly items: readonly Syntax[] }
  /** `key: value` in an object. */
  | { readonly kind: 'entry'; readonly key: string; readonly value: Syntax }
  | { readonly kind: 'arrow'; readonly head: string; readonly body: Syntax };

/** How tightly operators bind. */
export const binding: Readonly<Record<string, number>> = {
  '??': 1,
  '||': 1,
  '&&': 2,
  '===': 3,
  '!==': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
};

const token =
  /\s*(`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'|\d[\d.]*(?:e-?\d+)?|[A-Za-z_$][\w$]*|=>|===|!==|<=|>=|\?\?|\?\.|\|\||&&|\.\.\.|[-+*/%<>?:!.,()[\]{}=])/uy;

/** The expression that a text is; undefined where it is none of those that are printed. */
export function readSyntax(text: string): Syntax | undefined {
  const tokens: string[] = [];
  token.lastIndex = 0;
  for (let at = 0; at < text.length; at = token.lastIndex) {
    const found = token.exec(text);
    if (found === null) return text.slice(at).trim() === '' ? finished(tokens) : undefined;
    tokens.push(found[1]!);
  }
  return finished(tokens);
}

function finished(tokens: readonly string[]): Syntax | undefined {
  const reader = new Reader(tokens);
  const syntax = reader.expression();
  return reader.isAtEnd() ? syntax : undefined;
}

class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  isAtEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  expression(): Syntax {
    const head = this.#arrowHead();
    if (head !== undefined) return { kind: 'arrow', head, body: this.expression() };
    const test = this.#binary(1);
    if (!this.#takes('?')) return test;
    const then = this.expression();
    this.#takes(':');
    return { kind: 'choice', test, then, otherwise: this.expression() };
  }

  /** `(a, b) =>`, with types or without. */
  #arrowHead(): string | undefined {
    if (this.#tokens[this.#at] !== '(') return undefined;
    const close = this.#closing(this.#at);
    if (this.#tokens[close + 1] !== '=>') return undefined;
    const inside = this.#tokens.slice(this.#at + 1, close).join(' ');
    this.#at = close + 2;
    return `(${inside.replaceAll(' ,', ',').replaceAll(' :', ':')}) =>`;
  }

  #closing(open: number): number {
    let depth = 0;
    for (let at = open; at < this.#tokens.length; at++) {
      if ('([{'.includes(this.#tokens[at]!)) depth++;
      else if (')]}'.includes(this.#tokens[at]!) && --depth === 0) return at;
    }
    return this.#tokens.length;
  }

  #binary(least: number): Syntax {
    let left = this.#unary();
    for (;;) {
      const operator = this.#tokens[this.#at] ?? '';
      const level = binding[operator];
      if (level === undefined || level < least) return left;
      this.#at++;
      left = joined(operator, left, this.#binary(level + 1));
    }
  }

  #unary(): Syntax {
    const operator = this.#tokens[this.#at] ?? '';
    if (operator !== '-' && operator !== '!' && operator !== '...') return this.#postfix();
    this.#at++;
    const of = this.#unary();
    // A sign that is turned twice is as it was.
    return operator !== '...' && of.kind === 'unary' && of.operator === operator
      ? of.of
      : { kind: 'unary', operator, of };
  }

  #postfix(): Syntax {
    let syntax = this.#primary();
    for (;;) {
      if (this.#takes('(')) syntax = { kind: 'call', of: syntax, args: this.#items(')') };
      else if (this.#takes('!')) syntax = { kind: 'member', of: syntax, text: '!' };
      else if (this.#takes('.')) syntax = { kind: 'member', of: syntax, text: `.${this.#next()}` };
      else if (this.#takes('?.'))
        syntax = {
          kind: 'member',
          of: syntax,
          text: this.#tokens[this.#at] === '[' ? `?.${this.#brackets()}` : `?.${this.#next()}`,
        };
      else if (this.#tokens[this.#at] === '[')
        syntax = { kind: 'member', of: syntax, text: this.#brackets() };
      else return syntax;
    }
  }

  /** What stands in brackets, as one line. */
  #brackets(): string {
    this.#at++;
    const inside = this.expression();
    this.#takes(']');
    return `[${oneLine(inside)}]`;
  }

  #primary(): Syntax {
    const first = this.#next();
    if (first === '(') {
      const inside = this.expression();
      this.#takes(')');
      return inside;
    }
    if (first === '[') return { kind: 'list', open: '[', items: this.#items(']') };
    if (first === '{') return { kind: 'list', open: '{', items: this.#entries() };
    if (first === 'new') return { kind: 'text', text: `new ${this.#next()}` };
    return { kind: 'text', text: first };
  }

  #items(close: string): readonly Syntax[] {
    const items: Syntax[] = [];
    while (!this.#takes(close) && !this.isAtEnd()) {
      items.push(this.expression());
      this.#takes(',');
    }
    return items;
  }

  #entries(): readonly Syntax[] {
    const items: Syntax[] = [];
    while (!this.#takes('}') && !this.isAtEnd()) {
      const key = this.#next();
      items.push(
        this.#takes(':') ? { kind: 'entry', key, value: this.expression() } : { kind: 'text', text: key },
      );
      this.#takes(',');
    }
    return items;
  }

  #takes(wanted: string): boolean {
    if (this.#tokens[this.#at] !== wanted) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    return this.#tokens[this.#at++] ?? '';
  }
}

/** `a && (b && c)` without the parentheses, which decide nothing there. */
function joined(operator: string, left: Syntax, right: Syntax): Syntax {
  const same = ['&&', '||'].includes(operator) && right.kind === 'binary' && right.operator === operator;
  return same
    ? { kind: 'binary', operator, left: joined(operator, left, right.left), right: right.right }
    : { kind: 'binary', operator, left, right };
}

/** Whether a part of a binary operation needs parentheses, for the language or for a reader. */
export function needsParentheses(part: Syntax, parent: string, side: 'left' | 'right'): boolean {
  if (part.kind === 'choice' || part.kind === 'arrow') return true;
  if (part.kind !== 'binary') return false;
  const [outer, inner] = [binding[parent]!, binding[part.operator]!];
  if (outer !== inner) return outer > inner || (parent === '||' && part.operator === '&&');
  return side === 'right' || !continues(part.operator, parent);
}

/** Whether a chain of operators of one kind may go on without parentheses: `a - b + c`, not `a / b * c`. */
export function continues(inner: string, outer: string): boolean {
  if (binding[inner] !== binding[outer] || [3, 4].includes(binding[inner]!)) return false;
  return inner === outer || binding[inner] !== 6;
}

/** An expression on one line. */
export function oneLine(syntax: Syntax): string {
  switch (syntax.kind) {
    case 'text':
      return syntax.text;
    case 'unary': {
      return `${syntax.operator}${syntax.operator === '...' ? oneLine(syntax.of) : head(syntax.of)}`;
    }
    case 'binary': {
      const side = (part: Syntax, at: 'left' | 'right') =>
        needsParentheses(part, syntax.operator, at) ? `(${oneLine(part)})` : oneLine(part);
      return `${side(syntax.left, 'left')} ${syntax.operator} ${side(syntax.right, 'right')}`;
    }
    case 'choice': {
      const test = syntax.test.kind === 'choice' ? `(${oneLine(syntax.test)})` : oneLine(syntax.test);
      const then = syntax.then.kind === 'choice' ? `(${oneLine(syntax.then)})` : oneLine(syntax.then);
      return `${test} ? ${then} : ${oneLine(syntax.otherwise)}`;
    }
    case 'member':
      return `${head(syntax.of)}${syntax.text}`;
    case 'call':
      return `${head(syntax.of)}(${syntax.args.map(oneLine).join(', ')})`;
    case 'list': {
      const items = syntax.items.map(oneLine).join(', ');
      return syntax.open === '[' ? `[${items}]` : items === '' ? '{}' : `{ ${items} }`;
    }
    case 'entry':
      return `${syntax.key}: ${oneLine(syntax.value)}`;
    case 'arrow':
      return `${syntax.head} ${syntax.body.kind === 'choice' ? `(${oneLine(syntax.body)})` : oneLine(syntax.body)}`;
  }
}

function head(of: Syntax): string {
  return ['unary', 'binary', 'choice', 'arrow'].includes(of.kind) ? `(${oneLine(of)})` : oneLine(of);
}
