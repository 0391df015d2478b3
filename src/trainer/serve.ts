import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import { toTrainerSchema, trainerProtocol, type ToTrainer } from '../core/protocol/trainer.ts';
import { runFiles } from '../core/runs/files.ts';
import { Channel } from './channel.ts';
import { Control } from './control.ts';
import { answerLook } from './look.ts';
import { predictRows } from './predict.ts';
import { train } from './train.ts';

/** File descriptor of the pipe on which the host shows that it lives. */
const lifePipe = 4;
/** How long saving may take after the host's death; the whole trainer is gone within ten seconds. */
const graceMs = 4000;
/** How long a living host may be silent: stopped in a debugger, or stalled by another extension. */
const silentMs = 30_000;
/** How long after its start this process has the priority of its host. */
const promptMs = 1000;
/** How often the host hears about the memory, in milliseconds. */
const heartbeatEvery = 1000;

/** Serves the host that forked this process: one order (training, a prediction, a look at data), then the process ends. `entry` is the trainer's bundle. */
export function serve(entry: string): void {
  const channel = new Channel();
  const control = new Control();
  let busy = false;

  // A terminal sends these to every process in it; the host decides what they mean.
  process.on('SIGINT', () => undefined);
  if (process.platform !== 'win32') process.on('SIGHUP', () => undefined);
  // The editor comes first, but for the moment in which people wait for the first point.
  setTimeout(stepBack, promptMs).unref();

  const watchdog = startWatchdog(join(dirname(entry), 'watchdog.cjs'));
  const obey = async (order: Extract<ToTrainer, { type: 'train' | 'predict' | 'look' }>): Promise<void> => {
    if (busy) {
      channel.log('warn', `A second order for one trainer (${order.type}); ignored.`);
      return;
    }
    busy = true;
    if (order.type === 'train') {
      watchdog.renew(join(order.directory, runFiles.lock));
      await train(order, control, channel, { entry, guarded: watchdog.ready });
    } else {
      await watchdog.ready;
      if (order.type === 'look') await answerLook(order.path, control, channel);
      else await predictRows(order, control, channel);
    }
    process.exit(0);
  };
  const receive = (message: ToTrainer): void => {
    switch (message.type) {
      case 'train':
      case 'predict':
      case 'look':
        void obey(message);
        break;
      case 'pause':
        control.pause(true);
        break;
      case 'resume':
        control.pause(false);
        break;
      case 'stop':
        control.end('user');
        break;
      default:
        message satisfies never;
    }
  };

  process.on('message', (raw) => {
    const parsed = v.safeParse(toTrainerSchema, raw);
    if (parsed.success) receive(parsed.output);
    else channel.log('warn', `A message that nobody knows: ${v.summarize(parsed.issues)}`);
  });
  process.on('disconnect', () => {
    control.end('hostGone');
    if (!busy) process.exit(0);
  });
  setInterval(
    () => channel.send({ type: 'heartbeat', resident: process.memoryUsage.rss() }),
    heartbeatEvery,
  ).unref();
  channel.send({ type: 'hello', protocol: trainerProtocol, pid: process.pid });
}

/** Gives this process less of the processor than its host has. On Linux a priority belongs to a thread, and to those that it makes later. */
function stepBack(): void {
  const threads = process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [0];
  for (const thread of threads) {
    try {
      setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // Not everywhere allowed, and a thread may just have ended.
    }
  }
}

/** Starts the thread that ends this process when the host is gone. `renew` names the lock whose age shows that the run is alive. */
function startWatchdog(path: string): { readonly ready: Promise<void>; renew(lock: string): void } {
  const worker = new Worker(path, {
    workerData: { life: lifePipe, parent: process.ppid, graceMs, silentMs },
    execArgv: [],
  });
  worker.on('error', (error) => {
    // Without it a trainer could outlive its host, so there is no training without it.
    process.stderr.write(`The watchdog failed: ${String(error)}\n`);
    process.exit(1);
  });
  worker.unref();
  return {
    ready: new Promise((resolve) => worker.once('message', () => resolve())),
    renew: (lock) => worker.postMessage(lock),
  };
}
