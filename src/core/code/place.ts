import { isImport } from './imports.ts';
import type { Lines } from './lines.ts';
import type { Span, Statement, Tree } from './tree.ts';

/** The head of a file: docstring, imports and the like. */
export interface Header {
  /** Start of the first line after docstring, imports and the like; the function goes no higher. */
  readonly end: number;
  /** The last import statement at the very top level of the header. */
  readonly lastImport: Statement | undefined;
  /** Start of the line for the first import of a file without any. */
  readonly importsAt: number;
}

/** Statements that may stand between the imports of a file before these count as ended. */
const toleratedGap = 3;

/** Where the head of a file ends, and where imports belong in it. */
export function headerOf(tree: Tree, lines: Lines): Header {
  const top = preamble(tree, lines);
  let end = top;
  let importsAt = top;
  let lastImport: Statement | undefined;
  let gap = 0;
  for (const [i, statement] of tree.body.entries()) {
    if (statement.kind === 'function' || statement.kind === 'class') break;
    const isDirective =
      statement.kind === 'expression' &&
      statement.value.kind === 'string' &&
      lastImport === undefined &&
      gap === 0;
    if (isDirective && (i === 0 || tree.language !== 'python')) importsAt = lines.after(statement.to);
    else if (isImport(statement)) lastImport = statement;
    else if (!hasImports(statement)) {
      gap += 1;
      if (gap > toleratedGap) break;
      continue;
    }
    gap = 0;
    end = Math.max(end, lines.after(statement.to));
  }
  return { end, lastImport, importsAt };
}

/** Start of the first line after a shebang, an encoding comment, and the licence comment at the head of a file. */
function preamble(tree: Tree, lines: Lines): number {
  const { source, comments } = tree;
  // `%%time` must stay the first line of a notebook cell.
  let end = /^(?:#!|%%)/.test(source) ? lines.after(0) : 0;
  const isCoding = (text: string): boolean => /^#.*coding[:=]/.test(text);
  for (const comment of comments) {
    if (lines.startOf(comment.from) > end && !lines.isBlank(end)) break;
    const text = source.slice(comment.from, comment.to);
    if (comment.from === end && (text.startsWith('#!') || isCoding(text))) end = lines.after(comment.to);
    else break;
  }
  const block = commentBlockAt(tree, lines, end);
  return block !== undefined &&
    /copyright|licen[cs]e|spdx|@preserve/i.test(source.slice(block.from, block.to))
    ? lines.after(block.to)
    : end;
}

/** The comments without blank lines between them that begin at a line start. */
function commentBlockAt(tree: Tree, lines: Lines, start: number): Span | undefined {
  let end: number | undefined;
  let next = start;
  for (const comment of tree.comments) {
    if (comment.from < next) continue;
    if (comment.from !== next) break;
    end = comment.to;
    next = lines.after(comment.to);
  }
  return end === undefined ? undefined : { from: start, to: end };
}

function hasImports(statement: Statement): boolean {
  return (statement.kind === 'try' || statement.kind === 'if') && statement.body.some(isImport);
}

/** The line start at which a function goes: before the statement of the cursor, on the cursor's line if that is free. */
export function insertionPoint(tree: Tree, lines: Lines, header: Header, offset: number): number {
  const { source } = tree;
  const line = lines.startOf(Math.min(Math.max(offset, 0), source.length));
  // What a parser in trouble takes for a statement may stand inside another: only column 0 counts.
  const tops = tree.body.filter(({ from }) => lines.startOf(from) === from);
  // An indented line that no statement claims, such as a comment, belongs to what is above.
  const isInside = /^[ \t]+\S/.test(source.slice(line, lines.endOf(line)));
  let point = (isInside ? tops.findLast(({ from }) => from < line)?.from : undefined) ?? line;
  for (const [i, top] of tops.entries()) {
    const next = tops[i + 1]?.from ?? Infinity;
    const to = Math.max(
      top.to,
      ...tree.body.filter(({ from }) => from > top.from && from < next).map((part) => part.to),
    );
    if (line >= top.from && line <= lines.endOf(to) && line < next) {
      point = top.from;
      break;
    }
  }
  // Comments directly above belong to the statement; a cursor on a comment stands before its block.
  if (lines.isBlank(point) && point === line) return Math.max(point, header.end);
  for (let moved = true; moved && point > 0;) {
    moved = false;
    const above = lines.startOf(point - 1);
    for (const comment of tree.comments) {
      const start = lines.startOf(comment.from);
      if (
        start === comment.from &&
        comment.from <= above &&
        lines.endOf(comment.to) >= lines.endOf(above) &&
        comment.to > above
      ) {
        point = start;
        moved = true;
      }
    }
  }
  return Math.max(point, header.end);
}

/** One step of indentation as the file has it: the first body on lines of its own shows it. */
export function indentationOf(tree: Tree): string | undefined {
  const { source } = tree;
  const leading = (offset: number): string => {
    const start = source.lastIndexOf('\n', offset - 1) + 1;
    return /^[ \t]*/.exec(source.slice(start, offset))![0];
  };
  const search = (statements: readonly Statement[]): string | undefined => {
    for (const statement of statements) {
      const outer = leading(statement.from);
      for (const body of bodiesOf(statement)) {
        const first = body[0];
        if (first === undefined) continue;
        const start = source.lastIndexOf('\n', first.from - 1) + 1;
        const inner = leading(first.from);
        if (
          start > statement.from &&
          start + inner.length === first.from &&
          inner.startsWith(outer) &&
          inner !== outer
        )
          return inner.slice(outer.length);
        const deeper = search(body);
        if (deeper !== undefined) return deeper;
      }
    }
    return undefined;
  };
  return search(tree.body);
}

function bodiesOf(statement: Statement): readonly (readonly Statement[])[] {
  switch (statement.kind) {
    case 'function':
    case 'class':
    case 'with':
    case 'block':
      return [statement.body];
    case 'if':
    case 'for':
    case 'while':
      return [statement.body, statement.otherwise];
    case 'try':
      return [statement.body, ...statement.handlers.map(({ body }) => body), statement.final];
    case 'export':
      return statement.declaration === undefined ? [] : [[statement.declaration]];
    default:
      return [];
  }
}
