import {
  languages,
  printLoss,
  type Language as SnippetLanguage,
  type Snippet,
  type SnippetOptions,
} from '../expression/print/snippet.ts';
import { loadLoss } from '../losses/catalogue.ts';
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

/** A language, and whether its types are erased. */
export interface Edition {
  readonly language: SnippetLanguage;
  readonly erased: boolean;
}

/** The editions of the catalogue that insertions take, all losses in each. */
export const editions: readonly Edition[] = [
  ...languages.map((language) => ({ language, erased: false })),
  { language: 'tfjs', erased: true },
  { language: 'typescript', erased: true },
];

/** The file of an edition among those that the build makes, relative to the bundles. */
export function editionFile({ language, erased }: Edition): string {
  return `editions/${language}${erased ? '-erased' : ''}.json`;
}

/** The edition that files like these take first. */
export function editionOf(trees: readonly Tree[]): Edition {
  return { language: snippetLanguage(trees), erased: formOf(trees[0]) !== 'as printed' };
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
  const choices = [...new Set([wanted, plainLanguage(trees)])];
  const form = formOf(trees[0]);
  return (loss, options = {}) => {
    let reason = '';
    for (const language of choices) {
      const printed = print(loss, language, form, options);
      if (typeof printed !== 'string') return ok(printed);
      reason = printed;
    }
    return bad(message('{loss} cannot be written here: {reason}.', { loss: loss.name, reason }));
  };
}

/** A loss as an edition has it: its code, or the reason why it cannot be written so. */
export type Printed = Snippet | string;

const kept = new WeakMap<Loss, Map<string, Printed>>();
const keyOf = ({ language, erased }: Edition): string => `${language}${erased ? ' erased' : ''}`;

/** Keeps what was printed before, by the ids of the losses, so that it need not be printed again. */
export function keepEdition(edition: Edition, printed: Readonly<Record<string, Printed>>): void {
  for (const [id, one] of Object.entries(printed)) {
    const loss = loadLoss(id);
    if (loss !== undefined) keptOf(loss).set(keyOf(edition), one);
  }
}

function keptOf(loss: Loss): Map<string, Printed> {
  const own = kept.get(loss) ?? new Map<string, Printed>();
  kept.set(loss, own);
  return own;
}

/** The loss itself, in its own definition with its own parameters, in an edition; printed once. */
export function printedIn(loss: Loss, edition: Edition): Printed {
  const own = keptOf(loss);
  const printed = own.get(keyOf(edition)) ?? printAnew(loss, edition, {});
  own.set(keyOf(edition), printed);
  return printed;
}

function print(loss: Loss, language: SnippetLanguage, form: Form, options: SnippetOptions): Printed {
  const edition = { language, erased: form !== 'as printed' };
  const isUsual = options.convention === undefined && Object.keys(options.parameters ?? {}).length === 0;
  const printed = isUsual ? printedIn(loss, edition) : printAnew(loss, edition, options);
  return typeof printed !== 'string' && form === 'without exports'
    ? { ...printed, code: printed.code.replace(/^export /gm, '') }
    : printed;
}

function printAnew(loss: Loss, { language, erased }: Edition, options: SnippetOptions): Printed {
  try {
    const snippet = printLoss(loss, language, options);
    return erased ? { ...snippet, code: eraseTypes(snippet.code) } : snippet;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}
