import { transformSync } from 'esbuild';
import ts from 'typescript';

/** The functions of printed TypeScript, compiled as an editor's build would. */
export function load(code: string): Record<string, (...args: unknown[]) => unknown> {
  const { code: script } = transformSync(code, { loader: 'ts', format: 'cjs', target: 'es2022' });
  const module: { exports: Record<string, (...args: unknown[]) => unknown> } = { exports: {} };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  new Function('module', 'exports', script)(module, module.exports);
  return module.exports;
}

const strictest: ts.CompilerOptions = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  isolatedModules: true,
  erasableSyntaxOnly: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  lib: ['lib.es2022.d.ts'],
  types: [],
};

/** What the compiler has to say about sources, by their paths, under its strictest options. */
export function diagnose(
  sources: Readonly<Record<string, string>>,
  more: ts.CompilerOptions = {},
): readonly string[] {
  const options = { ...strictest, ...more };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) => {
    const source = sources[name];
    return source === undefined
      ? read(name, ...rest)
      : ts.createSourceFile(name, source, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram(Object.keys(sources), options, host);
  return ts.getPreEmitDiagnostics(program).map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n'));
}
