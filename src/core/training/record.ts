import type { MetricsLine } from '../runs/record.ts';
import type { EpochLine, Position, Resume, StepLine } from './checkpoint.ts';
import { thinning, type Thinning } from './thinning.ts';

/** Steps 1 … 8,192 are all recorded; a run of a billion steps makes about 200,000 lines. */
const stepDetail = 4096;
/** Epochs 1 … 4,096 are all recorded. */
const epochDetail = 2048;

/** The lines of a run: everything that happened goes in, what the thinning keeps comes out. */
export class RunRecord {
  readonly #steps: Thinning<StepLine>;
  readonly #epochs: Thinning<EpochLine>;
  #lines: MetricsLine[] = [];
  #written: Position;
  /** The newest lines, also those that are held back. */
  latest: { step?: StepLine; epoch?: EpochLine } = {};

  constructor(resume?: Resume) {
    this.#written = resume?.written ?? { step: 0, epoch: 0 };
    this.#steps = thinning<StepLine>({
      detail: stepDetail,
      position: (line) => line.step,
      values: (line) => [line.loss],
      pending: resume?.pending.steps ?? [],
    });
    this.#epochs = thinning<EpochLine>({
      detail: epochDetail,
      position: (line) => line.epoch,
      values: (line) => [
        line.loss,
        ...(line.validationLoss === undefined ? [] : [line.validationLoss]),
        ...Object.values(line.metrics ?? {}),
      ],
      pending: resume?.pending.epochs ?? [],
    });
  }

  step(line: StepLine): void {
    this.latest = { ...this.latest, step: line };
    this.#out(this.#steps.add(line));
  }

  epoch(line: EpochLine): void {
    this.latest = { ...this.latest, epoch: line };
    this.#out(this.#epochs.add(line));
  }

  /** Also hands out what the thinning holds back; for the end of a run. */
  flush(): void {
    this.#out([...this.#steps.flush(), ...this.#epochs.flush()]);
  }

  /** The lines since the last call. */
  take(): MetricsLine[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  /** What a checkpoint keeps of the record. */
  state(): Pick<Resume, 'pending' | 'written'> {
    return {
      pending: { steps: this.#steps.pending(), epochs: this.#epochs.pending() },
      written: this.#written,
    };
  }

  #out(lines: readonly MetricsLine[]): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#written =
        line.type === 'step'
          ? { ...this.#written, step: line.step }
          : { ...this.#written, epoch: line.epoch };
    }
  }
}
