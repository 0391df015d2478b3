import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { libraryMember } from '../../../src/trainer/device/gpuJs.ts';
import {
  installWebAssemblyFixes,
  removeWebAssemblyFixes,
} from '../../../src/trainer/device/webAssemblyFixes/install.ts';
import { randomKernel } from './webAssemblyFixesKernels.ts';

// The patch in docs/upstream is the same code generation as the fixes at run time: its modules have the same bytes.

const root = resolve(import.meta.dirname, '../../..');
let folder: string;
let patched: unknown;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'loss-lab-upstream-'));
  cpSync(join(root, 'node_modules/gpu.js/src'), join(folder, 'src'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  execFileSync('git', ['apply', join(root, 'docs/upstream/gpu.js-2.24.1-webassembly.patch')], {
    cwd: folder,
  });
  patched = createRequire(join(folder, 'index.js'))(join(folder, 'src/index.js'));
  expect(await installWebAssemblyFixes()).toBe(true);
});
afterAll(() => {
  removeWebAssemblyFixes();
  rmSync(folder, { recursive: true, force: true });
});

interface Made {
  readonly bytes: Uint8Array;
  readonly values: unknown;
}

/** A kernel in a library, as text of a function or with helpers, and what it computes. */
function make(
  Library: unknown,
  source: string,
  output: readonly number[],
  inputs: readonly unknown[],
  helpers: readonly string[] = [],
): Made {
  if (typeof Library !== 'function') throw new TypeError('no GPU.js');
  const gpu: unknown = Reflect.construct(Library, [{ mode: 'webasm' }]);
  const call = (name: string, ...args: unknown[]): unknown =>
    (Reflect.get(Object(gpu), name) as (...args: unknown[]) => unknown).apply(gpu, args);
  for (const helper of helpers) call('addFunction', helper);
  const settings = { output, strictIntegers: true, loopMaxIterations: 2 ** 30, randomSeed: 7 };
  const kernel = call('createKernel', source, settings) as (...args: unknown[]) => unknown;
  const values = kernel(...inputs);
  const bytes: unknown = Reflect.get(
    Object(Reflect.get(Object(Reflect.get(kernel, 'kernel')), '_active')),
    'bytes',
  );
  void call('destroy');
  if (!(bytes instanceof Uint8Array)) throw new TypeError('no module');
  return { bytes, values };
}

function expectSame(
  ...kernel: [source: string, output: readonly number[], inputs: readonly unknown[], helpers?: string[]]
): void {
  const [ours, theirs] = [
    make(libraryMember('GPU'), ...kernel),
    make(Reflect.get(Object(patched), 'GPU'), ...kernel),
  ];
  expect(theirs.bytes).toEqual(ours.bytes);
  expect(theirs.values).toEqual(ours.values);
}

describe('the patch for GPU.js', () => {
  it('makes of 60 random kernels what the fixes make of them', () => {
    for (let seed = 0; seed < 60; seed++) {
      const { output, body, inputs } = randomKernel(randomStream(seed, 'upstream'));
      expectSame(`function (${[...inputs.keys()].join(', ')}) {\n${body}\n}`, output, [...inputs.values()]);
    }
  });

  it.each<[string, string, number[], string[]]>([
    ['random numbers', 'function (a) { return Math.random() + a[this.thread.x]; }', [9], []],
    [
      'a helper',
      'function (a) { return twice(a[this.thread.x]); }',
      [9],
      ['function twice(v) { return v * 2.0 + this.thread.x; }'],
    ],
    [
      'three dimensions',
      'function (a) { return a[this.thread.x + this.thread.y * 4 + this.thread.z]; }',
      [8, 3, 2],
      [],
    ],
    [
      'a return under a mask',
      'function (a) { if (a[this.thread.x] > 0.0) { return 1.5; } return a[this.thread.x]; }',
      [9],
      [],
    ],
    [
      'three numbers a cell',
      'function (a) { return [a[this.thread.x], a[this.thread.x + 1], 0.5]; }',
      [8],
      [],
    ],
  ])('makes the same of %s', (_, source, output, helpers) => {
    expectSame(source, output, [Float32Array.from({ length: 40 }, (_, i) => Math.cos(i))], helpers);
  });
});
