import fs from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';

const root = path.resolve(import.meta.dirname, '..');

/** Path of the package that `npm run package` makes. */
export const vsixPath = path.join(root, 'loss-lab.vsix');

/** Unpacks the VSIX, so that tests run on what ships, and returns the extension's folder. */
export function packaged(): string {
  if (!fs.existsSync(vsixPath)) throw new Error('loss-lab.vsix does not exist; run "npm run package" first.');
  const folder = path.join(root, 'out/vsix');
  fs.rmSync(folder, { recursive: true, force: true });
  for (const [name, bytes] of Object.entries(unzipSync(fs.readFileSync(vsixPath)))) {
    if (!name.startsWith('extension/') || name.endsWith('/')) continue;
    const target = path.join(folder, name);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, bytes);
    if (name === 'extension/dist/bin/loss-lab') fs.chmodSync(target, 0o755);
  }
  return path.join(folder, 'extension');
}
