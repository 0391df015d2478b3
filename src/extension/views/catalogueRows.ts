/** What the Loss Catalogue shows; loaded when the view is first shown. */
import * as vscode from 'vscode';
import { loadLoss, losses } from '../../core/losses/catalogue.ts';
import { familyNames } from '../../core/losses/families.ts';
import { families, type Loss } from '../../core/losses/loss.ts';
import { taskOf } from '../../core/losses/task.ts';
import { escapeMarkdown } from '../editor/hoverText.ts';
import { pictureMarkdown, pictureOf } from '../editor/pictures.ts';
import { localise } from '../localise.ts';

/** A family as a row. */
export interface FamilyRow {
  readonly family: string;
  readonly label: string;
  /** How many losses it has. */
  readonly count: number;
}

/** A loss as a row. */
export interface LossRow {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly meaning: string;
  /** A table column can be its target, so a data set fits. */
  readonly trains: boolean;
}

/** The families that have losses, in the order in which they are offered. */
export function familyRows(): FamilyRow[] {
  return families
    .map((family) => ({
      family,
      label: localise(familyNames[family]),
      count: losses().filter((loss) => loss.family === family).length,
    }))
    .filter(({ count }) => count > 0);
}

/** The losses of a family. */
export function lossRows(family: string): LossRow[] {
  return losses()
    .filter((loss) => loss.family === family)
    .map((loss) => ({
      id: loss.id,
      label: loss.name,
      description: otherNames(loss).slice(0, 2).join(' · '),
      meaning: loss.meaning,
      trains: taskOf(loss) !== undefined,
    }));
}

/** Synonyms that are not just the name without its last word. */
function otherNames({ name, synonyms }: Loss): string[] {
  const known = name.toLowerCase();
  return synonyms.filter((synonym) => !known.includes(synonym.toLowerCase().replace(/ loss$/, '')));
}

/** Formula, plot and what to know of a loss. */
export async function tooltip(id: string): Promise<vscode.MarkdownString> {
  const loss = loadLoss(id);
  if (loss === undefined) return new vscode.MarkdownString();
  const names = [...loss.synonyms, ...loss.chinese].map(escapeMarkdown).join(', ');
  const parts = [`**${escapeMarkdown(loss.name)}**${names === '' ? '' : `  \n${names}`}`];
  const picture = await pictureOf(id).catch(() => undefined);
  if (picture !== undefined) parts.push(pictureMarkdown(picture));
  parts.push(escapeMarkdown(loss.meaning), escapeMarkdown(loss.useWhen));
  return new vscode.MarkdownString(parts.join('\n\n'));
}

/** What the tree needs of this file. */
export interface CatalogueRows {
  readonly familyRows: typeof familyRows;
  readonly lossRows: typeof lossRows;
  readonly tooltip: typeof tooltip;
}
