import * as vscode from 'vscode';
import { fittingOf } from '../../core/code/fitting.ts';
import { planInsertion } from '../../core/code/insertion.ts';
import { parseSyntax } from '../../core/code/syntax.ts';
import type { Loss } from '../../core/losses/loss.ts';
import { describeAll, localise } from '../localise.ts';
import { loadEdition } from './editions.ts';
import { eolOf, indentOf, languageOf, otherTrees } from './source.ts';
import { pickLoss } from './pickLoss.ts';
import { readWish, type Wish } from './wish.ts';

/** How often the insertion is planned anew because the document changed under it. */
const attempts = 3;

/** Insert Loss Implementation: asks for the loss unless it is given, and puts it into the active file. */
export async function insertLoss(argument: unknown): Promise<void> {
  const wish = readWish(argument);
  const document = documentOf(wish);
  if (document === undefined || languageOf(document) === undefined) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Open a Python, TypeScript or JavaScript file first.'),
    );
    return;
  }
  if (await isReadOnly(document.uri)) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t(
        '{0} is read-only. Save it under another name, then insert the loss there.',
        nameOf(document),
      ),
    );
    return;
  }
  const loss =
    wish.loss ??
    (await pickLoss(
      vscode.l10n.t('Insert Loss Implementation'),
      vscode.l10n.t('Choose a loss; its implementation goes into the active file'),
    ));
  if (loss === undefined) return;
  await insert(document, loss, wish);
}

async function insert(document: vscode.TextDocument, loss: Loss, wish: Wish): Promise<void> {
  const language = languageOf(document)!;
  for (let attempt = 0; attempt < attempts && !document.isClosed; attempt++) {
    const others = await otherTrees(document, language);
    const parse = () => parseSyntax(document.getText(), language, { notebook: others !== undefined });
    const { version } = document;
    const early = parse();
    await loadEdition([early, ...(others ?? [])]);
    // From here to applyEdit nothing is awaited, and VS Code refuses edits of an older version.
    const tree = document.version === version ? early : parse();
    const editor = vscode.window.visibleTextEditors.find((one) => one.document === document);
    const position =
      wish.line === undefined
        ? editor?.selection.active
        : document.validatePosition(new vscode.Position(wish.line, 0));
    const indent = indentOf(document);
    const { parameters, convention } = wish;
    const printed = fittingOf([tree, ...(others ?? [])])(loss, {
      parameters,
      ...(convention === undefined ? {} : { convention }),
    });
    if (!printed.ok) {
      void vscode.window.showInformationMessage(describeAll(printed.problems));
      return;
    }
    const plan = planInsertion({
      tree,
      ...(others === undefined ? {} : { others }),
      offset: position === undefined ? tree.source.length : document.offsetAt(position),
      snippet: printed.value,
      ...(indent === undefined ? {} : { indent }),
      eol: eolOf(document),
    });
    if (!plan.ok) {
      void vscode.window.showInformationMessage(describeAll(plan.problems));
      return;
    }
    const { edits, main, notes } = plan.value;
    const change = new vscode.WorkspaceEdit();
    change.set(
      document.uri,
      edits.map(
        ({ from, to, text }) =>
          new vscode.TextEdit(new vscode.Range(document.positionAt(from), document.positionAt(to)), text),
      ),
    );
    const before = edits
      .filter((edit) => edit.from < main.from)
      .reduce((sum, edit) => sum + edit.text.length, 0);
    if (await vscode.workspace.applyEdit(change)) {
      const start = document.positionAt(main.from + before + (/^\s*/.exec(main.text)?.[0].length ?? 0));
      editor?.revealRange(
        new vscode.Range(start, start),
        vscode.TextEditorRevealType.InCenterIfOutsideViewport,
      );
      for (const note of notes) void vscode.window.showInformationMessage(localise(note));
      return;
    }
  }
  void vscode.window.showWarningMessage(
    vscode.l10n.t(
      '{0} could not be changed: it is read-only or changes all the time. Nothing was inserted.',
      nameOf(document),
    ),
  );
}

/** Only a document that is open: a link in a hover belongs to one. */
function documentOf({ uri }: Wish): vscode.TextDocument | undefined {
  if (uri === undefined) return vscode.window.activeTextEditor?.document;
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri);
}

async function isReadOnly(uri: vscode.Uri): Promise<boolean> {
  if (vscode.workspace.fs.isWritableFileSystem(uri.scheme) === false) return true;
  if (uri.scheme !== 'file') return false;
  try {
    const { permissions = 0 } = await vscode.workspace.fs.stat(uri);
    return (permissions & vscode.FilePermission.Readonly) !== 0;
  } catch {
    // Not on disk yet.
    return false;
  }
}

function nameOf(document: vscode.TextDocument): string {
  return document.uri.path.split('/').at(-1) ?? document.uri.path;
}
