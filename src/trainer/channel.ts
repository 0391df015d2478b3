import type { FromTrainer } from '../core/protocol/trainer.ts';

/** How long a last word may take, in milliseconds. */
const lastWord = 2000;

/** The way to the supervisor. Sending never fails: a host that is gone hears nothing, and the watchdog knows. */
export class Channel {
  #pending = 0;

  /** Messages that the host has not taken yet; the sender of batches waits while there are several. */
  get pending(): number {
    return this.#pending;
  }

  send(message: FromTrainer): void {
    this.#send(message, () => undefined);
  }

  /** Sends and waits until the message has left this process, or two seconds. */
  async deliver(message: FromTrainer): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, lastWord);
      this.#send(message, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  log(level: 'debug' | 'info' | 'warn' | 'error', text: string): void {
    this.send({ type: 'log', level, text });
  }

  #send(message: FromTrainer, done: () => void): void {
    if (process.send === undefined || !process.connected) {
      done();
      return;
    }
    this.#pending += 1;
    process.send(message, undefined, undefined, () => {
      this.#pending -= 1;
      done();
    });
  }
}
