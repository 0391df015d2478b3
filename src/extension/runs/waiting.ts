import * as v from 'valibot';
import { parseExperiment, type Experiment } from '../../core/training/experiment.ts';

/** Something to train, complete: what the supervisor needs besides the place where runs are kept. */
export interface TrainRequest {
  readonly experiment: Experiment;
  /** Absolute path of the data file, for data from a file. */
  readonly dataFile: string | undefined;
}

/** A request that waits for a run to end. */
export interface Waiting extends TrainRequest {
  readonly id: string;
  readonly name: string;
  /** Restored after a reload: it does not start by itself, because nothing may train merely because a window opened. */
  readonly held: boolean;
}

/** The part of VS Code's `Memento` that is used. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const key = 'waiting';
/** Most requests that are kept over a reload; the state of a window must stay small. */
const most = 50;

const savedSchema = v.array(
  v.object({ id: v.string(), name: v.string(), experiment: v.unknown(), dataFile: v.optional(v.string()) }),
);

/** The queue of requests, which outlives a reload of the window. */
export class WaitingList {
  readonly #memory: Memory;
  #items: readonly Waiting[];
  #count = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#items = restore(memory.get(key));
  }

  get items(): readonly Waiting[] {
    return this.#items;
  }

  add(request: TrainRequest, name: string): Waiting {
    this.#count += 1;
    const taken = new Set(this.#items.map(({ id }) => id));
    let id = `waiting-${String(this.#count)}`;
    while (taken.has(id)) id = `waiting-${String(++this.#count)}`;
    const item: Waiting = { ...request, id, name, held: false };
    this.#set([...this.#items, item]);
    return item;
  }

  /** Takes one out; undefined when it is not there any more. */
  take(id: string): Waiting | undefined {
    const item = this.#items.find((one) => one.id === id);
    if (item !== undefined) this.#set(this.#items.filter((one) => one !== item));
    return item;
  }

  /** Takes out the one that is to start next. */
  next(): Waiting | undefined {
    const item = this.#items.find((one) => !one.held);
    return item === undefined ? undefined : this.take(item.id);
  }

  #set(items: readonly Waiting[]): void {
    this.#items = items;
    const saved = items.slice(0, most).map(({ id, name, experiment, dataFile }) => ({
      id,
      name,
      experiment,
      ...(dataFile === undefined ? {} : { dataFile }),
    }));
    void this.#memory.update(key, saved.length === 0 ? undefined : saved);
  }
}

function restore(saved: unknown): Waiting[] {
  const parsed = v.safeParse(savedSchema, saved);
  if (!parsed.success) return [];
  return parsed.output.flatMap(({ id, name, experiment, dataFile }) => {
    const read = parseExperiment(experiment);
    return read.ok ? [{ id, name, experiment: read.value, dataFile, held: true }] : [];
  });
}
