import type { MetricsLine, RunStatus } from '../../core/runs/record.ts';
import type { Experiment } from '../../core/training/experiment.ts';
import type { Run, RunEvent } from '../../supervisor/run.ts';
import { Emitter, type Ending } from '../events.ts';
import { RunHistory, Speed } from './history.ts';
import type { Phase } from './summary.ts';

/** What a run looks like from this window, alive or from disk. One object for its whole life, so that a panel may keep it. */
export class RunView implements Ending {
  readonly directory: string;
  readonly history = new RunHistory();
  readonly experiment: Experiment | undefined;
  /** The loss by name, with its parameters. */
  readonly lossName: string;
  readonly #changed = new Emitter<RunView>();
  readonly #speed = new Speed();
  readonly #now: () => number;
  #status: RunStatus;
  #phase: Phase | undefined;
  #run: Run | undefined;
  #subscription: Ending | undefined;

  constructor(options: {
    readonly directory: string;
    readonly status: RunStatus;
    readonly experiment: Experiment | undefined;
    readonly lossName: string;
    /** Milliseconds of a monotonic clock. */
    readonly now: () => number;
  }) {
    this.directory = options.directory;
    this.experiment = options.experiment;
    this.lossName = options.lossName;
    this.#status = options.status;
    this.#now = options.now;
  }

  readonly onChange = this.#changed.event;

  get status(): RunStatus {
    return this.#status;
  }

  get phase(): Phase | undefined {
    return this.#phase;
  }

  /** The run's handle while this window trains it. */
  get run(): Run | undefined {
    return this.#run;
  }

  get speed(): number | undefined {
    return this.#status.state === 'running' ? this.#speed.perSecond : undefined;
  }

  /** Follows a run that this window trains, until it ends. */
  attach(run: Run): void {
    this.#subscription?.dispose();
    this.#run = run;
    this.#status = run.status;
    this.#speed.reset();
    this.#subscription = run.onEvent((event) => this.#take(event));
    this.#changed.fire(this);
  }

  /** Takes what the disk says; nothing while this window trains the run and knows better. */
  refresh(status: RunStatus, lines: Iterable<MetricsLine>): void {
    if (this.#run !== undefined) return;
    this.#status = status;
    this.history.append(lines);
    this.#changed.fire(this);
  }

  dispose(): void {
    this.#subscription?.dispose();
    this.#changed.dispose();
  }

  #take(event: RunEvent): void {
    switch (event.type) {
      case 'phase':
        this.#phase = { phase: event.phase, share: event.share };
        break;
      case 'status':
        // A pause is no training: the speed counts from its end.
        if (event.status.state !== this.#status.state) this.#speed.reset();
        this.#status = event.status;
        break;
      case 'batch':
        this.#status = event.status;
        this.history.append(event.lines);
        this.#speed.read(event.status.step, this.#now());
        break;
      case 'ended':
        this.#status = event.status;
        this.#run = undefined;
        this.#phase = undefined;
        this.#subscription?.dispose();
        this.#subscription = undefined;
        break;
      default:
        event satisfies never;
    }
    this.#changed.fire(this);
  }
}
