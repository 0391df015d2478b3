import type { Loss } from '../../losses/loss.ts';
import { jaxLoss } from './jax.ts';
import { kerasLoss } from './keras.ts';
import { numpyLoss } from './numpy.ts';
import { printable } from './printable.ts';
import { tfjsLoss } from './tfjs.ts';
import { torchLoss } from './torch.ts';
import { typescriptLoss } from './typescript.ts';

/** The languages in which an implementation is printed. */
export const languages = ['numpy', 'torch', 'keras', 'jax', 'tfjs', 'typescript'] as const;
export type Language = (typeof languages)[number];

/** From scratch, or around the framework's own function. */
export const manners = ['scratch', 'idiomatic'] as const;
export type Manner = (typeof manners)[number];

/** `import module as alias`, or with a name `from module import name as alias`. */
export interface Import {
  readonly module: string;
  readonly name?: string;
  readonly alias?: string;
}

/** A printed implementation: source without imports, what it needs imported, and the names that it defines. */
export interface Snippet {
  readonly code: string;
  readonly imports: readonly Import[];
  readonly name: string;
  /** Name of the gradient function, where the language has no automatic differentiation. */
  readonly gradientName?: string;
}

export interface SnippetOptions {
  readonly manner?: Manner;
  /**
   * Become the defaults of the printed function's options; a parameter with choices decides the code instead, and an
   * option of the loss is printed only when it is given.
   */
  readonly parameters?: Readonly<Record<string, number>>;
  /** Id of another definition of the loss; the loss's own where absent. */
  readonly convention?: string;
}

/**
 * A documented implementation of a loss: type hints, shapes, checks at the door, a `reduction` where there is something
 * to reduce. Throws a RangeError that says why where the language cannot write it in this manner ({@link refusalOf}).
 */
export function printLoss(loss: Loss, language: Language, options: SnippetOptions = {}): Snippet {
  const manner = options.manner ?? 'scratch';
  const adapted = printable(loss, options);
  switch (language) {
    case 'numpy':
      return numpyLoss(adapted, manner);
    case 'torch':
      return torchLoss(adapted, manner);
    case 'keras':
      return kerasLoss(adapted, manner);
    case 'jax':
      return jaxLoss(adapted, manner);
    case 'tfjs':
      return tfjsLoss(adapted, manner);
    case 'typescript':
      if (manner === 'idiomatic') throw new RangeError('TypeScript has no library of losses');
      return typescriptLoss(adapted);
  }
}

/** Why a language cannot write a loss in a manner; undefined where it can. */
export function refusalOf(loss: Loss, language: Language, options: SnippetOptions = {}): string | undefined {
  try {
    printLoss(loss, language, options);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** The manners in which a language can write a loss with the given values, in the given convention. */
export function mannersOf(
  loss: Loss,
  language: Language,
  parameters: Readonly<Record<string, number>> = {},
  convention?: string,
): readonly Manner[] {
  const options = { parameters, ...(convention === undefined ? {} : { convention }) };
  return manners.filter((manner) => refusalOf(loss, language, { ...options, manner }) === undefined);
}

/** Import statements of Python, the plain ones first. */
export function pythonImports(imports: readonly Import[]): string {
  const line = ({ module, name, alias }: Import) => {
    const as = alias === undefined ? '' : ` as ${alias}`;
    return name === undefined ? `import ${module}${as}` : `from ${module} import ${name}${as}`;
  };
  return imports.map(line).join('\n');
}
