// Bundles everything that ships into dist/: the extension (ES modules, split so that what activation does not need
// is loaded on first use), the trainer, its watchdog and the CLI (one CommonJS file each), the page of the panel, and the
// catalogue as printed code.
import fs from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { writeEditions } from './editions.ts';

const root = path.resolve(import.meta.dirname, '..');
const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');

const shared: esbuild.BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};
const node: esbuild.BuildOptions = { ...shared, platform: 'node', target: 'node20' };

const bundleUrl = 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;';

/** CommonJS bundles know no `import.meta.url`; their own file name stands in for it. */
const importMetaUrl: esbuild.BuildOptions = {
  define: { 'import.meta.url': '__bundleUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: bundleUrl },
};

/** What is built, by the name under which its metafile is kept in out/meta. */
const bundles: Record<string, esbuild.BuildOptions> = {
  extension: {
    ...node,
    entryPoints: { extension: 'src/extension/extension.ts' },
    outdir: 'dist',
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    external: ['vscode'],
    // Bundled CommonJS libraries reach Node's built-ins through `require`.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  },
  trainer: {
    ...node,
    ...importMetaUrl,
    entryPoints: { trainer: 'src/trainer/main.ts', watchdog: 'src/trainer/watchdog.ts' },
    outdir: 'dist',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    // Native and optional: found in a checkout, reported as unavailable elsewhere.
    external: ['webgpu', 'gl'],
  },
  cli: {
    ...node,
    ...importMetaUrl,
    entryPoints: { cli: 'src/cli/main.ts' },
    outdir: 'dist',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    banner: {
      js: `#!/usr/bin/env node
${bundleUrl}`,
    },
  },
  webview: {
    ...shared,
    entryPoints: { webview: 'src/webview/main.ts' },
    outdir: 'dist',
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    loader: { '.ttf': 'file', '.woff2': 'file' },
  },
};

/** Files that ship as they are. */
function copyStatic(): void {
  const bin = path.join(root, 'dist/bin');
  fs.mkdirSync(bin, { recursive: true });
  for (const name of ['loss-lab', 'loss-lab.cmd']) {
    const from = path.join(root, 'scripts/bin', name);
    if (fs.existsSync(from)) fs.copyFileSync(from, path.join(bin, name));
  }
  if (fs.existsSync(path.join(bin, 'loss-lab'))) fs.chmodSync(path.join(bin, 'loss-lab'), 0o755);
}

function keepMetafile(name: string, metafile: esbuild.Metafile): void {
  const folder = path.join(root, 'out/meta');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(metafile));
}

if (!watch) fs.rmSync(path.join(root, 'dist'), { recursive: true, force: true });
for (const [name, options] of Object.entries(bundles)) {
  const entries = Object.values(options.entryPoints as Record<string, string>);
  const missing = entries.filter((e) => !fs.existsSync(path.join(root, e)));
  if (missing.length > 0) throw new Error(`build: entry ${missing.join(', ')} does not exist`);
  if (watch) {
    const report: esbuild.Plugin = {
      name: 'report',
      setup(build) {
        build.onStart(() => console.log(`[watch] build started: ${name}`));
        build.onEnd((result) => {
          for (const e of result.errors)
            console.error(
              `> ${e.location?.file ?? ''}:${e.location?.line ?? 0}:${e.location?.column ?? 0}: error: ${e.text}`,
            );
          console.log(`[watch] build finished: ${name}`);
        });
      },
    };
    const context = await esbuild.context({ ...options, plugins: [report] });
    await context.watch();
  } else {
    const result = await esbuild.build(options);
    keepMetafile(name, result.metafile!);
    if (name === 'cli') fs.chmodSync(path.join(root, 'dist/cli.cjs'), 0o755);
  }
}
copyStatic();
writeEditions(path.join(root, 'dist'));
