import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const source = path.join(root, 'node_modules/webgpu');

/** Platforms of VS Code for which the npm package `webgpu` has a binary of Dawn. */
export const targets = [
  'linux-x64',
  'linux-arm64',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64',
  'win32-arm64',
] as const;
export type Target = (typeof targets)[number];

/** The files of `webgpu` that one platform needs: what Node loads, the licence, and the folder of its binary. */
export function dawnFiles(target: Target): readonly string[] {
  const binary = path.posix.join('dist', target.startsWith('darwin') ? 'darwin-universal' : target);
  return [
    ...['package.json', 'index.js', 'LICENSE.md'],
    ...fs.readdirSync(path.join(source, binary)).map((file) => path.posix.join(binary, file)),
  ];
}

/** Adds `webgpu` with one platform's binary beside the trainer, which finds it by its name, and its notices. */
export function addDawn(folder: string, target: Target): void {
  const files = dawnFiles(target);
  for (const file of files)
    fs.cpSync(path.join(source, file), path.join(folder, 'dist/node_modules/webgpu', file));
  const licences = files.filter((file) => /licen[cs]e|notices/i.test(path.basename(file)));
  const notices = licences.map((file) => {
    const name = file === 'LICENSE.md' ? 'webgpu with Dawn (BSD-3-Clause)' : path.basename(file);
    return `${name}\n\n${fs.readFileSync(path.join(source, file), 'utf8').trim()}\n`;
  });
  if (files.some((file) => file.endsWith('d3dcompiler_47.dll')))
    notices.push(
      'd3dcompiler_47.dll (Microsoft)\n\n(The package webgpu carries it without a text of its licence.)\n',
    );
  const line = `\n${'-'.repeat(78)}\n\n`;
  fs.appendFileSync(path.join(folder, 'ThirdPartyNotices.txt'), notices.map((text) => line + text).join(''));
}
