import type { Device, DeviceId, Executable } from '../../core/compute/device.ts';
import type { Kernel, Plan } from '../../core/compute/plan.ts';
import { message, type Message } from '../../core/messages/message.ts';

/** A plan with the contents its data and state start from; what is absent starts at zero. */
export interface Workload {
  readonly plan: Plan;
  readonly values: ReadonlyMap<string, Float64Array>;
  /** Steps that can run from there before new data would be due. */
  readonly steps: number;
  /** What will run, where this workload is only a small one of its kind. */
  readonly whole?: Plan;
}

/** Relative differences from float64 that a device may show, after one step and after a few. */
export const tolerances: Readonly<Record<Exclude<DeviceId, 'float64'>, number>> = {
  webgpu: 1e-4,
  webasm: 1e-5,
  cpu: 1e-5,
};

/** What the float64 device computes, and how far a right device may be from it, by buffer. */
export interface Reference {
  readonly steps: number;
  readonly reports: Expected;
  readonly buffers: ReadonlyMap<string, Expected>;
}

interface Expected {
  readonly values: Float64Array;
  /** Largest difference that is accepted. */
  readonly limit: number;
}

/** Whether a device computes rightly, or the first difference, as a clause. */
export type Verdict = { readonly passed: true } | { readonly passed: false; readonly reason: Message };

/**
 * Runs a workload on the float64 device for a few steps, once as it is and twice with every result of every kernel
 * off by a share of the tolerance, signs in no order. The accepted difference of a buffer is the tolerance of its
 * largest element, plus what those errors make of it: where a plan amplifies rounding (a gradient that is zero but for
 * rounding, divided by its own size in Adam), no float32 device could come closer, and a wrong kernel is still far off.
 */
export async function referenceOf(
  reference: Device,
  workload: Workload,
  id: Exclude<DeviceId, 'float64'>,
  steps: number,
): Promise<Reference> {
  const tolerance = tolerances[id];
  const exact = await trace(reference, workload, steps);
  const disturbed = [
    await trace(reference, { ...workload, plan: disturb(workload.plan, tolerance / 4, 1) }, steps),
    await trace(reference, { ...workload, plan: disturb(workload.plan, tolerance / 4, 2) }, steps),
  ];
  const expected = (values: Float64Array, others: readonly Float64Array[]): Expected => {
    const deviation = Math.max(
      ...others.map((other) => largest(values, (value, i) => Math.abs(value - other[i]!))),
    );
    return { values, limit: tolerance * largest(values, Math.abs) + 2 * deviation };
  };
  return {
    steps,
    reports: expected(
      exact.reports,
      disturbed.map((run) => run.reports),
    ),
    buffers: new Map(
      [...exact.buffers].map(([name, values]) => [
        name,
        expected(
          values,
          disturbed.map((run) => run.buffers.get(name)!),
        ),
      ]),
    ),
  };
}

/** Writes a workload into an executable; buffers without given values become zero. */
export function load(executable: Executable, { plan, values }: Workload): void {
  for (const { name, role, size } of plan.buffers) {
    if (role !== 'temporary') executable.write(name, values.get(name) ?? new Float64Array(size));
  }
}

/** Writes the state alone: the next step is the first one again. */
export function rewind(executable: Executable, { plan, values }: Workload): void {
  for (const { name, role, size } of plan.buffers) {
    if (role === 'state') executable.write(name, values.get(name) ?? new Float64Array(size));
  }
}

/** Runs the reference's steps on an executable and compares what it reports and all that it carries on. */
export async function compareWithReference(
  executable: Executable,
  reference: Reference,
  workload: Workload,
): Promise<Verdict> {
  load(executable, workload);
  const reports = compare(message('the loss'), await executable.run(reference.steps), reference.reports);
  if (!reports.passed) return reports;
  for (const [name, expected] of reference.buffers) {
    const verdict = compare(name, await executable.read(name), expected);
    if (!verdict.passed) return verdict;
  }
  return { passed: true };
}

function compare(
  what: string | Message,
  values: Float64Array,
  { values: expected, limit }: Expected,
): Verdict {
  // A workload that diverges in these few steps says nothing about the device.
  if (!Number.isFinite(limit)) return { passed: true };
  const difference = largest(expected, (value, i) => Math.abs(value - values[i]!));
  if (difference <= limit) return { passed: true };
  return {
    passed: false,
    reason: message('{what} is off by {difference} (accepted: {limit})', {
      what,
      difference: difference.toExponential(1),
      limit: limit.toExponential(1),
    }),
  };
}

/** Largest of a function over the elements; NaN counts as infinite. */
function largest(values: Float64Array, of: (value: number, index: number) => number): number {
  let found = 0;
  for (let i = 0; i < values.length; i++) {
    const value = of(values[i]!, i);
    if (!(value <= found)) found = Number.isNaN(value) ? Infinity : value;
  }
  return found;
}

async function trace(
  reference: Device,
  workload: Workload,
  steps: number,
): Promise<{ reports: Float64Array; buffers: Map<string, Float64Array> }> {
  const executable = await reference.compile(workload.plan);
  try {
    // The device under test starts from float32 values: so does the reference.
    const values = new Map(
      [...workload.values].map(([name, given]) => [name, Float64Array.from(given, Math.fround)]),
    );
    load(executable, { ...workload, values });
    const reports = await executable.run(steps);
    const buffers = new Map<string, Float64Array>();
    for (const { to } of workload.plan.carry) buffers.set(to, await executable.read(to));
    return { reports, buffers };
  } finally {
    await executable.dispose();
  }
}

/** The plan with the results of its kernels off by up to `share`; whole numbers (counters, rows, masks) stay whole. */
function disturb(plan: Plan, share: number, seed: number): Plan {
  const noise = `${share} * Math.sin(this.thread.x * 12.9898 + this.thread.y * 78.233 + ${seed})`;
  const kernels = plan.kernels.map((kernel: Kernel) => ({
    ...kernel,
    body: kernel.body.replaceAll(
      /\breturn\b([^;]+);/g,
      (_, value: string) => `return Number.isInteger(${value}) ? (${value}) : (${value}) * (1.0 + ${noise});`,
    ),
  }));
  return { ...plan, kernels };
}
