import { Gpu, libraryMember } from '../gpuJs.ts';
import { isAssembler, isEmitter } from './members.ts';
import { Replacements } from './replacements.ts';

/** Prototypes of the classes whose methods the fixes replace. */
export interface Parts {
  /** Translates a function. */
  readonly node: object;
  /** Makes modules of translated functions. */
  readonly kernel: object;
  readonly emitter: object;
  readonly builder: object;
}

/** Finds the classes of GPU.js's WebAssembly backend. Two of them are not exported, so a small kernel is made to meet them. */
export async function findParts(): Promise<Parts> {
  const [node, kernel] = [prototypeOf('WebAssemblyFunctionNode'), prototypeOf('WebAssemblyKernel')];
  const probe = new Replacements();
  let met: Pick<Parts, 'emitter' | 'builder'> | undefined;
  probe.replace(
    node,
    'emitFunction',
    (original) =>
      function (...args) {
        const [assembler] = args;
        const emitter = original.apply(this, args);
        if (isAssembler(assembler) && isEmitter(emitter))
          met = { emitter: prototypeObject(emitter), builder: prototypeObject(assembler.module) };
        return emitter;
      },
  );
  const gpu = new Gpu('webasm');
  try {
    gpu.createKernel({ output: [4], reads: [], body: 'return 1.0;' }, { pipeline: false })();
  } finally {
    probe.undo();
    await gpu.destroy();
  }
  if (met === undefined) throw new TypeError('GPU.js emits WebAssembly in a way that is not known');
  return { node, kernel, ...met };
}

function prototypeOf(name: string): object {
  const prototype = libraryMember(name, 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new TypeError(`GPU.js has no class ${name}`);
  return prototype;
}

function prototypeObject(instance: object): object {
  const prototype: unknown = Object.getPrototypeOf(instance);
  if (typeof prototype !== 'object' || prototype === null || prototype === Object.prototype)
    throw new TypeError('GPU.js emits WebAssembly in a way that is not known');
  return prototype;
}
