// `npm run package`: a production build, the notices of what it bundles, and loss-lab.vsix from the allow-list in
// .vscodeignore.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { vsixPath } from './packaged.ts';

const root = path.resolve(import.meta.dirname, '..');
for (const args of [['scripts/build.ts', '--production'], ['scripts/notices.ts']]) {
  const step = spawnSync(process.execPath, ['--import', 'tsx', ...args], { cwd: root, stdio: 'inherit' });
  if (step.status !== 0) process.exit(step.status ?? 1);
}
// Everything is bundled, so no dependency is looked for or packed.
await createVSIX({
  cwd: root,
  packagePath: vsixPath,
  dependencies: false,
  useYarn: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});
