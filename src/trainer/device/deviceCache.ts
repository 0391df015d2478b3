import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { messageSchema } from '../../core/messages/schema.ts';
import { probeResultSchema } from './probe.ts';

const count = v.pipe(v.number(), v.finite(), v.minValue(0));

/** One device in a comparison: how fast it was, or why it was left out. */
const candidateResultSchema = v.object({
  id: v.picklist(['webgpu', 'webasm', 'cpu', 'float64']),
  label: v.string(),
  /** Milliseconds a step; absent where it was not timed. */
  msPerStep: v.optional(count),
  /** Why it cannot be used, as the end of a sentence; absent where it passed. */
  reason: v.optional(messageSchema),
});
export type CandidateResult = v.InferOutput<typeof candidateResultSchema>;

const contentsSchema = v.object({
  version: v.literal(1),
  /** By what a probe depends on; `at` in milliseconds since 1970. */
  probes: v.record(v.string(), v.object({ at: count, result: probeResultSchema })),
  /** Devices that a process was about to use for the first time; one that stays here took its process with it. */
  trials: v.record(v.string(), v.object({ at: count, pid: count })),
  /** Comparisons by machine and plan, oldest first. */
  comparisons: v.record(v.string(), v.array(candidateResultSchema)),
});
type Contents = v.InferOutput<typeof contentsSchema>;

/** Comparisons that are kept. */
const capacity = 200;

/**
 * What was learnt about the devices of this machine, in a JSON file. It can be deleted at any time: a file that is
 * absent, damaged or of another version counts as empty, and one that cannot be written is not written. Written
 * to a temporary file and renamed; of two processes that write at once the later one wins.
 */
export class DeviceCache {
  readonly #path: string | undefined;
  #memory: Contents = { version: 1, probes: {}, trials: {}, comparisons: {} };

  /** Without a path it lasts as long as the object. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  read(): Contents {
    if (this.#path === undefined) return this.#memory;
    try {
      const result = v.safeParse(contentsSchema, JSON.parse(readFileSync(this.#path, 'utf8')));
      if (result.success) return result.output;
    } catch {
      // Absent or damaged: as if empty.
    }
    return { version: 1, probes: {}, trials: {}, comparisons: {} };
  }

  /** Changes a fresh copy of the contents and stores it. */
  update(change: (contents: Contents) => void): void {
    const contents = this.read();
    change(contents);
    const comparisons = Object.entries(contents.comparisons);
    if (comparisons.length > capacity)
      contents.comparisons = Object.fromEntries(comparisons.slice(-capacity));
    this.#memory = contents;
    if (this.#path === undefined) return;
    const temporary = `${this.#path}.${process.pid}.tmp`;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(temporary, JSON.stringify(contents));
      renameSync(temporary, this.#path);
    } catch {
      remove(temporary);
    }
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // There was nowhere to write it to in the first place.
  }
}
