import { createHash } from 'node:crypto';
import { arch, cpus, platform } from 'node:os';
import type { Device, DeviceId } from '../../core/compute/device.ts';
import type { Plan } from '../../core/compute/plan.ts';
import { reasonOf } from '../../core/messages/failure.ts';
import { message, sentences, type Message } from '../../core/messages/message.ts';
import {
  candidateIds,
  Comparison,
  fastestOf,
  type CandidateId,
  type Contender,
  type LeftOut,
} from './comparison.ts';
import { DeviceCache, type CandidateResult } from './deviceCache.ts';
import { deviceNames, explain } from './explain.ts';
import { gpuJsVersion } from './gpuJsVersion.ts';
import { openDevice } from './open.ts';
import type { Workload } from './parity.ts';
import { cleared, prepared } from './prepared.ts';
import type { ProbeEntry, ProbeResult } from './probe.ts';
import { tryWebGpu, webGpuState, whyLeftOut } from './webGpuState.ts';

/** A device that might be used here. */
export interface Candidate {
  readonly id: DeviceId;
  readonly available: boolean;
  /** Why it is not available, as the end of a sentence. */
  readonly reason?: Message;
}

export interface Environment {
  /** File in which what is learnt about this machine is kept; absent: nowhere. */
  readonly cache?: string;
  /** The file that probes WebGPU in a child process; absent: WebGPU is left out. */
  readonly probe?: ProbeEntry;
  /** Milliseconds since 1970. */
  readonly date: () => number;
}

export interface ChooseOptions extends Environment {
  readonly preference: 'auto' | DeviceId;
  readonly workload: Workload;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Threads that a device on the processor may compute with. Default: 1. */
  readonly threads?: number;
  /** How devices are opened; for tests. */
  readonly open?: (id: DeviceId) => Promise<Device>;
}

export interface Choice {
  readonly device: Device;
  /** Which device and why, one to three sentences. */
  readonly why: Message;
  /** Every candidate: its time, or why it was left out. */
  readonly table: readonly CandidateResult[];
  /** Ends with the probe of WebGPU where that still runs in the background. It need not be waited for. */
  readonly settled: Promise<void>;
}

/**
 * Chooses the device of a training run. Every candidate must compute what the float64 reference computes; of those the
 * fastest in a short comparison on the plan itself is taken. The comparison is remembered per machine, GPU.js version and
 * plan. A preference is taken as it is, after the same check; where it cannot be met the fastest other device is taken,
 * and `why` says so. If no candidate computes rightly, the reference itself is used.
 *
 * WebGPU can crash a process, so a child process tries it first. With `auto` that happens in the background, and a run
 * that starts before the answer is known does without WebGPU: a first point must not wait for a graphics driver. An
 * adapter that is a program on the processor takes part only by preference.
 */
export async function chooseDevice(options: ChooseOptions): Promise<Choice> {
  return new Chooser(options).choose();
}

/** Which devices exist on this machine and why not; waits for the probe of WebGPU, and loads nothing into this process. */
export async function candidates(environment: Environment): Promise<readonly Candidate[]> {
  const { result } = await webGpuState(new DeviceCache(environment.cache), { ...environment, wait: true });
  const others: readonly DeviceId[] = ['webasm', 'cpu', 'float64'];
  return [
    { id: 'webgpu', ...(result.available ? { available: true } : result) },
    ...others.map((id) => ({ id, available: true })),
  ];
}

class Chooser {
  readonly #options: ChooseOptions;
  readonly #cache: DeviceCache;
  readonly #open: (id: DeviceId) => Promise<Device>;
  readonly #comparison: Comparison;

  constructor(options: ChooseOptions) {
    this.#options = options;
    this.#cache = new DeviceCache(options.cache);
    this.#open = options.open ?? ((id) => openDevice(id, options.threads));
    this.#comparison = new Comparison(options.workload, this.#open, options.now);
  }

  async choose(): Promise<Choice> {
    const { preference } = this.#options;
    if (preference === 'auto') return this.#fastest();
    if (preference === 'float64') {
      const device = await this.#open('float64');
      return chosen(
        device,
        message('{device} (the reference), as you asked.', { device: deviceNames.float64 }),
        [],
      );
    }
    const contender = await this.#enterPreferred(preference);
    if ('reason' in contender) return this.#fastest(contender);
    const why = message('{device}, as you asked.', { device: deviceNames[preference] });
    try {
      return chosen(await this.#prepared(contender), why, [
        { id: preference, label: contender.device.label },
      ]);
    } catch (error) {
      await contender.device.dispose().catch(() => undefined);
      return this.#fastest({ id: preference, label: contender.device.label, reason: reasonOf(error) });
    }
  }

  async #enterPreferred(id: CandidateId): Promise<Contender | LeftOut> {
    if (id !== 'webgpu') return this.#enter(id);
    const { result } = await webGpuState(this.#cache, { ...this.#options, wait: true });
    return result.available ? this.#enter(id) : { id, label: deviceNames[id], reason: result.reason };
  }

  #enter(id: CandidateId): Promise<Contender | LeftOut> {
    const enter = () => this.#comparison.enter(id);
    return id === 'webgpu' ? tryWebGpu(this.#cache, this.#options.date, enter) : enter();
  }

  /** The fastest of those that pass, as remembered or as measured now; `rejected` was asked for and cannot be used. */
  async #fastest(rejected?: LeftOut): Promise<Choice> {
    const { result, settled } = await webGpuState(this.#cache, { ...this.#options, wait: false });
    const out = new Map<DeviceId, LeftOut>();
    const reason = whyLeftOut(result);
    if (reason !== undefined) out.set('webgpu', { id: 'webgpu', label: deviceNames.webgpu, reason });
    if (rejected !== undefined) out.set(rejected.id, rejected);
    const sentence = (table: readonly CandidateResult[]): Message => {
      const found = explain(table.filter((row) => row.id !== rejected?.id));
      return rejected === undefined
        ? found
        : sentences(
            message('You asked for {device}, but it cannot be used: {reason}.', {
              device: deviceNames[rejected.id],
              reason: rejected.reason,
            }),
            found,
          );
    };

    const { plan, whole = plan } = this.#options.workload;
    const key = comparisonKey(whole, result, rejected, this.#options.threads ?? 1);
    // Why a device takes no part may have changed since.
    const remembered = this.#cache
      .read()
      .comparisons[key]?.map((row) => (row.reason === undefined ? row : (out.get(row.id) ?? row)));
    const reopened = remembered === undefined ? undefined : await this.#reopen(remembered);
    if (remembered !== undefined && reopened !== undefined)
      return { ...chosen(reopened, sentence(remembered), remembered), settled };

    const { best, table } = await this.#measure(out);
    if (best === undefined)
      return { ...chosen(await this.#open('float64'), sentence(table), table), settled };
    this.#cache.update((contents) => {
      contents.comparisons[key] = [...table];
    });
    return { ...chosen(best, sentence(table), table), settled };
  }

  /** Opens the winner of a remembered comparison; undefined where that fails, and there is no use for the memory. */
  async #reopen(table: readonly CandidateResult[]): Promise<Device | undefined> {
    const id = fastestOf(table)?.id;
    if (id === undefined) return undefined;
    try {
      const open = () => this.#open(id);
      return await (id === 'webgpu' ? tryWebGpu(this.#cache, this.#options.date, open) : open());
    } catch {
      return undefined;
    }
  }

  async #measure(
    out: ReadonlyMap<DeviceId, LeftOut>,
  ): Promise<{ best: Device | undefined; table: readonly CandidateResult[] }> {
    const contenders: Contender[] = [];
    const table: CandidateResult[] = [];
    for (const id of candidateIds) {
      const entered = out.get(id) ?? (await this.#enter(id));
      if ('reason' in entered) table.push(entered);
      else contenders.push(entered);
    }
    table.push(...(await this.#comparison.time(contenders)));
    table.sort(
      (a, b) => candidateIds.findIndex((id) => id === a.id) - candidateIds.findIndex((id) => id === b.id),
    );
    let best: Device | undefined;
    for (let row = fastestOf(table); best === undefined && row !== undefined; row = fastestOf(table)) {
      const { id, label } = row;
      try {
        best = await this.#prepared(contenders.find((contender) => contender.id === id)!);
      } catch (error) {
        table.splice(table.indexOf(row), 1, { id, label, reason: reasonOf(error) });
      }
    }
    await Promise.all(
      contenders
        .filter(({ id }) => id !== best?.id)
        .map(({ device }) => device.dispose().catch(() => undefined)),
    );
    return { best, table };
  }

  /** The device with what will run already compiled; rejects where that is more than the device can hold. */
  async #prepared({ device, executable }: Contender): Promise<Device> {
    const { plan, whole } = this.#options.workload;
    if (whole === undefined) return prepared(device, plan, cleared(executable, plan));
    await executable.dispose();
    return prepared(device, whole, await device.compile(whole));
  }
}

function chosen(device: Device, why: Message, table: readonly CandidateResult[]): Choice {
  return { device, why, table, settled: Promise.resolve() };
}

/** What a comparison depends on: the machine, the threads, the programs, the adapter if it takes part, who cannot, and the plan. */
function comparisonKey(
  plan: Plan,
  webGpu: ProbeResult,
  rejected: LeftOut | undefined,
  threads: number,
): string {
  const processors = cpus();
  const adapter = whyLeftOut(webGpu) === undefined ? webGpu : undefined;
  const machine = [
    platform(),
    arch(),
    processors[0]?.model,
    processors.length,
    threads,
    process.version,
    gpuJsVersion,
  ];
  return createHash('sha256')
    .update(JSON.stringify([machine, adapter, rejected?.id, plan]))
    .digest('hex')
    .slice(0, 32);
}
