import type { Position } from './checkpoint.ts';
import type { Experiment } from './experiment.ts';

/** How training comes to an end of its own. `notFinite`: a loss or a parameter became NaN or infinite. */
export const sessionEnds = ['epochs', 'steps', 'target', 'patience', 'budget', 'notFinite'] as const;
export type SessionEnd = (typeof sessionEnds)[number];

/** What the stop rules remember, as a checkpoint keeps it. */
export interface StopState {
  /** The loss that an epoch has to improve on, and the epochs in a row that did not. */
  readonly patience?: { readonly loss: number; readonly waited: number };
  /** Set once the run has come to its end. */
  readonly end?: SessionEnd;
}

/** A closed epoch as the rules see it. */
interface ClosedEpoch {
  /** Mean over the epoch's batches. */
  readonly loss: number;
  /** Absent without a validation part. */
  readonly validationLoss?: number;
  /** Seconds of training so far, pauses excluded. */
  readonly seconds: number;
}

/**
 * Decides when a run ends: after its epochs or steps, at a target loss, when patience or time runs out. A run that its
 * steps or its time end within an epoch closes that epoch early, so that the last model is judged too.
 * Patience counts as in Keras and PyTorch Lightning: an epoch improves when its loss is below the last improvement by
 * more than `minDelta`, and the run ends at the `epochs`-th epoch in a row that does not.
 */
export class StopRules {
  readonly #training: Experiment['training'];
  readonly #stepsPerEpoch: number;
  /** Steps when no other rule ends the run. */
  readonly totalSteps: number;
  #state: StopState;

  constructor(training: Experiment['training'], stepsPerEpoch: number, state: StopState = {}) {
    this.#training = training;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#state = state;
    this.totalSteps = Math.min(training.epochs * stepsPerEpoch, training.steps ?? Infinity);
  }

  get state(): StopState {
    return this.#state;
  }

  /** The end of the run, once it has come. */
  get end(): SessionEnd | undefined {
    return this.#state.end;
  }

  /** Whether the open epoch is to be closed: it is complete, or steps or time are used up within it. */
  epochIsOver({ step, epoch }: Position, seconds: number): boolean {
    const steps = step - epoch * this.#stepsPerEpoch;
    return steps === this.#stepsPerEpoch || step >= this.totalSteps || (steps > 0 && this.#timeIsUp(seconds));
  }

  /** Takes note of a closed epoch. `position` is the one after it. */
  closed(position: Position, epoch: ClosedEpoch): void {
    const { patience } = this.#training;
    if (patience !== undefined) {
      const loss = epoch.validationLoss ?? epoch.loss;
      const { loss: before, waited } = this.#state.patience ?? { loss: Infinity, waited: 0 };
      const improved = loss < before - patience.minDelta;
      this.#state = { patience: improved ? { loss, waited: 0 } : { loss: before, waited: waited + 1 } };
    }
    const end = this.#endAfter(position, epoch);
    if (end !== undefined) this.#state = { ...this.#state, end };
  }

  /** A loss or a parameter is NaN or infinite. */
  diverged(): void {
    this.#state = { ...this.#state, end: 'notFinite' };
  }

  #endAfter({ step, epoch }: Position, closed: ClosedEpoch): SessionEnd | undefined {
    const { target, patience, epochs } = this.#training;
    if (target !== undefined) {
      const reached = target.on === 'training' ? closed.loss : (closed.validationLoss ?? closed.loss);
      if (reached <= target.loss) return 'target';
    }
    if (epoch >= epochs && step >= epochs * this.#stepsPerEpoch) return 'epochs';
    if (step >= this.totalSteps) return 'steps';
    if (patience !== undefined && this.#state.patience!.waited >= patience.epochs) return 'patience';
    return this.#timeIsUp(closed.seconds) ? 'budget' : undefined;
  }

  #timeIsUp(seconds: number): boolean {
    return seconds >= (this.#training.seconds ?? Infinity);
  }
}
