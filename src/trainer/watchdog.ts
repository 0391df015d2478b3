import { utimes } from 'node:fs';
import { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import * as v from 'valibot';

/**
 * A thread of the trainer that ends its whole process when the host is gone. The host's signs of life come on a pipe of
 * their own, which this thread reads itself, so that it works while the main thread is in a long kernel. When the host
 * dies, by whatever means, its system closes the pipe.
 */
const { life, parent, graceMs, silentMs } = v.parse(
  v.object({
    /** File descriptor of the pipe. */
    life: v.number(),
    /** Process id of the host at the start. */
    parent: v.number(),
    /** How long the main thread may take to save after the host's death. */
    graceMs: v.number(),
    /** How long a living host may be silent, for instance stopped in a debugger, before it counts as lost. */
    silentMs: v.number(),
  }),
  workerData,
);

const tickMs = 250;
/** How often the lock of the run is renewed. */
const renewMs = 5000;

let gone = false;
let goneFor = 0;
let silentFor = 0;
let sinceRenewal = renewMs;
let lock: string | undefined;

parentPort?.on('message', (path: unknown) => {
  if (typeof path === 'string') lock = path;
});

try {
  const pipe = new Socket({ fd: life, readable: true, writable: false });
  pipe.on('data', () => (silentFor = 0));
  for (const event of ['end', 'close', 'error']) pipe.on(event, () => (gone = true));
  pipe.resume();
} catch {
  // Not started by a supervisor: the parent's process id is all there is.
  silentFor = Number.NEGATIVE_INFINITY;
}

let last = performance.now();
setInterval(() => {
  const now = performance.now();
  // Time that this thread did not see, because the machine slept or the process was stopped, does not count.
  const seen = Math.min(now - last, 2 * tickMs);
  last = now;
  gone ||= process.ppid !== parent || !exists(parent);
  if (gone) goneFor += seen;
  silentFor += seen;
  // process.exit would end only this thread.
  if (goneFor >= graceMs || silentFor >= silentMs) process.kill(process.pid, 'SIGKILL');
  sinceRenewal += seen;
  if (lock !== undefined && sinceRenewal >= renewMs) {
    sinceRenewal = 0;
    const time = new Date();
    utimes(lock, time, time, () => undefined);
  }
}, tickMs);

parentPort?.postMessage('ready');

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
