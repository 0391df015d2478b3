import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import type { Device } from '../../../src/core/compute/device.ts';
import {
  readParameters,
  rowEpochs,
  writeOptimizerState,
  writeParameters,
  writeRows,
  writeWindow,
} from '../../../src/core/compute/feed.ts';
import { lossObjective } from '../../../src/core/compute/objective.ts';
import { trainingPlan, type TrainingPlan } from '../../../src/core/compute/planBuilder.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { initialParameters } from '../../../src/core/network/initial.ts';
import { modelSchema } from '../../../src/core/training/schema/model.ts';
import { optimizerSchema } from '../../../src/core/training/schema/optimizer.ts';
import { Team, teamBytes } from '../../../src/trainer/device/microKernels/team.ts';
import { ModuleBuilder } from '../../../src/trainer/device/microKernels/wasm/module.ts';
import { WorkerPool } from '../../../src/trainer/device/threads/pool.ts';
import { ThreadCount } from '../../../src/trainer/device/threads/threadCount.ts';
import { isWorthThreads, memoryOfThreads, partsOf } from '../../../src/trainer/device/threads/work.ts';
import { threadsFor } from '../../../src/trainer/device/threads/threadsFor.ts';
import { webAssemblyDevice, type Drive } from '../../../src/trainer/device/webAssembly.ts';
import { bundle } from './bundle.ts';

const pools: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.dispose()));
});

describe('a team', () => {
  /** Where the parts count, behind the words of the team. */
  const counters = Math.ceil(teamBytes / 64) * 64;

  /** A module that runs a task, built from what a part does; its memory, and a call for one run. */
  function teamOf(
    threads: number,
    parts: number,
    write: ConstructorParameters<typeof Team>[2][number]['write'],
  ) {
    const builder = new ModuleBuilder({ shared: true });
    const team = new Team(builder, 0, [
      { parts: 1, write: () => undefined },
      { parts, write },
    ]);
    const run = builder.define([], (body) => team.callTask(body, 1, parts));
    builder.export('run', run);
    builder.export('work', team.work);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const module = new WebAssembly.Module(builder.bytes());
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const pool = new WorkerPool(threads);
    pools.push(pool);
    return {
      memory,
      pool,
      team: pool.team({ memory, address: 0, module, kernels: [] }),
      run: exports['run'] as () => void,
    };
  }

  it('has its parts run at the same time', () => {
    // Each of four parts waits until all of them have begun.
    const { team, run } = teamOf(4, 4, (body) => {
      const seen = body.local('i32');
      body.constant(counters).constant(1).addShared().drop().constant(counters).wake();
      body.repeatWhile(() => {
        body.constant(counters).loadShared().set(seen);
        body.get(seen).constant(4).isLess();
        body.when(() => {
          body.constant(counters).get(seen).sleep(20_000).constant(2).isEqual();
          body.when(() => body.fail());
        });
        body.get(seen).constant(4).isLess();
      });
    });
    team.use(4);
    run();
  });

  it('runs every part once in every round, however many threads take part', () => {
    const parts = 7;
    const { memory, team, run } = teamOf(3, parts, (body, part) => {
      body.constant(counters).get(part).constant(4).multiply().add().constant(1).addShared().drop();
    });
    const rounds = 2000;
    for (let i = 0; i < rounds; i++) {
      team.use(1 + (i % 3));
      run();
    }
    expect([...new Int32Array(memory.buffer, counters, parts)]).toEqual(Array(parts).fill(rounds));
  });

  it('goes on alone when its workers have left', async () => {
    const { memory, pool, team, run } = teamOf(3, 5, (body) => {
      body.constant(counters).constant(1).addShared().drop();
    });
    team.use(3);
    run();
    await pool.dispose();
    team.use(3);
    run();
    expect(new Int32Array(memory.buffer, counters, 1)[0]).toBe(10);
  });

  it('leaves to another one, and comes back', async () => {
    const count = (body: Parameters<Parameters<typeof teamOf>[2]>[0]) =>
      void body.constant(counters).constant(1).addShared().drop();
    const one = teamOf(2, 3, count);
    const { pool } = one;
    const other = pool.team({
      memory: one.memory,
      address: 0,
      module: new WebAssembly.Module(new ModuleBuilder().bytes()),
      kernels: [],
    });
    for (let i = 0; i < 50; i++) {
      one.team.use(2);
      one.run();
      other.use(1);
    }
    await other.release();
    await one.team.release();
    expect(new Int32Array(one.memory.buffer, counters, 1)[0]).toBe(150);
    // With the last team the workers have ended; others come.
    one.team.use(2);
    one.run();
    expect(new Int32Array(one.memory.buffer, counters, 1)[0]).toBe(153);
  });
});

const batch = 64;
const batches = 4;
const classes = 6;

function planOf(layers: readonly object[], shape: readonly number[]): TrainingPlan {
  const loss = loadLoss('softmax-cross-entropy');
  if (loss === undefined) throw new Error('expected the loss');
  const planned = trainingPlan({
    model: v.parse(modelSchema, { type: 'layers', layers }),
    inputs: shape.reduce((a, b) => a * b, 1),
    shape,
    outputs: classes,
    objective: lossObjective(loss, {}),
    rows: batch * batches,
    batch,
    optimizer: v.parse(optimizerSchema, { type: 'adam', rate: 0.01 }),
  });
  if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
  return planned.value;
}

/** Losses and parameters after some passes, a few steps at a time. */
async function train(device: Device, plan: TrainingPlan) {
  const executable = await device.compile(plan.plan);
  const random = randomStream(1, 'rows');
  writeRows(executable, plan, {
    rows: plan.rows,
    features: Float64Array.from({ length: plan.rows * plan.width }, () => random.normal()),
    targets: Float64Array.from({ length: plan.rows }, (_, i) => i % classes),
  });
  const drawn = initialParameters(plan.network, 3);
  if (!drawn.ok) throw new Error('expected values');
  writeParameters(executable, plan.network, drawn.value);
  writeOptimizerState(executable, plan, {});
  const order = Array.from({ length: plan.rows }, (_, i) => (i * 7) % plan.rows);
  const losses: number[] = [];
  while (losses.length < 24) {
    const steps = writeWindow(executable, plan, rowEpochs(plan)(order), 0, losses.length + 1);
    losses.push(...(await executable.run(steps - 1)), ...(await executable.run(1)));
  }
  const parameters = await readParameters(executable, plan.network);
  await executable.dispose();
  return { losses, parameters };
}

const plans = [
  {
    name: 'dense layers of odd widths',
    shape: [61],
    layers: [
      { type: 'dense', units: 257, activation: 'tanh' },
      { type: 'dense', units: 130, activation: 'relu' },
    ],
  },
  {
    name: 'convolutions, pooling and normalisation',
    shape: [12, 11, 3],
    layers: [
      { type: 'conv2d', filters: 18, size: 3, padding: 'same', activation: 'relu' },
      { type: 'batchNorm' },
      { type: 'maxPool', size: 2 },
      { type: 'conv2d', filters: 9, size: 3, stride: 2, activation: 'sigmoid' },
      { type: 'flatten' },
    ],
  },
];

describe.each(plans)('a training plan of $name', ({ shape, layers }) => {
  it.each<Drive>(['resident', 'generated'])('has the same bits on any number of threads, %s', async (how) => {
    const plan = planOf(layers, shape);
    expect(isWorthThreads(plan.plan)).toBe(true);
    expect(memoryOfThreads(plan.plan, 5)).toBe(4 * memoryOfThreads(plan.plan, 2));
    expect(plan.plan.kernels.some((kernel) => partsOf(kernel, 5) > 1)).toBe(true);
    const device = await webAssemblyDevice(how);
    pools.push(device);
    const expected = await train(device, plan);
    expect(expected.losses.at(-1)).toBeLessThan(expected.losses[0]!);
    for (const threads of [2, 5]) {
      const several = await webAssemblyDevice(how, threads);
      pools.push(several);
      // The first time the workers may come too late.
      for (const time of [1, 2])
        expect(await train(several, plan), `${threads} threads, time ${time}`).toEqual(expected);
    }
  });
});

describe('workers', () => {
  it('keep no process alive that forgets them', async () => {
    // The smallest plan that is worth threads: a product of matrices, and its first element as the report.
    const program = `
import { openDevice } from './src/trainer/device/open.ts';
const n = 256;
const buffers = ['a', 'b'].map((name) => ({ name, size: n * n, role: 'data' }));
const result = { name: 'c', size: n * n, role: 'temporary' };
const matrix = (buffer) => ({ buffer, rowStride: n, columnStride: 1 });
const operation = { kind: 'matrix-product', rows: n, columns: n, depth: n, left: matrix('a'), right: matrix('b') };
const reads = [{ parameter: 'a', buffer: 'a' }, { parameter: 'b', buffer: 'b' }];
const body = 'let sum = 0.0; for (let k = 0; k < 256; k++) { sum += a[this.thread.y * 256 + k] * b[k * 256 + this.thread.x]; } return sum;';
const kernels = [{ name: 'c', output: [n, n], reads, writes: 'c', body, operation }];
async function main() {
  const device = await openDevice('webasm', 3);
  const executable = await device.compile({ buffers: [...buffers, result], kernels, carry: [], report: 'c' });
  for (const name of ['a', 'b']) executable.write(name, new Float64Array(n * n).fill(2));
  for (let i = 0; i < 50; i++) await executable.run(1);
  console.log([...new Set(await executable.read('c'))].join());
}
void main();
`;
    const folder = mkdtempSync(join(tmpdir(), 'loss-lab-threads-'));
    try {
      const path = await bundle(folder, 'program', program);
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [path], { timeout: 30_000 });
      expect(stderr).toBe('');
      expect(stdout).toBe('1024\n');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the number of threads', () => {
  /** Milliseconds a step by number of threads; the clock goes on by what the steps take. */
  function bench(took: (threads: number) => number) {
    let now = 0;
    const used: number[] = [];
    const count = new ThreadCount(6, () => now);
    return {
      used,
      run: (steps: number) =>
        count.run(steps, (threads) => {
          used.push(threads);
          now += steps * took(threads);
        }),
    };
  }

  it.each([1, 3, 6])('is the fastest that was tried: %i', (fastest) => {
    const { used, run } = bench((threads) => 1 + Math.abs(threads - fastest));
    for (let i = 0; i < 5000; i++) run(1 + (i % 4));
    expect(new Set(used)).toEqual(new Set([1, 3, 6]));
    expect(used.filter((threads) => threads === fastest).length / used.length).toBeGreaterThan(0.95);
  });

  it('is not misled by a try that something else held up', () => {
    let calls = 0;
    const { used, run } = bench((threads) => (threads === 6 ? 5 : 10) * (++calls % 4 === 0 ? 20 : 1));
    for (let i = 0; i < 500; i++) run(1);
    expect(used.filter((threads) => threads === 6).length / used.length).toBeGreaterThan(0.8);
  });

  it('changes when another becomes faster', () => {
    let fastest = 6;
    const { used, run } = bench((threads) => 1 + Math.abs(threads - fastest));
    for (let i = 0; i < 5000; i++) run(1);
    fastest = 1;
    for (let i = 0; i < 10_000; i++) run(1);
    expect(used.slice(-5000).filter((threads) => threads === 1).length / 5000).toBeGreaterThan(0.95);
  });
});

describe('the threads of a training', () => {
  it('are those wished for, or a few, with a core left free where there are more than two', () => {
    expect([1, 2, 3, 6, 16].map((cores) => threadsFor(undefined, cores))).toEqual([1, 2, 2, 5, 8]);
    expect([1, 3, 99].map((wished) => threadsFor(wished, 16))).toEqual([1, 3, 16]);
  });
});

describe('small steps', () => {
  it('are not worth threads', () => {
    const plan = planOf([{ type: 'dense', units: 16, activation: 'relu' }], [4]);
    expect(isWorthThreads(plan.plan)).toBe(false);
    expect(memoryOfThreads(plan.plan, 8)).toBe(0);
    for (const kernel of plan.plan.kernels) expect(partsOf(kernel, 8)).toBe(1);
  });
});
