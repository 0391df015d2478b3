// How late the event loop of this thread is, and how much of that is its own doing.
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';

const interval = 5;

export interface Lag {
  /** How late a timer came, ms, for whatever reason: in 99 of 100 cases at most, and at most. */
  readonly p99: number;
  readonly longest: number;
  /**
   * The longest of it, ms, during which the thread computed or was held up in a call. That is the lag for which the work of
   * the host, ours among it, can be blamed. The rest is time in which the thread was ready to run and had no core, or slept
   * past its timer: with two cores, two processes at a lower priority that do nothing but count make a bare timer of Node
   * 60 to 110 ms late once in 20 s, and that single moment would be all that {@link longest} shows. A trainer that kept its
   * host from the cores for more than a moment would show in {@link p99}.
   */
  readonly held: number;
}

interface Reading {
  /** Milliseconds: the clock; in callbacks; on a core; ready to run, without a core. */
  readonly at: number;
  readonly active: number;
  readonly ran: number;
  readonly waited: number;
}

/** Starts to measure; what it returns ends that. */
export function measureLag(): () => Lag {
  const late: number[] = [];
  let held = 0;
  let last = read();
  const look = (): void => {
    const now = read();
    const lateBy = Math.max(0, now.at - last.at - interval);
    // On a core, or in a callback and yet neither on a core nor waiting for one, as in a synchronous read of a file.
    const own = Math.max(now.ran - last.ran, now.active - last.active - (now.waited - last.waited));
    late.push(lateBy);
    held = Math.max(held, Math.min(lateBy, own));
    last = now;
  };
  const timer = setInterval(look, interval);
  return () => {
    clearInterval(timer);
    look();
    late.sort((a, b) => a - b);
    return {
      p99: late[Math.floor(0.99 * late.length)] ?? Number.NaN,
      longest: late.at(-1) ?? Number.NaN,
      held,
    };
  };
}

function read(): Reading {
  const { active } = performance.eventLoopUtilization();
  const [ran, waited] = onCores();
  return { at: performance.now(), active, ran, waited };
}

/** What Linux knows about this thread; elsewhere nothing, so that all time in callbacks counts as its own. */
function onCores(): readonly [ran: number, waited: number] {
  try {
    const [ran, waited] = fs.readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ');
    return [Number(ran) / 1e6, Number(waited) / 1e6];
  } catch {
    return [0, 0];
  }
}
