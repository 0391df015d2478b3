import * as vscode from 'vscode';
import {
  languages,
  manners,
  printLoss,
  refusalOf,
  type Language,
  type Manner,
  type SnippetOptions,
} from '../../core/expression/print/snippet.ts';
import { sourceOf } from '../../core/expression/print/source.ts';
import type { Loss } from '../../core/losses/loss.ts';
import { inSlices, type Sliced } from '../../core/slices.ts';
import { pauses } from '../editor/pauses.ts';
import { pickLoss } from '../editor/pickLoss.ts';
import { readWish } from '../editor/wish.ts';

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
  const { parameters, convention } = wish;
  const options = { parameters, ...(convention === undefined ? {} : { convention }) };
  const forms = inSlices(
    formsOf(loss, options),
    pauses(() => false),
  );
  const picked = await vscode.window.showQuickPick<Form>(
    forms.then((found): Form[] => found ?? []),
    {
      title: vscode.l10n.t('Copy {0}', loss.name),
      placeHolder: vscode.l10n.t('Choose the language of the code'),
    },
  );
  if (picked === undefined) return;
  const { language, manner } = picked;
  await vscode.env.clipboard.writeText(sourceOf(printLoss(loss, language, { ...options, manner }), language));
  void vscode.window.showInformationMessage(
    vscode.l10n.t('{0} is on the clipboard, written for {1}.', loss.name, languageNames[language]),
  );
}

interface Form extends vscode.QuickPickItem {
  readonly language: Language;
  readonly manner: Manner;
}

/** What a loss can be written in. Yields after each try. */
function* formsOf(loss: Loss, options: SnippetOptions): Sliced<Form[]> {
  const forms: Form[] = [];
  for (const language of languages)
    for (const manner of manners) {
      yield;
      if (refusalOf(loss, language, { ...options, manner }) !== undefined) continue;
      forms.push({
        label: languageNames[language],
        description:
          manner === 'scratch' ? vscode.l10n.t('written out') : vscode.l10n.t('the framework’s own function'),
        language,
        manner,
      });
    }
  return forms;
}
