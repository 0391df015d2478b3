/** Printed TensorFlow.js with the real library on its cpu backend. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildSync, transformSync } from 'esbuild';
import type * as Core from '@tensorflow/tfjs-core';
import ts from 'typescript';
import { diagnose } from './printedTypeScript.ts';

export type Tf = typeof Core;

const root = path.resolve(import.meta.dirname, '../../..');

/** What the package @tensorflow/tfjs is made of, as far as printed code uses it. */
const entry = `
export * from '@tensorflow/tfjs-core';
export { regularizers } from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-backend-cpu';`;

/** TensorFlow.js; a bundle, because its modules leave out the endings that Node wants. */
function loadLibrary(): Tf {
  const { outputFiles } = buildSync({
    stdin: { contents: entry, resolveDir: root },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  const require = createRequire(import.meta.url);
  const library = evaluated(outputFiles[0]!.text, require) as unknown as Tf;
  library.env().set('IS_NODE', false);
  return library;
}

function evaluated(script: string, require: (name: string) => unknown): Record<string, unknown> {
  const module = { exports: {} };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  new Function('module', 'exports', 'require', script)(module, module.exports, require);
  return module.exports;
}

let library: Tf | undefined;

export function tensorflow(): Tf {
  return (library ??= loadLibrary());
}

type PrintedFunction = (...args: unknown[]) => Core.Tensor;

/** The functions of a printed snippet. */
export function loadTfjs(code: string): Record<string, PrintedFunction> {
  const source = `import * as tf from '@tensorflow/tfjs';\n${code}`;
  const { code: script } = transformSync(source, { loader: 'ts', format: 'cjs', target: 'es2022' });
  return evaluated(script, () => tensorflow()) as Record<string, PrintedFunction>;
}

/** What the compiler has to say about printed snippets beside the types of the library. */
export function diagnoseTfjs(snippets: readonly string[]): readonly string[] {
  const at = (name: string) => path.join(import.meta.dirname, name);
  const types = `
declare module '@tensorflow/tfjs' {
  export * from '@tensorflow/tfjs-core';
  export { regularizers } from '@tensorflow/tfjs-layers';
}`;
  const sources = {
    [at('tfjs.d.ts')]: types,
    [at('methods.ts')]: "import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';",
    ...Object.fromEntries(
      snippets.map((code, k) => [at(`snippet${k}.ts`), `import * as tf from '@tensorflow/tfjs';\n${code}`]),
    ),
  };
  return diagnose(sources, {
    skipLibCheck: true,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
  });
}
