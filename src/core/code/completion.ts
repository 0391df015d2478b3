import type { Loss } from '../losses/loss.ts';
import type { Sliced } from '../slices.ts';
import { fittingOf } from './fitting.ts';
import { findPlace, planAt, type Place, type TextEdit } from './insertion.ts';
import { searchText, shortName } from './shortName.ts';
import { startSyntax } from './syntax.ts';
import type { Language, Span, Tree } from './tree.ts';

/** A loss that can be completed at a place. */
export interface LossCompletion {
  readonly loss: Loss;
  /** `loss-mse`. */
  readonly label: string;
  /** What is typed is looked for in this. */
  readonly search: string;
  /** The typed word, which {@link text} replaces. */
  readonly range: Span;
  readonly text: string;
  /** Edits elsewhere: imports. */
  readonly others: readonly TextEdit[];
}

/** The text of a line up to the cursor in which a completion can begin: the word stands alone at the left edge. */
const completableLine = /^loss[\w-]*$/;

export interface CompletionRequest {
  readonly source: string;
  readonly language: Language;
  /** The other cells of a notebook. */
  readonly others?: readonly Tree[];
  /** The cursor, at the end of the word. */
  readonly offset: number;
  readonly indent?: string;
  readonly eol?: '\n' | '\r\n';
}

/** A place at which losses can be completed. */
export interface CompletionSite {
  /** Up to the cursor. */
  readonly typed: string;
  readonly range: Span;
  /** In the file as it is without the word. */
  readonly place: Place;
  /** That file, then the other cells. */
  readonly trees: readonly Tree[];
}

/**
 * Where losses are completed: for a word at the top level of a file that begins with `loss`; undefined where the word is
 * no statement of its own: in strings, comments, continued lines. Yields while it reads the file.
 */
export function* findSite(request: CompletionRequest): Sliced<CompletionSite | undefined> {
  const { source, language, offset } = request;
  const from = source.lastIndexOf('\n', offset - 1) + 1;
  const typed = source.slice(from, offset);
  if (!completableLine.test(typed)) return undefined;
  const to = offset + /^[\w-]*/.exec(source.slice(offset))![0].length;
  const rest = /^[^\r\n]*/.exec(source.slice(to))![0];
  if (rest.trim() !== '') return undefined;
  const options = { notebook: request.others !== undefined };
  const isStatement = (yield* parsed(source, language, options)).body.some(
    (statement) =>
      statement.from === from && (statement.kind === 'expression' || statement.kind === 'unknown'),
  );
  if (!isStatement) return undefined;
  const without = source.slice(0, from) + ' '.repeat(to - from) + source.slice(to);
  const tree = yield* parsed(without, language, options);
  const others = request.others ?? [];
  const place = findPlace({ ...request, tree, others, offset: from });
  // Above the imports nothing is offered: the function would go elsewhere.
  return place.point === from ? { typed, range: { from, to }, place, trees: [tree, ...others] } : undefined;
}

function* parsed(source: string, language: Language, options: { readonly notebook: boolean }): Sliced<Tree> {
  const parse = startSyntax(source, language, options);
  for (;;) {
    const tree = parse.advance();
    if (tree !== undefined) return tree;
    yield;
  }
}

/** The completions `loss-…` of the losses that match what is typed. Yields before each, since printing takes its time. */
export function* completionsAt(
  { typed, range, place, trees }: CompletionSite,
  losses: readonly Loss[],
): Sliced<LossCompletion[]> {
  const fitting = fittingOf(trees);
  const found: LossCompletion[] = [];
  for (const loss of losses) {
    const search = searchText(loss);
    if (!isSubsequence(typed, search)) continue;
    yield;
    const printed = fitting(loss);
    if (!printed.ok) continue;
    const plan = planAt(place, printed.value);
    if (!plan.ok) continue;
    const { main, edits } = plan.value;
    const others = edits.filter((edit) => edit !== main);
    found.push({ loss, label: `loss-${shortName(loss)}`, search, range, text: main.text, others });
  }
  return found;
}

/** Whether the characters occur in this order, as editors match completions. */
function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const character of whole) if (character === part[at]) at += 1;
  return at === part.length;
}
