import * as path from 'node:path';
import * as vscode from 'vscode';
import { losses } from '../../core/losses/catalogue.ts';
import { inConvention } from '../../core/losses/conventions.ts';
import { settable } from '../../core/losses/parameters.ts';
import { taskOf } from '../../core/losses/task.ts';
import { readWish } from '../editor/wish.ts';
import type { Host } from '../host.ts';
import { describeAll } from '../localise.ts';
import { askField, askScreen } from '../train/ask.ts';
import { TrainFlow, type Data } from '../train/flow.ts';
import { browseId, dataChoices, exampleFor, exampleId, fileId, loadData, pathOf } from '../train/sources.ts';
import { launch, showBadInput } from './launch.ts';
import { saveExperiment } from './save.ts';

/** Files that the first step lists; more are found by Browse. */
const mostFiles = 50;

/** Train Model: the whole conversation, with a loss that a link asks for. */
export async function trainModel(host: Host, argument: unknown): Promise<void> {
  const { loss, convention, parameters } = readWish(argument);
  const files = await workspaceFiles();
  const last = host.choices.last;
  const wanted = loss === undefined ? undefined : inConvention(loss, convention);
  const task = wanted === undefined ? undefined : taskOf(wanted);
  await converse(
    host,
    new TrainFlow({
      choices: dataChoices(files, last),
      losses: losses(),
      preferred: task === undefined ? last : exampleFor(task),
      loss:
        wanted === undefined
          ? undefined
          : {
              id: wanted.id,
              ...(convention === undefined ? {} : { convention }),
              parameters: { ...settable(wanted, parameters) },
            },
    }),
    undefined,
  );
}

/** Train Model on This File: the conversation without its first step. */
export async function trainFile(host: Host, argument: unknown): Promise<void> {
  const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  if (uri === undefined || uri.scheme !== 'file' || !/\.(csv|tsv)$/i.test(uri.fsPath)) {
    void vscode.window.showInformationMessage(vscode.l10n.t('Open or select a CSV or TSV file first.'));
    return;
  }
  const id = fileId(uri.fsPath);
  const data = await load(host, id);
  if (data === undefined) return;
  const flow = new TrainFlow({
    choices: [],
    losses: losses(),
    data,
    experiment: host.choices.experiment(id),
  });
  await converse(host, flow, { id, data });
}

/** The welcome view's button: the first data set with every default. */
export async function trainExample(host: Host): Promise<void> {
  const data = await load(host, exampleId);
  if (data !== undefined) await launch(host, { experiment: data.suggest(data.target), dataFile: undefined });
}

interface Chosen {
  readonly id: string;
  readonly data: Data;
}

async function converse(host: Host, flow: TrainFlow, preset: Chosen | undefined): Promise<void> {
  let chosen = preset;
  for (;;) {
    const title =
      chosen === undefined
        ? vscode.l10n.t('Train Model')
        : vscode.l10n.t('Train Model on {0}', chosen.data.label);
    const answer = await askScreen(title, flow.screen());
    if (answer.kind === 'cancel') return;
    if (answer.kind === 'back') {
      flow.back();
      continue;
    }
    const effect = flow.pick(answer.value);
    switch (effect.type) {
      case 'none':
        break;
      case 'load': {
        const id = effect.id === browseId ? await browse() : effect.id;
        const data = id === undefined ? undefined : await load(host, id);
        if (id === undefined || data === undefined) break;
        chosen = { id, data };
        flow.setData(data, host.choices.experiment(id));
        break;
      }
      case 'edit': {
        const edited = await askField(title, effect.field, flow.experiment!);
        // Escape and Back both return to the list: a slip must not cost the whole conversation.
        if (edited.kind === 'value') flow.setExperiment(edited.value);
        break;
      }
      case 'start':
      case 'save': {
        const request = { experiment: effect.experiment, dataFile: effect.dataFile };
        if (chosen !== undefined) await host.choices.remember(chosen.id, effect.experiment);
        await (effect.type === 'start'
          ? launch(host, request)
          : saveExperiment(request, chosen && nameOf(chosen.data)));
        return;
      }
    }
  }
}

/** A name for what is made of this data. */
function nameOf({ label, dataFile }: Data): string {
  return dataFile === undefined ? label : path.parse(dataFile).name;
}

async function load(host: Host, id: string): Promise<Data | undefined> {
  const loaded = await loadData(id, host.dataSets);
  if (!loaded.ok) {
    const name = pathOf(id);
    showBadInput(
      vscode.l10n.t('{0} cannot be used.', name === undefined ? id : path.basename(name)),
      describeAll(loaded.problems),
    );
    return undefined;
  }
  for (const warning of loaded.warnings) host.log.warn(`${id}: ${describeAll([warning])}`);
  return loaded.value;
}

async function browse(): Promise<string | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Data to Train On'),
    openLabel: vscode.l10n.t('Use'),
    filters: { [vscode.l10n.t('Tables')]: ['csv', 'tsv'], [vscode.l10n.t('All Files')]: ['*'] },
  });
  const uri = picked?.[0];
  return uri === undefined ? undefined : fileId(uri.fsPath);
}

async function workspaceFiles(): Promise<{ path: string; label: string }[]> {
  const found = await vscode.workspace.findFiles(
    '**/*.{csv,tsv}',
    '**/{node_modules,.losslab,.git,.venv}/**',
    mostFiles,
  );
  return found
    .filter(({ scheme }) => scheme === 'file')
    .map((uri) => ({ path: uri.fsPath, label: vscode.workspace.asRelativePath(uri) }))
    .sort((a, b) => a.label.localeCompare(b.label));
}
