import {
  printLoss,
  refusalOf,
  type Import as NeededImport,
  type Language as SnippetLanguage,
  type Snippet,
} from '../expression/print/snippet.ts';
import type { Loss } from '../losses/loss.ts';
import { bad, message, ok, type Message, type Result } from '../messages/message.ts';
import { buildScopes } from './scopes.ts';
import { parseSyntax } from './syntax.ts';
import type { Import, ImportedName, Language, Span, Statement, Tree } from './tree.ts';

/** Replaces a range of the original text. */
export interface TextEdit extends Span {
  readonly text: string;
}

export interface InsertionRequest {
  /** The file, or the notebook cell, into which to insert. */
  readonly tree: Tree;
  /** The other cells of a notebook: what they import and define counts. */
  readonly others?: readonly Tree[];
  /** Where the cursor is. */
  readonly offset: number;
  readonly snippet: Snippet;
  /** Used where the file itself shows no indentation. */
  readonly indent?: string;
  /** Used where the file itself has no line end. */
  readonly eol?: '\n' | '\r\n';
}

export interface Insertion {
  /** In the order of the text, none overlapping, no two at one offset. */
  readonly edits: readonly TextEdit[];
  /** The edit that holds the function. */
  readonly main: TextEdit;
  /** Name of the function, as inserted. */
  readonly name: string;
  /** What the user should know, such as a changed name. */
  readonly notes: readonly Message[];
}

/** The languages of printed code by the modules that a file imports, the first that fits. */
const byModule: readonly (readonly [module: RegExp, language: SnippetLanguage])[] = [
  [/^torch(?:\.|$)/, 'torch'],
  [/^(?:jax|flax|optax)(?:\.|$)/, 'jax'],
  [/^(?:keras|tensorflow)(?:\.|$)/, 'keras'],
];

/** In which language to print a loss so that it fits what the file imports. */
export function snippetLanguage(trees: readonly Tree[]): SnippetLanguage {
  const modules = trees
    .flatMap(({ body }) => importsOf(body))
    .flatMap((statement) =>
      statement.form === 'from'
        ? [statement.level > 0 ? '' : statement.module]
        : statement.names.map(({ name }) => name),
    );
  const found = byModule.find(([module]) => modules.some((name) => module.test(name)))?.[1];
  return found ?? plainLanguage(trees);
}

/** The language that needs no framework. */
function plainLanguage(trees: readonly Tree[]): SnippetLanguage {
  return trees.some(({ language }) => language !== 'python') ? 'typescript' : 'numpy';
}

/**
 * Prints a loss so that it fits what the files import; without their framework where that cannot express it. Fails with
 * the reason where neither can.
 */
export function printFitting(
  trees: readonly Tree[],
  loss: Loss,
  parameters: Readonly<Record<string, number>> = {},
): Result<Snippet> {
  const wanted = snippetLanguage(trees);
  const language = refusalOf(loss, wanted, { parameters }) === undefined ? wanted : plainLanguage(trees);
  const refusal = refusalOf(loss, language, { parameters });
  return refusal === undefined
    ? ok(printLoss(loss, language, { parameters }))
    : bad(message('{loss} cannot be written here: {reason}.', { loss: loss.name, reason: refusal }));
}

/**
 * Plans how to put a printed loss into a file: the function at the top level near the cursor, its imports merged into
 * those of the file, aliases, indentation and line ends kept. Fails where the very same code is already there.
 */
export function planInsertion(request: InsertionRequest): Result<Insertion> {
  const { tree, snippet } = request;
  const others = request.others ?? [];
  const lines = new Lines(tree.source, request.eol);
  const header = headerOf(tree, lines);
  const point = insertionPoint(tree, lines, header, request.offset);
  const taken = new Set([tree, ...others].flatMap((one) => [...buildScopes([one]).module.bindings.keys()]));

  const imports = planImports(snippet.imports, tree, others, point, taken);
  const defined = definedNames(snippet, tree.language);
  const suffix = freeSuffix(defined, new Set([...taken, ...imports.locals]), tree.language);
  const renames = new Map([
    ...imports.renames,
    ...(suffix === '' ? [] : defined.map((name) => [name, name + suffix] as const)),
  ]);
  const unit = tree.language === 'python' ? 4 : 2;
  const indent = indentationOf(tree) ?? request.indent ?? ' '.repeat(unit);
  const format = (code: string): string => reindent(code.trimEnd(), unit, indent).replaceAll('\n', lines.eol);
  const name = renames.get(snippet.name) ?? snippet.name;
  // Compared before a clash changes the name: the clash may be with this very code.
  if (tree.source.includes(format(rename(snippet.code, imports.renames))))
    return bad(message('{name} is already in this file.', { name: snippet.name }));

  const blank = tree.language === 'python' ? 2 : 1;
  const main = functionEdit(format(rename(snippet.code, renames)), point, lines, blank);
  const added = [...imports.merges, ...importLines(imports.lines, header, point, lines, tree)];
  const edits = combine(added, main, lines, blank);
  const notes =
    suffix === ''
      ? []
      : [message('{name} is taken in this file: inserted as {other}.', { name: snippet.name, other: name })];
  return ok({ ...edits, name, notes });
}

// ---------------------------------------------------------------------------------------------- where

/** Lines of a text, by offset. */
class Lines {
  readonly source: string;
  readonly eol: '\n' | '\r\n';

  constructor(source: string, eol: '\n' | '\r\n' | undefined) {
    this.source = source;
    this.eol = source.includes('\n') ? (source.includes('\r\n') ? '\r\n' : '\n') : (eol ?? '\n');
  }

  startOf(offset: number): number {
    // A search from −1 would look at the first character.
    return offset <= 0 ? 0 : this.source.lastIndexOf('\n', offset - 1) + 1;
  }
  /** Before the line's end characters. */
  endOf(offset: number): number {
    const next = this.source.indexOf('\n', offset);
    if (next < 0) return this.source.length;
    return this.source[next - 1] === '\r' && next - 1 >= offset ? next - 1 : next;
  }
  /** Start of the next line; the end of the text where there is none. */
  after(offset: number): number {
    const next = this.source.indexOf('\n', offset);
    return next < 0 ? this.source.length : next + 1;
  }
  isBlank(offset: number): boolean {
    return this.source.slice(this.startOf(offset), this.endOf(offset)).trim() === '';
  }
  /** Blank lines directly above a line start; infinite where there is nothing else above. */
  blankAbove(start: number): number {
    let count = 0;
    for (let at = start; at > 0; count++) {
      at = this.startOf(at - 1);
      if (!this.isBlank(at)) return count;
    }
    return Infinity;
  }
  /** Blank lines from a line start on; infinite where nothing else follows. */
  blankBelow(start: number): number {
    let count = 0;
    for (let at = start; at < this.source.length; at = this.after(at), count++)
      if (!this.isBlank(at)) return count;
    return Infinity;
  }
}

interface Header {
  /** Start of the first line after docstring, imports and the like; the function goes no higher. */
  readonly end: number;
  /** The last import statement at the very top level of the header. */
  readonly lastImport: Import | undefined;
  /** Start of the line for the first import of a file without any. */
  readonly importsAt: number;
}

/** Statements that may stand between the imports of a file before these count as ended. */
const toleratedGap = 3;

function headerOf(tree: Tree, lines: Lines): Header {
  const top = preamble(tree, lines);
  let end = top;
  let importsAt = top;
  let lastImport: Import | undefined;
  let gap = 0;
  for (const [i, statement] of tree.body.entries()) {
    if (statement.kind === 'function' || statement.kind === 'class') break;
    const isDirective =
      statement.kind === 'expression' &&
      statement.value.kind === 'string' &&
      lastImport === undefined &&
      gap === 0;
    const isImport = statement.kind === 'import';
    if (isDirective && (i === 0 || tree.language !== 'python')) importsAt = lines.after(statement.to);
    else if (isImport) lastImport = statement;
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
  return (
    (statement.kind === 'try' || statement.kind === 'if') &&
    statement.body.some(({ kind }) => kind === 'import')
  );
}

/** The line start at which the function goes: before the statement of the cursor, on the cursor's line if that is free. */
function insertionPoint(tree: Tree, lines: Lines, header: Header, offset: number): number {
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

// ---------------------------------------------------------------------------------------------- imports

interface ImportPlan {
  /** Names added to import statements that exist. */
  readonly merges: readonly TextEdit[];
  /** New statements. */
  readonly lines: readonly string[];
  /** What the snippet calls something → what it is called here. */
  readonly renames: ReadonlyMap<string, string>;
  /** Names that the new imports bind. */
  readonly locals: readonly string[];
}

function planImports(
  needed: readonly NeededImport[],
  tree: Tree,
  others: readonly Tree[],
  point: number,
  taken: ReadonlySet<string>,
): ImportPlan {
  const here = importsOf(tree.body).filter(({ to }) => to <= point);
  const available = [...here, ...others.flatMap(({ body }) => importsOf(body))];
  const top = here.filter((statement) => tree.body.includes(statement));
  const everyImport = tree.body.flatMap((one) =>
    one.kind === 'if' ? [...importsOf(one.body), ...importsOf(one.otherwise)] : importsOf([one]),
  );
  const renames = new Map<string, string>();
  const added = new Map<Import, string[]>();
  const lines: string[] = [];
  const locals: string[] = [];
  for (const one of needed) {
    const wanted = localName(one);
    const names = available
      .map((statement) => existingName(statement, one))
      .filter((name) => name !== undefined);
    const existing = names.includes(wanted) ? wanted : names[0];
    if (existing !== undefined) {
      if (existing !== wanted) renames.set(wanted, existing);
      continue;
    }
    // An import of the same thing further down, or for type checkers, does not take the name.
    const again = everyImport.some((statement) => existingName(statement, one) === wanted);
    const local = again ? wanted : freeName(wanted, one, new Set([...taken, ...locals]));
    locals.push(local);
    if (local !== wanted) renames.set(wanted, local);
    const host =
      one.name === undefined
        ? undefined
        : top.findLast(
            (statement) =>
              statement.form === 'from' &&
              statement.level === 0 &&
              statement.module === one.module &&
              !statement.star &&
              !statement.typeOnly &&
              statement.names.length > 0,
          );
    if (host === undefined) lines.push(importLine(one, local, tree.language));
    else {
      const text = local === one.name ? local : `${one.name!} as ${local}`;
      added.set(host, [...(added.get(host) ?? []), text]);
    }
  }
  const merges = [...added].map(([host, names]): TextEdit => {
    const at = host.names.at(-1)!.to;
    // One name a line stays one name a line.
    const first = host.names[0]!;
    const before = /\n[ \t]*$/.exec(tree.source.slice(host.from, first.from))?.[0];
    const separator = before === undefined ? ', ' : `,${tree.source.includes('\r\n') ? '\r' : ''}${before}`;
    return { from: at, to: at, text: names.map((name) => separator + name).join('') };
  });
  return { merges, lines, renames, locals };
}

/** Import statements at the top level, those in `try` among them; what is only for type checkers is not there at run time. */
function importsOf(body: readonly Statement[]): Import[] {
  return body.flatMap((statement) => {
    if (statement.kind === 'import') return statement.typeOnly ? [] : [statement];
    return statement.kind === 'try' ? importsOf(statement.body) : [];
  });
}

function localName({ module, name, alias }: NeededImport): string {
  return alias ?? name ?? module.split('.')[0]!;
}

/** Under which name, if any, an import statement gives what is needed. */
function existingName(statement: Import, { module, name }: NeededImport): string | undefined {
  const bound = (imported: ImportedName): string => imported.alias?.name ?? imported.name;
  if (statement.level > 0) return undefined;
  if (statement.form === 'from') {
    if (name !== undefined && statement.module === module) {
      const own = statement.names.find((imported) => imported.name === name);
      if (own !== undefined) return bound(own);
    }
    // `from numpy import typing` also gives `numpy.typing`.
    const parent = statement.names.find((imported) => `${statement.module}.${imported.name}` === module);
    if (parent !== undefined) return name === undefined ? bound(parent) : `${bound(parent)}.${name}`;
    return undefined;
  }
  for (const imported of statement.names) {
    if (imported.name === module) {
      // Without an alias the whole dotted name is written.
      const own = imported.alias?.name ?? imported.name;
      return name === undefined ? own : `${own}.${name}`;
    }
    if (imported.alias === undefined && name === undefined && imported.name.startsWith(`${module}.`))
      return module;
  }
  return undefined;
}

/** The wanted name, or for a module its full name, or one with a number. */
function freeName(wanted: string, { module, name }: NeededImport, taken: ReadonlySet<string>): string {
  const choices = [wanted, ...(name === undefined && !module.includes('.') ? [module] : [])];
  for (const choice of choices) if (!taken.has(choice)) return choice;
  for (let i = 2; ; i++) if (!taken.has(`${wanted}_${i}`)) return `${wanted}_${i}`;
}

function importLine({ module, name }: NeededImport, local: string, language: Language): string {
  if (language === 'python') {
    if (name !== undefined) return `from ${module} import ${name}${local === name ? '' : ` as ${local}`}`;
    return `import ${module}${local === module ? '' : ` as ${local}`}`;
  }
  if (name === undefined) return `import * as ${local} from '${module}';`;
  return `import { ${name}${local === name ? '' : ` as ${local}`} } from '${module}';`;
}

/** The edit that adds import statements: after the last one, or at the head of the file. */
function importLines(
  list: readonly string[],
  header: Header,
  point: number,
  lines: Lines,
  tree: Tree,
): TextEdit[] {
  if (list.length === 0) return [];
  const { eol } = lines;
  const sorted = [...list].sort((a, b) => Number(b.startsWith('import ')) - Number(a.startsWith('import ')));
  if (header.lastImport !== undefined) {
    const at = lines.endOf(header.lastImport.to);
    return [{ from: at, to: at, text: sorted.map((line) => eol + line).join('') }];
  }
  // Right above the function where nothing is between.
  const at = tree.source.slice(header.importsAt, point).trim() === '' ? point : header.importsAt;
  const unfinished = at > 0 && !tree.source.slice(0, at).endsWith('\n') ? eol : '';
  const isMagic = tree.source.slice(0, at).startsWith('%%');
  const before = unfinished + (lines.blankAbove(at) < 1 && !isMagic ? eol : '');
  const after = lines.blankBelow(at) < 1 ? eol : '';
  return [{ from: at, to: at, text: before + sorted.map((line) => line + eol).join('') + after }];
}

// ---------------------------------------------------------------------------------------------- the function

/** The names that a snippet defines at its top level. */
function definedNames(snippet: Snippet, language: Language): string[] {
  const body = parseSyntax(snippet.code, language).body;
  const names = body.flatMap((statement): string[] => {
    const own = statement.kind === 'export' ? statement.declaration : statement;
    return own?.kind === 'function' || own?.kind === 'class' || own?.kind === 'type' ? [own.name.name] : [];
  });
  return [...new Set(names)];
}

function freeSuffix(names: readonly string[], taken: ReadonlySet<string>, language: Language): string {
  const joint = language === 'python' ? '_' : '';
  for (let i = 1; ; i++) {
    const suffix = i === 1 ? '' : `${joint}${i}`;
    if (!names.some((name) => taken.has(name + suffix))) return suffix;
  }
}

/** Replaces whole names, also in documentation and error messages, but not members of that name. */
function rename(code: string, renames: ReadonlyMap<string, string>): string {
  if (renames.size === 0) return code;
  const names = [...renames.keys()].map((name) => name.replace(/\$/g, '\\$')).join('|');
  return code.replace(
    new RegExp(`(?<![\\w$.])(?:${names})(?![\\w$])`, 'g'),
    (name) => renames.get(name) ?? name,
  );
}

/** Changes the unit of indentation; what is left over (comments, aligned text) stays in blanks. */
function reindent(code: string, unit: number, indent: string): string {
  return code.replace(
    /^ +/gm,
    ({ length }) => indent.repeat(Math.floor(length / unit)) + ' '.repeat(length % unit),
  );
}

/** One step of indentation as the file has it: the first body on lines of its own shows it. */
function indentationOf(tree: Tree): string | undefined {
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

/** The function with the blank lines that the language's style asks for around it. */
function functionEdit(code: string, point: number, lines: Lines, blank: number): TextEdit {
  const { eol, source } = lines;
  const unfinished = point > 0 && source[point - 1] !== '\n' ? eol : '';
  const above = lines.blankAbove(point);
  const below = lines.blankBelow(point);
  const before =
    unfinished + (unfinished === '' ? eol.repeat(Math.max(0, blank - above)) : eol.repeat(blank));
  return { from: point, to: point, text: before + code + eol + eol.repeat(Math.max(0, blank - below)) };
}

/** Puts edits in order and joins those at one offset: names, then import lines, then the function. */
function combine(
  imports: readonly TextEdit[],
  main: TextEdit,
  { eol }: Lines,
  blank: number,
): { edits: readonly TextEdit[]; main: TextEdit } {
  const above = imports
    .filter(({ from }) => from === main.from)
    .map(({ text }) => text)
    .join('');
  const joined =
    above === ''
      ? main
      : { ...main, text: above.trimEnd() + eol.repeat(blank + 1) + main.text.replace(/^[\r\n]+/, '') };
  const rest = new Map<number, TextEdit>();
  for (const edit of imports)
    if (edit.from !== main.from)
      rest.set(edit.from, { ...edit, text: (rest.get(edit.from)?.text ?? '') + edit.text });
  return { edits: [...rest.values(), joined].sort((a, b) => a.from - b.from), main: joined };
}
