import type { Snippet } from '../expression/print/snippet.ts';
import { bad, message, ok, type Message, type Result } from '../messages/message.ts';
import { importLines, planImports } from './imports.ts';
import { Lines } from './lines.ts';
import { headerOf, indentationOf, insertionPoint, type Header } from './place.ts';
import { buildScopes } from './scopes.ts';
import type { Language, Span, Tree } from './tree.ts';

/** Replaces a range of the original text. */
export interface TextEdit extends Span {
  readonly text: string;
}

/** A place for a function in a file. */
export interface PlaceRequest {
  /** The file, or the notebook cell, into which to insert. */
  readonly tree: Tree;
  /** The other cells of a notebook: what they import and define counts. */
  readonly others?: readonly Tree[];
  /** Where the cursor is. */
  readonly offset: number;
  /** Used where the file itself shows no indentation. */
  readonly indent?: string;
  /** Used where the file itself has no line end. */
  readonly eol?: '\n' | '\r\n';
}

export interface InsertionRequest extends PlaceRequest {
  readonly snippet: Snippet;
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

/** What is known of a place before it is known what goes there; serves any number of snippets. */
export interface Place {
  readonly tree: Tree;
  readonly others: readonly Tree[];
  readonly lines: Lines;
  readonly header: Header;
  /** Start of the line at which the function goes. */
  readonly point: number;
  /** Names that the file, or the notebook, binds. */
  readonly taken: ReadonlySet<string>;
  /** One step of indentation. */
  readonly indent: string;
}

/** Finds where a function goes: at the top level near the cursor, below the imports. */
export function findPlace(request: PlaceRequest): Place {
  const { tree, others = [] } = request;
  const lines = new Lines(tree.source, request.eol);
  const header = headerOf(tree, lines);
  return {
    tree,
    others,
    lines,
    header,
    point: insertionPoint(tree, lines, header, request.offset),
    taken: new Set([tree, ...others].flatMap((one) => [...buildScopes([one]).module.bindings.keys()])),
    indent: indentationOf(tree) ?? request.indent ?? ' '.repeat(unitOf(tree)),
  };
}

/**
 * Plans how to put a printed loss into a file: the function at the top level near the cursor, its imports merged into
 * those of the file, aliases, indentation and line ends kept. Fails where the very same code is already there.
 */
export function planInsertion(request: InsertionRequest): Result<Insertion> {
  return planAt(findPlace(request), request.snippet);
}

/** {@link planInsertion} at a place that is known. */
export function planAt(place: Place, snippet: Snippet): Result<Insertion> {
  const { tree, others, lines, header, point, taken, indent } = place;
  const imports = planImports(snippet.imports, tree, others, point, taken);
  const format = (code: string): string =>
    reindent(code.trimEnd(), unitOf(tree), indent).replaceAll('\n', lines.eol);
  // Compared before a clash changes the name: the clash may be with this very code.
  const isThere = ({ code }: Definition): boolean =>
    tree.source.includes(format(rename(code, imports.renames)));
  const all = definitionsOf(snippet, tree.language);
  const missing = all.filter((definition) => !isThere(definition));
  if (missing.length === 0) return bad(message('{name} is already in this file.', { name: snippet.name }));
  // Functions that another loss has brought along serve this one too.
  const added = missing.some(({ names }) => names.includes(snippet.name)) ? missing : all;
  const defined = added.flatMap(({ names }) => names);
  const suffix = freeSuffix(defined, new Set([...taken, ...imports.locals]), tree.language);
  const renames = new Map([
    ...imports.renames,
    ...(suffix === '' ? [] : defined.map((name) => [name, name + suffix] as const)),
  ]);
  const name = renames.get(snippet.name) ?? snippet.name;

  const blank = tree.language === 'python' ? 2 : 1;
  const code = added.map((definition) => definition.code).join('\n'.repeat(blank + 1));
  const main = functionEdit(format(rename(code, renames)), point, lines, blank);
  const importing = [...imports.merges, ...importLines(imports.lines, header, point, lines, tree)];
  const edits = combine(importing, main, lines, blank);
  const notes =
    suffix === ''
      ? []
      : [message('{name} is taken in this file: inserted as {other}.', { name: snippet.name, other: name })];
  return ok({ ...edits, name, notes });
}

/** Blanks of one step of indentation in printed code. */
function unitOf({ language }: Tree): number {
  return language === 'python' ? 4 : 2;
}

/** A function or a type that a snippet brings, with the comment above it. */
interface Definition {
  readonly names: readonly string[];
  readonly code: string;
}

const known = new WeakMap<Snippet, readonly Definition[]>();

/** What a snippet defines at its top level. Printed code has blank lines between definitions and nowhere else there. */
function definitionsOf(snippet: Snippet, language: Language): readonly Definition[] {
  const kept = known.get(snippet);
  if (kept !== undefined) return kept;
  const python = language === 'python';
  const name = python
    ? /^(?:def|class) (\w+)/gm
    : /^(?:export )?(?:function|interface|class|type|const) ([\w$]+)/gm;
  const definitions = snippet.code
    .trimEnd()
    .split(python ? /\n\n\n(?=\S)/ : /\n\n(?=\S)/)
    .map((code) => ({ code, names: [...new Set([...code.matchAll(name)].map((match) => match[1]!))] }));
  known.set(snippet, definitions);
  return definitions;
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
