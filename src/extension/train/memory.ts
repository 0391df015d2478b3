import { parseExperiment, type Experiment } from '../../core/training/experiment.ts';
import type { Memory } from '../runs/waiting.ts';

const lastKey = 'train.last';
const choicesKey = 'train.choices';
/** Data sets whose choices are remembered; a window's state must stay small. */
const most = 20;

/** What the user chose before: the data set used last, and for each the experiment as it was started. */
export class RememberedChoices {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  get last(): string | undefined {
    const last = this.#memory.get(lastKey);
    return typeof last === 'string' ? last : undefined;
  }

  experiment(id: string): Experiment | undefined {
    const parsed = parseExperiment(this.#entries().find((entry) => entry[0] === id)?.[1]);
    return parsed.ok ? parsed.value : undefined;
  }

  async remember(id: string, experiment: Experiment): Promise<void> {
    const others = this.#entries().filter((entry) => entry[0] !== id);
    await this.#memory.update(lastKey, id);
    await this.#memory.update(choicesKey, [[id, experiment], ...others].slice(0, most));
  }

  #entries(): (readonly [string, unknown])[] {
    const saved = this.#memory.get(choicesKey);
    if (!Array.isArray(saved)) return [];
    return saved.flatMap((entry: unknown) =>
      Array.isArray(entry) && typeof entry[0] === 'string' ? [[entry[0], entry[1] as unknown] as const] : [],
    );
  }
}
