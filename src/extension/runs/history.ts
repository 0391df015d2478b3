import { Series } from '../../core/runs/series.ts';
import type { MetricsLine } from '../../core/runs/record.ts';
import { seriesIds, type DrawnSamples, type SeriesId } from '../../core/protocol/panel.ts';

/** The curves of one run in bounded memory: the host's truth, from which every panel is drawn. */
export class RunHistory {
  readonly series: ReadonlyMap<SeriesId, Series> = new Map(seriesIds.map((id) => [id, new Series()]));
  /** The first step whose training loss was not a finite number. */
  #diverged: number | undefined;
  #samples: DrawnSamples | undefined;

  get diverged(): number | undefined {
    return this.#diverged;
  }

  /** What the generator drew last, in a run that has one. */
  get samples(): DrawnSamples | undefined {
    return this.#samples;
  }

  append(lines: Iterable<MetricsLine>): void {
    for (const line of lines) this.add(line);
  }

  add(line: MetricsLine): void {
    if (line.type === 'step') {
      this.#point('loss', line.step, line.loss);
      if (!Number.isFinite(line.loss)) this.#diverged ??= line.step;
      return;
    }
    if (line.type === 'samples') {
      this.#samples = line;
      return;
    }
    this.#point('epochLoss', line.step, line.loss);
    if (line.validationLoss !== undefined) this.#point('validationLoss', line.step, line.validationLoss);
    for (const id of ['accuracy', 'rmse', 'r2'] as const) {
      const value = line.metrics?.[id];
      if (value !== undefined) this.#point(id, line.step, value);
    }
  }

  #point(id: SeriesId, step: number, value: number): void {
    this.series.get(id)!.append(step, value);
  }
}

/** Steps per second over the last second, from (step, time) readings. */
export class Speed {
  #readings: { step: number; at: number }[] = [];

  /** `at` in milliseconds of a monotonic clock. */
  read(step: number, at: number): void {
    this.#readings.push({ step, at });
    // One reading older than a second stays, so that the window always spans it.
    while (this.#readings.length > 2 && this.#readings[1]!.at <= at - 1000) this.#readings.shift();
  }

  /** Undefined until two readings lie at least a twentieth of a second apart. */
  get perSecond(): number | undefined {
    const first = this.#readings[0];
    const last = this.#readings.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < 50) return undefined;
    return ((last.step - first.step) * 1000) / (last.at - first.at);
  }

  reset(): void {
    this.#readings = [];
  }
}
