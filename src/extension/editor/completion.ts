import * as vscode from 'vscode';
import { completionsAt, findSite } from '../../core/code/completion.ts';
import { losses } from '../../core/losses/catalogue.ts';
import { inSlices } from '../../core/slices.ts';
import { loadEdition } from './editions.ts';
import { escapeMarkdown } from './hoverText.ts';
import { pauses } from './pauses.ts';
import { pictureMarkdown, pictureOf } from './pictures.ts';
import { eolOf, indentOf, languageOf, otherTrees } from './source.ts';

/** Room for a picture beside the list of completions, px. */
const detailsWidth = 310;

/** An offered implementation; knows its loss, so that its picture can be drawn when it is looked at. */
class LossItem extends vscode.CompletionItem {
  readonly lossId: string;
  readonly meaning: string;

  constructor(label: vscode.CompletionItemLabel, lossId: string, meaning: string) {
    super(label, vscode.CompletionItemKind.Snippet);
    this.lossId = lossId;
    this.meaning = meaning;
  }
}

/** `loss-mse` and the like for a word at the left edge that begins with `loss`. */
export async function provideCompletions(
  document: vscode.TextDocument,
  position: vscode.Position,
  token: vscode.CancellationToken,
): Promise<vscode.CompletionList | undefined> {
  const language = languageOf(document);
  if (language === undefined) return undefined;
  const others = await otherTrees(document, language);
  if (token.isCancellationRequested) return undefined;
  const indent = indentOf(document);
  const range = (span: { readonly from: number; readonly to: number }): vscode.Range =>
    new vscode.Range(document.positionAt(span.from), document.positionAt(span.to));
  const pause = pauses(() => token.isCancellationRequested);
  const site = await inSlices(
    findSite({
      source: document.getText(),
      language,
      ...(others === undefined ? {} : { others }),
      offset: document.offsetAt(position),
      ...(indent === undefined ? {} : { indent }),
      eol: eolOf(document),
    }),
    pause,
  );
  if (site === undefined) return undefined;
  await loadEdition(site.trees);
  const found = await inSlices(completionsAt(site, losses()), pause);
  // What was typed meanwhile stands behind all that is replaced, and VS Code filters by it.
  if (found === undefined) return undefined;
  const items = found.map(({ loss, label, search, range: word, text, others: elsewhere }, i) => {
    const item = new LossItem({ label, description: loss.name }, loss.id, loss.meaning);
    item.detail = loss.name;
    item.filterText = search;
    // Where nothing else decides, as in the catalogue: the common ones first.
    item.sortText = String(i).padStart(4, '0');
    item.insertText = text;
    item.keepWhitespace = true;
    item.range = range(word);
    item.additionalTextEdits = elsewhere.map((edit) => new vscode.TextEdit(range(edit), edit.text));
    return item;
  });
  return new vscode.CompletionList(items);
}

/** Adds meaning and picture to the item that is looked at. */
export async function resolveCompletion(item: vscode.CompletionItem): Promise<vscode.CompletionItem> {
  if (!(item instanceof LossItem)) return item;
  const text = escapeMarkdown(item.meaning);
  try {
    item.documentation = new vscode.MarkdownString(
      `${pictureMarkdown(await pictureOf(item.lossId), detailsWidth)}\n\n${text}`,
    );
  } catch {
    item.documentation = new vscode.MarkdownString(text);
  }
  return item;
}
