import * as vscode from 'vscode';
import type { Language, Tree } from '../../core/code/tree.ts';

/** Our language of a document; undefined for those that we do not read. */
export function languageOf({ languageId }: vscode.TextDocument): Language | undefined {
  switch (languageId) {
    case 'python':
    case 'javascript':
    case 'typescript':
      return languageId;
    case 'javascriptreact':
      return 'jsx';
    case 'typescriptreact':
      return 'tsx';
    default:
      return undefined;
  }
}

/** The documents that are read as one: a file alone, or the cells of a notebook in the language of one of them. */
export interface Sources {
  readonly documents: readonly vscode.TextDocument[];
  /** Which of them it is about. */
  readonly index: number;
  readonly notebook: boolean;
}

/** {@link Sources} of a document. */
export function sourcesOf(document: vscode.TextDocument): Sources {
  if (document.uri.scheme === 'vscode-notebook-cell')
    for (const notebook of vscode.workspace.notebookDocuments) {
      const cells = notebook
        .getCells()
        .filter(
          ({ kind, document: { languageId } }) =>
            kind === vscode.NotebookCellKind.Code && languageId === document.languageId,
        )
        .map((cell) => cell.document);
      const index = cells.indexOf(document);
      if (index >= 0) return { documents: cells, index, notebook: true };
    }
  return { documents: [document], index: 0, notebook: false };
}

/** Syntax trees of the cells beside a document; none for files. */
export async function otherTrees(
  document: vscode.TextDocument,
  language: Language,
): Promise<readonly Tree[] | undefined> {
  const { documents, notebook } = sourcesOf(document);
  if (!notebook) return undefined;
  const [{ parseSyntax }, { isForeignCell }] = await Promise.all([
    import('../../core/code/syntax.ts'),
    import('../../core/code/mask.ts'),
  ]);
  return documents
    .filter((other) => other !== document)
    .map((other) => other.getText())
    .filter((text) => !isForeignCell(text))
    .map((text) => parseSyntax(text, language, { notebook: true }));
}

/** One step of indentation by the settings of the editor that shows a document. */
export function indentOf(document: vscode.TextDocument): string | undefined {
  const options = vscode.window.visibleTextEditors.find((editor) => editor.document === document)?.options;
  if (options === undefined) return undefined;
  if (options.insertSpaces === false) return '\t';
  return typeof options.tabSize === 'number' ? ' '.repeat(options.tabSize) : undefined;
}

/** The line end of a document. */
export function eolOf(document: vscode.TextDocument): '\n' | '\r\n' {
  return document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n';
}
