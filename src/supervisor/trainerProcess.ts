import { fork, type ChildProcess } from 'node:child_process';
import { Writable } from 'node:stream';
import * as v from 'valibot';
import { fromTrainerSchema, type FromTrainer, type ToTrainer } from '../core/protocol/trainer.ts';
import { Ring } from './ring.ts';

/** Where a supervisor writes what happens; the methods of a VS Code log channel fit. */
export interface Log {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/** How a trainer process ended. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set when the process could not be started at all. */
  readonly error?: Error;
  /** The last that it printed, up to 64 KiB. */
  readonly output: string;
}

/** Milliseconds between two signs of life to the trainer's watchdog. */
const heartbeatEvery = 1000;

/** How long messages may still arrive after the process has ended, in milliseconds. */
const drain = 1000;

/** A developer who sets LOSSLAB_TRAINER_INSPECT to a port can attach a debugger to the trainer there; see CONTRIBUTING.md. */
function inspectFlags(port: string | undefined): string[] {
  return port !== undefined && /^\d{4,5}$/.test(port) ? [`--inspect=127.0.0.1:${port}`] : [];
}

/** A forked trainer: parsed messages both ways, signs of life, and its death. */
export class TrainerProcess {
  readonly pid: number | undefined;
  /** Fulfilled when the process is dead and everything that it said has been handled. */
  readonly gone: Promise<Death>;
  readonly #child: ChildProcess;
  readonly #output = new Ring(64 * 1024);
  readonly #log: Log;
  readonly #heartbeat: NodeJS.Timeout;
  #dead = false;

  /** Forks; throws what `fork` throws. `onMessage` must not throw. */
  constructor(path: string, log: Log, onMessage: (message: FromTrainer) => void) {
    this.#log = log;
    this.#child = fork(path, [], {
      // Neither the host's flags (a debugger's port, Electron's switches) nor its environment are the trainer's.
      execArgv: inspectFlags(process.env['LOSSLAB_TRAINER_INSPECT']),
      env: trainerEnvironment(process.env),
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    });
    this.pid = this.#child.pid;
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#output.push(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#output.push(chunk));
    this.#child.on('message', (raw) => {
      const parsed = v.safeParse(fromTrainerSchema, raw);
      if (parsed.success) onMessage(parsed.output);
      else
        this.#log.warn(
          `Trainer ${this.pid ?? ''}: a message that nobody knows: ${v.summarize(parsed.issues)}`,
        );
    });
    const life = this.#child.stdio[4];
    // A pipe that breaks means that the trainer is dying, which `exit` tells.
    life?.on('error', () => undefined);
    this.#heartbeat = setInterval(() => {
      if (life instanceof Writable && life.writable) life.write('.');
    }, heartbeatEvery);
    this.gone = this.#death();
  }

  /** Sends; a trainer that is dying cannot hear any more, which is no error. */
  send(message: ToTrainer): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Closes the channel, which tells the trainer that its host goes. */
  disconnect(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  /** On Windows every signal ends the process at once. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (!this.#dead) this.#child.kill(signal);
  }

  async #death(): Promise<Death> {
    const end = await new Promise<Omit<Death, 'output'>>((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
      this.#child.on('error', (error) => {
        if (this.pid === undefined) resolve({ code: null, signal: null, error });
        else this.#log.warn(`Trainer ${this.pid}: ${error.message}`);
      });
    });
    this.#dead = true;
    clearInterval(this.#heartbeat);
    if (end.error === undefined) await this.#drained();
    for (const stream of this.#child.stdio) stream?.destroy();
    this.#child.removeAllListeners();
    this.#child.on('error', () => undefined);
    return { ...end, output: this.#output.text() };
  }

  async #drained(): Promise<void> {
    const channel = this.#child.connected
      ? new Promise<void>((resolve) => this.#child.once('disconnect', resolve))
      : Promise.resolve();
    const streams = [this.#child.stdout, this.#child.stderr].map((stream) =>
      stream === null || stream.closed
        ? Promise.resolve()
        : new Promise<void>((resolve) => stream.once('close', () => resolve())),
    );
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, drain)));
    await Promise.race([Promise.all([channel, ...streams]), limit]);
    clearTimeout(timer);
  }
}

/** What a trainer may see of its host's environment: how to find files, fonts, libraries and graphics drivers, and nothing else. */
const passed = new Set(
  [
    ...[
      'PATH',
      'HOME',
      'USERPROFILE',
      'USER',
      'LOGNAME',
      'USERNAME',
      'TMPDIR',
      'TMP',
      'TEMP',
      'LANG',
      'LANGUAGE',
      'TZ',
    ],
    ...[
      'SYSTEMROOT',
      'SYSTEMDRIVE',
      'WINDIR',
      'COMSPEC',
      'PATHEXT',
      'APPDATA',
      'LOCALAPPDATA',
      'PROGRAMDATA',
      'PROGRAMFILES',
      'NUMBER_OF_PROCESSORS',
    ],
    ...[
      'DISPLAY',
      'WAYLAND_DISPLAY',
      'XAUTHORITY',
      'LD_LIBRARY_PATH',
      'DYLD_LIBRARY_PATH',
      'CUDA_VISIBLE_DEVICES',
      'NVIDIA_VISIBLE_DEVICES',
    ],
  ].map((name) => name.toUpperCase()),
);
const passedPrefixes = ['LC_', 'XDG_', 'VK_', 'MESA_', 'DAWN_', 'PROCESSOR_', '__NV_', '__GLX_'];

/** The environment of a trainer. `NODE_OPTIONS`, `VSCODE_*` and `ELECTRON_*` of the host would break or change it. */
export function trainerEnvironment(
  host: Readonly<Record<string, string | undefined>>,
  electron: boolean = 'electron' in process.versions,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(host)) {
    const upper = name.toUpperCase();
    if (
      value !== undefined &&
      (passed.has(upper) || passedPrefixes.some((prefix) => upper.startsWith(prefix)))
    )
      environment[name] = value;
  }
  if (electron) environment['ELECTRON_RUN_AS_NODE'] = '1';
  return environment;
}
