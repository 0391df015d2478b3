/** Expressions as kernels of a plan: JavaScript in the subset that GPU.js translates, stable in float32. */
import { literal } from '../compute/kernelText.ts';
import type { Buffer, Kernel } from '../compute/plan.ts';
import { sum } from './build.ts';
import {
  baseAxis,
  constant,
  input,
  nodesOf,
  parametersOf,
  type Apply,
  type Axis,
  type Expr,
} from './expression.ts';
import { atom } from './fragment.ts';
import { LoopWriter, type Dialect, type Storage } from './loops.ts';
import { rewrite, specialise } from './rewrite.ts';
import { lower, schedule, type ScheduleOptions, type Step } from './schedule.ts';

/** How an array lies in a flat buffer: element Σ index·stride. A row may be longer than its axis (padding). */
export interface Layout {
  readonly axes: readonly Axis[];
  readonly strides: readonly number[];
}

export interface KernelRequest {
  /** What to compute. Each result fills its buffer completely, padding with zeros; the last stride must be 1 unless it is the only one. */
  readonly roots: readonly { readonly buffer: string; readonly expr: Expr; readonly layout: Layout }[];
  /** Where the inputs lie, by input name. */
  readonly inputs: Readonly<Record<string, { readonly buffer: string; readonly layout: Layout }>>;
  readonly sizes: Readonly<Record<Axis, number>>;
  /** A value for every parameter that occurs. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Starts the names of kernels and temporary buffers. */
  readonly prefix: string;
}

/** Long sums into one number are cut into pieces of this length: parallel on a GPU, and rounding less. */
const piece = 256;
const longSum = 1024;

/**
 * Kernels that compute expressions, and the buffers they fill (role `temporary`, those of the roots included). Throws
 * a RangeError for a parameter, size or input that is not given and for a layout it cannot write.
 */
export function compileKernels(request: KernelRequest): { buffers: Buffer[]; kernels: Kernel[] } {
  return new KernelCompiler(request).compile();
}

class KernelCompiler {
  readonly #request: KernelRequest;
  readonly #buffers: Buffer[] = [];
  readonly #kernels: Kernel[] = [];
  readonly #inputs = new Map<string, Storage>();
  readonly #filled = new Map<Expr, Storage>();
  /** Name in kernel code → buffer. */
  readonly #bufferOf = new Map<string, string>();
  readonly #pieces = new Map<Axis, number>();
  readonly #dialect: Dialect;
  readonly #scheduling: ScheduleOptions;

  constructor(request: KernelRequest) {
    this.#request = request;
    this.#dialect = {
      number: (value) => atom(deviceNumber(value)),
      size: (axis) => String(this.#extent(axis)),
      isTrivial: (axis) => this.#extent(axis) === 1,
      position: (value) => atom(`(${value.text} | 0)`),
      lowest: '-3.0e38',
      isInfinitySafe: false,
    };
    this.#scheduling = { isTrivial: this.#dialect.isTrivial, keepTranscendentals: true };
    for (const [name, { buffer, layout }] of Object.entries(request.inputs)) {
      this.#inputs.set(name, this.#storage(buffer, layout));
    }
  }

  compile(): { buffers: Buffer[]; kernels: Kernel[] } {
    const roots = this.#request.roots.map(({ expr, layout }) => ({
      expr: this.#shortened(this.#specialised(lower(expr, 'device'))),
      axes: layout.axes,
    }));
    for (const step of schedule(roots, this.#scheduling)) {
      // Pieces of a long sum may have needed it already.
      if (step.root !== undefined || !this.#filled.has(step.expr)) this.#step(step);
    }
    return { buffers: this.#buffers, kernels: this.#kernels };
  }

  #extent(axis: Axis): number {
    const size = this.#pieces.get(axis) ?? this.#request.sizes[axis] ?? this.#request.sizes[baseAxis(axis)];
    if (size === undefined) throw new RangeError(`the size of axis ${axis} is not given`);
    return size;
  }

  /** Parameters and sizes become numbers. */
  #specialised(expr: Expr): Expr {
    const sized = rewrite(expr, (node) => (node.kind === 'size' ? constant(this.#extent(node.axis)) : node));
    const result = specialise(sized, this.#request.parameters);
    const [missing] = parametersOf(result);
    if (missing !== undefined) throw new RangeError(`parameter ${missing.name} is not given`);
    return result;
  }

  /** Replaces a long sum into one number by the sum of the sums of its pieces. */
  #shortened(expr: Expr): Expr {
    const long = nodesOf(expr).find(
      (node): node is Apply =>
        node.kind === 'apply' &&
        node.op === 'sum' &&
        node.axes.every((axis) => this.#dialect.isTrivial(axis)) &&
        this.#extent(node.attributes['axis']!) > longSum,
    );
    if (long === undefined) return expr;
    const pieces = this.#summedPieces(long);
    const replaced = new Map<Expr, Expr>([[long, pieces]]);
    const result = rewriteWith(expr, replaced);
    return this.#shortened(result);
  }

  readonly #summed = new Map<Expr, Expr>();

  #summedPieces(long: Apply): Expr {
    const known = this.#summed.get(long);
    if (known !== undefined) return known;
    const count = Math.ceil(this.#extent(long.attributes['axis']!) / piece);
    const axis = `piece${this.#summed.size}`;
    const name = `${this.#request.prefix}.${axis}`;
    this.#pieces.set(axis, count);
    // What the pieces need must be there first: they are a schedule of their own.
    for (const step of schedule([{ expr: long, axes: [axis] }], this.#scheduling)) {
      if (step.root === undefined) {
        if (step.expr !== long && !this.#filled.has(step.expr)) this.#step(step);
      }
    }
    this.#writePieces(long, name, count);
    const layout: Layout = { axes: [axis], strides: [1] };
    const array = input(name, [axis]);
    this.#inputs.set(name, this.#storage(name, layout));
    const result = sum(array, axis);
    this.#summed.set(long, result);
    return result;
  }

  #writePieces(long: Apply, buffer: string, count: number): void {
    const axis = long.attributes['axis']!;
    const [body] = long.args as readonly [Expr];
    const writer = new LoopWriter(this.#dialect, this.#filled, this.#inputs, body);
    for (const trivial of long.axes) writer.place(trivial, '0');
    writer.place(axis, 'at');
    const value = writer.value(body);
    const n = this.#extent(axis);
    const inner = [writer.text(), `total += ${value.text};`].filter((text) => text !== '').join('\n');
    const guarded = count * piece === n ? inner : `if (at < ${n}) {\n${inner}\n}`;
    const text = [
      'let total = 0.0;',
      `for (let k = 0; k < ${piece}; k++) {`,
      `const at = this.thread.x * ${piece} + k;`,
      guarded,
      '}',
      'return total;',
    ].join('\n');
    this.#kernel(buffer, [count], text, body);
  }

  #step(step: Step): void {
    const { prefix, roots } = this.#request;
    const root = step.root === undefined ? undefined : roots[step.root];
    const axes = root?.layout.axes ?? step.axes.filter((axis) => !this.#dialect.isTrivial(axis));
    const layout = root?.layout ?? { axes, strides: this.#dense(axes) };
    const buffer =
      root?.buffer ??
      `${prefix}.${step.expr.kind === 'apply' ? step.expr.op : 'value'}${this.#kernels.length}`;
    const writer = new LoopWriter(this.#dialect, this.#filled, this.#inputs, step.expr);
    const { output, guard } = this.#place(writer, layout);
    for (const axis of step.axes) if (!layout.axes.includes(axis)) writer.place(axis, '0');
    const value = writer.value(step.expr);
    writer.line(
      guard === undefined
        ? `return ${value.text};`
        : `let result = 0.0;\nif (${guard}) { result = ${value.text}; }\nreturn result;`,
    );
    this.#kernel(buffer, output, writer.text(), step.expr);
    if (root === undefined) this.#filled.set(step.expr, this.#storage(buffer, layout));
  }

  #dense(axes: readonly Axis[]): number[] {
    return axes.map((_, i) => axes.slice(i + 1).reduce((product, axis) => product * this.#extent(axis), 1));
  }

  /** Maps axes to threads: the last one along x, all others along y. Gives the condition that a thread is not padding. */
  #place(
    writer: LoopWriter,
    { axes, strides }: Layout,
  ): { output: Kernel['output']; guard: string | undefined } {
    if (axes.length === 0) return { output: [1], guard: undefined };
    const extents = axes.map((axis) => this.#extent(axis));
    if (axes.length === 1) {
      const [axis, n, stride] = [axes[0]!, extents[0]!, strides[0]!];
      if (stride === 1) {
        writer.place(axis, 'this.thread.x');
        return { output: [n], guard: undefined };
      }
      writer.place(axis, 'this.thread.y');
      return { output: [stride, n], guard: 'this.thread.x < 1' };
    }
    const last = axes.length - 1;
    const width = strides[last - 1]!;
    const inner = extents[last]!;
    if (strides[last] !== 1 || width < inner) {
      throw new RangeError(
        `cannot write a layout with strides ${strides.join(', ')} for sizes ${extents.join(', ')}`,
      );
    }
    writer.place(axes[last]!, 'this.thread.x');
    let rows = 1;
    for (let d = last - 1; d >= 0; d--) {
      const expected = d === last - 1 ? width : strides[d + 1]! * extents[d + 1]!;
      if (strides[d] !== expected)
        throw new RangeError(`cannot write a layout with strides ${strides.join(', ')}`);
      const quotient = rows === 1 ? 'this.thread.y' : `((this.thread.y / ${rows}) | 0)`;
      writer.place(axes[d]!, d === 0 ? quotient : `(${quotient} % ${extents[d]!})`);
      rows *= extents[d]!;
    }
    return { output: [width, rows], guard: width === inner ? undefined : `this.thread.x < ${inner}` };
  }

  #storage(buffer: string, { axes, strides }: Layout): Storage {
    const name = codeName(
      buffer,
      [...this.#bufferOf].filter(([, other]) => other !== buffer).map(([taken]) => taken),
    );
    this.#bufferOf.set(name, buffer);
    return { name, axes, strides: strides.map(String) };
  }

  #kernel(buffer: string, output: Kernel['output'], body: string, expr: Expr): void {
    const arrays = [
      ...nodesOf(expr).flatMap((node) => {
        const storage = node.kind === 'input' ? this.#inputs.get(node.name) : this.#filled.get(node);
        return storage === undefined ? [] : [storage.name];
      }),
    ];
    const reads = [...new Set(arrays)]
      .filter((name) => new RegExp(`\\b${name}\\[`, 'u').test(body))
      .map((parameter) => ({ parameter, buffer: this.#bufferOf.get(parameter)! }));
    const [width, height = 1] = output;
    this.#buffers.push({ name: buffer, size: width * height, role: 'temporary' });
    this.#kernels.push({ name: buffer, output, reads, writes: buffer, body });
  }
}

function rewriteWith(expr: Expr, replaced: ReadonlyMap<Expr, Expr>): Expr {
  return rewrite(expr, (node) => replaced.get(node) ?? node);
}

/** A number as devices read it. What is beyond float32 becomes its largest number, which no loss reaches. */
function deviceNumber(value: number): string {
  if (Number.isNaN(value)) throw new RangeError('a kernel cannot hold NaN');
  const largest = 3e38;
  return literal(Math.min(Math.max(value, -largest), largest));
}

/** A buffer's name as an identifier that is neither reserved nor taken. */
function codeName(buffer: string, taken: readonly string[]): string {
  const base = `b_${buffer.replace(/\W/gu, '_')}`;
  let name = base;
  for (let i = 2; taken.includes(name); i++) name = `${base}_${i}`;
  return name;
}
