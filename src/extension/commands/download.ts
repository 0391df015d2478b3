import * as path from 'node:path';
import * as vscode from 'vscode';
import { describeArrival, describeDownload } from '../../core/data/downloadText.ts';
import {
  downloadIds,
  downloadSets,
  experimentOn,
  type DownloadFile,
  type DownloadSet,
} from '../../core/data/downloads.ts';
import { dataFileName } from '../../core/data/formats.ts';
import type { Problem } from '../../core/messages/message.ts';
import { planDownload, type Arrival, type PlannedDownload } from '../../supervisor/downloadAll.ts';
import { fileNameOf, parseAddress, usualPolicy } from '../../supervisor/http.ts';
import { commands } from '../contributions.ts';
import type { Host } from '../host.ts';
import { describeAll, localise } from '../localise.ts';
import { experimentEnding } from '../train/experimentFile.ts';

/** What the user wants: a data set that is known, or the file at an address. */
interface Wanted {
  readonly title: string;
  readonly set: DownloadSet | undefined;
  readonly files: readonly DownloadFile[];
  /** Addresses to which redirects lead. */
  readonly via: readonly string[];
}

/** Where files go, and where the experiment on them does. */
interface Destination {
  readonly folder: string;
  readonly experiments: string;
}

/** Download Data…: the only use of the network, each time shown with all that is known and asked for. */
export async function downloadData(host: Host): Promise<void> {
  const wanted = await chooseData(host);
  if (wanted === undefined) return;
  const to = await chooseFolder(wanted);
  if (to === undefined) return;
  const planned = await planDownload(wanted.files, to.folder);
  const missing = planned.some(({ place }) => place !== 'same');
  if (missing && !(await agree(wanted, planned, to.folder))) return;
  const arrived = missing ? await fetchFiles(host, wanted.title, planned) : [];
  if (arrived !== undefined) await conclude(host, wanted, to, arrived);
}

async function chooseData(host: Host): Promise<Wanted | undefined> {
  const sets = downloadIds.map((id) => {
    const set = downloadSets[id];
    return {
      label: set.title,
      iconPath: new vscode.ThemeIcon('cloud-download'),
      detail: `${set.description} ${vscode.l10n.t('From {0}. Licence: {1}.', set.origin, set.licence)}`,
      set,
    };
  });
  const other = {
    label: vscode.l10n.t('Another Address…'),
    iconPath: new vscode.ThemeIcon('link'),
    detail: vscode.l10n.t('Any file behind an https address.'),
    set: undefined,
  };
  const picked = await vscode.window.showQuickPick([...sets, other], {
    title: vscode.l10n.t('Download Data'),
    placeHolder: vscode.l10n.t('Choose the data; nothing is fetched before you have seen what and agreed'),
  });
  if (picked === undefined) return undefined;
  const { set } = picked;
  return set === undefined ? chooseAddress(host) : { title: set.title, set, files: set.files, via: [] };
}

/** Asks for an address, and its host for the size once the user agrees to that. */
async function chooseAddress(host: Host): Promise<Wanted | undefined> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Download Data'),
    prompt: vscode.l10n.t('The address of the file, such as https://example.org/rents.csv'),
    ignoreFocusOut: true,
    validateInput: (typed) => {
      const parsed = parseAddress(typed);
      return parsed.ok || typed === '' ? undefined : describeAll(parsed.problems);
    },
  });
  const address = text === undefined ? undefined : parseAddress(text);
  if (address?.ok !== true) return undefined;
  const { host: server, href } = address.value;
  const askIt = vscode.l10n.t('Ask {0}', server);
  const agreed = await vscode.window.showInformationMessage(
    vscode.l10n.t('Ask {0} how large the file is?', server),
    {
      modal: true,
      detail: vscode.l10n.t('Only the size is asked for, of {0}. The file itself comes later.', href),
    },
    askIt,
  );
  if (agreed !== askIt) return undefined;
  const announced = await withCancel(vscode.l10n.t('Asking {0}', server), (signal) =>
    host.supervisor.announcedSize(href, { signal }),
  );
  if (!announced.ok) {
    fail(announced.problems);
    return undefined;
  }
  const { size, via } = announced.value;
  const name = fileNameOf(address.value);
  return {
    title: name,
    set: undefined,
    files: [{ name, address: href, ...(size === undefined ? {} : { size }) }],
    via,
  };
}

async function chooseFolder({ title, set }: Wanted): Promise<Destination | undefined> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const within = set?.folder ?? 'data';
  const known = folders.map(({ name, uri }) => ({
    label: path.join(name, within),
    iconPath: new vscode.ThemeIcon('folder'),
    to: { folder: path.join(uri.fsPath, within), experiments: uri.fsPath },
  }));
  const other = {
    label: vscode.l10n.t('Another Folder…'),
    iconPath: new vscode.ThemeIcon('folder-opened'),
    to: undefined,
  };
  if (known.length > 0) {
    const picked = await vscode.window.showQuickPick([...known, other], {
      title: vscode.l10n.t('Download {0}', title),
      placeHolder: vscode.l10n.t('Choose the folder'),
    });
    if (picked === undefined || picked.to !== undefined) return picked?.to;
  }
  const opened = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Folder for {0}', title),
    openLabel: vscode.l10n.t('Choose'),
    canSelectFiles: false,
    canSelectFolders: true,
  });
  const folder = opened?.[0]?.fsPath;
  return folder === undefined ? undefined : { folder, experiments: folder };
}

/** The last word before anything is fetched: addresses, sizes, checksums, folder. */
async function agree(
  { title, via }: Wanted,
  planned: readonly PlannedDownload[],
  folder: string,
): Promise<boolean> {
  const lines = planned.map(({ file, place }) => {
    if (place === 'same')
      return vscode.l10n.t('{0} is there already, with the expected checksum.', file.name);
    const text = localise(describeDownload(file, usualPolicy));
    return place === 'taken' ? `${text} ${vscode.l10n.t('It replaces another file of this name.')}` : text;
  });
  const redirects = via.length === 0 ? [] : [vscode.l10n.t('The address leads on to {0}.', via.join(', '))];
  const replaces = planned.some(({ place }) => place === 'taken');
  const yes = replaces ? vscode.l10n.t('Download and Replace') : vscode.l10n.t('Download');
  const picked = await vscode.window.showInformationMessage(
    vscode.l10n.t('Download {0} into {1}?', title, folder),
    { modal: true, detail: [...lines, ...redirects].join('\n\n') },
    yes,
  );
  return picked === yes;
}

async function fetchFiles(
  host: Host,
  title: string,
  planned: readonly PlannedDownload[],
): Promise<readonly Arrival[] | undefined> {
  const result = await withCancel(vscode.l10n.t('Downloading {0}', title), (signal, progress) => {
    let before = 0;
    return host.supervisor.download(planned, {
      signal,
      onProgress: (bytes, total) => {
        const megabytes = (bytes / 2 ** 20).toFixed(1);
        const share = total === undefined ? 0 : (100 * bytes) / total;
        progress.report({
          message:
            total === undefined ? `${megabytes} MB` : `${megabytes} / ${(total / 2 ** 20).toFixed(1)} MB`,
          increment: share - before,
        });
        before = share;
      },
    });
  });
  if (result.ok) return result.value;
  fail(result.problems);
  return undefined;
}

/** Shows the checksums of what arrived, and what can be done with it. */
async function conclude(
  host: Host,
  wanted: Wanted,
  to: Destination,
  arrived: readonly Arrival[],
): Promise<void> {
  const lines = arrived.map(({ file, ...came }) =>
    localise(describeArrival(file, { name: file.name, ...came })),
  );
  for (const line of lines) host.log.info(line);
  const { set, title } = wanted;
  const [first] = wanted.files;
  const experiment =
    set === undefined
      ? undefined
      : vscode.Uri.file(path.join(to.experiments, `${set.id}-cnn${experimentEnding}`));
  const exists = experiment !== undefined && (await isThere(experiment));
  const open = exists ? vscode.l10n.t('Open Experiment') : vscode.l10n.t('Write an Experiment');
  const train = vscode.l10n.t('Train on It');
  const checksums = vscode.l10n.t('Show Checksums');
  const buttons = [
    ...(set === undefined ? [] : [open]),
    ...(set === undefined && first !== undefined && dataFileName.test(first.name) ? [train] : []),
    ...(lines.length > 1 ? [checksums] : []),
  ];
  const text =
    lines.length === 1
      ? vscode.l10n.t('{0} is in {1}. {2}', title, to.folder, lines[0]!)
      : lines.length === 0
        ? vscode.l10n.t('{0} is in {1} already; every file has the expected checksum.', title, to.folder)
        : vscode.l10n.t(
            '{0} is in {1}: {2} files, each with the expected checksum.',
            title,
            to.folder,
            lines.length,
          );
  const picked = await vscode.window.showInformationMessage(text, ...buttons);
  if (picked === checksums) {
    await vscode.window.showInformationMessage(title, { modal: true, detail: lines.join('\n\n') });
  } else if (picked === train && first !== undefined) {
    const file = vscode.Uri.file(path.join(to.folder, first.name));
    await vscode.commands.executeCommand(commands.trainFile, file);
  } else if (picked === open && set !== undefined && experiment !== undefined) {
    if (!exists) {
      const within = path.relative(to.experiments, to.folder).split(path.sep).join('/');
      const content = `${JSON.stringify(experimentOn(set, within), null, 2)}\n`;
      await vscode.workspace.fs.writeFile(experiment, new TextEncoder().encode(content));
    }
    await vscode.window.showTextDocument(experiment, { preview: false });
  }
}

function withCancel<T>(
  title: string,
  work: (
    signal: AbortSignal,
    progress: vscode.Progress<{ message?: string; increment?: number }>,
  ) => Promise<T>,
): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, cancellable: true, title },
    (progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      return work(controller.signal, progress);
    },
  );
}

async function isThere(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch {
    return false;
  }
}

function fail(problems: readonly Problem[]): void {
  void vscode.window.showErrorMessage(describeAll(problems));
}
