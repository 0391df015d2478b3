import type { Loss } from '../losses/loss.ts';
import { planInsertion, printFitting, type TextEdit } from './insertion.ts';
import { shortName } from './shortName.ts';
import { parseSyntax } from './syntax.ts';
import type { Language, Span, Tree } from './tree.ts';

/** A loss that can be completed at a place. */
export interface LossCompletion {
  readonly loss: Loss;
  /** `loss-mse`. */
  readonly label: string;
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
 * statement of its own: in strings, comments, continued lines.
 */
export function completeLosses(request: {
  readonly source: string;
  readonly language: Language;
  /** The other cells of a notebook. */
  readonly others?: readonly Tree[];
  /** The cursor, at the end of the word. */
  readonly offset: number;
  readonly losses: readonly Loss[];
  readonly indent?: string;
  readonly eol?: '\n' | '\r\n';
}): LossCompletion[] {
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
  // The file as it is without the word.
  const without = source.slice(0, from) + ' '.repeat(to - from) + source.slice(to);
  const tree = parseSyntax(without, language, options);
  const others = request.others ?? [];
  return request.losses.flatMap((loss): LossCompletion[] => {
    const label = `loss-${shortName(loss)}`;
    if (!isSubsequence(typed, `${label} ${loss.id}`)) return [];
    const printed = printFitting([tree, ...others], loss);
    if (!printed.ok) return [];
    const plan = planInsertion({ ...request, tree, others, offset: from, snippet: printed.value });
    // Above the imports nothing is offered: the function would go elsewhere.
    if (!plan.ok || plan.value.main.from !== from) return [];
    const { main, edits } = plan.value;
    return [
      { loss, label, range: { from, to }, text: main.text, others: edits.filter((edit) => edit !== main) },
    ];
  });
}

/** Whether the characters occur in this order, as editors match completions. */
function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const character of whole) if (character === part[at]) at += 1;
  return at === part.length;
}
