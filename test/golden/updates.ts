import type { Device } from '../../src/core/compute/device.ts';
import { float64Device } from '../../src/core/compute/float64.ts';
import { padded } from '../../src/core/compute/kernelText.ts';
import type { Plan } from '../../src/core/compute/plan.ts';
import type { Moment } from '../../src/core/optimizers/rates.ts';
import { scheduleWidth, type Optimizer } from '../../src/core/optimizers/rule.ts';
import { updates } from '../../src/core/optimizers/updates.ts';

/** Values of parameters or gradients by name. */
export type Tensors = Readonly<Record<string, readonly number[]>>;

/** What a device has after a step. */
interface After {
  readonly parameters: Record<string, number[]>;
  /** State tensors of the optimizer. */
  readonly state: Record<string, number[]>;
  /** The reported number, where the loss itself is 0. */
  readonly report: number;
}

interface Options {
  readonly device?: Device;
  /** Where the steps stand; absent: one epoch, which begins with step 1. */
  readonly moment?: (index: number) => Moment;
  /** State to start from. */
  readonly state?: Tensors;
}

/** Parameters and state after each step under given gradients, by the update kernels on a device (absent: float64). */
export async function follow(
  optimizer: Optimizer,
  start: Tensors,
  gradients: readonly Tensors[],
  { device = float64Device(), moment, state = {} }: Options = {},
): Promise<After[]> {
  const names = Object.keys(start);
  const sizes = new Map(names.map((name) => [name, padded(start[name]!.length)]));
  const sizeOf = (name: string) => sizes.get(name)!;
  const part = updates(
    optimizer,
    names.map((name) => ({ parameter: name, gradient: `${name}.gradient`, output: [sizeOf(name)] })),
  );
  const { plan, feed } = planOf(names, sizeOf, part, gradients);
  const executable = await device.compile(plan);
  const filled = (values: readonly number[], size: number) =>
    Float64Array.from({ length: size }, (_, i) => values[i] ?? 0);
  for (const name of names) executable.write(name, filled(start[name]!, sizeOf(name)));
  for (const [buffer, values] of feed) executable.write(buffer, values);
  for (const { name, parameter, initial = 0 } of part.state) {
    const values = state[name] ?? start[parameter]!.map(() => initial);
    executable.write(name, filled(values, sizeOf(parameter)));
  }
  const schedule = new Float64Array(gradients.length * scheduleWidth);
  gradients.forEach((_, i) => {
    const at = moment?.(i) ?? { step: i + 1, epoch: 0, stepsPerEpoch: gradients.length };
    schedule.set(part.schedule(at), i * scheduleWidth);
  });
  executable.write('schedule', schedule);
  const steps: After[] = [];
  for (let step = 0; step < gradients.length; step++) {
    const [report = Number.NaN] = await executable.run(1);
    const after: After = { parameters: {}, state: {}, report };
    for (const name of names)
      after.parameters[name] = [...(await executable.read(name))].slice(0, start[name]!.length);
    for (const { name, parameter } of part.state)
      after.state[name] = [...(await executable.read(name))].slice(0, start[parameter]!.length);
    steps.push(after);
  }
  await executable.dispose();
  return steps;
}

/** A plan of nothing but the updates, with gradients from a table, one row a step, and a loss of 0. */
function planOf(
  names: readonly string[],
  sizeOf: (name: string) => number,
  part: ReturnType<typeof updates>,
  gradients: readonly Tensors[],
): { plan: Plan; feed: Map<string, Float64Array> } {
  const clock = { parameter: 'clock', buffer: 'clock' };
  const feed = new Map<string, Float64Array>();
  for (const name of names) {
    const table = new Float64Array(gradients.length * sizeOf(name));
    gradients.forEach((row, i) => table.set(row[name]!, i * sizeOf(name)));
    feed.set(`${name}.table`, table);
  }
  const plan: Plan = {
    buffers: [
      { name: 'loss', size: 1, role: 'temporary' },
      ...names.flatMap((name) => [
        { name, size: sizeOf(name), role: 'state' } as const,
        { name: `${name}.gradient`, size: sizeOf(name), role: 'temporary' } as const,
        { name: `${name}.table`, size: gradients.length * sizeOf(name), role: 'data' } as const,
      ]),
      { name: 'schedule', size: gradients.length * scheduleWidth, role: 'data' },
      { name: 'clock', size: 4, role: 'state' },
      { name: 'clock.next', size: 4, role: 'temporary' },
      ...part.buffers,
    ],
    kernels: [
      { name: 'loss', output: [1], reads: [clock], writes: 'loss', body: 'return 0.0 * clock[0];' },
      ...names.map((name) => ({
        name: `${name}.gradient`,
        output: [sizeOf(name)] as const,
        reads: [{ parameter: 'table', buffer: `${name}.table` }, clock],
        writes: `${name}.gradient`,
        body: `return table[(clock[0] | 0) * ${sizeOf(name)} + this.thread.x];`,
      })),
      ...part.kernels,
      {
        name: 'clock.next',
        output: [4],
        reads: [clock],
        writes: 'clock.next',
        body: 'return clock[this.thread.x] + 1.0;',
      },
    ],
    carry: [...part.carry, { from: 'clock.next', to: 'clock' }],
    report: part.report,
  };
  return { plan, feed };
}
