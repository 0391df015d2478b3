import type { MetricsLine } from '../runs/record.ts';
import type { EpochLine, Position, Resume, SamplesLine, StepLine } from './checkpoint.ts';
import { thinning, type Thinning } from './thinning.ts';

/** Steps 1 … 8,192 are all recorded; a run of a billion steps makes about 200,000 lines. */
const stepDetail = 4096;
/** Epochs 1 … 4,096 are all recorded. */
const epochDetail = 2048;

/** Whether an epoch is 2ᵏ or 3 · 2ᵏ: twice as many epochs add two. */
function isDrawn(epoch: number): boolean {
  const top = 2 ** Math.floor(Math.log2(epoch));
  return epoch === top || epoch === 1.5 * top;
}

/** The lines of a run: everything that happened goes in, what the thinning keeps comes out. */
export class RunRecord {
  readonly #steps: Thinning<StepLine>;
  readonly #epochs: Thinning<EpochLine>;
  #lines: MetricsLine[] = [];
  /** The newest samples, if they are not out yet. */
  #samples: SamplesLine | undefined;
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

  /** Of epochs 1, 2, 3, 4, 6, 8, 12, 16 … and the last. */
  samples(line: SamplesLine): void {
    this.#samples = line;
    if (isDrawn(line.epoch)) this.#outSamples();
  }

  /** Also hands out what the thinning holds back; for the end of a run. */
  flush(): void {
    this.#out([...this.#steps.flush(), ...this.#epochs.flush()]);
    this.#outSamples();
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

  #outSamples(): void {
    if (this.#samples !== undefined) this.#lines.push(this.#samples);
    this.#samples = undefined;
  }

  #out(lines: readonly (StepLine | EpochLine)[]): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#written =
        line.type === 'step'
          ? { ...this.#written, step: line.step }
          : { ...this.#written, epoch: line.epoch };
    }
  }
}
