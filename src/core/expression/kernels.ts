/** Expressions as kernels of a plan: JavaScript in the subset that GPU.js translates, stable in float32. */
import { literal } from '../compute/kernelText.ts';
import type { Buffer, Kernel } from '../compute/plan.ts';
import { baseAxis, constant, nodesOf, parametersOf, type Apply, type Axis, type Expr } from './expression.ts';
import { atom, precedence } from './fragment.ts';
import { crowdedPart } from './kernels/crowding.ts';
import { CtcKernels, type Emit } from './kernels/ctc.ts';
import { lowest } from './kernels/lowest.ts';
import { inPieces, type Extents } from './kernels/pieces.ts';
import { dense, threadsOf, type Layout } from './kernels/threads.ts';
import { LoopWriter, type Dialect, type Storage } from './loops.ts';
import { rewrite, specialise } from './rewrite.ts';
import { lower, programmeOf, schedule, type Step } from './schedule.ts';

export type { Layout };

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
  /** Extents of axes that were made here. */
  readonly #made = new Map<Axis, number>();
  readonly #dialect: Dialect;
  readonly #ctc = new CtcKernels((axis) => this.#extent(axis));

  constructor(request: KernelRequest) {
    this.#request = request;
    this.#dialect = {
      number: (value) => atom(deviceNumber(value)),
      size: (axis) => String(this.#extent(axis)),
      isTrivial: (axis) => this.#extent(axis) === 1,
      position: (value) => atom(`(${value.text} | 0)`),
      // A half makes a fraction of a whole number in GPU.js (0.0 does not), which a choice needs of both its branches.
      index: (position) => ({ text: `${position.text} + 0.5 - 0.5`, precedence: precedence.add }),
      lowest: literal(lowest),
      isInfinitySafe: false,
    };
    for (const [name, { buffer, layout }] of Object.entries(request.inputs)) {
      this.#inputs.set(name, this.#storage(buffer, layout));
    }
  }

  compile(): { buffers: Buffer[]; kernels: Kernel[] } {
    const extents: Extents = { of: this.#extent, add: (axis, extent) => this.#made.set(axis, extent) };
    const roots = this.#request.roots.map(({ expr, layout }) => ({
      expr: inPieces(this.#specialised(lower(expr, 'device')), extents),
      axes: layout.axes,
    }));
    for (const step of schedule(roots, { isTrivial: this.#dialect.isTrivial, extent: this.#extent }))
      this.#step(step);
    return { buffers: this.#buffers, kernels: this.#kernels };
  }

  readonly #extent = (axis: Axis): number => {
    const size = this.#made.get(axis) ?? this.#request.sizes[axis] ?? this.#request.sizes[baseAxis(axis)];
    if (size === undefined) throw new RangeError(`the size of axis ${axis} is not given`);
    return size;
  };

  /** Parameters and sizes become numbers. */
  #specialised(expr: Expr): Expr {
    const sized = rewrite(expr, (node) => (node.kind === 'size' ? constant(this.#extent(node.axis)) : node));
    const result = specialise(sized, this.#request.parameters);
    const [missing] = parametersOf(result);
    if (missing !== undefined) throw new RangeError(`parameter ${missing.name} is not given`);
    return result;
  }

  #step(step: Step): void {
    const arrayOf = (node: Expr) => this.#arrayOf(node)?.name;
    for (
      let part = crowdedPart(step.expr, arrayOf);
      part !== undefined;
      part = crowdedPart(step.expr, arrayOf)
    ) {
      this.#step({ expr: part, axes: part.axes, root: undefined });
    }
    const { roots } = this.#request;
    const root = step.root === undefined ? undefined : roots[step.root];
    const axes = step.axes.filter((axis) => !this.#dialect.isTrivial(axis));
    const layout = root?.layout ?? dense(axes, this.#extent);
    const buffer = root?.buffer ?? this.#name(step.expr.kind === 'apply' ? step.expr.op : 'value');
    const isProgramme = root === undefined && programmeOf(step.expr) !== undefined;
    if (isProgramme && step.expr.kind === 'apply') this.#programme(step.expr, buffer, layout);
    else this.#loops(step, buffer, layout);
    if (root === undefined) this.#filled.set(step.expr, this.#storage(buffer, layout));
  }

  #loops(step: Step, buffer: string, layout: Layout): void {
    const writer = new LoopWriter(this.#dialect, this.#filled, this.#inputs, step.expr);
    const { output, positions, guard } = threadsOf(layout, this.#extent);
    for (const [axis, code] of positions) writer.place(axis, code);
    for (const axis of step.axes) if (!positions.has(axis)) writer.place(axis, '0');
    const value = writer.value(step.expr);
    writer.line(
      guard === undefined
        ? `return ${value.text};`
        : `let result = 0.0;\nif (${guard}) { result = ${value.text}; }\nreturn result;`,
    );
    const body = writer.text();
    const arrays = nodesOf(step.expr).flatMap((node) => this.#arrayOf(node)?.name ?? []);
    const read = [...new Set(arrays)].filter((name) => new RegExp(`\\b${name}\\[`, 'u').test(body));
    this.#kernel(
      buffer,
      output,
      read.map((parameter) => ({ parameter, buffer: this.#bufferOf.get(parameter)! })),
      body,
    );
  }

  #arrayOf(node: Expr): Storage | undefined {
    return node.kind === 'input' ? this.#inputs.get(node.name) : this.#filled.get(node);
  }

  /** A dynamic programme, whose arguments are all in arrays. */
  #programme(node: Apply, buffer: string, layout: Layout): void {
    const { output, positions, guard } = threadsOf(layout, this.#extent);
    if (guard !== undefined) throw new RangeError(`${node.op} cannot be written with padding`);
    const args = node.args.map((arg) => {
      const storage = this.#arrayOf(arg);
      if (storage === undefined) throw new RangeError(`no array for an argument of ${node.op}`);
      return { storage, buffer: this.#bufferOf.get(storage.name)! };
    });
    const emit: Emit = (what, extent, reads, body) => {
      const name = this.#name(what);
      this.#kernel(
        name,
        extent,
        Object.entries(reads).map(([parameter, from]) => ({ parameter, buffer: from })),
        body,
      );
      return name;
    };
    const { reads, body } = this.#ctc.value(node, args, positions, emit);
    this.#kernel(
      buffer,
      output,
      Object.entries(reads).map(([parameter, from]) => ({ parameter, buffer: from })),
      body,
    );
  }

  #storage(buffer: string, { axes, strides }: Layout): Storage {
    const name = codeName(
      buffer,
      [...this.#bufferOf].filter(([, other]) => other !== buffer).map(([taken]) => taken),
    );
    this.#bufferOf.set(name, buffer);
    return { name, axes, strides: strides.map(String) };
  }

  #name(what: string): string {
    return `${this.#request.prefix}.${what}${this.#kernels.length}`;
  }

  #kernel(buffer: string, output: Kernel['output'], reads: Kernel['reads'], body: string): void {
    const [width, height = 1] = output;
    this.#buffers.push({ name: buffer, size: width * height, role: 'temporary' });
    this.#kernels.push({ name: buffer, output, reads, writes: buffer, body });
  }
}

/**
 * A number as devices read it. Infinity becomes a number that no loss reaches; what else is beyond float32 becomes its
 * largest number.
 */
function deviceNumber(value: number): string {
  if (Number.isNaN(value)) throw new RangeError('a kernel cannot hold NaN');
  if (Math.abs(value) === Infinity) return literal(value < 0 ? lowest : -lowest);
  const largest = 3.4e38;
  return literal(Math.min(Math.max(value, -largest), largest));
}

/** A buffer's name as an identifier that is neither reserved nor taken. */
function codeName(buffer: string, taken: readonly string[]): string {
  const base = `b_${buffer.replace(/\W/gu, '_')}`;
  let name = base;
  for (let i = 2; taken.includes(name); i++) name = `${base}_${i}`;
  return name;
}
