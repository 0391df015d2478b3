// `npm run package`: a production build, the notices of what it bundles, and loss-lab.vsix from the allow-list in
// .vscodeignore: without native parts, for every platform.
//   npm run package -- --target linux-x64 [--target win32-x64 …]
// makes loss-lab-linux-x64.vsix instead, with Dawn for that platform, so that training can use its graphics card.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createVSIX, listFiles } from '@vscode/vsce';
import { addDawn, targets, type Target } from './packageDawn.ts';
import { vsixPath } from './packaged.ts';

const root = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({ options: { target: { type: 'string', multiple: true, default: [] } } });
const wanted = values.target.map((name): Target => {
  const target = targets.find((t) => t === name);
  if (target === undefined) throw new Error(`There is no target ${name}; there are ${targets.join(', ')}.`);
  return target;
});

for (const args of [['scripts/build.ts', '--production'], ['scripts/notices.ts']]) {
  const step = spawnSync(process.execPath, ['--import', 'tsx', ...args], { cwd: root, stdio: 'inherit' });
  if (step.status !== 0) process.exit(step.status ?? 1);
}
// Everything else is bundled, so no dependency is looked for or packed.
const options = {
  dependencies: false,
  useYarn: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
};
if (wanted.length === 0) await createVSIX({ ...options, cwd: root, packagePath: vsixPath() });
for (const target of wanted) {
  const folder = await stage(target);
  addDawn(folder, target);
  await createVSIX({ ...options, cwd: folder, packagePath: vsixPath(target), target });
}

/** A copy of what ships, to which a platform's own files can be added. */
async function stage(target: Target): Promise<string> {
  const folder = path.join(root, 'out/package', target);
  fs.rmSync(folder, { recursive: true, force: true });
  for (const file of await listFiles({ cwd: root, packagedDependencies: [] }))
    fs.cpSync(path.join(root, file), path.join(folder, file));
  return folder;
}
