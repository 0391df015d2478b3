import { afterEach, describe, expect, it } from 'vitest';
import { evaluationPlan, trainingPlan } from '../../../src/core/compute/planBuilder.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { Gpu, libraryMember } from '../../../src/trainer/device/gpuJs.ts';
import { knownVersion } from '../../../src/trainer/device/gpuJsVersion.ts';
import { webAssemblyDevice } from '../../../src/trainer/device/webAssembly.ts';
import { computesRightly } from '../../../src/trainer/device/webAssemblyFixes/comparison.ts';
import {
  install,
  installWebAssemblyFixes,
  removeWebAssemblyFixes,
} from '../../../src/trainer/device/webAssemblyFixes/install.ts';
import { descentOf } from './lossDescent.ts';
import {
  computeAll,
  expectSameWithAndWithoutFixes,
  mistakesOnRandomKernels,
  shippedAndFixed,
  type AnyKernel,
} from './webAssemblyFixesCompare.ts';
import { lossObjective } from '../../../src/core/compute/objective.ts';

const node = libraryMember('WebAssemblyFunctionNode', 'prototype') as object;
afterEach(removeWebAssemblyFixes);

/** Bytes of WebAssembly that a kernel becomes. */
async function moduleSize(body: string): Promise<number> {
  const gpu = new Gpu('webasm');
  const kernel = gpu.createKernel(
    { output: [8], reads: [{ parameter: 'a', buffer: 'a' }], body },
    { pipeline: false },
  );
  kernel(new Float32Array(8));
  const size: unknown = Reflect.get(
    Object(Reflect.get(Object(Reflect.get(kernel, 'kernel')), '_active')),
    'bytes',
  );
  await gpu.destroy();
  if (!(size instanceof Uint8Array)) throw new TypeError('no module');
  return size.length;
}

describe('the fixes to GPU.js’s WebAssembly', () => {
  it('are in place with the known version, and the device says nothing', async () => {
    expect(await installWebAssemblyFixes()).toBe(true);
    const device = await webAssemblyDevice('resident');
    expect(device.label).toBe('WebAssembly (SIMD)');
    await device.dispose();
  });

  it('change what a kernel becomes, and can be removed', async () => {
    const body = 'return a[this.thread.x] * 2.0;';
    removeWebAssemblyFixes();
    const shipped = await moduleSize(body);
    await installWebAssemblyFixes();
    expect(await moduleSize(body)).toBeLessThan(shipped);
    removeWebAssemblyFixes();
    expect(await moduleSize(body)).toBe(shipped);
  });

  it('leave another version as it is', async () => {
    const before = Reflect.get(node, 'vGather') as unknown;
    expect(await install('2.24.2', computesRightly)).toBe(false);
    expect(Reflect.get(node, 'vGather')).toBe(before);
  });

  it('leave the shipped code where the test of the kernels fails', async () => {
    const before = Reflect.get(node, 'vGather') as unknown;
    expect(await install(knownVersion, () => Promise.resolve(false))).toBe(false);
    expect(await install(knownVersion, () => Promise.reject(new Error('no')))).toBe(false);
    expect(Reflect.get(node, 'vGather')).toBe(before);
  });

  it('are not in place where a method is missing, and the device says so', async () => {
    const descriptor = Object.getOwnPropertyDescriptor(node, 'vGather')!;
    removeWebAssemblyFixes();
    Reflect.deleteProperty(node, 'vGather');
    try {
      const device = await webAssemblyDevice('resident');
      expect(device.label).toBe('WebAssembly (SIMD, kernels as GPU.js makes them)');
      await device.dispose();
    } finally {
      Object.defineProperty(node, 'vGather', descriptor);
    }
    expect(await install(knownVersion, computesRightly)).toBe(true);
  });
});

describe('the test of the kernels', () => {
  it('passes on the shipped code', async () => {
    removeWebAssemblyFixes();
    expect(await computesRightly()).toBe(true);
  });

  // Each replaces one part of the translation by one with a mistake.
  it.each([
    ['i32Add', 'i32Sub'],
    ['i32x4Add', 'i32x4Sub'],
    ['i32LtS', 'i32LeS'],
    ['i32LeU', 'i32LeS'],
    ['i32RemS', 'i32DivS'],
    ['i32Shl', 'i32Add'],
    ['f32x4Splat', 'i32x4Splat'],
    ['i32x4MinS', 'i32x4MaxS'],
  ])('finds that %s is %s', async (right, wrong) => {
    await installWebAssemblyFixes();
    const gpu = new Gpu('webasm');
    const emit = Reflect.get(node, 'emitFunction') as (assembler: { module: object }) => object;
    let emitter: object | undefined;
    Reflect.set(node, 'emitFunction', function (this: unknown, assembler: { module: object }) {
      const em = emit.call(this, assembler);
      emitter = Object.getPrototypeOf(em) as object;
      return em;
    });
    gpu.createKernel({ output: [4], reads: [], body: 'return 1.0;' }, { pipeline: false })();
    Reflect.set(node, 'emitFunction', emit);
    await gpu.destroy();
    const method = Reflect.get(emitter!, right) as unknown;
    Reflect.set(emitter!, right, Reflect.get(emitter!, wrong));
    try {
      expect(await computesRightly().catch(() => false)).toBe(false);
    } finally {
      Reflect.set(emitter!, right, method);
    }
  });
});

/** Numbers from −2 to 2. */
function numbers(count: number): Float32Array {
  const random = randomStream(1, 'numbers');
  return Float32Array.from({ length: count }, () => random.next() * 4 - 2);
}

describe('fixed kernels', () => {
  it('compute what shipped ones and JavaScript compute, on 300 random ones', async () => {
    expect(await mistakesOnRandomKernels(0, 300)).toEqual([]);
  });

  const a = new Map([['a', numbers(64)]]);
  it.each<[string, AnyKernel]>([
    [
      'a whole number outgrows 32 bits',
      {
        output: [8],
        inputs: a,
        body: `let h = 1; let s = 0.0;
for (let k = 0; k < 40; k++) { h = h * 3; s += a[(h & 7) + this.thread.x]; }
if (h > 100000) { s += h; }
return s;`,
      },
    ],
    [
      'an index passes through negative numbers',
      {
        output: [8],
        inputs: a,
        body: `let s = 0.0;
for (let k = -5; k < 3; k++) { const at = k * 2; s += a[at + 10] + a[this.thread.x + k + 6] - a[7 - k + this.thread.x]; }
return s;`,
      },
    ],
    [
      'the index is a constant, or goes backwards',
      {
        output: [7],
        inputs: a,
        body: 'return a[3] * a[40 - this.thread.x] - a[this.thread.x * 2 - (this.thread.x - 1)];',
      },
    ],
    [
      'lanes end at different times',
      {
        output: [11],
        inputs: a,
        body: `if (this.thread.x < 3) { return a[this.thread.x]; }
let s = 0.0;
for (let k = 0; k < 9; k++) { if (k > this.thread.x) { break; } s += a[this.thread.x - 3] * a[k]; }
return s;`,
      },
    ],
    [
      'lanes that have ended point in front of the array',
      {
        output: [8],
        inputs: a,
        body: 'if (this.thread.x < 3) { return 0.5; }\nreturn a[this.thread.x - 3];',
      },
    ],
    [
      'a counter has no value in lanes that have left its loop',
      {
        output: [9, 3],
        inputs: a,
        body: `let s = 0.0;
for (let k = 0; k < 3; k++) {
  if (a[this.thread.x] > 0.0) { break; }
  for (let q = 2; q < 12; q += 3) { s += a[(q - this.thread.y) * 3] + a[(q + this.thread.x) * 2]; }
}
return s;`,
      },
    ],
    [
      'a whole number is a value too, with a signed zero',
      {
        output: [9],
        inputs: a,
        body: `const i = -this.thread.x;
return 1.0 / (i * 0.5) + a[-i] + i / 4.0;`,
      },
    ],
  ])('compute the shipped numbers where %s', async (_, kernel) => {
    const { shipped, fixed } = await shippedAndFixed([kernel]);
    expect(fixed).toEqual(shipped);
    const [expected] = await computeAll('cpu', [kernel]);
    fixed[0]!.forEach((value, i) => {
      const right = expected![i]!;
      if (Number.isFinite(right))
        expect(Math.abs(value - right)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(right)));
    });
  });
});

describe('plans compute the same with and without the fixes', () => {
  const models = [
    [1, [], 1, 'mean-squared-error'],
    [2, [16, 16], 1, 'binary-cross-entropy-logits'],
    [13, [7, 5], 3, 'softmax-cross-entropy'],
    [70, [33], 10, 'softmax-cross-entropy'],
  ] as const;
  const activations = ['relu', 'tanh', 'sigmoid'] as const;

  it.each(models.flatMap((model) => activations.map((activation) => [...model, activation] as const)))(
    '%i → %j → %i, %s, %s',
    async (inputs, hidden, outputs, id, activation) => {
      const options = {
        model: { type: 'mlp' as const, hidden: [...hidden], activation },
        inputs,
        outputs,
        objective: lossObjective(loadLoss(id)!, {}),
        rows: 90,
      };
      const optimizer = {
        type: 'adam',
        rate: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0.01,
      } as const;
      for (const built of [trainingPlan({ ...options, batch: 22, optimizer }), evaluationPlan(options)]) {
        if (!built.ok) throw new Error('no plan');
        const { plan } = built.value;
        const random = randomStream(3, 'plan');
        const values = new Map(
          plan.buffers
            .filter(({ role }) => role !== 'temporary')
            .map(({ name, size }) => [
              name,
              Float64Array.from({ length: size }, () => valueOf(name, outputs, random.next())),
            ]),
        );
        await expectSameWithAndWithoutFixes(plan, values);
      }
    },
  );

  // All losses of the catalogue: test/long. These have sorts, recursions, ranks and pairs.
  it.each(['lovasz-hinge', 'ctc', 'lambdarank', 'contrastive', 'cox-partial-likelihood', 'focal-tversky'])(
    '%s',
    async (id) => {
      const { plan, values } = descentOf(loadLoss(id)!, 0.05, 5);
      await expectSameWithAndWithoutFixes(plan, new Map(Object.entries(values)));
    },
  );
});

/** A number in [0, 1) as what a buffer of a plan may hold. */
function valueOf(name: string, classes: number, uniform: number): number {
  if (name === 'order') return Math.floor(uniform * 90);
  if (name === 'clock') return 0;
  if (name === 'targets') return Math.floor(uniform * Math.max(2, classes));
  return name === 'weights' || name === 'schedule' || name.includes('moment') ? uniform : uniform - 0.5;
}
