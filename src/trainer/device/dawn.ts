import * as v from 'valibot';
import { message } from '../../core/messages/message.ts';
import { DeviceError } from './hostBuffers.ts';

// Dawn is WebGPU's native implementation, npm package `webgpu`. It can crash a process that loads it, so only the
// trainer and its probe do, and it is optional: the package can be absent, its binary may not load, and there may be
// no graphics driver. Each of these is a DeviceError with a sentence for people.

const packageSchema = v.object({ create: v.function(), globals: v.record(v.string(), v.unknown()) });

/** What is known of the graphics adapter. */
export interface Adapter {
  /** For people, such as "NVIDIA H200". */
  readonly name: string;
  /** Whether it is a program on the processor (SwiftShader, llvmpipe), which is slower than WebAssembly. */
  readonly software: boolean;
}

const infoSchema = v.object({
  vendor: v.fallback(v.string(), ''),
  architecture: v.fallback(v.string(), ''),
  device: v.fallback(v.string(), ''),
  description: v.fallback(v.string(), ''),
  isFallbackAdapter: v.fallback(v.boolean(), false),
});

let installed: Promise<Adapter> | undefined;

/**
 * Loads Dawn once per process and installs `navigator.gpu` and WebGPU's globals, where GPU.js looks for them.
 * @throws DeviceError with the reason in words
 */
export function installDawn(load: () => Promise<unknown> = () => import('webgpu')): Promise<Adapter> {
  installed ??= install(load).catch((error: unknown) => {
    installed = undefined;
    throw error;
  });
  return installed;
}

async function install(load: () => Promise<unknown>): Promise<Adapter> {
  const gpu = createGpu(await loadPackage(load));
  const requestAdapter = method(gpu, 'requestAdapter');
  const adapter: unknown = await requestAdapter();
  if (typeof adapter !== 'object' || adapter === null)
    throw new DeviceError(message('no graphics driver that WebGPU can use was found'));
  const info = v.parse(infoSchema, plain(Reflect.get(adapter, 'info'), Object.keys(infoSchema.entries)));
  return {
    name:
      info.description ||
      [info.vendor, info.architecture, info.device].filter((part) => part !== '').join(' ') ||
      'unknown adapter',
    software:
      info.isFallbackAdapter ||
      /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(Object.values(info).join(' ')),
  };
}

async function loadPackage(load: () => Promise<unknown>): Promise<v.InferOutput<typeof packageSchema>> {
  try {
    return v.parse(packageSchema, plain(await load(), ['create', 'globals']));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
      throw new DeviceError(message('its native part (npm package "webgpu") is not installed'), {
        cause: error,
      });
    }
    const reason = error instanceof Error ? error.message.split('\n', 1)[0]! : String(error);
    throw new DeviceError(message('its native part cannot be loaded here ({reason})', { reason }), {
      cause: error,
    });
  }
}

/** The object that stands for `navigator.gpu`, installed there. */
function createGpu({ create, globals }: v.InferOutput<typeof packageSchema>): object {
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  const gpu = create([]);
  if (typeof gpu !== 'object' || gpu === null) throw new DeviceError('its native part answered with nothing');
  // Node 21 and later have a `navigator` of their own.
  const navigator: unknown = Reflect.get(globalThis, 'navigator');
  if (typeof navigator === 'object' && navigator !== null)
    Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  else Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true });
  return gpu;
}

/** Native objects keep their members on prototypes: a plain copy of some of them. */
function plain(value: unknown, keys: readonly string[]): Record<string, unknown> {
  const object = typeof value === 'object' && value !== null ? value : {};
  return Object.fromEntries(keys.map((key) => [key, Reflect.get(object, key)]));
}

/** A method of an object as a function that keeps its `this`. */
function method(object: object, name: string): (...args: readonly unknown[]) => unknown {
  const found: unknown = Reflect.get(object, name);
  if (typeof found !== 'function') throw new DeviceError(`its native part lacks ${name}`);
  return (...args) => Reflect.apply(found, object, args) as unknown;
}
