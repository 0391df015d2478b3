import { fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import { float64Device } from '../../core/compute/float64.ts';
import { reasonOf } from '../../core/messages/failure.ts';
import { message, type Message } from '../../core/messages/message.ts';
import { messageSchema } from '../../core/messages/schema.ts';
import { installDawn } from './dawn.ts';
import { compareWithReference, referenceOf, type Workload } from './parity.ts';
import { selfTestPlan, selfTestValues } from './selfTest.ts';

/** Argument with which the trainer's entry file runs {@link runProbe} and nothing else. */
export const probeArgument = '--probe-webgpu';

/** What the probe of WebGPU found: the adapter, or why there is none, as the end of a sentence. */
export const probeResultSchema = v.variant('available', [
  v.object({ available: v.literal(true), name: v.string(), software: v.boolean() }),
  v.object({ available: v.literal(false), reason: messageSchema }),
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
      return {
        available: false,
        reason: message('its graphics driver computes wrongly: {reason}', { reason: verdict.reason }),
      };
    return { available: true, name: adapter.name, software: adapter.software };
  } catch (error) {
    return { available: false, reason: reasonOf(error) };
  }
}

/** Everything else comes before a probe: a training that begins meanwhile, and its calibration. */
function putLast(probe: number | undefined): void {
  try {
    if (probe !== undefined) setPriority(probe, constants.priority.PRIORITY_LOW);
  } catch {
    // Not everywhere allowed.
  }
}

/** Signals by which people and systems end processes; a crash has others. */
const interruptions: readonly (string | null)[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'];

/** What a probe found, and whether that says something about this machine, so that it is worth remembering. */
export interface Probed {
  readonly result: ProbeResult;
  readonly lasting: boolean;
}

/**
 * Asks a child process what WebGPU is like here; never throws. A child that was interrupted, or that says what no probe
 * says (its file may be of another version, in the middle of an update), tells nothing about WebGPU. With `background` the child does not keep this process alive, and ends with it.
 */
export function probeWebGpu(
  entry: ProbeEntry,
  options: { readonly background?: boolean; readonly timeoutMs?: number } = {},
): Promise<Probed> {
  const timeoutMs = options.timeoutMs ?? probeTimeoutMs;
  return new Promise((resolve) => {
    const failed = (reason: Message, lasting = true) =>
      resolve({ result: { available: false, reason }, lasting });
    const unstartable = (error: unknown) =>
      failed(message('no process could be started to try it ({reason})', { reason: reasonOf(error) }));
    let child: ReturnType<typeof fork>;
    try {
      child = fork(entry.path, [probeArgument], {
        // The debugger's and the host's options are not for this child.
        execArgv: [...(entry.execArgv ?? [])],
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
    } catch (error) {
      unstartable(error);
      return;
    }
    putLast(child.pid);
    const kill = () => child.kill('SIGKILL');
    let timer = setTimeout(() => {
      failed(message('it did not answer within {seconds} s', { seconds: Math.round(timeoutMs / 1000) }));
      kill();
    }, timeoutMs);
    process.once('exit', kill);
    if (options.background === true) {
      timer.unref();
      child.unref();
      child.channel?.unref();
    }
    child.once('message', (answer) => {
      const result = v.safeParse(probeResultSchema, answer);
      if (result.success) resolve({ result: result.output, lasting: true });
      else failed(message('its check gave no answer that can be understood'), false);
      // It has nothing more to do.
      clearTimeout(timer);
      timer = setTimeout(kill, endingMs).unref();
    });
    child.once('error', unstartable);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      process.off('exit', kill);
      if (interruptions.includes(signal)) failed(message('its check was interrupted'), false);
      else if (signal !== null) failed(message('it crashed when it was tried ({signal})', { signal }));
      else failed(message('its check ended with code {code} and no answer', { code: code ?? 0 }));
    });
  });
}
