import type { Candidate } from '../../core/code/uses.ts';
import { lossTex } from '../../core/expression/print/tex.ts';
import { unicodeOf } from '../../core/expression/print/unicode.ts';
import { inConvention } from '../../core/losses/conventions.ts';
import { decided } from '../../core/losses/decided.ts';
import type { Loss } from '../../core/losses/loss.ts';
import { codeSpan } from './hoverText.ts';

/** Lines of formulas; the widget has no room for more. */
const mostLines = 4;

/**
 * The formula of a call in words, as Markdown, where the picture would show another one: pictures are drawn with the
 * loss's own choices. Undefined where the call makes no other choices.
 */
export function formulaOfChoices(original: Loss, { api, parameters }: Candidate): string | undefined {
  const loss = inConvention(original, api.convention);
  const isChosen = loss.parameters.some(({ id, choices }) => choices !== undefined && id in parameters);
  if (!isChosen) return undefined;
  const { value, lets } = lossTex(decided(loss, parameters));
  return [value, ...lets]
    .slice(0, mostLines)
    .map((tex) => codeSpan(unicodeOf(tex)))
    .join('  \n');
}
