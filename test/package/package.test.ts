import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dawnFiles, targets } from '../../scripts/packageDawn.ts';
import { packaged, packagedFiles, vsixPath } from '../../scripts/packaged.ts';
import { probeWebGpu } from '../../src/trainer/device/probe.ts';
import { hasAdapter, useAdapter, withoutAdapter } from '../trainer/device/software.ts';

// The packages that the stage before made: the one for every platform, and the one for this platform. Unpacked outside
// the checkout, where nothing is found but what ships.

const megabytes = 25;
const here = targets.find((target) => target === `${process.platform}-${process.arch}`);
const outside = fs.mkdtempSync(path.join(os.tmpdir(), 'losslab-package-'));
afterAll(() => fs.rmSync(outside, { recursive: true, force: true }));

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');

/** What a trainer in a package says of WebGPU. */
async function probe(extension: string) {
  const { result } = await probeWebGpu(
    { path: path.join(extension, 'dist/trainer.cjs') },
    { timeoutMs: 60_000 },
  );
  return result;
}

describe('the package for every platform', () => {
  const files = packagedFiles();

  it('has what the extension loads, and nothing native', () => {
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(
        [
          ...['package.json', 'LICENSE.txt', 'NOTICE', 'ThirdPartyNotices.txt'],
          ...[
            'dist/extension.js',
            'dist/trainer.cjs',
            'dist/watchdog.cjs',
            'dist/cli.cjs',
            'dist/webview.js',
          ],
          'schemas/experiment.schema.json',
        ].map((file) => `extension/${file}`),
      ),
    );
    expect(
      Object.keys(files).filter((file) => /node_modules|\.(node|dll|so|dylib|ts|map)$/.test(file)),
    ).toEqual([]);
    expect(text(files['extension.vsixmanifest'])).not.toContain('TargetPlatform');
  });

  it(`is smaller than ${megabytes} MB`, () => {
    expect(fs.statSync(vsixPath()).size).toBeLessThan(megabytes * 1e6);
  });

  it('says that WebGPU’s native part is not there', async () => {
    const result = await probe(packaged(undefined, path.join(outside, 'universal')));
    expect(result).toMatchObject({
      available: false,
      reason: { template: 'its native part (npm package "webgpu") is not installed' },
    });
  });
});

describe.skipIf(here === undefined)(
  `the package for ${here ?? `${process.platform}-${process.arch} (skipped: Dawn has no binary for it)`}`,
  () => {
    const target = here!;
    let extension = '';
    beforeAll(() => {
      extension = packaged(target, path.join(outside, 'native'));
    });

    it('has what the other has, and Dawn for this platform', () => {
      const added = dawnFiles(target).map((file) => `extension/dist/node_modules/webgpu/${file}`);
      expect(Object.keys(packagedFiles(target)).sort()).toEqual(
        [...Object.keys(packagedFiles()), ...added].sort(),
      );
      expect(added.filter((file) => file.endsWith('.node'))).toHaveLength(1);
    });

    it('is for this platform alone, and carries Dawn’s licence', () => {
      const files = packagedFiles(target);
      expect(text(files['extension.vsixmanifest'])).toContain(`TargetPlatform="${target}"`);
      expect(text(files['extension/ThirdPartyNotices.txt'])).toContain('The Dawn & Tint Authors');
      expect(text(packagedFiles()['extension/ThirdPartyNotices.txt'])).not.toContain(
        'The Dawn & Tint Authors',
      );
    });

    it(`is smaller than ${megabytes} MB`, () => {
      expect(fs.statSync(vsixPath(target)).size).toBeLessThan(megabytes * 1e6);
    });

    it('loads its binary', async () => {
      const loaded: unknown = await import(path.join(extension, 'dist/node_modules/webgpu/index.js'));
      expect(loaded).toHaveProperty('create');
    });

    it.skipIf(!hasAdapter)(`computes on WebGPU, from the packaged trainer${withoutAdapter}`, async () => {
      useAdapter();
      expect(await probe(extension)).toMatchObject({ available: true });
    });
  },
);
