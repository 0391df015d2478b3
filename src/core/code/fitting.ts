import {
  printLoss,
  type Language as SnippetLanguage,
  type Snippet,
  type SnippetOptions,
} from '../expression/print/snippet.ts';
import type { Loss } from '../losses/loss.ts';
import { bad, message, ok, type Result } from '../messages/message.ts';
import { eraseTypes } from './eraseTypes.ts';
import { importsOf, styleOf } from './imports.ts';
import type { Tree } from './tree.ts';

/** The languages of printed code by the modules that a file imports, the first that fits. */
const byModule: readonly (readonly [module: RegExp, language: SnippetLanguage])[] = [
  [/^torch(?:\.|$)/, 'torch'],
  [/^(?:jax|flax|optax)(?:\.|$)/, 'jax'],
  [/^(?:keras|tensorflow|tf_keras)(?:\.|$)/, 'keras'],
  [/^@tensorflow\/tfjs(?:-[\w-]+)?$/, 'tfjs'],
];

/** In which language to print a loss so that it fits what the files import. */
export function snippetLanguage(trees: readonly Tree[]): SnippetLanguage {
  const modules = trees
    .flatMap(({ body }) => importsOf(body))
    .flatMap((statement) =>
      statement.form === 'from'
        ? [statement.level > 0 ? '' : statement.module]
        : statement.names.map(({ name }) => name),
    );
  const found = byModule.find(([module]) => modules.some((name) => module.test(name)))?.[1];
  return found ?? plainLanguage(trees);
}

/** The language that needs no framework. */
function plainLanguage(trees: readonly Tree[]): SnippetLanguage {
  return trees.some(({ language }) => language !== 'python') ? 'typescript' : 'numpy';
}

/** How printed code is adapted to a file: JavaScript has no types, and CommonJS no `export`. */
type Form = 'as printed' | 'without types' | 'without exports';

function formOf(tree: Tree | undefined): Form {
  if (tree === undefined || (tree.language !== 'javascript' && tree.language !== 'jsx')) return 'as printed';
  return styleOf(tree) === 'commonjs' ? 'without exports' : 'without types';
}

/** Prints losses as a file takes them. */
export type Fitting = (
  loss: Loss,
  options?: Pick<SnippetOptions, 'parameters' | 'convention'>,
) => Result<Snippet>;

/**
 * How losses are printed so that they fit what files import, the first of which is the one that gets them: in the
 * language of their framework, or without it where that cannot express a loss. Fails with the reason where neither can.
 */
export function fittingOf(trees: readonly Tree[]): Fitting {
  const wanted = snippetLanguage(trees);
  const languages = [...new Set([wanted, plainLanguage(trees)])];
  const form = formOf(trees[0]);
  return (loss, options = {}) => {
    let reason = '';
    for (const language of languages) {
      const printed = print(loss, language, form, options);
      if (typeof printed !== 'string') return ok(printed);
      reason = printed;
    }
    return bad(message('{loss} cannot be written here: {reason}.', { loss: loss.name, reason }));
  };
}

const kept = new WeakMap<Loss, Map<string, Snippet | string>>();

/** The code of a loss, or the reason why the language cannot write it; kept for what is usually asked for. */
function print(loss: Loss, language: SnippetLanguage, form: Form, options: SnippetOptions): Snippet | string {
  const { parameters = {}, convention } = options;
  if (convention !== undefined || Object.keys(parameters).length > 0)
    return printAnew(loss, language, form, options);
  const own = kept.get(loss) ?? new Map<string, Snippet | string>();
  kept.set(loss, own);
  const key = `${language} ${form}`;
  const printed = own.get(key) ?? printAnew(loss, language, form, {});
  own.set(key, printed);
  return printed;
}

function printAnew(
  loss: Loss,
  language: SnippetLanguage,
  form: Form,
  options: SnippetOptions,
): Snippet | string {
  let snippet: Snippet;
  try {
    snippet = printLoss(loss, language, options);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  if (form === 'as printed') return snippet;
  const code = eraseTypes(snippet.code);
  return { ...snippet, code: form === 'without exports' ? code.replace(/^export /gm, '') : code };
}
