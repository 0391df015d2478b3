import * as vscode from 'vscode';
import { losses } from '../../core/losses/catalogue.ts';
import { familyNames } from '../../core/losses/families.ts';
import { families, type Loss } from '../../core/losses/loss.ts';
import { localise } from '../localise.ts';

/** Lets the user search the losses by name, other names in English and Chinese, and meaning. */
export async function pickLoss(title: string, placeHolder?: string): Promise<Loss | undefined> {
  const items = families.flatMap((family): (vscode.QuickPickItem & { readonly loss?: Loss })[] => {
    const own = losses().filter((loss) => loss.family === family);
    if (own.length === 0) return [];
    return [
      { label: localise(familyNames[family]), kind: vscode.QuickPickItemKind.Separator },
      ...own.map((loss) => ({
        label: loss.name,
        description: [...loss.synonyms, ...loss.chinese].join(' · '),
        detail: loss.meaning,
        loss,
      })),
    ];
  });
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: placeHolder ?? vscode.l10n.t('Choose a loss'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.loss;
}
