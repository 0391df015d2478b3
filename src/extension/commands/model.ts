import { promises as fs } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { weightsJson, weightsNpz } from '../../core/export/weights.ts';
import { message, type Problem, type Result } from '../../core/messages/message.ts';
import { fileProblem } from '../../core/runs/fileProblem.ts';
import { runFiles } from '../../core/runs/files.ts';
import { decodeCheckpoint, type Checkpoint } from '../../core/training/checkpoint.ts';
import type { Host } from '../host.ts';
import { describeAll, localise } from '../localise.ts';
import { figure } from '../../core/training/summary.ts';
import type { RunItem } from '../runs/service.ts';
import { PredictionForm } from '../train/predictionForm.ts';
import { dataFilters } from './filters.ts';
import { pickRun } from './target.ts';
import { showWritten } from './written.ts';

/** Predict…: new rows, typed in or from a file, through the best model of a run. */
export async function predict(host: Host, argument: unknown): Promise<void> {
  const item = await pickRun(
    host,
    argument,
    'predict',
    vscode.l10n.t('There is no trained model yet. Train one first.'),
  );
  if (item === undefined) return;
  const title = vscode.l10n.t('Predict with {0}', item.status.name);
  const typed = {
    label: vscode.l10n.t('A Row That I Type In'),
    iconPath: new vscode.ThemeIcon('edit'),
    detail: vscode.l10n.t('Starts from typical values; change what you like.'),
  };
  const file = {
    label: vscode.l10n.t('A File…'),
    iconPath: new vscode.ThemeIcon('file'),
    detail: vscode.l10n.t('CSV, JSON, Parquet, NumPy or IDX; the predictions are written as a CSV file.'),
  };
  const picked = await vscode.window.showQuickPick([typed, file], {
    title,
    placeHolder: vscode.l10n.t('What to predict?'),
  });
  if (picked === typed) await predictTyped(host, item, title);
  else if (picked === file) await predictFile(host, item);
}

/** Export Weights: the best model as JSON or for NumPy. */
export async function exportWeights(host: Host, argument: unknown): Promise<void> {
  const item = await pickRun(
    host,
    argument,
    'exportWeights',
    vscode.l10n.t('There is no trained model yet. Train one first.'),
  );
  if (item === undefined) return;
  const checkpoint = await loadBest(item);
  if (!checkpoint.ok) {
    fail(vscode.l10n.t('The weights cannot be exported.'), checkpoint.problems);
    return;
  }
  const json = {
    label: 'JSON',
    iconPath: new vscode.ThemeIcon('json'),
    detail: vscode.l10n.t('Layers with weights and biases, and the preprocessing by column.'),
    ending: 'json',
  };
  const npz = {
    label: 'NumPy (.npz)',
    iconPath: new vscode.ThemeIcon('archive'),
    detail: vscode.l10n.t('One float64 array each; read it with numpy.load.'),
    ending: 'npz',
  };
  const format = await vscode.window.showQuickPick([json, npz], {
    title: vscode.l10n.t('Export Weights of {0}', item.status.name),
    placeHolder: vscode.l10n.t('Choose the format'),
  });
  if (format === undefined) return;
  const target = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Export Weights'),
    defaultUri: suggestion(`${stem(item.status.name)}-weights.${format.ending}`),
    filters: { [format.label]: [format.ending] },
  });
  if (target === undefined) return;
  const bytes =
    format === json ? new TextEncoder().encode(weightsJson(checkpoint.value)) : weightsNpz(checkpoint.value);
  await vscode.workspace.fs.writeFile(target, bytes);
  if (format === json) await showWritten(target);
  else
    void vscode.window.showInformationMessage(
      vscode.l10n.t(
        'The weights have been written. In Python: numpy.load({0})',
        JSON.stringify(path.basename(target.fsPath)),
      ),
    );
}

interface FormItem extends vscode.QuickPickItem {
  readonly feature?: string;
  readonly action?: 'predict' | 'paste';
}

/** One list that is form and answer: its first row predicts, the others change a value each. */
async function predictTyped(host: Host, item: RunItem, title: string): Promise<void> {
  const checkpoint = await loadBest(item);
  if (!checkpoint.ok) {
    fail(vscode.l10n.t('This model cannot be read.'), checkpoint.problems);
    return;
  }
  const { preprocessing } = checkpoint.value;
  if (preprocessing.forecast !== undefined) {
    fail(vscode.l10n.t('The prediction failed.'), [
      {
        message: message(
          'A forecast starts from the last rows of a series, {window} of them. Choose a file of rows.',
          {
            window: preprocessing.forecast.window,
          },
        ),
      },
    ]);
    return;
  }
  if (preprocessing.target.kind === 'rows') {
    fail(vscode.l10n.t('The prediction failed.'), [
      {
        message: message(
          'A generator answers no questions, it draws rows. Choose a file: beside each of its rows a drawn one is written.',
        ),
      },
    ]);
    return;
  }
  const form = new PredictionForm(preprocessing);
  let answer: string | undefined;
  let active = 'predict';
  for (;;) {
    const picked = await pickFormRow(title, active, {
      items: () => formItems(form, preprocessing.target.name, answer),
      predict: async () => {
        answer = await answerRow(host, item, form);
      },
      // What was pasted is predicted at once.
      predictNow: active === 'paste',
    });
    if (picked === undefined) return;
    if (picked.action === 'paste') {
      active = (await pasteRow(form, title)) ? 'paste' : 'predict';
    } else if (picked.feature !== undefined) {
      active = picked.feature;
      const feature = form.features.find(({ name }) => name === picked.feature)!;
      if (await editCell(form, feature, title)) answer = undefined;
    }
  }
}

function formItems(form: PredictionForm, target: string, answer: string | undefined): FormItem[] {
  return [
    {
      action: 'predict',
      label: answer === undefined ? vscode.l10n.t('Predict {0}', target) : `${target} = ${answer}`,
      iconPath: new vscode.ThemeIcon(answer === undefined ? 'play' : 'beaker'),
      ...(answer === undefined ? {} : { description: vscode.l10n.t('Enter predicts again') }),
    },
    {
      action: 'paste',
      label: vscode.l10n.t('Paste a Row…'),
      iconPath: new vscode.ThemeIcon('clippy'),
      description: vscode.l10n.t('values in order, or name=value'),
    },
    { label: vscode.l10n.t('values'), kind: vscode.QuickPickItemKind.Separator },
    ...form.features.map((feature): FormItem => ({
      feature: feature.name,
      label: feature.name,
      iconPath: new vscode.ThemeIcon(feature.kind === 'number' ? 'symbol-number' : 'symbol-string'),
      description: form.cell(feature.name),
    })),
  ];
}

interface FormList {
  readonly items: () => FormItem[];
  /** Changes what `items` says. */
  readonly predict: () => Promise<void>;
  readonly predictNow: boolean;
}

/** The list stays, busy, while it predicts; any other pick ends it. */
function pickFormRow(
  title: string,
  active: string,
  { items, predict, predictNow }: FormList,
): Promise<FormItem | undefined> {
  const picker = vscode.window.createQuickPick<FormItem>();
  picker.title = title;
  picker.placeholder = vscode.l10n.t('Pick a value to change it, then Predict');
  picker.ignoreFocusOut = true;
  const show = (wanted: string): void => {
    picker.items = items();
    picker.activeItems = picker.items.filter((item) => item.action === wanted || item.feature === wanted);
  };
  return new Promise((resolve, reject) => {
    let ended = false;
    const end = (item: FormItem | undefined): void => {
      ended = true;
      for (const listener of listeners) listener.dispose();
      picker.dispose();
      resolve(item);
    };
    const answer = async (): Promise<void> => {
      picker.busy = true;
      picker.enabled = false;
      await predict();
      if (ended) return;
      picker.value = '';
      picker.busy = false;
      picker.enabled = true;
      show('predict');
    };
    const listeners = [
      picker.onDidAccept(() => {
        const item = picker.activeItems[0];
        if (item?.action === 'predict') answer().catch(reject);
        else end(item);
      }),
      picker.onDidHide(() => end(undefined)),
    ];
    show(predictNow ? 'predict' : active);
    picker.show();
    if (predictNow) answer().catch(reject);
  });
}

async function editCell(
  form: PredictionForm,
  feature: PredictionForm['features'][number],
  title: string,
): Promise<boolean> {
  const before = form.cell(feature.name);
  const text =
    feature.kind !== 'number'
      ? await vscode.window.showQuickPick([...feature.categories], { title: `${title}: ${feature.name}` })
      : await vscode.window.showInputBox({
          title: `${title}: ${feature.name}`,
          prompt: vscode.l10n.t(
            'A number; in the training data {0} ± {1}.',
            figure(feature.mean),
            figure(feature.scale),
          ),
          value: before,
          validateInput: (typed) => {
            const wrong = form.check(feature, typed);
            return wrong === undefined ? undefined : localise(wrong);
          },
        });
  if (text === undefined || text.trim() === before) return false;
  form.set(feature.name, text);
  return true;
}

async function pasteRow(form: PredictionForm, title: string): Promise<boolean> {
  const example = form.features
    .slice(0, 3)
    .map((feature) => `${feature.name}=${form.cell(feature.name)}`)
    .join(', ');
  const text = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('All values in the order of the columns, or pairs such as {0}', example),
    ignoreFocusOut: true,
    validateInput: (typed) => {
      const wrong = new PredictionFormCheck(form).paste(typed);
      return wrong === undefined ? undefined : localise(wrong);
    },
  });
  return text !== undefined && form.paste(text) === undefined;
}

/** Checks a pasted row without changing the form. */
class PredictionFormCheck extends PredictionForm {
  constructor({ features }: PredictionForm) {
    super({
      features: [...features],
      task: 'regression',
      target: { kind: 'number', name: '', mean: 0, scale: 1 },
    });
  }
}

async function answerRow(host: Host, item: RunItem, form: PredictionForm): Promise<string | undefined> {
  const predicted = await host.supervisor.predict(item.directory, { rows: [form.row()] });
  const first = predicted.ok ? predicted.value.answers[0] : undefined;
  if (!predicted.ok) fail(vscode.l10n.t('The prediction failed.'), predicted.problems);
  return first === undefined ? undefined : words(first);
}

/** "setosa (98.7 %)", or a number; of several targets each answer after its name; of recommendations all. */
function words(answer: Readonly<Record<string, string | number>>): string {
  const { prediction, ...rest } = answer;
  if (prediction === undefined) {
    const answers = Object.entries(rest).filter(([name]) => !name.startsWith('probability('));
    return answers
      .map(([name, value]) => `${name} ${typeof value === 'number' ? figure(value) : value}`)
      .join(', ');
  }
  const text = typeof prediction === 'number' ? figure(prediction) : prediction;
  const further = Object.entries(rest).flatMap(([name, value]) =>
    /^prediction \d+$/.test(name) && value !== '' ? [value] : [],
  );
  if (further.length > 0) return [text, ...further].join(', ');
  const probability = rest[`probability(${text})`];
  if (typeof probability !== 'number') return text;
  // Rounded up, an answer that is nearly sure would look like one that cannot be wrong.
  return probability < 1 && probability >= 0.9995
    ? `${text} (> 99.9 %)`
    : `${text} (${(100 * probability).toFixed(1)} %)`;
}

async function predictFile(host: Host, item: RunItem): Promise<void> {
  const from = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Rows to Predict'),
    openLabel: vscode.l10n.t('Predict'),
    filters: dataFilters(),
  });
  const source = from?.[0];
  if (source === undefined) return;
  const { name, dir } = path.parse(source.fsPath);
  const to = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Where to Write the Predictions'),
    defaultUri: vscode.Uri.file(path.join(dir, `${name}-predictions.csv`)),
    filters: { [vscode.l10n.t('Tables')]: ['csv'] },
  });
  if (to === undefined) return;
  if (to.fsPath === source.fsPath) {
    fail(vscode.l10n.t('The prediction failed.'), [
      { message: message('The predictions must go to another file than the rows come from.') },
    ]);
    return;
  }
  const predicted = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      cancellable: true,
      title: vscode.l10n.t('Predicting {0}', path.basename(source.fsPath)),
    },
    (progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      let before = 0;
      return host.supervisor.predict(
        item.directory,
        { file: { from: source.fsPath, to: to.fsPath } },
        {
          signal: controller.signal,
          onProgress: (share) => {
            progress.report({ increment: 100 * (share - before) });
            before = share;
          },
        },
      );
    },
  );
  if (!predicted.ok) {
    fail(vscode.l10n.t('The prediction failed.'), predicted.problems);
    return;
  }
  await showWritten(to);
}

/** The best checkpoint of a run, else its last. */
async function loadBest(item: RunItem): Promise<Result<Checkpoint>> {
  let problem: Problem = { message: message('This run has no checkpoint yet.') };
  for (const file of [runFiles.best, runFiles.last]) {
    const full = path.join(item.directory, file);
    try {
      const decoded = decodeCheckpoint(await fs.readFile(full));
      if (decoded.ok) return decoded;
      problem = decoded.problems[0] ?? problem;
    } catch (error) {
      problem = fileProblem(error, full, 'read');
    }
  }
  return { ok: false, problems: [problem] };
}

function fail(what: string, problems: readonly Problem[]): void {
  void vscode.window.showErrorMessage(`${what} ${describeAll(problems)}`);
}

function stem(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^-+|-+$/g, '') || 'model';
}

function suggestion(fileName: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  return folder === undefined ? vscode.Uri.file(fileName) : vscode.Uri.joinPath(folder, fileName);
}
