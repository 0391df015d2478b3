import { Worker } from 'node:worker_threads';
import { teamWords } from '../microKernels/team.ts';

/** What a worker needs to take part in a plan's steps. */
export interface Membership {
  readonly memory: WebAssembly.Memory;
  /** Byte at which the words of the team lie. */
  readonly address: number;
  /** The module of the steps. */
  readonly module: WebAssembly.Module;
  /** The modules of the kernels that it imports, in their order. */
  readonly kernels: readonly { readonly module: WebAssembly.Module; readonly math: readonly string[] }[];
}

/**
 * The body of a worker. While it works it hears no messages: it spends its time in the module, asleep when there is
 * nothing to do, until the team is closed. Text, because the trainer is one bundled file.
 */
const source = `
const { parentPort } = require('node:worker_threads');
const known = new Map();
const link = ({ memory, module, kernels }) => {
  const env = { memory };
  kernels.forEach((kernel, i) => {
    const math = Object.fromEntries(kernel.math.map((name) => ['math_' + name, Math[name]]));
    const { exports } = new WebAssembly.Instance(kernel.module, { env: { memory, ...math } });
    env['run' + i] = exports.run;
    env['runSimd' + i] = exports.run_simd;
  });
  return new WebAssembly.Instance(module, { env }).exports.work;
};
parentPort.on('message', ({ team, worker, membership, forget }) => {
  if (forget) known.delete(team);
  else {
    if (membership) known.set(team, link(membership));
    known.get(team)?.(worker);
  }
});
`;

/** Whether this thread may sleep until others are done. */
function mayWait(): boolean {
  try {
    // Another number lies there, so that nobody sleeps.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}

/** Worker threads that help with the steps of one plan at a time. They start when first needed and keep no process alive. */
export class WorkerPool {
  /** Threads that can compute at the same time, the calling one among them. */
  readonly threads: number;
  #workers: readonly Worker[] = [];
  /** Teams of which the workers know. */
  readonly #known = new Set<WorkerTeam>();
  #current: WorkerTeam | undefined;
  #teams = 0;
  #failed = false;

  constructor(threads: number) {
    this.threads = mayWait() ? threads : 1;
  }

  team(membership: Membership): WorkerTeam {
    return new WorkerTeam(this, this.#teams++, membership);
  }

  /** Makes a team the one that the workers help, in a while: it need not wait for them. False where there are no workers. */
  assign(team: WorkerTeam): boolean {
    if (this.#failed) return false;
    if (this.#current === team) return true;
    this.#current?.close();
    this.#current = team;
    try {
      this.#start();
    } catch {
      this.#failed = true;
      return false;
    }
    team.open();
    const message = { team: team.id, ...(this.#known.has(team) ? {} : { membership: team.membership }) };
    this.#known.add(team);
    this.#workers.forEach((worker, i) => worker.postMessage({ ...message, worker: i + 1 }));
    return true;
  }

  /** Lets the workers forget a team. With the last one they end: what they have seen is freed only with them. */
  async release(team: WorkerTeam): Promise<void> {
    team.close();
    if (this.#current === team) this.#current = undefined;
    this.#known.delete(team);
    if (this.#known.size === 0) await this.#end();
    else for (const worker of this.#workers) worker.postMessage({ team: team.id, forget: true });
  }

  async dispose(): Promise<void> {
    this.#failed = true;
    this.#current?.close();
    this.#current = undefined;
    await this.#end();
  }

  async #end(): Promise<void> {
    const ending = this.#workers;
    this.#workers = [];
    await Promise.all(ending.map((worker) => worker.terminate()));
  }

  #start(): void {
    if (this.#workers.length > 0) return;
    this.#workers = Array.from({ length: this.threads - 1 }, () => {
      const worker = new Worker(source, { eval: true, execArgv: [], env: {} });
      // One that cannot start leaves the work to the others; nobody waits for whom has taken no part.
      worker.on('error', () => (this.#failed = true));
      worker.unref();
      return worker;
    });
  }
}

/** The threads that run the steps of one plan. */
export class WorkerTeam {
  readonly #pool: WorkerPool;
  readonly #words: Int32Array;
  readonly id: number;
  readonly membership: Membership;

  constructor(pool: WorkerPool, id: number, membership: Membership) {
    this.#pool = pool;
    this.id = id;
    this.membership = membership;
    this.#words = new Int32Array(membership.memory.buffer, membership.address);
  }

  /** Lets so many threads take part in the next steps, the calling one among them. */
  use(threads: number): void {
    this.#resize(threads > 1 && this.#pool.assign(this) ? threads : 1);
  }

  open(): void {
    Atomics.store(this.#words, teamWords.closed, 0);
  }

  /** Lets the workers leave. */
  close(): void {
    Atomics.store(this.#words, teamWords.closed, 1);
    this.#resize(0);
    Atomics.add(this.#words, teamWords.round, 1);
    Atomics.notify(this.#words, teamWords.round);
  }

  release(): Promise<void> {
    return this.#pool.release(this);
  }

  #resize(size: number): void {
    if (Atomics.exchange(this.#words, teamWords.size, size) !== size)
      Atomics.notify(this.#words, teamWords.size);
  }
}
