import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { describeArrival, describeDownload } from '../core/data/downloadText.ts';
import { downloadIds, downloadSets, type DownloadFile, type DownloadSet } from '../core/data/downloads.ts';
import { bad, english, message, ok, type Problem, type Result } from '../core/messages/message.ts';
import { announcedSize } from '../supervisor/download.ts';
import { downloadAll, planDownload, type Arrival, type PlannedDownload } from '../supervisor/downloadAll.ts';
import { fileNameOf, parseAddress, usualPolicy, type DownloadPolicy } from '../supervisor/http.ts';
import { exitCodes, jsonLine, printProblems, type Terminal } from './output.ts';

const help = `Usage: loss-lab download
       loss-lab download NAME [--to FOLDER] [--yes] [--json]
       loss-lab download https://ADDRESS [--to FOLDER] [--sha256 HEX] [--yes] [--json]

Lists the well-known data sets, or fetches one, or a file from an address. Shows addresses, sizes, checksums and places
and asks before anything is fetched.

  --to FOLDER    where the files go; default: a folder of the set, or this one
  --sha256 HEX   checksum that the file must have
  --yes          agree beforehand, where nobody can be asked
  --json         one JSON object per line
`;

/** Least time between two redraws, in milliseconds. */
const redrawEvery = 100;

/** What a download needs of the outside; tests pass their own. */
export interface Surroundings {
  readonly policy: DownloadPolicy;
  /** The user's answer; undefined where nobody can be asked. */
  readonly ask: (question: string) => Promise<boolean | undefined>;
}

const usual: Surroundings = {
  policy: usualPolicy,
  ask: async (question) => {
    if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
    } finally {
      lines.close();
    }
  },
};

/** `loss-lab download`: the list, a data set of it, or a file from an address. Throws what parseArgs throws. */
export async function download(
  args: string[],
  to: Terminal,
  { policy, ask }: Surroundings = usual,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      sha256: { type: 'string' },
      yes: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    to.out(help);
    return exitCodes.done;
  }
  const json = values.json === true;
  const refuse = (problems: readonly Problem[]): number => {
    printProblems(to, problems, json);
    return exitCodes.badInput;
  };
  const [name, ...others] = positionals;
  if (name === undefined) {
    to.out(json ? jsonLine({ type: 'dataSets', dataSets: Object.values(downloadSets) }) : list());
    return exitCodes.done;
  }
  if (others.length > 0) return refuse([{ message: message('Give one name or address at a time.') }]);
  const agreed = async (question: string): Promise<Result<void>> => {
    const answer = values.yes === true || (await ask(question));
    if (answer === true) return ok(undefined);
    return bad(
      answer === false
        ? message('Nothing was fetched.')
        : message('Nothing was fetched: nobody can be asked here. Say --yes to agree beforehand.'),
    );
  };
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const set = downloadIds.find((id) => id === name);
    const files =
      set === undefined
        ? await fileAt(name, values.sha256, { policy, signal: controller.signal, agreed, to })
        : ok(downloadSets[set].files);
    if (!files.ok) return refuse(files.problems);
    const folder = resolve(values.to ?? (set === undefined ? '.' : downloadSets[set].folder));
    const planned = await planDownload(files.value, folder);
    to.err(`${plan(planned, folder, policy)}\n`);
    if (planned.some(({ place }) => place !== 'same')) {
      const may = await agreed('Download?');
      if (!may.ok) return refuse(may.problems);
    }
    const arrived = await downloadAll(planned, {
      policy,
      signal: controller.signal,
      onProgress: progress(to),
    });
    if (to.live) to.err('\r\u001b[K');
    if (!arrived.ok) {
      printProblems(to, arrived.problems, json);
      return controller.signal.aborted ? exitCodes.interrupted : exitCodes.failed;
    }
    for (const each of arrived.value) to.out(json ? arrivalLine(each, folder) : `${arrivalText(each)}\n`);
    if (set !== undefined && !json) to.out(advice(downloadSets[set], folder));
    return exitCodes.done;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** A file at an address; how large it is is asked once the user agrees to ask its host. */
async function fileAt(
  text: string,
  sha256: string | undefined,
  {
    policy,
    signal,
    agreed,
    to,
  }: {
    readonly policy: DownloadPolicy;
    readonly signal: AbortSignal;
    readonly agreed: (question: string) => Promise<Result<void>>;
    readonly to: Terminal;
  },
): Promise<Result<readonly DownloadFile[]>> {
  if (!/^[a-z]+:/i.test(text)) {
    return bad(
      message('There is no data set "{text}" to download. Give an https address, or one of {known}.', {
        text,
        known: downloadIds.join(', '),
      }),
    );
  }
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256))
    return bad(message('--sha256 takes 64 hexadecimal digits.'));
  const address = parseAddress(text, policy);
  if (!address.ok) return address;
  const may = await agreed(`Ask ${address.value.host} how large the file is?`);
  if (!may.ok) return may;
  const announced = await announcedSize(address.value.href, { policy, signal });
  if (!announced.ok) return announced;
  const { size, via } = announced.value;
  if (via.length > 0) to.err(`${address.value.href} leads on to ${via.join(', ')}\n`);
  return ok([
    {
      name: fileNameOf(address.value),
      address: address.value.href,
      ...(size === undefined ? {} : { size }),
      ...(sha256 === undefined ? {} : { sha256: sha256.toLowerCase() }),
    },
  ]);
}

function list(): string {
  const sets = Object.values(downloadSets).map(
    ({ id, title, description, origin, licence }) =>
      `${id.padEnd(17)}${title}: ${description}\n${' '.repeat(17)}From ${origin}. Licence: ${licence}.`,
  );
  return `${sets.join('\n')}\n\nFetch one: loss-lab download NAME, or loss-lab download https://ADDRESS for any other file.\n`;
}

function plan(planned: readonly PlannedDownload[], folder: string, policy: DownloadPolicy): string {
  const lines = planned.map(({ file, place }) => {
    if (place === 'same') return `  ${file.name}: is there already, as expected`;
    const text = `  ${english(describeDownload(file, policy))}`;
    return place === 'taken' ? `${text} (replaces another file of this name)` : text;
  });
  return `Into ${folder}:\n${lines.join('\n')}`;
}

function progress(to: Terminal): (bytes: number, total: number | undefined) => void {
  let last = -Infinity;
  return (bytes, total) => {
    const now = performance.now();
    if (!to.live || now - last < redrawEvery) return;
    last = now;
    const share = total === undefined ? '' : ` ${Math.floor((100 * bytes) / total)} %`;
    to.err(`\r\u001b[KDownloading${share}, ${(bytes / 2 ** 20).toFixed(1)} MB …`);
  };
}

function arrivalText({ file, ...came }: Arrival): string {
  return english(describeArrival(file, { name: file.name, ...came }));
}

function arrivalLine({ file, bytes, sha256, via }: Arrival, folder: string): string {
  return jsonLine({
    type: 'downloaded',
    file: join(folder, file.name),
    address: file.address,
    bytes,
    sha256,
    compared: file.sha256 !== undefined,
    via,
  });
}

function advice({ title, files }: DownloadSet, folder: string): string {
  const images = relative(process.cwd(), join(folder, files[0]!.name));
  return `Train on ${title}: loss-lab train --data ${JSON.stringify(images)} --target label --loss softmax-cross-entropy --model cnn-medium --scale-features minmax --epochs 5\n`;
}
