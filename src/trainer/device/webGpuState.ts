import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { message, type Message } from '../../core/messages/message.ts';
import type { DeviceCache } from './deviceCache.ts';
import { gpuJsVersion } from './gpuJsVersion.ts';
import { probeWebGpu, type ProbeEntry, type ProbeResult } from './probe.ts';

/** What is known of WebGPU on this machine. */
export interface WebGpuState {
  readonly result: ProbeResult;
  /** Ends with the probe where that still runs in the background. */
  readonly settled: Promise<void>;
}

const day = 24 * 60 * 60 * 1000;
/** How long an adapter that was found is believed, and how long one that took a process with it is left alone. */
const foundForMs = 7 * day;
/** How long it is believed that there is none: a driver may be installed any day. */
const notFoundForMs = day;
/** What nobody waits for begins when the first point of the run is there: until then its process would take the cores. */
const backgroundAfterMs = 1500;

/**
 * What is known of WebGPU; never loads it into this process. Where nothing fresh is known a child process is asked: with
 * `wait` its answer is waited for, else it is for the next time, and until then what was known counts.
 */
export async function webGpuState(
  cache: DeviceCache,
  options: { readonly date: () => number; readonly probe?: ProbeEntry; readonly wait: boolean },
): Promise<WebGpuState> {
  const key = webGpuKey();
  if (key === undefined)
    return settled(absent(message('its native part (npm package "webgpu") is not installed')));
  const { trials, probes } = cache.read();
  const now = options.date();
  const trial = trials[key];
  if (trial !== undefined && isWithin(now - trial.at, foundForMs) && !isAlive(trial.pid)) {
    return settled(
      absent(message('it ended the process when it was last used, and is tried again after a week')),
    );
  }
  const known = probes[key];
  if (known !== undefined && isWithin(now - known.at, known.result.available ? foundForMs : notFoundForMs))
    return settled(known.result);
  if (options.probe === undefined) return settled(known?.result ?? absent(message('it was not checked')));
  const entry = options.probe;
  const probe = async (): Promise<ProbeResult> => {
    const { result, lasting } = await probeWebGpu(entry, { background: !options.wait });
    if (lasting)
      cache.update((contents) => {
        contents.probes[key] = { at: options.date(), result };
      });
    return result;
  };
  if (options.wait) return settled(await probe());
  return {
    result: known?.result ?? absent(message('it is being checked now, for the next run')),
    settled: new Promise((resolve) => {
      setTimeout(() => void probe().then(() => resolve()), backgroundAfterMs).unref();
    }),
  };
}

/**
 * Does something that loads WebGPU into this process. A mark in the cache goes with it: if the process does not survive,
 * the mark stays, and {@link webGpuState} knows.
 */
export async function tryWebGpu<T>(
  cache: DeviceCache,
  date: () => number,
  work: () => Promise<T>,
): Promise<T> {
  const key = webGpuKey();
  if (key === undefined) return work();
  cache.update((contents) => {
    contents.trials[key] = { at: date(), pid: process.pid };
  });
  try {
    return await work();
  } finally {
    cache.update((contents) => Reflect.deleteProperty(contents.trials, key));
  }
}

/** Why WebGPU takes no part in a comparison, as the end of a sentence; undefined where it does. */
export function whyLeftOut(result: ProbeResult): Message | undefined {
  if (!result.available) return result.reason;
  return result.software
    ? message('its only adapter here ({name}) is a program on the processor', { name: result.name })
    : undefined;
}

function absent(reason: Message): ProbeResult {
  return { available: false, reason };
}

function settled(result: ProbeResult): WebGpuState {
  return { result, settled: Promise.resolve() };
}

/** Whether a time lies less than `limit` back; a clock that was set back makes it count as long ago. */
function isWithin(age: number, limit: number): boolean {
  return age >= 0 && age < limit;
}

/** What a probe's answer depends on; undefined where the package is absent. */
function webGpuKey(): string | undefined {
  try {
    const manifest: unknown = createRequire(import.meta.url)('webgpu/package.json');
    const version: unknown =
      typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'version') : undefined;
    // Where the loader of the graphics drivers looks for them.
    const drivers = process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES'] ?? '';
    return `webgpu ${String(version)}, gpu.js ${gpuJsVersion}, node ${process.version}, ${platform()} ${arch()} ${drivers}`.trim();
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
