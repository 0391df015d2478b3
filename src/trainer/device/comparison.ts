import type { Device, DeviceId, Executable } from '../../core/compute/device.ts';
import { reasonOf } from '../../core/messages/failure.ts';
import { message, type Message } from '../../core/messages/message.ts';
import type { CandidateResult } from './deviceCache.ts';
import {
  compareWithReference,
  load,
  rewind,
  referenceOf,
  tolerances,
  type Reference,
  type Verdict,
  type Workload,
} from './parity.ts';

/** Devices that can be chosen, in the order of preference when their times tie. */
export const candidateIds = ['webgpu', 'webasm', 'cpu'] as const;
export type CandidateId = (typeof candidateIds)[number];

/** A device that computes rightly, with the plan compiled on it. */
export interface Contender {
  readonly id: CandidateId;
  readonly device: Device;
  readonly executable: Executable;
}

/** A device that takes no part, and why, as the end of a sentence. */
export interface LeftOut {
  readonly id: CandidateId;
  readonly label: string;
  readonly reason: Message;
}

/** Times within this factor count as a tie. */
const tie = 1.1;
/** How long one timing of one device lasts, and how many rounds there are. */
const timingMs = 4;
const rounds = 3;
const mostSteps = 2000;
/** A device whose step takes longer than this is checked on one step, and timed on it. */
const slowStepMs = 60;
const paritySteps = 3;

/** Checks and times devices on one workload. */
export class Comparison {
  readonly #workload: Workload;
  readonly #open: (id: DeviceId) => Promise<Device>;
  readonly #now: () => number;
  /** By tolerance and number of steps. */
  readonly #references = new Map<string, Promise<Reference>>();

  constructor(workload: Workload, open: (id: DeviceId) => Promise<Device>, now: () => number) {
    this.#workload = workload;
    this.#open = open;
    this.#now = now;
  }

  /** Opens a device, compiles the plan and compares a few steps with the reference. Never throws. */
  async enter(id: CandidateId): Promise<Contender | LeftOut> {
    let device: Device | undefined;
    let reason: Message;
    try {
      device = await this.#open(id);
      const executable = await device.compile(this.#workload.plan);
      const verdict = await this.#check(id, executable);
      if (verdict.passed) return { id, device, executable };
      reason = message('it does not compute what it should: {reason}', { reason: verdict.reason });
    } catch (error) {
      reason = reasonOf(error);
    }
    await device?.dispose().catch(() => undefined);
    return { id, label: device?.label ?? id, reason };
  }

  async #check(id: CandidateId, executable: Executable): Promise<Verdict> {
    load(executable, this.#workload);
    const start = this.#now();
    await executable.run(1);
    const steps = this.#now() - start > slowStepMs ? 1 : Math.min(paritySteps, this.#workload.steps);
    const key = `${tolerances[id]} ${steps}`;
    let reference = this.#references.get(key);
    if (reference === undefined) {
      reference = this.#open('float64').then((device) => referenceOf(device, this.#workload, id, steps));
      this.#references.set(key, reference);
    }
    return compareWithReference(executable, await reference, this.#workload);
  }

  /**
   * Times the contenders in turns, so that a busy moment hits all of them; the best of each counts. One that fails on the
   * way is left out.
   */
  async time(contenders: readonly Contender[]): Promise<(LeftOut | CandidateResult)[]> {
    const timings = contenders.map((contender) => new Timing(contender, this.#workload, this.#now));
    for (const timing of timings) await timing.start();
    for (let round = 0; round < rounds; round++) {
      for (const timing of timings) await timing.again(timings.length === 1);
    }
    return timings.map((timing) => timing.result());
  }
}

class Timing {
  readonly #contender: Contender;
  readonly #workload: Workload;
  readonly #now: () => number;
  #steps = 1;
  #best = Infinity;
  #failure: Message | undefined;

  constructor(contender: Contender, workload: Workload, now: () => number) {
    this.#contender = contender;
    this.#workload = workload;
    this.#now = now;
  }

  async start(): Promise<void> {
    try {
      load(this.#contender.executable, this.#workload);
    } catch (error) {
      this.#failure = reasonOf(error);
    }
    await this.#measure(2);
    this.#steps = Math.min(mostSteps, Math.max(1, Math.ceil(timingMs / Math.max(this.#best, 1e-4))));
  }

  /** Another round, unless one number is enough: for a device without rivals, or a slow one. */
  async again(alone: boolean): Promise<void> {
    if (!alone && this.#best <= slowStepMs) await this.#measure(this.#steps);
  }

  /** Times so many steps, from the start again whenever new data would be due; going back does not count. */
  async #measure(steps: number): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      let spent = 0;
      for (let done = 0; done < steps; done += this.#workload.steps) {
        rewind(this.#contender.executable, this.#workload);
        const start = this.#now();
        await this.#contender.executable.run(Math.min(this.#workload.steps, steps - done));
        spent += this.#now() - start;
      }
      this.#best = Math.min(this.#best, spent / steps);
    } catch (error) {
      this.#failure = reasonOf(error);
    }
  }

  result(): LeftOut | CandidateResult {
    const { id, device } = this.#contender;
    if (this.#failure !== undefined) return { id, label: device.label, reason: this.#failure };
    return { id, label: device.label, msPerStep: this.#best };
  }
}

/** The fastest row; of rows that tie, the first of {@link candidateIds}. */
export function fastestOf(table: readonly CandidateResult[]): CandidateResult | undefined {
  const passed = table.filter((row) => row.msPerStep !== undefined);
  const best = Math.min(...passed.map((row) => row.msPerStep!));
  return passed.find((row) => row.msPerStep! <= best * tie);
}
