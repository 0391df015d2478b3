import type { Kernel, Plan } from '../../../src/core/compute/plan.ts';

/**
 * y = w x on the points (1, 2), (2, 4), (3, 6) by gradient descent on the mean squared error. With s = mean of x² the
 * weight after n steps is 2 − (2 − w₀)(1 − 2·rate·s)ⁿ, and the loss before step n + 1 is s·(2 − wₙ)².
 */
export function linePlan(rate: number): Plan {
  return {
    buffers: [
      { name: 'x', size: 3, role: 'data' },
      { name: 'y', size: 3, role: 'data' },
      { name: 'w', size: 1, role: 'state' },
      { name: 'residual', size: 3, role: 'temporary' },
      { name: 'loss', size: 1, role: 'temporary' },
      { name: 'gradient', size: 1, role: 'temporary' },
      { name: 'next', size: 1, role: 'temporary' },
    ],
    kernels: [
      kernel(
        'residual',
        [3],
        { x: 'x', y: 'y', w: 'w' },
        'return w[0] * x[this.thread.x] - y[this.thread.x];',
      ),
      kernel(
        'loss',
        [1],
        { r: 'residual' },
        'let sum = 0.0; for (let i = 0; i < 3; i++) { sum += r[i] * r[i]; } return sum / 3.0;',
      ),
      kernel(
        'gradient',
        [1],
        { r: 'residual', x: 'x' },
        'let sum = 0.0; for (let i = 0; i < 3; i++) { sum += r[i] * x[i]; } return 2.0 * sum / 3.0;',
      ),
      kernel('next', [1], { w: 'w', g: 'gradient' }, `return w[0] - ${rate} * g[0];`),
    ],
    carry: [{ from: 'next', to: 'w' }],
    report: 'loss',
  };
}

export const lineValues: ReadonlyMap<string, Float64Array> = new Map([
  ['x', Float64Array.of(1, 2, 3)],
  ['y', Float64Array.of(2, 4, 6)],
]);

/** Weight and losses of {@link linePlan} from w₀ = 0 in closed form. */
export function lineSolution(rate: number, steps: number): { weight: number; losses: number[] } {
  const s = 14 / 3;
  const factor = 1 - 2 * rate * s;
  return {
    weight: 2 - 2 * factor ** steps,
    losses: Array.from({ length: steps }, (_, n) => s * (2 * factor ** n) ** 2),
  };
}

export function kernel(
  name: string,
  output: Kernel['output'],
  reads: Readonly<Record<string, string>>,
  body: string,
): Kernel {
  return {
    name,
    output,
    reads: Object.entries(reads).map(([parameter, buffer]) => ({ parameter, buffer })),
    writes: name,
    body,
  };
}

/**
 * Two inputs, three hidden units, one output, mean squared error, gradient descent; `activation` and `slope` are
 * expressions of a hidden unit's sum `z` and value `h`. For what happens to numbers that run away.
 */
export function twoLayerPlan(activation: string, slope: string, rate: string): Plan {
  const rows = 4;
  return {
    buffers: [
      { name: 'x', size: rows * 2, role: 'data' },
      { name: 'y', size: rows, role: 'data' },
      { name: 'w1', size: 6, role: 'state' },
      { name: 'w2', size: 3, role: 'state' },
      { name: 'z', size: rows * 3, role: 'temporary' },
      { name: 'h', size: rows * 3, role: 'temporary' },
      { name: 'd', size: rows, role: 'temporary' },
      { name: 'loss', size: 1, role: 'temporary' },
      { name: 'w1next', size: 6, role: 'temporary' },
      { name: 'w2next', size: 3, role: 'temporary' },
    ],
    kernels: [
      kernel(
        'z',
        [3, rows],
        { x: 'x', w: 'w1' },
        'const r = this.thread.y * 2; return x[r] * w[this.thread.x] + x[r + 1] * w[3 + this.thread.x];',
      ),
      kernel(
        'h',
        [3, rows],
        { sums: 'z' },
        `const z = sums[this.thread.y * 3 + this.thread.x]; return ${activation};`,
      ),
      kernel(
        'd',
        [rows],
        { h: 'h', w: 'w2', y: 'y' },
        'const r = this.thread.x * 3; return h[r] * w[0] + h[r + 1] * w[1] + h[r + 2] * w[2] - y[this.thread.x];',
      ),
      kernel(
        'loss',
        [1],
        { d: 'd' },
        `let sum = 0.0; for (let i = 0; i < ${rows}; i++) { sum += d[i] * d[i]; } return sum / ${rows}.0;`,
      ),
      kernel(
        'w1next',
        [3, 2],
        { x: 'x', w: 'w1', v: 'w2', hidden: 'h', sums: 'z', d: 'd' },
        `let sum = 0.0; for (let i = 0; i < ${rows}; i++) { const z = sums[i * 3 + this.thread.x]; const h = hidden[i * 3 + this.thread.x]; sum += d[i] * v[this.thread.x] * (${slope}) * x[i * 2 + this.thread.y]; } return w[this.thread.y * 3 + this.thread.x] - ${rate} * sum;`,
      ),
      kernel(
        'w2next',
        [3],
        { h: 'h', w: 'w2', d: 'd' },
        `let sum = 0.0; for (let i = 0; i < ${rows}; i++) { sum += d[i] * h[i * 3 + this.thread.x]; } return w[this.thread.x] - ${rate} * sum;`,
      ),
    ],
    carry: [
      { from: 'w1next', to: 'w1' },
      { from: 'w2next', to: 'w2' },
    ],
    report: 'loss',
  };
}

export const twoLayerValues: ReadonlyMap<string, Float64Array> = new Map([
  ['x', Float64Array.of(1, 0.5, -0.5, 1, 0.25, -1, -1, -0.75)],
  ['y', Float64Array.of(1, -1, 0.5, 2)],
  ['w1', Float64Array.of(0.5, -0.4, 0.3, 0.2, 0.6, -0.7)],
  ['w2', Float64Array.of(0.8, -0.9, 0.4)],
]);
