import { nameBytes, section, unsigned, valueTypes, vector, type ValueType } from './encoding.ts';
import { FunctionBody, type Local } from './functionBody.ts';

/** Numbers of sections (5.5.2) and of what is imported and exported (5.5.5, 5.5.10). */
const sections = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const kinds = { function: 0, memory: 2 } as const;
const functionType = 0x60;
const mostPages = 2 ** 16;

/**
 * A WebAssembly module in the making. It imports one memory (`env.memory`) and functions of other modules; functions take
 * and return nothing but what their parameters say.
 */
export class ModuleBuilder {
  readonly #isShared: boolean;
  /** Parameters of each type of function, by their text. */
  readonly #types = new Map<string, readonly number[]>();
  readonly #imports: { readonly name: string; readonly type: number }[] = [];
  readonly #functions: { readonly type: number; readonly body: FunctionBody }[] = [];
  readonly #exports: { readonly name: string; readonly index: number }[] = [];

  /** `shared`: the memory is one that threads share. */
  constructor({ shared = false }: { readonly shared?: boolean } = {}) {
    this.#isShared = shared;
  }

  /** A function of another module (`env.name`); its index. All of them come before the first {@link define}. */
  import(name: string, parameters: readonly ValueType[]): number {
    if (this.#functions.length > 0) throw new Error('imports come before functions');
    this.#imports.push({ name, type: this.#type(parameters) });
    return this.#imports.length - 1;
  }

  /** A function of this module; its index. */
  define(
    parameters: readonly ValueType[],
    write: (body: FunctionBody, ...parameters: Local[]) => void,
  ): number {
    const body = new FunctionBody(parameters.length);
    write(body, ...parameters.map((type, index) => ({ type, index })));
    this.#functions.push({ type: this.#type(parameters), body });
    return this.#imports.length + this.#functions.length - 1;
  }

  export(name: string, index: number): void {
    this.#exports.push({ name, index });
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const types = [...this.#types.values()].map((type) => [functionType, ...type]);
    const imported = (name: string, kind: number, description: readonly number[]) => [
      ...nameBytes('env'),
      ...nameBytes(name),
      kind,
      ...description,
    ];
    const imports = [
      // At least no page, and no limit or the highest there is: any memory fits.
      imported('memory', kinds.memory, this.#isShared ? [3, 0, ...unsigned(mostPages)] : [0, 0]),
      ...this.#imports.map(({ name, type }) => imported(name, kinds.function, unsigned(type))),
    ];
    const exports = this.#exports.map(({ name, index }) => [
      ...nameBytes(name),
      kinds.function,
      ...unsigned(index),
    ]);
    return Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(sections.type, vector(types)),
      ...section(sections.import, vector(imports)),
      ...section(sections.function, vector(this.#functions.map(({ type }) => unsigned(type)))),
      ...section(sections.export, vector(exports)),
      ...section(sections.code, vector(this.#functions.map(({ body }) => body.bytes()))),
    ]);
  }

  #type(parameters: readonly ValueType[]): number {
    const text = parameters.join(' ');
    if (!this.#types.has(text)) {
      const results = vector([]);
      this.#types.set(text, [...vector(parameters.map((type) => [valueTypes[type]])), ...results]);
    }
    return [...this.#types.keys()].indexOf(text);
  }
}
