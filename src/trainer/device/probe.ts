import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import { float64Device } from '../../core/compute/float64.ts';
import { installDawn } from './dawn.ts';
import { compareWithReference, referenceOf, type Workload } from './parity.ts';
import { selfTestPlan, selfTestValues } from './selfTest.ts';

/** Argument with which the trainer's entry file runs {@link runProbe} and nothing else. */
export const probeArgument = '--probe-webgpu';

/** What the probe of WebGPU found: the adapter, or why there is none, as the end of a sentence. */
export const probeResultSchema = v.variant('available', [
  v.object({ available: v.literal(true), name: v.string(), software: v.boolean() }),
  v.object({ available: v.literal(false), reason: v.string() }),
]);
export type ProbeResult = v.InferOutput<typeof probeResultSchema>;

/** The file that, started with {@link probeArgument}, calls {@link runProbe}: the trainer itself. */
export interface ProbeEntry {
  readonly path: string;
  /** Options of Node for it; the bundle needs none. */
  readonly execArgv?: readonly string[];
}

/** How long a probe may take; the first start of a graphics driver can take seconds. */
const probeTimeoutMs = 15_000;
/** How long the child may take to end once it has answered. */
const endingMs = 2000;

const workload: Workload = { plan: selfTestPlan, values: selfTestValues, steps: Infinity };

/**
 * In the child process: loads Dawn, runs a small plan on WebGPU, compares it with the reference, tells the parent and
 * ends the process. A faulty driver ends it earlier, which the parent sees too.
 */
export async function runProbe(): Promise<void> {
  // A driver that hangs blocks this thread; another one ends the process even when the parent is gone by then.
  const deadline = new Worker(
    `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${2 * probeTimeoutMs})`,
    { eval: true },
  );
  deadline.unref();
  process.once('disconnect', () => process.exit(0));
  const result = await examine();
  await new Promise<void>((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(result, () => resolve());
  });
  process.exit(0);
}

async function examine(): Promise<ProbeResult> {
  try {
    const adapter = await installDawn();
    const { webGpuDevice } = await import('./webGpu.ts');
    const device = await webGpuDevice();
    const executable = await device.compile(selfTestPlan);
    const verdict = await compareWithReference(
      executable,
      await referenceOf(float64Device(), workload, 'webgpu', 3),
      workload,
    );
    await device.dispose();
    if (!verdict.passed)
      return { available: false, reason: `its graphics driver computes wrongly: ${verdict.reason}` };
    return { available: true, name: adapter.name, software: adapter.software };
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Signals by which people and systems end processes; a crash has others. */
const interruptions: readonly (string | null)[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'];

/**
 * Asks a child process what WebGPU is like here; never throws. Undefined where the child was interrupted, which says
 * nothing about WebGPU. With `background` the child does not keep this process alive, and ends with it.
 */
export function probeWebGpu(
  entry: ProbeEntry,
  options: { readonly background?: boolean; readonly timeoutMs?: number } = {},
): Promise<ProbeResult | undefined> {
  const timeoutMs = options.timeoutMs ?? probeTimeoutMs;
  return new Promise((resolve) => {
    const failed = (reason: string) => resolve({ available: false, reason });
    let child: ReturnType<typeof fork>;
    try {
      child = fork(entry.path, [probeArgument], {
        // The debugger's and the host's options are not for this child.
        execArgv: [...(entry.execArgv ?? [])],
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
    } catch (error) {
      failed(
        `no process could be started to try it: ${error instanceof Error ? error.message : String(error)}`,
      );
      return;
    }
    const kill = () => child.kill('SIGKILL');
    let timer = setTimeout(() => {
      failed(`it did not answer within ${Math.round(timeoutMs / 1000)} s`);
      kill();
    }, timeoutMs);
    process.once('exit', kill);
    if (options.background === true) {
      timer.unref();
      child.unref();
      child.channel?.unref();
    }
    child.once('message', (message) => {
      const result = v.safeParse(probeResultSchema, message);
      if (result.success) resolve(result.output);
      else failed('its probe answered with something unexpected');
      // It has nothing more to do.
      clearTimeout(timer);
      timer = setTimeout(kill, endingMs).unref();
    });
    child.once('error', (error) => failed(`no process could be started to try it: ${error.message}`));
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      process.off('exit', kill);
      if (interruptions.includes(signal)) resolve(undefined);
      else if (signal !== null) failed(`it crashed when it was tried (${signal})`);
      else failed(`its probe ended with code ${code ?? 0} and no answer`);
    });
  });
}
