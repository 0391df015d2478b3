import * as vscode from 'vscode';
import {
  languages,
  mannersOf,
  printLoss,
  type Language,
  type Manner,
} from '../../core/expression/print/snippet.ts';
import { sourceOf } from '../../core/expression/print/source.ts';
import type { Loss } from '../../core/losses/loss.ts';
import { readWish } from '../editor/wish.ts';
import { pickLoss } from '../editor/pickLoss.ts';

const languageNames: Readonly<Record<Language, string>> = {
  numpy: 'NumPy',
  torch: 'PyTorch',
  keras: 'Keras',
  jax: 'JAX',
  tfjs: 'TensorFlow.js',
  typescript: 'TypeScript',
};

/** Copy Loss As…: the code of a loss in a language of the user's choice, for the clipboard. */
export async function copyLoss(argument: unknown): Promise<void> {
  const wish = readWish(argument);
  const loss = wish.loss ?? (await pickLoss(vscode.l10n.t('Copy Loss')));
  if (loss === undefined) return;
  const picked = await vscode.window.showQuickPick(formsOf(loss), {
    title: vscode.l10n.t('Copy {0}', loss.name),
    placeHolder: vscode.l10n.t('Choose the language of the code'),
  });
  if (picked === undefined) return;
  const snippet = printLoss(loss, picked.language, { manner: picked.manner, parameters: wish.parameters });
  await vscode.env.clipboard.writeText(sourceOf(snippet, picked.language));
  void vscode.window.showInformationMessage(
    vscode.l10n.t('{0} is on the clipboard, written for {1}.', loss.name, languageNames[picked.language]),
  );
}

interface Form extends vscode.QuickPickItem {
  readonly language: Language;
  readonly manner: Manner;
}

function formsOf(loss: Loss): Form[] {
  return languages.flatMap((language) =>
    mannersOf(loss, language).map((manner): Form => ({
      label: languageNames[language],
      description:
        manner === 'scratch' ? vscode.l10n.t('written out') : vscode.l10n.t('the framework’s own function'),
      language,
      manner,
    })),
  );
}
