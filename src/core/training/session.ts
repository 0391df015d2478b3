import type { Device, Executable } from '../compute/device.ts';
import {
  readOptimizerState,
  readParameters,
  writeOptimizerState,
  writeParameters,
  writeWindow,
  type Epoch,
} from '../compute/feed.ts';
import type { StepsPlan } from '../compute/planBuilder.ts';
import type { Dataset } from '../data/dataset.ts';
import { reasonOf } from '../messages/failure.ts';
import { bad, message, ok, type Result } from '../messages/message.ts';
import { initialParameters } from '../network/initial.ts';
import { withoutInitial, type Parameters } from '../network/network.ts';
import { afterEpoch, plateauStart, type PlateauState } from '../optimizers/plateau.ts';
import type { MetricsLine } from '../runs/record.ts';
import type { Sliced } from '../slices.ts';
import {
  samePreprocessing,
  type Best,
  type Checkpoint,
  type EpochLine,
  type Position,
  type Resume,
  type StepLine,
} from './checkpoint.ts';
import type { Evaluation, Evaluator } from './evaluator.ts';
import type { Experiment } from './experiment.ts';
import type { RunPlans } from './plans.ts';
import { RunRecord } from './record.ts';
import { StopRules, type SessionEnd, type StopState } from './stopRules.ts';

/** Running, or how it ended; the position of `notFinite` is the step where it showed. */
export type SessionState = 'running' | SessionEnd;

/** A training run in progress. One call at a time: `advance` and `checkpoint` must not overlap. */
export interface Session {
  readonly parameterCount: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  /** Steps done, epochs closed. */
  readonly position: Position;
  /** The newest lines, also those that the thinning of a long record holds back. */
  readonly latest: { readonly step?: StepLine; readonly epoch?: EpochLine };
  /**
   * Trains for about `budgetMs`, at most 40 ms, or one step if that takes longer. An epoch is always evaluated before the
   * next begins. `improved` says that {@link best} is new. The last lines come with the state that ends the run.
   */
  advance(budgetMs: number): Promise<{ lines: MetricsLine[]; state: SessionState; improved: boolean }>;
  /** Lines that the thinning of a long record still holds back; for a run that is stopped early. */
  flush(): MetricsLine[];
  /** Everything needed to continue as if the run had never stopped. */
  checkpoint(): Promise<Checkpoint>;
  /** The model of the best epoch, once there is one. */
  best(): Checkpoint | undefined;
  dispose(): Promise<void>;
}

/** Longest time between two returns to the caller, unless a single step takes longer. */
const longestBudget = 40;

/**
 * Prepares a run: compiles its plans, and writes data and starting values to the device.
 * @param plans of this experiment on this data
 * @param options.now a clock in milliseconds
 * @param options.resume a checkpoint of the same experiment on the same data
 */
export async function createSession(
  experiment: Experiment,
  dataset: Dataset,
  plans: RunPlans,
  device: Device,
  options: { readonly now: () => number; readonly resume?: Checkpoint },
): Promise<Result<Session>> {
  const plan = plans.training;
  const start = startingPoint(experiment, dataset, plan, options.resume);
  if (!start.ok) return start;

  let executable: Executable | undefined;
  try {
    executable = await device.compile(plan.plan);
    plans.load(executable);
    writeParameters(executable, plan, start.value.parameters);
    writeOptimizerState(executable, plan, start.value.resume?.state ?? {});
    const evaluate = await plans.judge?.(device);
    return ok(
      new TrainingSession({
        experiment,
        dataset,
        plans,
        executable,
        evaluate,
        now: options.now,
        ...start.value,
      }),
    );
  } catch (error) {
    await executable?.dispose().catch(() => undefined);
    return bad(
      message('The device "{device}" could not prepare this model: {reason}. Choose another device.', {
        device: device.label,
        reason: reasonOf(error),
      }),
    );
  }
}

interface StartingPoint {
  readonly parameters: Parameters;
  readonly position: Position;
  readonly best?: Best;
  readonly resume?: Resume;
}

/** Drawn values at step 0, or a checkpoint that fits. */
function startingPoint(
  { model, training, optimizer }: Experiment,
  dataset: Dataset,
  plan: StepsPlan,
  checkpoint: Checkpoint | undefined,
): Result<StartingPoint> {
  if (checkpoint === undefined) {
    const drawn = initialParameters(plan, training.seed, model.initial);
    return drawn.ok ? ok({ parameters: drawn.value, position: { step: 0, epoch: 0 } }) : drawn;
  }
  const { parameters, position, best, resume } = checkpoint;
  if (resume === undefined) {
    return bad(message('This checkpoint holds a finished model and cannot be trained on.'));
  }
  const sameModel =
    plan.parameters.every((p) => parameters[p.name]?.length === p.size) &&
    resume.optimizer === optimizer.type;
  const sameData =
    samePreprocessing(checkpoint.preprocessing, dataset.preprocessing) &&
    resume.rows.training === dataset.training.rows &&
    resume.rows.validation === (dataset.validation?.rows ?? 0);
  if (!sameModel || !sameData) {
    return bad(
      message(
        'The run cannot continue, because its model or its data has changed since it was interrupted. Train again from the start.',
      ),
    );
  }
  return ok({ parameters, position, resume, ...(best === undefined ? {} : { best }) });
}

/** What the stop rules knew; checkpoints of versions without them tell only whether all epochs were done. */
function stopState({
  resume,
  position,
  experiment,
}: Pick<StartingPoint, 'resume' | 'position'> & { readonly experiment: Experiment }): StopState {
  if (resume?.stop !== undefined) return resume.stop;
  return position.epoch >= experiment.training.epochs ? { end: 'epochs' } : {};
}

class TrainingSession implements Session {
  readonly parameterCount: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly #experiment: Experiment;
  readonly #dataset: Dataset;
  readonly #plans: RunPlans;
  readonly #plan: StepsPlan;
  readonly #executable: Executable;
  readonly #evaluator: Evaluator | undefined;
  readonly #now: () => number;
  readonly #record: RunRecord;
  readonly #rules: StopRules;
  readonly #pace = new Pace();
  #plateau: PlateauState;
  #position: Position;
  #epochLoss: { sum: number; rows: number };
  #best: Best | undefined;
  #bestParameters: Parameters | undefined;
  /** The batches of the open epoch. */
  #drawn: { readonly epoch: number; readonly batches: Epoch } | undefined;
  /** The same while they are being drawn. */
  #drawing: Sliced<Epoch> | undefined;
  /** Steps that may run before the device is fed again. */
  #fed = 0;
  /** Parameters after the epoch that is being evaluated. */
  #closing: Parameters | undefined;
  #seconds: number;
  #resumedAt = 0;

  constructor(
    start: StartingPoint & {
      readonly experiment: Experiment;
      readonly dataset: Dataset;
      readonly plans: RunPlans;
      readonly executable: Executable;
      readonly evaluate: Evaluator | undefined;
      readonly now: () => number;
    },
  ) {
    this.#experiment = start.experiment;
    this.#dataset = start.dataset;
    this.#plans = start.plans;
    this.#plan = start.plans.training;
    this.#executable = start.executable;
    this.#evaluator = start.evaluate;
    this.#now = start.now;
    this.#record = new RunRecord(start.resume);
    this.#position = start.position;
    this.#best = start.best;
    this.#bestParameters = start.resume?.bestParameters;
    this.#epochLoss = start.resume?.epochLoss ?? { sum: 0, rows: 0 };
    this.#seconds = start.resume?.seconds ?? 0;
    this.#plateau = start.resume?.plateau ?? plateauStart;
    this.parameterCount = this.#plan.parameterCount;
    this.stepsPerEpoch = this.#plan.steps;
    this.#rules = new StopRules(start.experiment.training, this.#plan.steps, stopState(start));
    this.totalSteps = this.#rules.totalSteps;
  }

  get position(): Position {
    return this.#position;
  }

  get #state(): SessionState {
    return this.#rules.end ?? 'running';
  }

  get latest(): Session['latest'] {
    return this.#record.latest;
  }

  async advance(budgetMs: number): Promise<{ lines: MetricsLine[]; state: SessionState; improved: boolean }> {
    const deadline = this.#now() + Math.min(budgetMs, longestBudget);
    const before = this.#best;
    this.#resumedAt = this.#now();
    try {
      while (this.#state === 'running') {
        if (this.#epochIsOver()) await this.#close();
        else if (this.#draw(deadline)) await this.#train(deadline - this.#now());
        if (this.#now() >= deadline) break;
      }
    } finally {
      this.#seconds = this.#elapsed();
      this.#resumedAt = this.#now();
    }
    if (this.#state !== 'running') this.#record.flush();
    return { lines: this.#record.take(), state: this.#state, improved: this.#best !== before };
  }

  flush(): MetricsLine[] {
    this.#record.flush();
    return this.#record.take();
  }

  async checkpoint(): Promise<Checkpoint> {
    return {
      ...this.#model(),
      position: this.#position,
      parameters: await readParameters(this.#executable, this.#plan),
      ...(this.#best === undefined ? {} : { best: this.#best }),
      resume: {
        optimizer: this.#experiment.optimizer.type,
        state: await readOptimizerState(this.#executable, this.#plan),
        ...(this.#bestParameters === undefined ? {} : { bestParameters: this.#bestParameters }),
        rows: { training: this.#dataset.training.rows, validation: this.#dataset.validation?.rows ?? 0 },
        epochLoss: { ...this.#epochLoss },
        ...this.#record.state(),
        seconds: this.#seconds,
        stop: this.#rules.state,
        ...(this.#plateau === plateauStart ? {} : { plateau: this.#plateau }),
      },
    };
  }

  best(): Checkpoint | undefined {
    if (this.#best === undefined || this.#bestParameters === undefined) return undefined;
    const { step, epoch } = this.#best;
    return {
      ...this.#model(),
      position: { step, epoch },
      parameters: this.#bestParameters,
      best: this.#best,
    };
  }

  async dispose(): Promise<void> {
    await this.#evaluator?.dispose();
    await this.#executable.dispose();
  }

  #model(): Pick<Checkpoint, 'model' | 'inputs' | 'shape' | 'counts' | 'outputs' | 'preprocessing'> {
    const { width, shape, counts, outputs, preprocessing } = this.#dataset;
    return {
      model: withoutInitial(this.#experiment.model),
      inputs: width,
      ...(shape === undefined ? {} : { shape }),
      ...(counts === undefined ? {} : { counts }),
      outputs,
      preprocessing,
    };
  }

  /** The open epoch has all steps that it will get; its evaluation may be under way. */
  #epochIsOver(): boolean {
    return this.#closing !== undefined || this.#rules.epochIsOver(this.#position, this.#elapsed());
  }

  /** Seconds of training, pauses excluded. */
  #elapsed(): number {
    return this.#seconds + (this.#now() - this.#resumedAt) / 1000;
  }

  async #train(budgetMs: number): Promise<void> {
    if (this.#fed === 0) this.#feed();
    const count = this.#pace.steps(budgetMs, Math.min(this.#fed, this.totalSteps - this.#position.step));
    const began = this.#now();
    const losses = await this.#executable.run(count);
    this.#pace.measured(count, this.#now() - began);
    this.#fed -= count;
    for (const loss of losses) {
      const { step, epoch } = this.#position;
      const rows = this.#drawn!.batches.weight(step - epoch * this.stepsPerEpoch);
      this.#epochLoss = { sum: this.#epochLoss.sum + loss * rows, rows: this.#epochLoss.rows + rows };
      this.#position = { step: step + 1, epoch };
      this.#record.step({ type: 'step', step: step + 1, loss });
      if (!Number.isFinite(loss)) {
        this.#rules.diverged();
        return;
      }
    }
  }

  /** Feeds the device from the batches of the open epoch, which must be drawn. */
  #feed(): void {
    const { step, epoch } = this.#position;
    const stepInEpoch = step - epoch * this.stepsPerEpoch;
    this.#fed = writeWindow(this.#executable, this.#plan, this.#drawn!.batches, stepInEpoch, step + 1, {
      totalSteps: this.totalSteps,
      factor: this.#plateau.factor,
    });
  }

  /** Whether the open epoch is drawn, as far as time allows: shuffling millions of rows takes long. */
  #draw(deadline: number): boolean {
    const { epoch } = this.#position;
    if (this.#drawn?.epoch === epoch) return true;
    this.#drawing ??= this.#plans.epoch(epoch);
    do {
      const drawn = this.#drawing.next();
      if (drawn.done === true) {
        this.#drawn = { epoch, batches: drawn.value };
        this.#drawing = undefined;
        return true;
      }
    } while (this.#now() < deadline);
    return false;
  }

  /** Evaluates the next batch of the validation part, and closes the epoch after the last. */
  async #close(): Promise<void> {
    if (this.#closing === undefined) {
      const parameters = await readParameters(this.#executable, this.#plan);
      // An update may overflow without a loss that shows it, at the end of a run or where a ReLU hides NaN.
      if (!Object.values(parameters).every((values) => values.every(Number.isFinite))) {
        this.#rules.diverged();
        return;
      }
      this.#closing = parameters;
      this.#evaluator?.begin(parameters);
    }
    if (this.#evaluator === undefined) {
      this.#closed(this.#closing, undefined);
      return;
    }
    const evaluation = await this.#evaluator.next();
    if (evaluation !== undefined) this.#closed(this.#closing, evaluation);
  }

  #closed(parameters: Parameters, evaluation: Evaluation | undefined): void {
    const loss = this.#epochLoss.sum / this.#epochLoss.rows;
    const position = { step: this.#position.step, epoch: this.#position.epoch + 1 };
    const metrics = { ...evaluation?.metrics, ...this.#plans.shown?.(parameters) };
    const judged = {
      ...(evaluation === undefined ? {} : { validationLoss: evaluation.loss }),
      ...(evaluation === undefined && Object.keys(metrics).length === 0 ? {} : { metrics }),
    };
    const seconds = this.#elapsed();
    this.#record.epoch({ type: 'epoch', ...position, loss, ...judged, seconds });
    if (evaluation?.samples !== undefined)
      this.#record.samples({ type: 'samples', ...position, ...evaluation.samples });
    const compared = evaluation?.loss ?? loss;
    this.#plateau = afterEpoch(this.#experiment.optimizer, this.#plateau, compared);
    if (compared < (this.#best?.loss ?? Infinity)) {
      this.#best = { ...position, loss: compared, ...judged };
      this.#bestParameters = parameters;
    }
    this.#position = position;
    this.#epochLoss = { sum: 0, rows: 0 };
    this.#closing = undefined;
    this.#rules.closed(position, {
      loss,
      seconds,
      ...(evaluation === undefined ? {} : { validationLoss: evaluation.loss }),
    });
  }
}

/** How many steps fit into a time, learnt from those that ran. Grows by doubling: one long call would make the process deaf. */
class Pace {
  #most = 1;
  #millisecondsPerStep = 0;

  steps(budgetMs: number, most: number): number {
    const fitting =
      this.#millisecondsPerStep > 0 ? Math.floor(budgetMs / this.#millisecondsPerStep) : this.#most;
    return Math.max(1, Math.min(fitting, this.#most, most));
  }

  measured(steps: number, milliseconds: number): void {
    this.#most = Math.max(this.#most, 2 * steps);
    this.#millisecondsPerStep = milliseconds / steps;
  }
}
