import * as fs from 'node:fs';
import { join } from 'node:path';
import type * as v from 'valibot';
import { parseJson, renameSchema, runFiles, sourceSchema, type Source } from '../core/runs/files.ts';
import { formatStatus } from '../core/runs/log.ts';
import { statusSchema, type RunStatus } from '../core/runs/record.ts';
import { overwriteFile, replaceFile } from '../core/runs/replaceFile.ts';

/** The files of one run as its trainer sees them. Methods that write throw what `fs` throws. */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  file(name: keyof typeof runFiles): string {
    return join(this.path, runFiles[name]);
  }

  /** The experiment as JSON; throws where it cannot be read or is no JSON. */
  experiment(): unknown {
    return JSON.parse(fs.readFileSync(this.file('experiment'), 'utf8'));
  }

  status(): RunStatus | undefined {
    return this.#parse(statusSchema, 'status');
  }

  writeStatus(status: RunStatus): void {
    replaceFile(fs, this.file('status'), Buffer.from(formatStatus(status)), process.pid);
  }

  /** Writes a status also where the disk is full: in the place of the old one. */
  forceStatus(status: RunStatus): void {
    const bytes = Buffer.from(formatStatus(status));
    try {
      replaceFile(fs, this.file('status'), bytes, process.pid);
    } catch {
      overwriteFile(fs, this.file('status'), bytes);
    }
  }

  source(): Source | undefined {
    return this.#parse(sourceSchema, 'source');
  }

  writeSource(source: Source): void {
    replaceFile(fs, this.file('source'), Buffer.from(`${JSON.stringify(source)}\n`), process.pid);
  }

  /** A name given by a face while the run is trained; undefined mostly. */
  takeName(): string | undefined {
    const rename = this.#parse(renameSchema, 'rename');
    if (rename !== undefined) fs.rmSync(this.file('rename'), { force: true });
    return rename?.name;
  }

  /** Replaces the last checkpoint and keeps the one before it. */
  writeLast(bytes: Uint8Array): void {
    const next = `${this.file('last')}.next`;
    replaceFile(fs, next, bytes, process.pid);
    if (fs.existsSync(this.file('last'))) fs.renameSync(this.file('last'), this.file('previous'));
    fs.renameSync(next, this.file('last'));
  }

  /** Drops the checkpoint before the last one: a run that is finished is not resumed, so nothing would fall back to it. */
  dropPrevious(): void {
    fs.rmSync(this.file('previous'), { force: true });
  }

  writeBest(bytes: Uint8Array): void {
    replaceFile(fs, this.file('best'), bytes, process.pid);
  }

  /** The content of a checkpoint; undefined where there is none. */
  checkpoint(name: 'last' | 'previous' | 'best'): Uint8Array | undefined {
    try {
      return fs.readFileSync(this.file(name));
    } catch {
      return undefined;
    }
  }

  #parse<S extends v.GenericSchema>(schema: S, name: keyof typeof runFiles): v.InferOutput<S> | undefined {
    try {
      return parseJson(schema, fs.readFileSync(this.file(name), 'utf8'));
    } catch {
      return undefined;
    }
  }
}
