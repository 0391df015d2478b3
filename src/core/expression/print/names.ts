import type { Loss } from '../../losses/loss.ts';

/** Words that already say what a function computes; other ids get the word `loss`. */
const saysLoss = /(?:^|-)(?:error|loss|entropy|divergence|similarity|distance|likelihood)(?:-|$)/;

function words(loss: Pick<Loss, 'id'>): string[] {
  return [...loss.id.split('-'), ...(saysLoss.test(loss.id) ? [] : ['loss'])];
}

/** Name of the printed Python function: `huber_loss`. */
export function pythonName(loss: Pick<Loss, 'id'>): string {
  return words(loss).join('_');
}

/** Name of the printed TypeScript function: `huberLoss`. */
export function typescriptName(loss: Loss): string {
  return camel(words(loss));
}

/** Words as one camelCase name. */
export function camel(parts: readonly string[]): string {
  return parts.map((word, k) => (k === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');
}

/** A camelCase name in snake_case. */
export function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const reserved: Readonly<Record<'python' | 'typescript', ReadonlySet<string>>> = {
  python: new Set(
    'and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield None True False'.split(
      ' ',
    ),
  ),
  typescript: new Set(
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void while with yield'.split(
      ' ',
    ),
  ),
};

/** The name, or where it is a reserved word of the language the name with an underscore. */
export function allowedName(name: string, language: 'python' | 'typescript'): string {
  return reserved[language].has(name) ? `${name}_` : name;
}

/** The Python names of a loss's inputs and parameters. */
export function pythonNames(loss: Pick<Loss, 'id'>): (id: string) => string {
  return (id) => {
    const name = allowedName(snake(id), 'python');
    return name === pythonName(loss) ? `${name}_` : name;
  };
}

/** Names of one printed function, each given once and never a reserved word. */
export class Names {
  readonly #taken: Set<string>;
  readonly #language: 'python' | 'typescript';

  constructor(language: 'python' | 'typescript', taken: Iterable<string>) {
    this.#language = language;
    this.#taken = new Set(taken);
  }

  /** The names so far, to try something. */
  copy(): Names {
    return new Names(this.#language, this.#taken);
  }

  /** The wish, or the wish with a number. */
  take(wish: string): string {
    const base = allowedName(wish, this.#language);
    let name = base;
    for (let n = 2; this.#taken.has(name); n++) name = `${base}${n}`;
    this.#taken.add(name);
    return name;
  }
}

/** A finite number as source, with an exponent where that is shorter: `1e-6`. */
export function shortNumber(value: number): string {
  const [plain, power] = [String(value), value.toExponential().replace('e+', 'e')];
  return power.length < plain.length && Math.abs(value) < 1 ? power : plain;
}
