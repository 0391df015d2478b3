import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { editorNode } from '../../../scripts/vscode/setup.ts';
import { bundle } from './bundle.ts';
import { lineSolution } from './plans.ts';
import { hasAdapter, useAdapter, withoutAdapter } from './software.ts';

// GPU.js reads kernels as text, so what a bundler does to text could change what they compute. The bundle is made as for
// the package, minified, and runs in a process of its own, which must also end by itself.

const run = promisify(execFile);
const program = `
import { openDevice } from './src/trainer/device/open.ts';
import { linePlan, lineValues } from './test/trainer/device/plans.ts';
async function main(id) {
  const device = await openDevice(id);
  const executable = await device.compile(linePlan(0.02));
  for (const [name, values] of lineValues) executable.write(name, values);
  const losses = await executable.run(30);
  const weight = (await executable.read('w'))[0];
  await device.dispose();
  console.log(JSON.stringify({ label: device.label, losses: [...losses], weight }));
}
void main(process.argv[2]);
`;

/** This Node, and the editor's newer one where the tests of the editor have installed it. */
const nodes = [process.execPath, ...(existsSync(editorNode) ? [editorNode] : [])];

describe('the minified bundle', () => {
  let folder: string;
  let path: string;
  beforeAll(async () => {
    useAdapter();
    folder = mkdtempSync(join(tmpdir(), 'loss-lab-bundle-'));
    path = await bundle(folder, 'program', program);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const { weight, losses } = lineSolution(0.02, 30);
  async function check(node: string, id: string): Promise<void> {
    const { stdout, stderr } = await run(node, [path, id], { timeout: 30_000 });
    expect(stderr).toBe('');
    const answer = JSON.parse(stdout) as { label: string; losses: number[]; weight: number };
    expect(answer.weight).toBeCloseTo(weight, 5);
    answer.losses.forEach((loss, step) =>
      expect(Math.abs(loss - losses[step]!)).toBeLessThan(1e-5 * losses[0]!),
    );
    if (id === 'webasm') expect(answer.label).toBe('WebAssembly (SIMD)');
  }

  describe.each(nodes)('in %s', (node) => {
    it.each(['cpu', 'webasm'])('computes on %s and ends', (id) => check(node, id));
    it.skipIf(!hasAdapter)(`computes on webgpu and ends${withoutAdapter}`, () => check(node, 'webgpu'));
  });
});
