/** Printed TensorFlow.js with the real library on its cpu backend. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildSync, transformSync } from 'esbuild';
import ts from 'typescript';
import { diagnose } from './printedTypeScript.ts';
import type * as Library from './tensorflow.ts';

type Tf = typeof Library;

/** TensorFlow.js with the cpu backend. */
function loadLibrary(): Tf {
  const { outputFiles } = buildSync({
    entryPoints: [path.join(import.meta.dirname, 'tensorflow.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  const require = createRequire(import.meta.url);
  const library = evaluated(outputFiles[0]!.text, require) as unknown as Tf;
  // Spares the advice to install another backend.
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

/** The library, loaded once. */
export function tensorflow(): Tf {
  return (library ??= loadLibrary());
}

type PrintedFunction = (...args: unknown[]) => Library.Tensor;

/** The functions of a printed snippet. */
export function loadTfjs(code: string): Record<string, PrintedFunction> {
  const source = `import * as tf from '@tensorflow/tfjs';\n${code}`;
  const { code: script } = transformSync(source, { loader: 'ts', format: 'cjs', target: 'es2022' });
  return evaluated(script, () => tensorflow()) as Record<string, PrintedFunction>;
}

/** What the compiler has to say about printed snippets beside the types of the library. */
export function diagnoseTfjs(snippets: readonly string[]): readonly string[] {
  const at = (name: string) => path.join(import.meta.dirname, name);
  const sources = {
    ...Object.fromEntries(
      snippets.map((code, k) => [at(`snippet${k}.ts`), `import * as tf from '@tensorflow/tfjs';\n${code}`]),
    ),
  };
  return diagnose(sources, {
    skipLibCheck: true,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    paths: { '@tensorflow/tfjs': [at('tensorflow.ts')] },
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
  });
}
