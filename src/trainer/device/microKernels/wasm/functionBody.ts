import { signed, unsigned, valueTypes, vector, type ValueType } from './encoding.ts';

/** A local variable or parameter of a function, by its index. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** A block without a result (5.3.6: empty block type). */
const emptyBlock = 0x40;
/** Every access is to whole float32 values: alignment 2². The hint has no influence on the result (5.4.6). */
const alignment = 2;
/** Prefixes of instructions of more than one byte: memory.copy, saturating truncation (5.4.7), vectors (5.4.8), threads. */
const extended = 0xfc;
const simd = 0xfd;
const atomic = 0xfe;

/**
 * The instructions of one function, in the order of the calls. Opcodes: specification 2.0, section 5.4 and its index of
 * instructions; the relaxed multiply-add from the relaxed SIMD proposal, part of specification 3.0; what threads need from
 * the threads proposal.
 */
export class FunctionBody {
  readonly #parameters: number;
  readonly #locals: ValueType[] = [];
  #code: number[] = [];

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  /** A new local variable, zero at the start. */
  local(type: ValueType): Local {
    this.#locals.push(type);
    return { index: this.#parameters + this.#locals.length - 1, type };
  }

  get(local: Local): this {
    return this.#emit(0x20, unsigned(local.index));
  }

  set(local: Local): this {
    return this.#emit(0x21, unsigned(local.index));
  }

  constant(value: number): this {
    return this.#emit(0x41, signed(value | 0));
  }

  add(): this {
    return this.#emit(0x6a);
  }

  subtract(): this {
    return this.#emit(0x6b);
  }

  multiply(): this {
    return this.#emit(0x6c);
  }

  /** The bits of both. */
  and(): this {
    return this.#emit(0x71);
  }

  /** Bits moved down, zeros above. */
  shiftRight(): this {
    return this.#emit(0x76);
  }

  isEqual(): this {
    return this.#emit(0x46);
  }

  isDifferent(): this {
    return this.#emit(0x47);
  }

  isLess(): this {
    return this.#emit(0x48);
  }

  isAtLeast(): this {
    return this.#emit(0x4e);
  }

  /** A float as a whole number towards zero; the nearest there is for what is none, 0 for NaN. */
  truncate(): this {
    return this.#emit(extended, unsigned(0));
  }

  /** `to = from + bytes`, both i32. */
  offset(to: Local, from: Local, bytes: number): this {
    this.get(from);
    if (bytes !== 0) this.constant(bytes).add();
    return this.set(to);
  }

  /** `local += bytes`. */
  advance(local: Local, bytes: number): this {
    return bytes === 0 ? this : this.offset(local, local, bytes);
  }

  loadFloat(offset: number): this {
    return this.#access([0x2a], offset);
  }

  storeFloat(offset: number): this {
    return this.#access([0x38], offset);
  }

  /** Four floats. */
  loadVector(offset: number): this {
    return this.#access([simd, 0x00], offset);
  }

  /** One float in all four lanes. */
  loadSplat(offset: number): this {
    return this.#access([simd, 0x09], offset);
  }

  storeVector(offset: number): this {
    return this.#access([simd, 0x0b], offset);
  }

  /** The first `lanes` floats of four, 1 … 3. Operands: the address, the vector; both in local variables. */
  storeLanes(address: Local, vector: Local, offset: number, lanes: number): this {
    if (lanes >= 2) this.get(address).get(vector).#access([simd, 0x5b], offset).#emit([0]);
    if (lanes !== 2) {
      const lane = lanes - 1;
      this.get(address)
        .get(vector)
        .#access([simd, 0x5a], offset + 4 * lane)
        .#emit([lane]);
    }
    return this;
  }

  /** Keeps the first `lanes` floats of four, 0 … 4, and puts zeros in the place of the others. */
  keepLanes(lanes: number): this {
    const mask = Array.from({ length: 16 }, (_, byte) => (byte < lanes * 4 ? 0xff : 0));
    return this.#emit(simd, unsigned(0x0c), mask).andVectors();
  }

  zeroVector(): this {
    return this.constantVector(0);
  }

  /** A number in all four lanes. */
  constantVector(value: number): this {
    return this.#emit(simd, unsigned(0x0c), [...new Uint8Array(new Float32Array(4).fill(value).buffer)]);
  }

  /** Lanes of the first operand (0 … 3) and the second (4 … 7) in a new order. */
  shuffle(lanes: readonly [number, number, number, number]): this {
    return this.#emit(
      simd,
      unsigned(0x0d),
      lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
    );
  }

  addVectors(): this {
    return this.#emit(simd, unsigned(0xe4));
  }

  multiplyVectors(): this {
    return this.#emit(simd, unsigned(0xe6));
  }

  /** All bits where the first of a pair is the larger one, none elsewhere. */
  areLarger(): this {
    return this.#emit(simd, unsigned(0x44));
  }

  /** All bits where a pair is equal, none elsewhere. */
  areEqual(): this {
    return this.#emit(simd, unsigned(0x41));
  }

  /** The bits of both. */
  andVectors(): this {
    return this.#emit(simd, unsigned(0x4e));
  }

  /** Bits of the first operand where those of the third are set, of the second elsewhere. */
  chooseVectors(): this {
    return this.#emit(simd, unsigned(0x52));
  }

  /** The larger of each pair; NaN where one is NaN. */
  maximumVectors(): this {
    return this.#emit(simd, unsigned(0xe9));
  }

  /** `a · b + c` of the three operands, rounded once or twice as the machine does it faster. */
  relaxedMultiplyAdd(): this {
    return this.#emit(simd, unsigned(0x105));
  }

  /** Operands: destination, source, bytes. The ranges may overlap. */
  copyMemory(): this {
    return this.#emit(extended, unsigned(10), [0, 0]);
  }

  /** Operands: destination, byte, bytes. */
  fillMemory(): this {
    return this.#emit(extended, unsigned(11), [0]);
  }

  /** A whole number that other threads write, at the address. */
  loadShared(): this {
    return this.#access([atomic, 0x10], 0);
  }

  /** Operands: the address, the number. */
  storeShared(): this {
    return this.#access([atomic, 0x17], 0);
  }

  /** Adds to what lies at the address, undivided, and leaves what lay there before. Operands: the address, the number. */
  addShared(): this {
    return this.#access([atomic, 0x1e], 0);
  }

  /**
   * Sleeps until somebody wakes who sleeps at the address; not where another number lies there already. Operands: the
   * address, the number. Leaves 2 where the time was over, and 0 or 1 else. Without a time it sleeps for ever.
   */
  sleep(milliseconds: number | undefined): this {
    this.#emit(0x42, signed(milliseconds === undefined ? -1 : milliseconds * 1e6));
    return this.#access([atomic, 0x01], 0);
  }

  /** Wakes all that sleep at the address on the stack. */
  wake(): this {
    return this.constant(-1).#access([atomic, 0x00], 0).drop();
  }

  /** Forgets the topmost operand. */
  drop(): this {
    return this.#emit(0x1a);
  }

  /** Ends the run with a fault. */
  fail(): this {
    return this.#emit(0x00);
  }

  call(functionIndex: number): this {
    return this.#emit(0x10, unsigned(functionIndex));
  }

  /** Runs the body where the operand is not zero. */
  when(body: () => void): this {
    this.#emit(0x04, [emptyBlock]);
    body();
    return this.#emit(0x0b);
  }

  /** Runs the body `times` times, at least once where that is a local variable; the counter is a new local. */
  repeat(times: number | Local, body: () => void): this {
    if (times === 0) return this;
    if (times === 1) {
      body();
      return this;
    }
    const left = this.local('i32');
    if (typeof times === 'number') this.constant(times);
    else this.get(times);
    this.set(left);
    this.#emit(0x03, [emptyBlock]);
    body();
    this.get(left).constant(1).subtract().set(left).get(left);
    // Branch to the start of the loop while something is left.
    return this.#emit(0x0d, unsigned(0), [0x0b]);
  }

  /** Runs the body again and again for as long as what it leaves is not zero. */
  repeatWhile(body: () => void): this {
    this.#emit(0x03, [emptyBlock]);
    body();
    return this.#emit(0x0d, unsigned(0), [0x0b]);
  }

  /** The function in the code section: its local variables and instructions (5.5.13). */
  bytes(): number[] {
    const locals = vector(this.#locals.map((type) => [1, valueTypes[type]]));
    const size = locals.length + this.#code.length + 1;
    return [...unsigned(size), ...locals, ...this.#code, 0x0b];
  }

  #access(opcode: readonly number[], offset: number): this {
    return this.#emit(...opcode, [alignment], unsigned(offset));
  }

  #emit(...parts: readonly (number | readonly number[])[]): this {
    for (const part of parts) {
      if (typeof part === 'number') this.#code.push(part);
      else for (const byte of part) this.#code.push(byte);
    }
    return this;
  }
}
