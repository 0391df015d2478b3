import * as vscode from 'vscode';
import { contextValue } from '../contributions.ts';
import type { CatalogueRows, FamilyRow, LossRow } from './catalogueRows.ts';

/** A row of the Loss Catalogue. Commands of a loss's menu get it as their argument and read the loss from it. */
export type CatalogueNode =
  | { readonly kind: 'family'; readonly family: string; readonly row: FamilyRow }
  | { readonly kind: 'loss'; readonly loss: string; readonly row: LossRow };

/** Families and their losses. The losses are loaded when VS Code asks for the first row: when the view is shown. */
export class CatalogueTree implements vscode.TreeDataProvider<CatalogueNode>, vscode.Disposable {
  readonly #load: () => Promise<CatalogueRows>;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #themes: vscode.Disposable;

  constructor(load: () => Promise<CatalogueRows>) {
    this.#load = load;
    // Pictures are drawn in the colours of the theme.
    this.#themes = vscode.window.onDidChangeActiveColorTheme(() => this.#changed.fire(undefined));
  }

  readonly onDidChangeTreeData = this.#changed.event;

  async getChildren(parent?: CatalogueNode): Promise<CatalogueNode[]> {
    if (parent?.kind === 'loss') return [];
    const { familyRows, lossRows } = await this.#load();
    return parent === undefined
      ? familyRows().map((row) => ({ kind: 'family', family: row.family, row }))
      : lossRows(parent.family).map((row) => ({ kind: 'loss', loss: row.id, row }));
  }

  getTreeItem(node: CatalogueNode): vscode.TreeItem {
    return node.kind === 'family' ? familyItem(node.row) : lossItem(node.row);
  }

  /** The picture is drawn for the row that is looked at. */
  async resolveTreeItem(item: vscode.TreeItem, node: CatalogueNode): Promise<vscode.TreeItem> {
    if (node.kind === 'loss') item.tooltip = await (await this.#load()).tooltip(node.loss);
    return item;
  }

  dispose(): void {
    this.#themes.dispose();
    this.#changed.dispose();
  }
}

function familyItem({ family, label, count }: FamilyRow): vscode.TreeItem {
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `family:${family}`;
  item.description = String(count);
  item.accessibilityInformation = { label: vscode.l10n.t('{0}, {1} losses', label, count) };
  return item;
}

function lossItem({ id, label, description, meaning, trains }: LossRow): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  item.id = id;
  item.description = description;
  item.accessibilityInformation = { label: `${label}. ${meaning}` };
  item.contextValue = contextValue('loss', trains ? ['train'] : []);
  return item;
}
