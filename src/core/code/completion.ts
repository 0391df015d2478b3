import type { Loss } from '../losses/loss.ts';
import type { Sliced } from '../slices.ts';
import { fittingOf } from './fitting.ts';
import { findPlace, planAt, type TextEdit } from './insertion.ts';
import { searchText, shortName } from './shortName.ts';
import { parseSyntax } from './syntax.ts';
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

/**
 * The completions `loss-…` for a word at the top level of a file that begins with `loss`; none where the word is no
 * statement of its own: in strings, comments, continued lines. Yields after each loss, since most of the time is for
 * printing them.
 */
export function* completeLosses(request: {
  readonly source: string;
  readonly language: Language;
  /** The other cells of a notebook. */
  readonly others?: readonly Tree[];
  /** The cursor, at the end of the word. */
  readonly offset: number;
  readonly losses: readonly Loss[];
  readonly indent?: string;
  readonly eol?: '\n' | '\r\n';
}): Sliced<LossCompletion[]> {
  const { source, language, offset } = request;
  const from = source.lastIndexOf('\n', offset - 1) + 1;
  const typed = source.slice(from, offset);
  if (!completableLine.test(typed)) return [];
  const to = offset + /^[\w-]*/.exec(source.slice(offset))![0].length;
  const rest = /^[^\r\n]*/.exec(source.slice(to))![0];
  if (rest.trim() !== '') return [];
  const options = { notebook: request.others !== undefined };
  const isStatement = parseSyntax(source, language, options).body.some(
    (statement) =>
      statement.from === from && (statement.kind === 'expression' || statement.kind === 'unknown'),
  );
  if (!isStatement) return [];
  yield;
  // The file as it is without the word.
  const without = source.slice(0, from) + ' '.repeat(to - from) + source.slice(to);
  const tree = parseSyntax(without, language, options);
  const others = request.others ?? [];
  const place = findPlace({ ...request, tree, others, offset: from });
  // Above the imports nothing is offered: the function would go elsewhere.
  if (place.point !== from) return [];
  const fitting = fittingOf([tree, ...others]);
  const found: LossCompletion[] = [];
  for (const loss of request.losses) {
    const label = `loss-${shortName(loss)}`;
    const search = searchText(loss);
    if (!isSubsequence(typed, search)) continue;
    yield;
    const printed = fitting(loss);
    if (!printed.ok) continue;
    const plan = planAt(place, printed.value);
    if (!plan.ok) continue;
    const { main, edits } = plan.value;
    found.push({
      loss,
      label,
      search,
      range: { from, to },
      text: main.text,
      others: edits.filter((edit) => edit !== main),
    });
  }
  return found;
}

/** Whether the characters occur in this order, as editors match completions. */
function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const character of whole) if (character === part[at]) at += 1;
  return at === part.length;
}
