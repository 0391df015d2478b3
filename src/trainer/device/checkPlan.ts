import type { Buffer, Kernel, Plan } from '../../core/compute/plan.ts';

/** A plan that no device can run, or that GPU.js would run wrongly without a word. The message names the kernel. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}

/** Integers of GPU.js that pass through a local variable are 32-bit floats, which are exact up to here. */
const exactIntegers = 2 ** 24;

/**
 * Checks a plan before it is given to GPU.js, which answers mistakes late or not at all: names, sizes, the order of
 * writing and reading, and indices that a 32-bit float cannot hold. Returns the buffers by name.
 * @throws PlanError
 */
export function checkPlan(plan: Plan): ReadonlyMap<string, Buffer> {
  const buffers = new Map<string, Buffer>();
  for (const buffer of plan.buffers) {
    if (buffers.has(buffer.name)) throw new PlanError(`buffer ${buffer.name} is declared twice`);
    if (!Number.isSafeInteger(buffer.size) || buffer.size < 1)
      throw new PlanError(`buffer ${buffer.name} has size ${buffer.size}`);
    buffers.set(buffer.name, buffer);
  }
  const written = new Set<string>();
  const names = new Set<string>();
  for (const kernel of plan.kernels) {
    if (names.has(kernel.name)) throw new PlanError(`two kernels are called ${kernel.name}`);
    names.add(kernel.name);
    checkKernel(kernel, buffers, written);
    written.add(kernel.writes);
  }
  const carried = new Set<string>();
  for (const { from, to } of plan.carry) {
    if (!written.has(from)) throw new PlanError(`${from} is carried to ${to}, but no kernel writes it`);
    if (buffers.get(to)?.role !== 'state')
      throw new PlanError(`${from} is carried to ${to}, which is not a state buffer`);
    if (buffers.get(from)?.size !== buffers.get(to)?.size)
      throw new PlanError(`${from} and ${to} differ in size`);
    if (carried.has(to)) throw new PlanError(`${to} is carried to twice`);
    carried.add(to);
  }
  if (!written.has(plan.report)) throw new PlanError(`${plan.report} is reported, but no kernel writes it`);
  return buffers;
}

function checkKernel(
  kernel: Kernel,
  buffers: ReadonlyMap<string, Buffer>,
  written: ReadonlySet<string>,
): void {
  const problem = (text: string) => new PlanError(`kernel ${kernel.name}: ${text}`);
  const output = buffers.get(kernel.writes);
  if (output?.role !== 'temporary')
    throw problem(`it writes ${kernel.writes}, which is not a temporary buffer`);
  if (written.has(kernel.writes)) throw problem(`${kernel.writes} is written twice`);
  if (kernel.output.reduce((a, b) => a * b, 1) !== output.size) {
    throw problem(`its output ${kernel.output.join(' × ')} does not fill ${kernel.writes} (${output.size})`);
  }
  const parameters = new Set<string>();
  for (const { parameter, buffer } of kernel.reads) {
    if (!/^[A-Za-z]\w*$/.test(parameter) || parameters.has(parameter))
      throw problem(`${parameter} is no name, or is used twice`);
    parameters.add(parameter);
    const source = buffers.get(buffer);
    if (source === undefined) throw problem(`it reads ${buffer}, which does not exist`);
    if (source.role === 'temporary' && !written.has(buffer))
      throw problem(`it reads ${buffer} before that is written`);
  }
  for (const { parameter, buffer } of kernel.reads) {
    if (buffers.get(buffer)!.size > exactIntegers) checkIndices(kernel, parameter, parameters, problem);
  }
}

/**
 * Whether every index into a huge buffer stays an integer: it may name parameters (the rows of a permutation) and
 * `this.thread`, but no local variable.
 */
function checkIndices(
  kernel: Kernel,
  parameter: string,
  parameters: ReadonlySet<string>,
  problem: (text: string) => PlanError,
): void {
  for (const index of indices(kernel.body, parameter)) {
    const local = index
      .replaceAll(/this\.thread\.[xyz]/g, '')
      .match(/[A-Za-z_$][\w$]*/g)
      ?.find((name) => !parameters.has(name));
    if (local !== undefined) {
      throw problem(
        `${parameter} has more than ${exactIntegers} elements, so its index must be written out in place; "${local}" is a local variable, and those are exact only up to there`,
      );
    }
  }
}

/** The texts between `parameter[` and its `]`. */
function indices(body: string, parameter: string): string[] {
  const found: string[] = [];
  for (const { index, 0: opening } of body.matchAll(new RegExp(`\\b${parameter}\\[`, 'g'))) {
    const start = index + opening.length;
    let depth = 1;
    let end = start;
    for (; end < body.length && depth > 0; end++) {
      if (body[end] === '[') depth++;
      if (body[end] === ']') depth--;
    }
    found.push(body.slice(start, end - 1));
  }
  return found;
}
