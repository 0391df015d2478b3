/** Lays statements of printed TypeScript out on lines, as Prettier would with lines of the same width. */
import { lineWidth } from './layout.ts';
import { continues, needsParentheses, oneLine, readSyntax, type Syntax } from './scriptSyntax.ts';

/** A text that may take several lines: a line break happens where its group does not fit on one. */
type Doc =
  | string
  | readonly Doc[]
  | { readonly kind: 'line'; readonly flat: '' | ' ' }
  | { readonly kind: 'indent'; readonly of: Doc }
  | { readonly kind: 'group'; readonly of: Doc; readonly broken?: true }
  | { readonly kind: 'ifBroken'; readonly text: string; readonly flat?: string };

const softline: Doc = { kind: 'line', flat: '' };
const line: Doc = { kind: 'line', flat: ' ' };
const indent = (...of: Doc[]): Doc => ({ kind: 'indent', of });
const group = (...of: Doc[]): Doc => ({ kind: 'group', of });

/** Lines in which every statement that is too long is broken, as far as it can be. */
export function laidOut(lines: readonly string[]): string[] {
  return lines.flatMap((text) => {
    const margin = /^ */.exec(text)![0];
    return statementLines(text.slice(margin.length), lineWidth - margin.length).map((part) =>
      part === '' ? '' : margin + part,
    );
  });
}

function statementLines(text: string, width: number): readonly string[] {
  const [code = '', remark] = text.startsWith('//') ? [text] : text.split(/ (?=\/\/ )/u);
  const statement = /^(const \w+(?:: [\w[\]]+)? = |let \w+ = |return |throw |\w+ [-+]?= )?(.*);$/u.exec(code);
  const guard = /^((?:if|for) \(.*\)) \{$/u.exec(code);
  if (statement === null && guard === null) return remarked(remark, [code], width);
  const conditional = /^if \((.*)\) \{$/u.exec(code);
  if (conditional !== null) {
    const test = readSyntax(conditional[1]!);
    if (test === undefined) return [code];
    return render(['if (', group(indent(softline, operands(test)), softline), ') {'], width);
  }
  if (statement === null) return [code];
  const [, start = '', rest = ''] = statement;
  const guarded = /^if \((.*)\) (\w+ [-+]?= .*|\w+\.push\(.*\))$/u.exec(rest);
  if (guarded !== null && start === '') return guardedLines(code, guarded[1]!, guarded[2]!, width);
  const loop = /^(for \([^;]*;[^;]*;[^)]*\)) (.*)$/u.exec(rest);
  if (loop !== null && start === '') return loopLines(code, loop[1]!, loop[2]!, width);
  const syntax = readSyntax(rest);
  return remarked(remark, syntax === undefined ? [code] : render(statementDoc(start, syntax), width), width);
}

/** A remark goes behind a line where there is room, else above. */
function remarked(remark: string | undefined, lines: readonly string[], width: number): readonly string[] {
  if (remark === undefined) return lines;
  const [only = '', ...more] = lines;
  return more.length === 0 && only.length + 1 + remark.length <= width
    ? [`${only} ${remark}`]
    : [...remarkLines(remark, width), ...lines];
}

function remarkLines(remark: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of remark.slice(3).split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`// ${word}`);
  }
  return lines;
}

function guardedLines(code: string, test: string, then: string, width: number): readonly string[] {
  const [condition, statement] = [readSyntax(test), statementLines(`${then};`, width - 2)];
  if (condition === undefined) return [code];
  const whole = `if (${oneLine(condition)}) ${statement.join(' ')}`;
  if (statement.length === 1 && whole.length <= width) return [whole];
  return [
    ...render(['if (', group(indent(softline, operands(condition)), softline), ') {'], width),
    ...statement.map((part) => `  ${part}`),
    '}',
  ];
}

function loopLines(code: string, head: string, body: string, width: number): readonly string[] {
  const inside = statementLines(`${body};`, width - 2);
  const whole = `${head} ${inside[0] ?? ''}`;
  if (inside.length === 1 && whole.length <= width) return [whole];
  return inside.length === 0 ? [code] : [`${head} {`, ...inside.map((part) => `  ${part}`), '}'];
}

function statementDoc(start: string, syntax: Syntax): Doc {
  if (syntax.kind === 'binary' && start === 'return ')
    return group(
      'return ',
      { kind: 'ifBroken', text: '(' },
      indent(softline, operands(syntax)),
      softline,
      { kind: 'ifBroken', text: ')' },
      ';',
    );
  const within = start.endsWith('= ') ? 'assignment' : 'call';
  if (within === 'assignment' && breaksAfterOperator(syntax))
    return group(start.trimEnd(), indent(line, docOf(syntax, within)), ';');
  return group(start, docOf(syntax, within), ';');
}

/** What is laid out best below its name: a sum, and a choice that begins with one. */
function breaksAfterOperator(syntax: Syntax): boolean {
  return syntax.kind === 'binary' || (syntax.kind === 'choice' && syntax.test.kind === 'binary');
}

/** What an expression is a part of; it decides whether the further lines of a sum are indented. */
type Within = 'assignment' | 'call' | 'operation' | 'operand' | 'choice of a call' | 'choice';

function docOf(syntax: Syntax, within: Within): Doc {
  switch (syntax.kind) {
    case 'text':
      return syntax.text;
    case 'unary':
      return [
        syntax.operator,
        syntax.operator === '...' ? docOf(syntax.of, 'operation') : bracketed(syntax.of),
      ];
    case 'binary': {
      if (within === 'assignment' || within === 'choice') return group(operands(syntax));
      const [first, ...rest] = operandDocs(syntax, within === 'operand');
      return group(first!, indent(...rest));
    }
    case 'choice': {
      const part: Within = within === 'call' ? 'choice of a call' : 'choice';
      // A choice within a choice is broken together with it.
      const choose = (of: Syntax) => (of.kind === 'choice' ? docOf(of, part) : indent(docOf(of, part)));
      const nested = (bracket: string): Doc =>
        syntax.then.kind === 'choice' ? { kind: 'ifBroken', text: '', flat: bracket } : '';
      const doc: Doc = [
        docOf(syntax.test, part),
        indent(
          line,
          '? ',
          nested('('),
          choose(syntax.then),
          nested(')'),
          line,
          ': ',
          choose(syntax.otherwise),
        ),
      ];
      return within === 'choice' || within === 'choice of a call' ? doc : group(doc);
    }
    case 'member':
    case 'call':
      return chainDoc(syntax);
    case 'list':
      return listDoc(syntax.open, syntax.open === '[' ? ']' : '}', syntax.items);
    case 'entry':
      return [`${syntax.key}: `, docOf(syntax.value, 'assignment')];
    case 'arrow':
      return syntax.body.kind === 'choice'
        ? [`${syntax.head} `, '(', docOf(syntax.body, 'operation'), ')']
        : group(syntax.head, indent(line, docOf(syntax.body, 'assignment')));
  }
}

/** What a sign or a method stands beside, in parentheses where it is an operation. */
function bracketed(syntax: Syntax): Doc {
  if (syntax.kind === 'binary') return ['(', group(indent(softline, operands(syntax)), softline), ')'];
  const bare = ['choice', 'arrow', 'unary'].includes(syntax.kind);
  return bare ? ['(', docOf(syntax, 'operation'), ')'] : docOf(syntax, 'operation');
}

/** The operands of a chain of operators, without an indentation of their own. */
function operands(syntax: Syntax): Doc {
  return syntax.kind === 'binary' ? operandDocs(syntax) : docOf(syntax, 'operation');
}

function operandDocs(syntax: Syntax & { kind: 'binary' }, isPart = false): Doc[] {
  const side = (part: Syntax, at: 'left' | 'right'): Doc => {
    const doc = docOf(part, 'operand');
    return needsParentheses(part, syntax.operator, at) ? ['(', doc, ')'] : doc;
  };
  const { left, operator, right } = syntax;
  const before =
    left.kind === 'binary' && continues(left.operator, operator)
      ? operandDocs(left, true)
      : [side(left, 'left')];
  const rest: Doc = [` ${operator}`, line, side(right, 'right')];
  // With nothing else to break for, the operator and what follows stay behind a broken left side.
  const alone = !isPart && left.kind !== 'binary' && right.kind !== 'binary';
  return [...before, alone ? group(rest) : rest];
}

function listDoc(open: string, close: string, items: readonly Syntax[], broken = false): Doc {
  if (items.length === 0) return open + close;
  const space = open === '{' ? line : softline;
  const parts = items.map((item, k): Doc =>
    k === 0 ? docOf(item, 'call') : [',', line, docOf(item, 'call')],
  );
  const of: Doc = [open, indent(space, ...parts), { kind: 'ifBroken', text: ',' }, space, close];
  return broken ? { kind: 'group', of, broken } : group(of);
}

/** `a.b(c).d(e)`: on one line where it fits; with two calls or more else one call a line. */
function chainDoc(syntax: Syntax): Doc {
  const links: Syntax[] = [];
  let at = syntax;
  while (at.kind === 'member' || at.kind === 'call') {
    links.unshift(at);
    at = at.of;
  }
  // The beginning keeps what is called or looked up at once, and names that are not called: `tf.losses`.
  const isName = (link: Syntax | undefined) => link?.kind === 'member' && link.text.startsWith('.');
  let start = links.findIndex((link) => isName(link));
  if (start < 0) start = links.length;
  if (start === 0) while (isName(links[start]) && isName(links[start + 1])) start++;
  const groups: Syntax[][] = [];
  for (const link of links.slice(start)) {
    if (isName(link) || groups.length === 0) groups.push([link]);
    else groups.at(-1)!.push(link);
  }
  const calls = links.filter((link) => link.kind === 'call');
  const text = (link: Syntax): Doc =>
    link.kind === 'call' ? argumentsDoc(link.args) : link.kind === 'member' ? link.text : '';
  const begin = [bracketed(at), ...links.slice(0, start).map(text)];
  // The methods of a class stay beside its name: `Array.from(x)`.
  const isClass = at.kind === 'text' && /^[A-Z]/.test(at.text) && start === 0;
  if (groups.length < (isClass ? 3 : 2)) return [...begin, ...groups.flat().map(text)];
  const beside = isClass ? groups.splice(0, 1).flat().map(text) : [];
  const chained = indent(...groups.map((part): Doc => [softline, ...part.map(text)]));
  const isIntricate = calls.length > 2 && calls.some(({ args }) => !args.every((arg) => isSimple(arg)));
  return { kind: 'group', of: [...begin, ...beside, chained], ...(isIntricate ? { broken: true } : {}) };
}

/** Whether an argument is simple enough to stand in a long chain on one line. */
function isSimple(syntax: Syntax, depth = 2): boolean {
  if (depth <= 0) return false;
  switch (syntax.kind) {
    case 'text':
      return true;
    case 'unary':
    case 'member':
      return isSimple(syntax.of, depth);
    case 'call':
      return (
        isSimple(syntax.of, depth) &&
        syntax.args.length <= depth &&
        syntax.args.every((arg) => isSimple(arg, depth - 1))
      );
    case 'list':
      return syntax.items.every((item) => isSimple(item, depth - 1));
    case 'entry':
      return isSimple(syntax.value, depth);
    default:
      return false;
  }
}

/** Whether arguments get a line each because functions are among them, or in calls among them. */
function isComposed(args: readonly Syntax[]): boolean {
  const isFunction = ({ kind }: Syntax) => kind === 'arrow';
  return (
    args.length > 1 &&
    (args.filter(isFunction).length > 1 ||
      args.some((arg) => arg.kind === 'call' && arg.args.some(isFunction)))
  );
}

function argumentsDoc(args: readonly Syntax[]): Doc {
  const [only, ...others] = args;
  if (only === undefined) return '()';
  // A list alone breaks inside.
  if (others.length === 0 && only.kind === 'list') return ['(', docOf(only, 'call'), ')'];
  return listDoc('(', ')', args, isComposed(args));
}

function render(doc: Doc, width: number): readonly string[] {
  const lines: string[] = [''];
  write(doc, 0, true, lines, width, '');
  return lines.map((text) => text.trimEnd());
}

/** Writes a document at the end of the lines; `rest` is what must fit behind it on the same line. */
function write(
  doc: Doc,
  margin: number,
  broken: boolean,
  lines: string[],
  width: number,
  rest: string,
): void {
  if (typeof doc === 'string') {
    append(lines, doc);
  } else if (isMany(doc)) {
    doc.forEach((part, k) => {
      write(part, margin, broken, lines, width, broken ? upToBreak(doc.slice(k + 1), rest) : rest);
    });
  } else {
    switch (doc.kind) {
      case 'line':
        if (broken) lines.push(' '.repeat(margin));
        else append(lines, doc.flat);
        break;
      case 'indent':
        write(doc.of, margin + 2, broken, lines, width, rest);
        break;
      case 'ifBroken':
        append(lines, broken ? doc.text : (doc.flat ?? ''));
        break;
      case 'group': {
        const length = lines.at(-1)!.length + flat(doc.of).length + rest.length;
        write(doc.of, margin, broken && (length > width || mustBreak(doc)), lines, width, rest);
      }
    }
  }
}

/** Whether a document has a group that is broken whatever its length. */
function mustBreak(doc: Doc): boolean {
  if (typeof doc === 'string') return false;
  if (isMany(doc)) return doc.some(mustBreak);
  return (doc.kind === 'group' && doc.broken === true) || ('of' in doc && mustBreak(doc.of));
}

function append(lines: string[], text: string): void {
  lines[lines.length - 1] = (lines.at(-1) ?? '') + text;
}

/** What follows up to the next possible break. */
function upToBreak(docs: readonly Doc[], rest: string): string {
  let text = '';
  for (const doc of docs) {
    const [before, stops] = untilLine(doc);
    text += before;
    if (stops) return text;
  }
  return text + rest;
}

function untilLine(doc: Doc): readonly [text: string, stops: boolean] {
  if (typeof doc === 'string') return [doc, false];
  if (isMany(doc)) {
    let text = '';
    for (const part of doc) {
      const [before, stops] = untilLine(part);
      text += before;
      if (stops) return [text, true];
    }
    return [text, false];
  }
  if (doc.kind === 'line') return ['', true];
  return doc.kind === 'ifBroken' ? [doc.text, false] : untilLine(doc.of);
}

function flat(doc: Doc): string {
  if (typeof doc === 'string') return doc;
  if (isMany(doc)) return doc.map(flat).join('');
  if (doc.kind === 'line') return doc.flat;
  return doc.kind === 'ifBroken' ? (doc.flat ?? '') : flat(doc.of);
}

function isMany(doc: Doc): doc is readonly Doc[] {
  return Array.isArray(doc);
}
