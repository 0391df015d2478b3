import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '../../..');

/** Bundles a program as the trainer is bundled for the package, and returns its file. `node_modules` is found from it. */
export async function bundle(folder: string, name: string, source: string): Promise<string> {
  const outfile = join(folder, `${name}.cjs`);
  await build({
    stdin: { contents: source, resolveDir: root, loader: 'ts' },
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['gl'],
    // Outside the checkout it would not be found by its name alone.
    plugins: [
      {
        name: 'external-webgpu',
        setup(b) {
          b.onResolve({ filter: /^webgpu$/ }, () => ({
            path: join(root, 'node_modules/webgpu/index.js'),
            external: true,
          }));
        },
      },
    ],
    define: { 'import.meta.url': '__bundleUrl' },
    banner: { js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: 'error',
  });
  return outfile;
}
