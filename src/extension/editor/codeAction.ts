import * as vscode from 'vscode';
import { commands } from '../contributions.ts';

export const insertKind = vscode.CodeActionKind.RefactorRewrite.append('lossLab');

/** Words of files in which a light bulb on an empty line is welcome. */
const numeric = /\b(?:torch|keras|tensorflow|jax|optax|numpy|sklearn|loss(?:es)?)\b/i;

/**
 * Offers `Insert loss implementation…`: always when the user asks for actions, and by itself only on an empty line of a
 * file that has to do with numbers.
 */
export function provideCodeActions(
  document: vscode.TextDocument,
  range: vscode.Range,
  context: vscode.CodeActionContext,
): vscode.CodeAction[] {
  if (context.only !== undefined && !context.only.contains(insertKind) && !insertKind.contains(context.only))
    return [];
  if (context.triggerKind === vscode.CodeActionTriggerKind.Automatic) {
    if (!range.isEmpty || !document.lineAt(range.start.line).isEmptyOrWhitespace) return [];
    if (!numeric.test(document.getText())) return [];
  }
  const action = new vscode.CodeAction(vscode.l10n.t('Insert loss implementation…'), insertKind);
  action.command = {
    command: commands.insertLoss,
    title: action.title,
    arguments: [{ uri: document.uri.toString(), line: range.start.line }],
  };
  return [action];
}
