import type { Executable } from '../../core/compute/device.ts';
import { DeviceError } from './hostBuffers.ts';

/**
 * The executables of a device that are still open. What is added comes back guarded: disposed once, refused afterwards,
 * and one run at a time.
 */
export class Executables {
  readonly #open = new Set<Executable>();

  add(inner: Executable): Executable {
    let closing: Promise<void> | undefined;
    let running: Promise<unknown> = Promise.resolve();
    const check = () => {
      if (closing !== undefined) throw new DeviceError('this executable was disposed');
    };
    const queued = <T>(work: () => Promise<T>): Promise<T> => {
      const result = running.then(() => {
        check();
        return work();
      });
      running = result.catch(() => undefined);
      return result;
    };
    const guarded: Executable = {
      write(buffer, values) {
        check();
        inner.write(buffer, values);
      },
      run: (steps) => queued(() => inner.run(steps)),
      read: (buffer) => queued(() => inner.read(buffer)),
      dispose: () => {
        this.#open.delete(guarded);
        closing ??= running.then(() => inner.dispose());
        return closing;
      },
    };
    this.#open.add(guarded);
    return guarded;
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#open].map((executable) => executable.dispose()));
  }
}
