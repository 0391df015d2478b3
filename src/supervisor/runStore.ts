import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bad, message, ok, sentences, type Message, type Result } from '../core/messages/message.ts';
import { interruption, resumeAdvice } from '../core/runs/endings.ts';
import { fileProblem } from '../core/runs/fileProblem.ts';
import {
  lockSchema,
  parseJson,
  renameSchema,
  runFiles,
  runId,
  sourceSchema,
  type Lock,
  type Source,
} from '../core/runs/files.ts';
import { formatStatus, LogReader, type LogSummary } from '../core/runs/log.ts';
import { hasEnded, statusSchema, type MetricsLine, type RunStatus } from '../core/runs/record.ts';
import { rename, replaceFile } from '../core/runs/replaceFile.ts';
import { parseExperiment, type Experiment } from '../core/training/experiment.ts';

import { isOwned, lockOf, staleLock } from './processes.ts';

/** A run as the store lists it. */
export interface RunEntry {
  readonly id: string;
  readonly directory: string;
  readonly status: RunStatus;
}

/** A run with what was trained. `experiment` is missing where its file is damaged. */
export interface RunRecord extends RunEntry {
  readonly experiment: Experiment | undefined;
  readonly source: Source | undefined;
}

/** Unfinished and dying directories begin so; nothing lists them. */
const hidden = { creating: '.creating-', deleting: '.deleting-' } as const;

/** How often a store looks after runs of other processes while somebody listens, in milliseconds. */
const lookEvery = 2000;

/** The runs under one root, one directory each. Several stores, also of several processes, may share a root. */
export class RunStore {
  readonly root: string;
  readonly #listeners = new Set<() => void>();
  /** Statuses by id, each with what told that its file has not changed since. */
  readonly #statuses = new Map<string, { readonly stamp: string; readonly status: RunStatus }>();
  #watching: { watcher: fs.FSWatcher | undefined; timer: NodeJS.Timeout; seen: string } | undefined;
  #announcing: NodeJS.Timeout | undefined;

  constructor(root: string) {
    this.root = root;
  }

  /** All runs, the newest first. Directories that are no runs are skipped; a run with a damaged status is listed as failed. */
  async list(): Promise<RunEntry[]> {
    let names: string[];
    try {
      names = await fs.promises.readdir(this.root);
    } catch {
      return [];
    }
    const ids = names.filter((name) => runId.test(name)).sort((a, b) => (a < b ? 1 : -1));
    const entries: RunEntry[] = [];
    let pause = performance.now() + slice;
    for (const id of ids) {
      const directory = join(this.root, id);
      const status = this.#status(id, directory);
      if (status !== undefined) entries.push({ id, directory, status });
      if (performance.now() >= pause) {
        await new Promise((resolve) => setImmediate(resolve));
        pause = performance.now() + slice;
      }
    }
    if (this.#statuses.size > ids.length)
      for (const id of this.#statuses.keys()) if (!ids.includes(id)) this.#statuses.delete(id);
    return entries;
  }

  /** One run; its curve comes from {@link metrics}. */
  async read(id: string): Promise<Result<RunRecord>> {
    const directory = this.#directory(id);
    const status = directory === undefined ? undefined : (readStatus(directory) ?? damagedStatus(directory));
    if (directory === undefined || status === undefined) {
      return bad(message('There is no run "{id}" in {root}.', { id, root: this.root }));
    }
    return ok({
      id,
      directory,
      status,
      experiment: await readExperiment(join(directory, runFiles.experiment)),
      source: parseFile(sourceSchema, join(directory, runFiles.source)),
    });
  }

  /** Hands every readable line of a run's log to `onLine`, in slices, so that a long log stalls nobody. */
  async metrics(id: string, onLine: (line: MetricsLine) => void): Promise<LogSummary> {
    const directory = this.#directory(id);
    const reader = new LogReader((line) => {
      onLine(line);
    });
    if (directory === undefined) return reader.end();
    try {
      const stream = fs.createReadStream(join(directory, runFiles.metrics), {
        encoding: 'latin1',
        highWaterMark: 1 << 15,
      });
      for await (const chunk of stream) {
        reader.push(String(chunk));
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch {
      // No log yet, or it cannot be read: what was read so far counts.
    }
    return reader.end();
  }

  /**
   * Makes the directory of a new run in the state `starting`, owned by this process. It appears complete or not at all;
   * when it cannot be written, the result says why and nothing is left behind.
   */
  create(experiment: Experiment, name: string, dataFile?: string): Promise<Result<RunEntry>> {
    const created = new Date();
    const id = newId(created, name);
    const status: RunStatus = {
      version: 1,
      id,
      name,
      state: 'starting',
      created: created.toISOString(),
      step: 0,
      epoch: 0,
      epochs: experiment.training.epochs,
      seconds: 0,
    };
    const directory = join(this.root, id);
    const temporary = join(this.root, `${hidden.creating}${id}`);
    try {
      fs.mkdirSync(this.root, { recursive: true });
      fs.mkdirSync(temporary);
      write(join(temporary, runFiles.experiment), `${JSON.stringify(experiment, null, 2)}\n`);
      if (dataFile !== undefined)
        write(join(temporary, runFiles.source), `${JSON.stringify({ path: dataFile } satisfies Source)}\n`);
      write(join(temporary, runFiles.lock), JSON.stringify(lockOf(process.pid)));
      write(join(temporary, runFiles.status), formatStatus(status));
      rename(fs, temporary, directory);
      return Promise.resolve(ok({ id, directory, status }));
    } catch (error) {
      try {
        fs.rmSync(temporary, { recursive: true, force: true });
      } catch {
        // The first error says what is wrong.
      }
      return Promise.resolve({
        ok: false,
        problems: [fileProblem(why(error, this.root), this.root, 'create')],
      });
    } finally {
      this.#announce();
    }
  }

  /** Gives a run another name. While it is trained the trainer takes the name over, within a second. */
  async rename(id: string, name: string): Promise<Result<void>> {
    const trimmed = name.trim();
    if (trimmed === '' || trimmed.length > 200)
      return bad(message('A run needs a name of 1 to 200 characters.'));
    const run = await this.read(id);
    if (!run.ok) return run;
    const { directory, status } = run.value;
    try {
      if (this.isOwned(id)) {
        replaceFile(
          fs,
          join(directory, runFiles.rename),
          Buffer.from(JSON.stringify({ name: trimmed })),
          process.pid,
        );
      } else {
        writeStatus(directory, { ...status, name: trimmed });
      }
      return ok(undefined);
    } catch (error) {
      return { ok: false, problems: [fileProblem(error, directory, 'write')] };
    } finally {
      this.#announce();
    }
  }

  /** Deletes a run that nobody trains, and nothing else: the directory must lie in the root, be real and look like a run. */
  async delete(id: string): Promise<Result<void>> {
    const directory = this.#directory(id);
    if (directory === undefined || !isRunDirectory(directory)) {
      return bad(message('There is no run "{id}" in {root}.', { id, root: this.root }));
    }
    if (this.isOwned(id)) return bad(message('The run "{id}" is being trained. Stop it first.', { id }));
    try {
      const dying = join(this.root, `${hidden.deleting}${id}`);
      rename(fs, directory, dying);
      await fs.promises.rm(dying, { recursive: true, force: true });
      return ok(undefined);
    } catch (error) {
      return { ok: false, problems: [fileProblem(error, directory, 'delete')] };
    } finally {
      this.#announce();
    }
  }

  /** Removes a new run whose input turned out to be bad. Only for the process that created it. */
  discard(id: string): void {
    const directory = this.#directory(id);
    if (directory !== undefined && isRunDirectory(directory)) {
      try {
        fs.rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
      } catch {
        // Windows keeps a directory whose files are open; recover() will find it as an interrupted run.
      }
    }
    this.#announce();
  }

  /** Whether a living process, of this window or of another one, owns the run. */
  isOwned(id: string): boolean {
    const directory = this.#directory(id);
    if (directory === undefined) return false;
    const lock = readLock(directory);
    return lock !== undefined && isOwned(lock.lock, lock.age);
  }

  /** Takes the ownership of a run for this process; false when a living process has it. */
  acquire(id: string): boolean {
    const directory = this.#directory(id);
    if (directory === undefined) return false;
    const path = join(directory, runFiles.lock);
    if (this.isOwned(id)) return false;
    fs.rmSync(path, { force: true });
    try {
      // Of two processes that come here at once, one succeeds.
      fs.writeFileSync(path, JSON.stringify(lockOf(process.pid)), { flag: 'wx' });
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
      throw error;
    }
  }

  /** Hands the ownership from this process to its trainer. */
  handOver(id: string, pid: number): void {
    const directory = this.#directory(id);
    if (directory !== undefined)
      replaceFile(fs, join(directory, runFiles.lock), Buffer.from(JSON.stringify(lockOf(pid))), process.pid);
  }

  /** Gives the ownership up, after the trainer's death. */
  release(id: string): void {
    const directory = this.#directory(id);
    if (directory === undefined) return;
    try {
      fs.rmSync(join(directory, runFiles.lock), { force: true });
    } catch {
      // The owner is dead, so the lock means nothing any more.
    }
  }

  /** Writes a status; only for the owner, before a trainer lives and after its death. A waiting new name is taken over. */
  writeStatus(id: string, status: RunStatus): void {
    const directory = this.#directory(id);
    if (directory !== undefined) writeStatus(directory, takeName(directory, status));
    this.#announce();
  }

  /**
   * Makes `interrupted` of every run that calls itself alive and whose owner is dead, and removes what half-finished
   * creations and deletions left. Runs of other windows and of the command line stay as they are.
   */
  async recover(): Promise<readonly RunEntry[]> {
    this.#sweep();
    const recovered: RunEntry[] = [];
    for (const entry of await this.list()) {
      if (hasEnded(entry.status.state) || this.isOwned(entry.id)) continue;
      // The owner may have ended the run since the list was made.
      const status = readStatus(entry.directory) ?? entry.status;
      if (hasEnded(status.state)) continue;
      const interrupted: RunStatus = {
        ...status,
        state: 'interrupted',
        reason: 'hostGone',
        ended: new Date().toISOString(),
        note: interruptedNote(entry.directory, status),
      };
      try {
        writeStatus(entry.directory, takeName(entry.directory, interrupted));
      } catch {
        // Read-only: shown as interrupted all the same.
      }
      this.release(entry.id);
      recovered.push({ ...entry, status: interrupted });
    }
    if (recovered.length > 0) this.#announce();
    return recovered;
  }

  /** Calls back when runs appear, vanish or change, also by other processes. Costs nothing while nobody listens. */
  onChange(listener: () => void): { dispose(): void } {
    this.#listeners.add(listener);
    this.#watch();
    return {
      dispose: () => {
        this.#listeners.delete(listener);
        if (this.#listeners.size === 0) this.#unwatch();
      },
    };
  }

  /** A status file is only ever replaced, so a new one has another inode, time or size. */
  #status(id: string, directory: string): RunStatus | undefined {
    const info = statOf(join(directory, runFiles.status));
    const stamp = info === undefined ? '' : `${info.ino} ${info.mtimeMs} ${info.size}`;
    const known = this.#statuses.get(id);
    if (known?.stamp === stamp) return known.status;
    const status = readStatus(directory) ?? damagedStatus(directory);
    if (status !== undefined) this.#statuses.set(id, { stamp, status });
    return status;
  }

  #watch(): void {
    if (this.#watching !== undefined) return;
    let watcher: fs.FSWatcher | undefined;
    try {
      watcher = fs.watch(this.root, { persistent: false }, () => this.#announce());
      // A root that vanishes, or a system out of watches: looking remains.
      watcher.on('error', () => watcher?.close());
    } catch {
      watcher = undefined;
    }
    const timer = setInterval(() => void this.#look(), lookEvery);
    timer.unref();
    this.#watching = { watcher, timer, seen: this.#fingerprint() };
  }

  #unwatch(): void {
    this.#watching?.watcher?.close();
    clearInterval(this.#watching?.timer);
    clearTimeout(this.#announcing);
    this.#watching = undefined;
    this.#announcing = undefined;
  }

  /** The fallback for file systems without events, and the way to see what happens inside the directories of other processes. */
  async #look(): Promise<void> {
    const watching = this.#watching;
    if (watching === undefined) return;
    const seen = this.#fingerprint();
    if (seen === watching.seen) return;
    watching.seen = seen;
    await this.recover();
    this.#announce();
  }

  /** Changes when a directory comes or goes, and when a locked run's status or its owner's life changes. */
  #fingerprint(): string {
    let names: string[];
    try {
      names = fs.readdirSync(this.root).filter((name) => runId.test(name));
    } catch {
      return '';
    }
    const locked = names.filter((id) => fs.existsSync(join(this.root, id, runFiles.lock)));
    return `${names.length} ${locked.map((id) => `${id} ${changed(join(this.root, id, runFiles.status))} ${this.isOwned(id)}`).join()}`;
  }

  #announce(): void {
    if (this.#listeners.size === 0 || this.#announcing !== undefined) return;
    this.#announcing = setTimeout(() => {
      this.#announcing = undefined;
      for (const listener of [...this.#listeners]) listener();
    }, 50);
    this.#announcing.unref();
  }

  /** The directory of an id, never one outside the root. */
  #directory(id: string): string | undefined {
    return runId.test(id) ? join(this.root, id) : undefined;
  }

  #sweep(): void {
    let names: string[];
    try {
      names = fs.readdirSync(this.root);
    } catch {
      return;
    }
    for (const name of names) {
      const id = name.replace(/^\.(creating|deleting)-/, '');
      if (id === name || !runId.test(id)) continue;
      const path = join(this.root, name);
      if (Date.now() - changed(path) < staleLock) continue;
      try {
        fs.rmSync(path, { recursive: true, force: true });
      } catch {
        // Next time.
      }
    }
  }
}

/** Longest stretch of work on the host's thread, in milliseconds. */
const slice = 8;

/** `20261120-153012-iris-7f3a9c` */
function newId(created: Date, name: string): string {
  const stamp = created.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 32)
    .replace(/^-+|-+$/g, '');
  return `${stamp}-${slug === '' ? 'run' : slug}-${randomBytes(3).toString('hex')}`;
}

/**
 * The reason why a folder cannot be made. Where the file system is read-only Node's recursive mkdir says that a folder
 * does not exist; the nearest one that does knows better.
 */
function why(error: unknown, path: string): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) return error;
  let existing = path;
  while (statOf(existing) === undefined && dirname(existing) !== existing) existing = dirname(existing);
  try {
    fs.accessSync(existing, fs.constants.W_OK);
    return error;
  } catch (reason) {
    return reason;
  }
}

function write(path: string, text: string): void {
  const file = fs.openSync(path, 'wx');
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) at += fs.writeSync(file, bytes, at, bytes.length - at);
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
}

function writeStatus(directory: string, status: RunStatus): void {
  replaceFile(fs, join(directory, runFiles.status), Buffer.from(formatStatus(status)), process.pid);
}

/** Takes a name that was given while the run was being trained. */
function takeName(directory: string, status: RunStatus): RunStatus {
  const path = join(directory, runFiles.rename);
  const rename = parseFile(renameSchema, path);
  if (rename === undefined) return status;
  fs.rmSync(path, { force: true });
  return { ...status, name: rename.name };
}

function parseFile<S extends Parameters<typeof parseJson>[0]>(
  schema: S,
  path: string,
): ReturnType<typeof parseJson<S>> {
  try {
    return parseJson(schema, fs.readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function readStatus(directory: string): RunStatus | undefined {
  return parseFile(statusSchema, join(directory, runFiles.status));
}

function readLock(directory: string): { readonly lock: Lock; readonly age: number } | undefined {
  const path = join(directory, runFiles.lock);
  const lock = parseFile(lockSchema, path);
  return lock === undefined ? undefined : { lock, age: Date.now() - changed(path) };
}

function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.statSync(path);
  } catch {
    return undefined;
  }
}

/** Milliseconds since the epoch; 0 where there is no such file. */
function changed(path: string): number {
  return statOf(path)?.mtimeMs ?? 0;
}

async function readExperiment(path: string): Promise<Experiment | undefined> {
  try {
    const parsed = parseExperiment(JSON.parse(await fs.promises.readFile(path, 'utf8')));
    return parsed.ok ? parsed.value : undefined;
  } catch {
    return undefined;
  }
}

/** A directory with an experiment but without a readable status was a run; people should see it and be able to delete it. */
function damagedStatus(directory: string): RunStatus | undefined {
  const experiment = statOf(join(directory, runFiles.experiment));
  if (experiment === undefined) return undefined;
  const id = basename(directory);
  return {
    version: 1,
    id,
    name: id,
    state: 'failed',
    reason: 'crash',
    note: message(
      'The status of this run is damaged. Its curve up to the last saved step can still be read.',
    ),
    created: experiment.mtime.toISOString(),
    step: 0,
    epoch: 0,
    epochs: 0,
    seconds: 0,
  };
}

/** Whether a directory is really a run of its parent: no link, and it holds what a run holds. */
function isRunDirectory(directory: string): boolean {
  try {
    if (!fs.lstatSync(directory).isDirectory()) return false;
    const real = fs.realpathSync(directory);
    if (dirname(real) !== fs.realpathSync(dirname(directory))) return false;
    return fs.existsSync(join(real, runFiles.experiment)) || fs.existsSync(join(real, runFiles.status));
  } catch {
    return false;
  }
}

function interruptedNote(directory: string, status: RunStatus): Message {
  const resumable = fs.existsSync(join(directory, runFiles.last));
  return sentences(interruption(status.step), resumeAdvice(resumable));
}
