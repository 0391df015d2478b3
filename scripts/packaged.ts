import fs from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';

const root = path.resolve(import.meta.dirname, '..');

/** Path of the package that `npm run package` makes, for every platform or for the one that is named. */
export function vsixPath(target?: string): string {
  return path.join(root, `loss-lab${target === undefined ? '' : `-${target}`}.vsix`);
}

/** The files of a package, by their paths in it. */
export function packagedFiles(target?: string): Readonly<Record<string, Uint8Array>> {
  const vsix = vsixPath(target);
  const command = `npm run package${target === undefined ? '' : ` -- --target ${target}`}`;
  if (!fs.existsSync(vsix)) throw new Error(`${path.basename(vsix)} does not exist; run "${command}" first.`);
  return unzipSync(fs.readFileSync(vsix));
}

/** Unpacks a package, so that tests run on what ships, and returns the extension's folder. */
export function packaged(target?: string, folder = path.join(root, 'out/vsix')): string {
  fs.rmSync(folder, { recursive: true, force: true });
  for (const [name, bytes] of Object.entries(packagedFiles(target))) {
    if (!name.startsWith('extension/') || name.endsWith('/')) continue;
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, bytes);
    if (name === 'extension/dist/bin/loss-lab') fs.chmodSync(file, 0o755);
  }
  return path.join(folder, 'extension');
}
