import * as vscode from 'vscode';
import { contextValue } from '../contributions.ts';
import type { CatalogueRows, LossRow } from './catalogueRows.ts';

/** A row of the Loss Catalogue. Commands of a loss's menu get it as their argument and read the loss from it. */
export type CatalogueNode =
  | { readonly kind: 'family'; readonly family: string; readonly label: string }
  | { readonly kind: 'loss'; readonly loss: string };

/** Families and their losses. The losses are loaded when VS Code asks for the first row: when the view is shown. */
export class CatalogueTree implements vscode.TreeDataProvider<CatalogueNode> {
  readonly #load: () => Promise<CatalogueRows>;
  readonly #rows = new Map<string, LossRow>();

  constructor(load: () => Promise<CatalogueRows>) {
    this.#load = load;
  }

  async getChildren(parent?: CatalogueNode): Promise<CatalogueNode[]> {
    if (parent?.kind === 'loss') return [];
    const { familyRows, lossRows } = await this.#load();
    if (parent === undefined)
      return familyRows().map(({ family, label }) => ({ kind: 'family', family, label }));
    return lossRows(parent.family).map((row) => {
      this.#rows.set(row.id, row);
      return { kind: 'loss', loss: row.id };
    });
  }

  getTreeItem(node: CatalogueNode): vscode.TreeItem {
    if (node.kind === 'family') {
      const item = new vscode.TreeItem(node.label, vscode.TreeItemCollapsibleState.Collapsed);
      item.id = `family:${node.family}`;
      return item;
    }
    const row = this.#rows.get(node.loss);
    const item = new vscode.TreeItem(row?.label ?? node.loss);
    item.id = node.loss;
    item.description = row?.description ?? '';
    item.iconPath = new vscode.ThemeIcon('graph-line');
    item.accessibilityInformation = { label: `${row?.label ?? node.loss}. ${row?.meaning ?? ''}` };
    item.contextValue = contextValue('loss', row?.trains === true ? ['train'] : []);
    return item;
  }

  /** The picture is drawn for the row that is looked at. */
  async resolveTreeItem(item: vscode.TreeItem, node: CatalogueNode): Promise<vscode.TreeItem> {
    if (node.kind === 'loss') item.tooltip = await (await this.#load()).tooltip(node.loss);
    return item;
  }
}
