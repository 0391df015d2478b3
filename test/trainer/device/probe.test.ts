import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installDawn } from '../../../src/trainer/device/dawn.ts';
import { probeWebGpu } from '../../../src/trainer/device/probe.ts';
import { bundle } from './bundle.ts';
import { hasAdapter, useAdapter, withoutAdapter } from './software.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'loss-lab-probe-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the probe of WebGPU', () => {
  it.skipIf(!hasAdapter)(`finds the adapter in a child process${withoutAdapter}`, async () => {
    useAdapter();
    const path = await bundle(
      folder,
      'probe',
      `import { runProbe } from './src/trainer/device/probe.ts'; void runProbe();`,
    );
    expect(await probeWebGpu({ path })).toMatchObject({
      result: { available: true, name: expect.stringMatching(/\w/) as unknown },
    });
  });

  it('ends a child that does not answer', async () => {
    const path = join(folder, 'silent.mjs');
    writeFileSync(path, 'setInterval(() => {}, 1000);');
    expect(await probeWebGpu({ path }, { timeoutMs: 500 })).toEqual({
      result: {
        available: false,
        reason: { template: 'it did not answer within {seconds} s', args: { seconds: 1 } },
      },
      lasting: true,
    });
  });
});

describe('Dawn', () => {
  const failing = (code: string | undefined, text: string) => () =>
    Promise.reject(Object.assign(new Error(text), code === undefined ? {} : { code }));

  it.each([
    [
      'is not installed',
      failing('ERR_MODULE_NOT_FOUND', 'Cannot find package'),
      /native part \(npm package "webgpu"\) is not installed/,
    ],
    [
      'does not load',
      failing('ERR_DLOPEN_FAILED', "version `GLIBC_2.38' not found\n at x"),
      /cannot be loaded here \(version `GLIBC_2\.38' not found\)$/,
    ],
    ['is something else', () => Promise.resolve({ create: 1 }), /cannot be loaded here/],
  ])('that %s is a reason in words', async (_, load, reason) => {
    await expect(installDawn(load)).rejects.toThrow(reason);
  });
});
