import { demote, promote } from './instructions.ts';
import { isEmitter } from './members.ts';
import type { Replacements } from './replacements.ts';

/** `f32.load` with `f32x4.splat` behind it is one instruction, `v128.load32_splat`: one read fills the vector. */
export function joinLoadAndSplat(replacements: Replacements, emitter: object): void {
  /** Where the last instruction of an emitter stands, if it is a load. */
  const loads = new WeakMap<object, { at: number; end: number }>();
  replacements.replace(
    emitter,
    'f32Load',
    (original) =>
      function (...args) {
        const at = isEmitter(this) ? this.bytes.length : 0;
        const result = original.apply(this, args);
        if (isEmitter(this)) loads.set(this, { at, end: this.bytes.length });
        return result;
      },
  );
  replacements.replace(
    emitter,
    'f32x4Splat',
    (original) =>
      function (...args) {
        if (!isEmitter(this)) return original.apply(this, args);
        const load = loads.get(this);
        loads.delete(this);
        if (load?.end !== this.bytes.length) return original.apply(this, args);
        this.bytes.splice(load.at, 1, 0xfd, 0x09);
        return this;
      },
  );
}

const prefix = 'math_';
const twoArguments = new Set(['math_pow', 'math_atan2']);

/**
 * GPU.js imports exp, log and the like as functions of f32, which engines call as JavaScript. As functions of f64 they
 * are known to engines and called directly. The numbers are the same: JavaScript computes in f64 either way.
 */
export function importMathAsDouble(replacements: Replacements, emitter: object, builder: object): void {
  replacements.replace(
    builder,
    'addFuncImport',
    (original) =>
      function (...args) {
        const [name, parameters] = args;
        if (typeof name !== 'string' || !name.startsWith(prefix) || !Array.isArray(parameters))
          return original.apply(this, args);
        return original.call(
          this,
          name,
          parameters.map(() => 'f64'),
          ['f64'],
          ...args.slice(3),
        );
      },
  );
  replacements.replace(
    emitter,
    'call',
    (original) =>
      function (...args) {
        const [name] = args;
        if (typeof name !== 'string' || !name.startsWith(prefix) || !isEmitter(this))
          return original.apply(this, args);
        if (twoArguments.has(name)) {
          const second = this.addLocal('f32');
          this.localSet(second)._push(promote).localGet(second);
        }
        this._push(promote);
        original.apply(this, args);
        return this._push(demote);
      },
  );
}
