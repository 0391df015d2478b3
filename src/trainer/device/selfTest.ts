import type { Executable } from '../../core/compute/device.ts';
import type { Plan } from '../../core/compute/plan.ts';

/**
 * A small plan that has what training plans have: two-dimensional kernels, widths that are and are not multiples of
 * four, a state that no kernel reads, data that a kernel reads by an index from another buffer, loops, masks and
 * transcendental functions. It fits y = tanh(x W + b) by gradient descent with momentum.
 */
export const selfTestPlan: Plan = {
  buffers: [
    { name: 'x', size: 8 * 3, role: 'data' },
    { name: 'y', size: 8 * 5, role: 'data' },
    { name: 'order', size: 8, role: 'data' },
    { name: 'w', size: 3 * 5, role: 'state' },
    { name: 'b', size: 5, role: 'state' },
    { name: 'velocity', size: 3 * 5, role: 'state' },
    { name: 'count', size: 4, role: 'state' },
    { name: 'previous', size: 1, role: 'state' },
    { name: 'row', size: 6 * 3, role: 'temporary' },
    { name: 'target', size: 6 * 5, role: 'temporary' },
    { name: 'out', size: 6 * 5, role: 'temporary' },
    { name: 'delta', size: 6 * 5, role: 'temporary' },
    { name: 'dw', size: 3 * 5, role: 'temporary' },
    { name: 'db', size: 5, role: 'temporary' },
    { name: 'loss', size: 1, role: 'temporary' },
    { name: 'nextVelocity', size: 3 * 5, role: 'temporary' },
    { name: 'nextW', size: 3 * 5, role: 'temporary' },
    { name: 'nextB', size: 5, role: 'temporary' },
    { name: 'nextCount', size: 4, role: 'temporary' },
  ],
  kernels: [
    {
      name: 'nextCount',
      output: [4],
      reads: [{ parameter: 'count', buffer: 'count' }],
      writes: 'nextCount',
      body: 'return count[this.thread.x] + 1.0;',
    },
    gather('row', 'x', 3),
    gather('target', 'y', 5),
    {
      name: 'out',
      output: [5, 6],
      reads: [
        { parameter: 'row', buffer: 'row' },
        { parameter: 'w', buffer: 'w' },
        { parameter: 'b', buffer: 'b' },
      ],
      writes: 'out',
      body: `const start = this.thread.y * 3;
let sum = b[this.thread.x];
for (let k = 0; k < 3; k++) { sum += row[start + k] * w[k * 5 + this.thread.x]; }
return Math.tanh(sum);`,
    },
    {
      name: 'delta',
      output: [5, 6],
      reads: [
        { parameter: 'out', buffer: 'out' },
        { parameter: 'target', buffer: 'target' },
      ],
      writes: 'delta',
      body: `const i = this.thread.y * 5 + this.thread.x;
const value = out[i];
return (value - target[i]) * (1.0 - value * value) * 0.1;`,
    },
    {
      name: 'loss',
      output: [1],
      reads: [
        { parameter: 'out', buffer: 'out' },
        { parameter: 'target', buffer: 'target' },
      ],
      writes: 'loss',
      body: `let sum = 0.0;
for (let i = 0; i < 30; i++) { const d = out[i] - target[i]; if (d > 0.0) { sum += d * d; } else { sum += Math.exp(d) * d * d; } }
return sum / 30.0;`,
    },
    {
      name: 'dw',
      output: [5, 3],
      reads: [
        { parameter: 'row', buffer: 'row' },
        { parameter: 'delta', buffer: 'delta' },
      ],
      writes: 'dw',
      body: `let sum = 0.0;
for (let k = 0; k < 6; k++) { sum += row[k * 3 + this.thread.y] * delta[k * 5 + this.thread.x]; }
return sum;`,
    },
    {
      name: 'db',
      output: [5],
      reads: [{ parameter: 'delta', buffer: 'delta' }],
      writes: 'db',
      body: `let sum = 0.0;
for (let k = 0; k < 6; k++) { sum += delta[k * 5 + this.thread.x]; }
return sum;`,
    },
    update('nextVelocity', 15, 'velocity', 'dw', '0.9 * old[this.thread.x] + by[this.thread.x]'),
    update('nextW', 15, 'w', 'nextVelocity', 'old[this.thread.x] - 0.3 * by[this.thread.x]'),
    update('nextB', 5, 'b', 'db', 'old[this.thread.x] - 0.3 * by[this.thread.x]'),
  ],
  carry: [
    { from: 'nextVelocity', to: 'velocity' },
    { from: 'nextW', to: 'w' },
    { from: 'nextB', to: 'b' },
    { from: 'nextCount', to: 'count' },
    { from: 'loss', to: 'previous' },
  ],
  report: 'loss',
};

/** Six of the eight rows, in a new order each step. */
function gather(name: string, from: string, width: number): Plan['kernels'][number] {
  return {
    name,
    output: [width, 6],
    reads: [
      { parameter: 'from', buffer: from },
      { parameter: 'order', buffer: 'order' },
      { parameter: 'count', buffer: 'nextCount' },
    ],
    writes: name,
    body: `const at = (this.thread.y + (count[0] | 0)) % 8;
return from[(order[at] | 0) * ${width} + this.thread.x];`,
  };
}

function update(name: string, size: number, old: string, by: string, value: string): Plan['kernels'][number] {
  return {
    name,
    output: [size],
    reads: [
      { parameter: 'old', buffer: old },
      { parameter: 'by', buffer: by },
    ],
    writes: name,
    body: `return ${value};`,
  };
}

/** Starting values of {@link selfTestPlan}; what is absent starts at zero. */
export const selfTestValues: ReadonlyMap<string, Float64Array> = new Map([
  ['x', Float64Array.from({ length: 24 }, (_, i) => ((i * 7) % 11) / 5.5 - 1)],
  ['y', Float64Array.from({ length: 40 }, (_, i) => ((i * 5) % 13) / 6.5 - 1)],
  ['order', Float64Array.from([3, 1, 7, 0, 6, 4, 2, 5])],
  ['w', Float64Array.from({ length: 15 }, (_, i) => ((i * 3) % 7) / 7 - 0.5)],
  ['b', Float64Array.from([0.1, -0.2, 0.3, -0.4, 0.5])],
]);

/**
 * A plan with what a driver can get wrong, and no more, because every process compiles it before its first step: the place
 * of each buffer, rows whose width is no multiple of four, state that is carried and state that no kernel reads, data
 * that is written between two steps.
 */
const driverPlan: Plan = {
  buffers: [
    { name: 'x', size: 8 * 3, role: 'data' },
    { name: 'order', size: 6, role: 'data' },
    { name: 'w', size: 3, role: 'state' },
    { name: 'previous', size: 1, role: 'state' },
    { name: 'row', size: 6 * 3, role: 'temporary' },
    { name: 'loss', size: 1, role: 'temporary' },
    { name: 'nextW', size: 3, role: 'temporary' },
  ],
  kernels: [
    {
      name: 'row',
      output: [3, 6],
      reads: [
        { parameter: 'from', buffer: 'x' },
        { parameter: 'order', buffer: 'order' },
        { parameter: 'w', buffer: 'w' },
      ],
      writes: 'row',
      body: 'return from[(order[this.thread.y] | 0) * 3 + this.thread.x] * w[this.thread.x];',
    },
    {
      name: 'loss',
      output: [1],
      reads: [{ parameter: 'row', buffer: 'row' }],
      writes: 'loss',
      body: `let sum = 0.0;
for (let i = 0; i < 18; i++) { sum += row[i] * row[i]; }
return sum / 18.0;`,
    },
    {
      name: 'nextW',
      output: [3],
      reads: [
        { parameter: 'w', buffer: 'w' },
        { parameter: 'row', buffer: 'row' },
      ],
      writes: 'nextW',
      body: `let sum = 0.0;
for (let k = 0; k < 6; k++) { sum += row[k * 3 + this.thread.x]; }
return w[this.thread.x] - 0.1 * sum;`,
    },
  ],
  carry: [
    { from: 'nextW', to: 'w' },
    { from: 'loss', to: 'previous' },
  ],
  report: 'loss',
};

const driverValues: ReadonlyMap<string, Float64Array> = new Map([
  ['x', Float64Array.from({ length: 24 }, (_, i) => ((i * 7) % 11) / 5.5 - 1)],
  ['order', Float64Array.from([3, 1, 7, 0, 6, 4])],
  ['w', Float64Array.from([0.3, -0.7, 0.9])],
]);

/**
 * Whether a driver computes to the bit what another one does: a few steps of a small plan, writes in between, every
 * buffer compared. Never throws; a driver that fails does not agree.
 */
export async function selfTest(
  compile: (plan: Plan) => Promise<Executable>,
  compileReference: (plan: Plan) => Promise<Executable>,
): Promise<boolean> {
  try {
    const [tested, expected] = [await record(compile), await record(compileReference)];
    return tested.length === expected.length && tested.every((value, i) => Object.is(value, expected[i]));
  } catch {
    return false;
  }
}

async function record(compile: (plan: Plan) => Promise<Executable>): Promise<number[]> {
  const executable = await compile(driverPlan);
  try {
    for (const [name, values] of driverValues) executable.write(name, values);
    const seen = [...(await executable.run(2))];
    executable.write('order', Float64Array.from([0, 1, 2, 3, 4, 5]));
    executable.write('w', Float64Array.from([0.5, 0.25, -0.125]));
    seen.push(...(await executable.run(3)));
    for (const { name } of driverPlan.buffers) seen.push(...(await executable.read(name)));
    return seen;
  } finally {
    await executable.dispose();
  }
}
