import type { Loss } from '../../losses/loss.ts';
import { numpyLoss } from './numpy.ts';
import { printable } from './printable.ts';
import { torchLoss } from './torch.ts';
import { typescriptLoss } from './typescript.ts';

/** The languages in which an implementation is printed. */
export type Language = 'numpy' | 'torch' | 'typescript';

/** From scratch, or around the framework's own function. */
export type Manner = 'scratch' | 'idiomatic';

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
  /** Become the defaults of the printed function's options; an option of the loss is printed only when it is given. */
  readonly parameters?: Readonly<Record<string, number>>;
}

/**
 * A documented implementation of a loss: type hints, shapes, checks at the door, a `reduction`. An idiomatic one is
 * only printed where {@link mannersOf} lists it; elsewhere it throws a RangeError.
 */
export function printLoss(loss: Loss, language: Language, options: SnippetOptions = {}): Snippet {
  const manner = options.manner ?? 'scratch';
  if (!mannersOf(loss, language, options.parameters).includes(manner)) {
    throw new RangeError(`${loss.id} has no ${manner} form in ${language}`);
  }
  const adapted = printable(loss, options.parameters);
  switch (language) {
    case 'numpy':
      return numpyLoss(adapted);
    case 'torch':
      return torchLoss(adapted, manner);
    case 'typescript':
      return typescriptLoss(adapted);
  }
}

/** The manners in which a language can write a loss with the given values. */
export function mannersOf(
  loss: Loss,
  language: Language,
  parameters: Readonly<Record<string, number>> = {},
): readonly Manner[] {
  const own = new Set(loss.parameters.map((p) => p.id));
  const offered =
    language === 'torch' &&
    loss.apis.some((api) => api.framework === 'torch' && api.form === 'function') &&
    // An option may need another type in the framework (`pos_weight` is a tensor).
    Object.keys(parameters).every((id) => own.has(id));
  return offered ? ['scratch', 'idiomatic'] : ['scratch'];
}

/** Import statements of Python, the plain ones first. */
export function pythonImports(imports: readonly Import[]): string {
  const line = ({ module, name, alias }: Import) => {
    const as = alias === undefined ? '' : ` as ${alias}`;
    return name === undefined ? `import ${module}${as}` : `from ${module} import ${name}${as}`;
  };
  return imports.map(line).join('\n');
}
