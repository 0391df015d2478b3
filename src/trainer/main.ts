import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import { toTrainerSchema, trainerProtocol, type ToTrainer } from '../core/protocol/trainer.ts';
import { Channel } from './channel.ts';
import { Control } from './control.ts';
import { predictRows } from './predict.ts';
import { train } from './train.ts';

/** File descriptor of the pipe on which the host shows that it lives. */
const lifePipe = 4;
/** How long saving may take after the host's death; the whole trainer is gone within ten seconds. */
const graceMs = 4000;
/** How long a living host may be silent: stopped in a debugger, or stalled by another extension. */
const silentMs = 30_000;
/** How often the host hears about the memory, in milliseconds. */
const heartbeatEvery = 1000;

const channel = new Channel();
const control = new Control();
let busy = false;

// A terminal sends these to every process in it; the host decides what they mean.
process.on('SIGINT', () => undefined);
if (process.platform !== 'win32') process.on('SIGHUP', () => undefined);

try {
  // The editor comes first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // Not everywhere allowed.
}

const watchdog = new Worker(join(__dirname, 'watchdog.cjs'), {
  workerData: { life: lifePipe, parent: process.ppid, graceMs, silentMs },
  execArgv: [],
});
watchdog.on('error', (error) => {
  // Without it a trainer could outlive its host, so there is no training without it.
  process.stderr.write(`The watchdog failed: ${String(error)}\n`);
  process.exit(1);
});
watchdog.unref();
const guarded = new Promise<void>((resolve) => watchdog.once('message', () => resolve()));

process.on('message', (raw) => {
  const parsed = v.safeParse(toTrainerSchema, raw);
  if (parsed.success) void receive(parsed.output);
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

async function receive(message: ToTrainer): Promise<void> {
  switch (message.type) {
    case 'train':
    case 'predict': {
      if (busy) {
        channel.log('warn', `A second order for one trainer (${message.type}); ignored.`);
        return;
      }
      busy = true;
      await guarded;
      if (message.type === 'train') {
        watchdog.postMessage(join(message.directory, 'lock.json'));
        await train(message, control, channel, __filename);
      } else {
        await predictRows(message, control, channel);
      }
      process.exit(0);
    }
    // eslint-disable-next-line no-fallthrough -- the process has ended
    case 'pause':
      control.pause(true);
      break;
    case 'resume':
      control.pause(false);
      break;
    case 'stop':
      control.end('user');
      break;
    case 'heartbeat':
      break;
    default:
      message satisfies never;
  }
}
