import { DeviceError } from '../hostBuffers.ts';

/** How a module of GPU.js begins the import of its memory: "env", "memory", the kind, and that there is a maximum. */
const memoryImport = Buffer.from([3, ...Buffer.from('env'), 6, ...Buffer.from('memory'), 2, 1]);
/** There is a maximum, and threads share the memory (threads proposal, limits of memories). */
const sharedWithMaximum = 3;

/** A module of GPU.js for a memory that threads share. Nothing else in it depends on that. */
export function withSharedMemory(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const copy = bytes.slice();
  const at = Buffer.from(copy.buffer).indexOf(memoryImport);
  if (at === -1) throw new DeviceError('GPU.js made a module that imports its memory in an unknown way');
  copy[at + memoryImport.length - 1] = sharedWithMaximum;
  return new WebAssembly.Module(copy);
}
