import * as vscode from 'vscode';
import type { Message, Problem } from '../core/messages/message.ts';

/** A sentence of the core in the user's language. */
export function localise({ template, args }: Message): string {
  const values = Object.entries(args).map(
    ([name, value]) => [name, typeof value === 'object' ? localise(value) : value] as const,
  );
  return vscode.l10n.t(template, Object.fromEntries(values));
}

/** The sentence of a problem, with its place in a document where the sentence itself does not name one. */
export function describe(problem: Problem): string {
  const text = localise(problem.message);
  const row = problem.where?.row;
  return row === undefined || text.includes(String(row)) ? text : vscode.l10n.t('{0} (row {1})', text, row);
}

/** Several problems as one text: the first few, and how many more. */
export function describeAll(problems: readonly Problem[]): string {
  const shown = problems.slice(0, 3).map((problem) => describe(problem));
  if (problems.length > 3) shown.push(vscode.l10n.t('({0} more)', problems.length - 3));
  return shown.join(' ');
}
