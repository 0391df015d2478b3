import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { arch, cpus, platform } from 'node:os';
import type { Device, DeviceId, Executable } from '../../core/compute/device.ts';
import { float64Device } from '../../core/compute/float64.ts';
import type { Plan } from '../../core/compute/plan.ts';
import { DeviceCache, type CandidateResult } from './deviceCache.ts';
import { gpuJsVersion } from './gpuJs.ts';
import { openDevice } from './open.ts';
import {
  compareWithReference,
  load,
  referenceOf,
  type Reference,
  type Verdict,
  type Workload,
} from './parity.ts';
import { prepared } from './prepared.ts';
import { probeWebGpu, type ProbeEntry, type ProbeResult } from './probe.ts';

/** Devices that can be chosen, in the order of preference when their times tie. */
const candidateIds = ['webgpu', 'webasm', 'cpu'] as const;
type CandidateId = (typeof candidateIds)[number];

const names: Readonly<Record<DeviceId, string>> = {
  webgpu: 'WebGPU',
  webasm: 'WebAssembly',
  cpu: 'JavaScript',
  float64: 'JavaScript in double precision',
};

/** A device that might be used here. */
export interface Candidate {
  readonly id: DeviceId;
  readonly available: boolean;
  /** Why it is not available, as the end of a sentence. */
  readonly reason?: string;
}

export interface Environment {
  /** Where what is learnt about this machine is kept; absent: nowhere. */
  readonly cache?: string;
  /** The file that probes WebGPU in a child process; absent: WebGPU is left out. */
  readonly probe?: ProbeEntry;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly date: () => number;
}

export interface ChooseOptions extends Environment {
  readonly preference: 'auto' | DeviceId;
  readonly workload: Workload;
  /** How devices are opened; for tests. */
  readonly open?: (id: DeviceId) => Promise<Device>;
}

export interface Choice {
  readonly device: Device;
  /** Which device and why, one or two sentences for people. */
  readonly why: string;
  /** Every candidate: its time, or why it was left out. */
  readonly table: readonly CandidateResult[];
  /** Ends with the probe of WebGPU where that still runs in the background. It need not be waited for. */
  readonly settled: Promise<void>;
}

const day = 24 * 60 * 60 * 1000;
/** How long an adapter that was found is believed; then it is probed again in the background. */
const foundForMs = 7 * day;
/** Likewise one that was not found: a driver may be installed any day. */
const notFoundForMs = day;

/** Times within this factor count as a tie. */
const tie = 1.1;
/** How long one timing of one device lasts, and how many rounds there are. */
const timingMs = 4;
const rounds = 3;
/** A device whose step takes longer than this is timed once. */
const slowStepMs = 60;
const paritySteps = 3;

/**
 * Chooses the device of a training run. Every candidate must compute what the float64 reference computes; of those the
 * fastest in a short comparison on the plan itself is taken. The comparison is remembered per machine, GPU.js version and
 * plan. A preference is taken as it is, after the same check; where it cannot be met, the choice is as for `auto`, and
 * `why` says so. If no candidate computes rightly, the reference itself is used.
 *
 * WebGPU can crash a process, so a child process tries it first. With `auto` that happens in the background, and a run
 * that starts before its answer is known does without WebGPU: a first point must not wait for a graphics driver.
 */
export async function chooseDevice(options: ChooseOptions): Promise<Choice> {
  const cache = new DeviceCache(options.cache);
  const chooser = new Chooser(options, cache);
  if (options.preference === 'float64') {
    return {
      device: float64Device(),
      why: `${capital(names.float64)} (the reference), as chosen in the settings.`,
      table: [],
      settled: Promise.resolve(),
    };
  }
  if (options.preference !== 'auto') return chooser.preferred(options.preference);
  return chooser.fastest('');
}

/** Which devices exist on this machine and why not, without loading WebGPU into this process. */
export async function candidates(environment: Environment): Promise<readonly Candidate[]> {
  const webGpu = await webGpuState(environment, new DeviceCache(environment.cache), true);
  return [
    webGpu.result.available
      ? { id: 'webgpu', available: true }
      : { id: 'webgpu', available: false, reason: webGpu.result.reason },
    { id: 'webasm', available: true },
    { id: 'cpu', available: true },
    { id: 'float64', available: true },
  ];
}

/** A device that takes no part, and why. */
interface LeftOut {
  readonly id: CandidateId;
  readonly label: string;
  readonly reason: string;
}

/** An open device with the plan compiled on it. */
interface Contender {
  readonly id: CandidateId;
  readonly device: Device;
  readonly executable: Executable;
  msPerStep: number;
}

class Chooser {
  readonly #options: ChooseOptions;
  readonly #cache: DeviceCache;
  readonly #open: (id: DeviceId) => Promise<Device>;
  readonly #references = new Map<number, Promise<Reference>>();

  constructor(options: ChooseOptions, cache: DeviceCache) {
    this.#options = options;
    this.#cache = cache;
    this.#open = options.open ?? openDevice;
  }

  async preferred(id: CandidateId): Promise<Choice> {
    if (id === 'webgpu') {
      const { result } = await webGpuState(this.#options, this.#cache, true);
      if (!result.available) return this.#instead(id, result.reason);
    }
    const contender = await this.#enter(id);
    if ('reason' in contender) return this.#instead(id, contender.reason);
    return {
      device: prepared(contender.device, this.#options.workload.plan, contender.executable),
      why: `${names[id]}, as chosen in the settings.`,
      table: [{ id, label: contender.device.label }],
      settled: Promise.resolve(),
    };
  }

  #instead(id: CandidateId, reason: string): Promise<Choice> {
    return this.fastest(`${names[id]} was chosen in the settings but cannot be used: ${reason}. `);
  }

  /** The fastest of those that pass, as remembered or as measured; `before` opens the sentence. */
  async fastest(before: string): Promise<Choice> {
    const webGpu = await webGpuState(this.#options, this.#cache, false);
    const key = comparisonKey(this.#options.workload.plan, webGpu.result);
    const remembered = this.#cache.read().comparisons[key];
    if (remembered !== undefined) {
      const best = fastestOf(remembered);
      const device = best === undefined ? undefined : await this.#open(best.id).catch(() => undefined);
      if (device !== undefined)
        return { device, why: before + explain(remembered), table: remembered, settled: webGpu.settled };
    }
    const { contenders, table } = await this.#enterAll(webGpu.result);
    await this.#time(contenders);
    const timed = table.map((row) => {
      const contender = contenders.find(({ id }) => id === row.id);
      return contender === undefined ? row : { ...row, msPerStep: contender.msPerStep };
    });
    const best = contenders.find(({ id }) => id === fastestOf(timed)?.id);
    await Promise.all(
      contenders.filter((contender) => contender !== best).map(({ device }) => device.dispose()),
    );
    if (best === undefined) {
      return {
        device: await this.#open('float64'),
        why: before + explain(timed),
        table: timed,
        settled: webGpu.settled,
      };
    }
    this.#cache.update((contents) => {
      contents.comparisons[key] = timed;
    });
    return {
      device: prepared(best.device, this.#options.workload.plan, best.executable),
      why: before + explain(timed),
      table: timed,
      settled: webGpu.settled,
    };
  }

  async #enterAll(webGpu: ProbeResult): Promise<{ contenders: Contender[]; table: CandidateResult[] }> {
    const contenders: Contender[] = [];
    const table: CandidateResult[] = [];
    for (const id of candidateIds) {
      const left = id === 'webgpu' ? whyLeftOut(webGpu) : undefined;
      const contender = left === undefined ? await this.#enter(id) : { id, label: names[id], reason: left };
      if ('reason' in contender) {
        table.push(contender);
      } else {
        contenders.push(contender);
        table.push({ id, label: contender.device.label });
      }
    }
    return { contenders, table };
  }

  /** Opens a device, compiles the plan and compares it with the reference; a reason where one of these fails. */
  async #enter(id: CandidateId): Promise<Contender | LeftOut> {
    const trial = id === 'webgpu' ? webGpuKey() : undefined;
    if (trial !== undefined) {
      this.#cache.update((contents) => {
        contents.trials[trial] = { at: this.#options.date(), pid: process.pid };
      });
    }
    let device: Device | undefined;
    try {
      device = await this.#open(id);
      const executable = await device.compile(this.#options.workload.plan);
      const verdict = await this.#check(id, executable);
      if (verdict.passed) return { id, device, executable, msPerStep: 0 };
      await device.dispose();
      return { id, label: device.label, reason: `it does not compute what it should: ${verdict.reason}` };
    } catch (error) {
      await device?.dispose();
      return {
        id,
        label: device?.label ?? names[id],
        reason: error instanceof Error ? error.message : String(error),
      };
    } finally {
      if (trial !== undefined)
        this.#cache.update((contents) => Reflect.deleteProperty(contents.trials, trial));
    }
  }

  async #check(id: CandidateId, executable: Executable): Promise<Verdict> {
    const { workload, now } = this.#options;
    const start = now();
    load(executable, workload);
    await executable.run(1);
    const steps = now() - start > slowStepMs ? 1 : paritySteps;
    const tolerance = id === 'webgpu' ? 10 : 0;
    let reference = this.#references.get(steps + tolerance);
    if (reference === undefined)
      this.#references.set(
        steps + tolerance,
        (reference = referenceOf(await this.#open('float64'), workload, id, steps)),
      );
    return compareWithReference(executable, await reference, workload);
  }

  /** Times the contenders in turns, so that a busy moment hits all of them; each keeps its best. */
  async #time(contenders: readonly Contender[]): Promise<void> {
    const { now, workload } = this.#options;
    const steps = new Map<Contender, number>();
    for (const contender of contenders) {
      load(contender.executable, workload);
      const start = now();
      await contender.executable.run(2);
      contender.msPerStep = (now() - start) / 2;
      steps.set(
        contender,
        Math.min(2000, Math.max(1, Math.ceil(timingMs / Math.max(contender.msPerStep, 1e-4)))),
      );
    }
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) {
        if (contender.msPerStep > slowStepMs || contenders.length === 1) continue;
        const count = steps.get(contender)!;
        const start = now();
        await contender.executable.run(count);
        contender.msPerStep = Math.min(contender.msPerStep, (now() - start) / count);
      }
    }
  }
}

/** The fastest row; of rows that tie, the first of {@link candidateIds}. */
function fastestOf(table: readonly CandidateResult[]): CandidateResult | undefined {
  const passed = table.filter((row) => row.msPerStep !== undefined);
  const best = Math.min(...passed.map((row) => row.msPerStep!));
  return passed.find((row) => row.msPerStep! <= best * tie);
}

function explain(table: readonly CandidateResult[]): string {
  const passed = table.filter((row) => row.msPerStep !== undefined);
  const best = fastestOf(table);
  const left = table
    .filter((row) => row.reason !== undefined)
    .map((row) => `${names[row.id]}: ${row.reason!}.`);
  if (best === undefined)
    return `${names.float64}: no other device passed the check. ${left.join(' ')}`.trim();
  const others = passed
    .filter((row) => row !== best)
    .map((row) => `${names[row.id]} ${milliseconds(row.msPerStep!)}`);
  const figures = [`${milliseconds(best.msPerStep!)} a step`, ...others].join(', ');
  const why =
    passed.length === 1
      ? 'the only one that passed the check'
      : `fastest of ${passed.length} that passed the check`;
  return `${names[best.id]}: ${why} (${figures}).${left.length === 0 ? '' : ` ${left.join(' ')}`}`;
}

function milliseconds(value: number): string {
  return `${value < 0.1 ? value.toPrecision(2) : value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Why WebGPU takes no part in a comparison; undefined where it does. */
function whyLeftOut(result: ProbeResult): string | undefined {
  if (!result.available) return result.reason;
  return result.software ? `its only adapter here (${result.name}) is a program on the processor` : undefined;
}

/** What is known of WebGPU; asks a child process where nothing is, and waits for it only with `wait`. */
async function webGpuState(
  environment: Environment,
  cache: DeviceCache,
  wait: boolean,
): Promise<{ result: ProbeResult; settled: Promise<void> }> {
  const settled = Promise.resolve();
  const absent = (reason: string) => ({ result: { available: false, reason } as const, settled });
  const key = webGpuKey();
  if (key === undefined) return absent('its native part (npm package "webgpu") is not installed');
  const contents = cache.read();
  const trial = contents.trials[key];
  const now = environment.date();
  if (trial !== undefined && now - trial.at < foundForMs && !isAlive(trial.pid))
    return absent('it ended the process when it was last used; it is tried again after a week');
  const known = contents.probes[key];
  const fresh =
    known !== undefined &&
    now - known.at < (known.result.available ? foundForMs : notFoundForMs) &&
    now >= known.at;
  if (fresh) return { result: known.result, settled };
  if (environment.probe === undefined)
    return known === undefined ? absent('it was not checked') : { result: known.result, settled };
  const probe = probeWebGpu(environment.probe, { background: !wait }).then((result) => {
    cache.update((fresh) => {
      fresh.probes[key] = { at: environment.date(), result };
    });
    return result;
  });
  if (wait) return { result: await probe, settled };
  return {
    result: known?.result ?? { available: false, reason: 'it is being checked now, for the next run' },
    settled: probe.then(() => undefined),
  };
}

/** What a probe's answer depends on; undefined where the package is absent. */
function webGpuKey(): string | undefined {
  try {
    const manifest: unknown = createRequire(import.meta.url)('webgpu/package.json');
    const version: unknown =
      typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'version') : undefined;
    return `${String(version)} gpu.js ${gpuJsVersion} ${platform()} ${arch()} node ${process.version} ${process.env['VK_ICD_FILENAMES'] ?? ''}`.trim();
  } catch {
    return undefined;
  }
}

function comparisonKey(plan: Plan, webGpu: ProbeResult): string {
  const processors = cpus();
  const parts = [
    gpuJsVersion,
    process.version,
    platform(),
    arch(),
    processors[0]?.model,
    processors.length,
    webGpu,
    plan,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
