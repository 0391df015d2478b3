import * as path from 'node:path';
import * as vscode from 'vscode';

/** Opens a file that was just written. VS Code opens no text of more than 50 MB: then the file is named. */
export async function showWritten(file: vscode.Uri): Promise<void> {
  let document: vscode.TextDocument;
  try {
    document = await vscode.workspace.openTextDocument(file);
  } catch {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('{0} has been written. It is too large to be opened here.', path.basename(file.fsPath)),
    );
    return;
  }
  await vscode.window.showTextDocument(document, { preview: false });
}
