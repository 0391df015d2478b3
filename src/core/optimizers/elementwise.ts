import type { Buffer, Kernel } from '../compute/plan.ts';

/** What a name in a formula stands for: an element of a buffer (the one at hand, or always the same), or a formula. */
export type Meaning = { readonly buffer: string; readonly element?: number } | { readonly formula: string };
/** Names that formulas may use. */
export type Scope = Readonly<Record<string, Meaning>>;

/** A kernel with the buffer that it fills. */
export interface Piece {
  readonly buffer: Buffer;
  readonly kernel: Kernel;
}

/** Statements that give every name that a formula uses its value as a local constant, and the buffers they read. */
export interface Bound {
  readonly statements: string;
  readonly reads: Kernel['reads'];
}

/**
 * Resolves the names in formulas. Names that no formula needs are left out, so that a kernel reads no more than it must.
 * @param index text of the index of the element at hand
 */
export function bind(formulas: readonly string[], scope: Scope, index: string): Bound {
  const lines = new Map<string, string>();
  /** Parameter of the kernel by buffer: several names may lie in one. */
  const reads = new Map<string, string>();
  const visit = (formula: string) => {
    for (const [name] of formula.matchAll(/(?<![\w.])[A-Za-z]\w*/g)) {
      const meaning = scope[name];
      if (meaning === undefined || lines.has(name)) continue;
      if ('formula' in meaning) {
        visit(meaning.formula);
        lines.set(name, `const ${name} = ${meaning.formula};`);
      } else {
        const own = meaning.element === undefined ? name : meaning.buffer.replaceAll('.', '_');
        const parameter = reads.get(meaning.buffer) ?? `${own}Buffer`;
        reads.set(meaning.buffer, parameter);
        lines.set(name, `const ${name} = ${parameter}[${meaning.element ?? index}];`);
      }
    }
  };
  formulas.forEach(visit);
  return {
    statements: [...lines.values()].join('\n'),
    reads: [...reads].map(([buffer, parameter]) => ({ parameter, buffer })),
  };
}

/** A kernel that fills a buffer of its own name with a formula of each element; where `when` is not positive, with `otherwise`. */
export function elementwise(
  name: string,
  size: number,
  scope: Scope,
  formula: string,
  gate?: { readonly when: string; readonly otherwise: string },
): Piece {
  const { statements, reads } = bind(
    [formula, ...(gate === undefined ? [] : [gate.when, gate.otherwise])],
    scope,
    'this.thread.x',
  );
  const result =
    gate === undefined
      ? `return ${formula};`
      : `const value = ${formula};\nlet result = ${gate.otherwise};\nif (${gate.when} > 0.0) { result = value; }\nreturn result;`;
  return {
    buffer: { name, size, role: 'temporary' },
    kernel: { name, output: [size], reads, writes: name, body: `${statements}\n${result}` },
  };
}

/** Formula of the sign of a name: 0 at 0, and NaN stays NaN, so that a broken gradient shows. */
export function sign(name: string): string {
  return `(${name} > 0.0 ? 1.0 : (${name} < 0.0 ? -1.0 : ${name}))`;
}

/** Formula of a name limited to ±`most`; NaN stays NaN. */
export function limited(name: string, most: string): string {
  return `(${name} > ${most} ? ${most} : (${name} < -${most} ? -${most} : ${name}))`;
}
