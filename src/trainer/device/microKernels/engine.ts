import { ModuleBuilder } from './wasm/module.ts';

/** Whether this engine multiplies and adds in one instruction (relaxed SIMD: V8 11.4, thus Node.js 22 and later). */
export function hasRelaxedMultiplyAdd(): boolean {
  const probe = new ModuleBuilder();
  probe.define([], (body) => {
    const vector = body.local('v128');
    body.get(vector).get(vector).get(vector).relaxedMultiplyAdd().set(vector);
  });
  return WebAssembly.validate(probe.bytes());
}
