import { pythonImports, type Language, type Snippet } from './snippet.ts';

/** A snippet as a file of its own: imports, then the code. */
export function sourceOf({ imports, code }: Snippet, language: Language): string {
  if (imports.length === 0) return code;
  const isScript = language === 'tfjs' || language === 'typescript';
  const head = isScript
    ? imports.map(({ module, alias }) => `import * as ${alias ?? module} from '${module}';`).join('\n')
    : pythonImports(imports);
  return `${head}\n\n${isScript ? '' : '\n'}${code}`;
}
