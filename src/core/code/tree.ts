/**
 * Our own small syntax tree of Python, JavaScript and TypeScript. Every node carries its range as UTF-16 offsets of the
 * original text, which are VS Code's offsets; for Python the ranges are those of Python's own `ast` module.
 * Parentheses leave no node, as in `ast`.
 */

export type Language = 'python' | 'javascript' | 'jsx' | 'typescript' | 'tsx';

/** Half-open range of UTF-16 offsets. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Name extends Span {
  readonly kind: 'name';
  readonly name: string;
}
interface NumberLiteral extends Span {
  readonly kind: 'number';
  /** As written. */
  readonly text: string;
}
export interface StringLiteral extends Span {
  readonly kind: 'string';
  /** The text between the quotes, escapes untouched; absent for implicit concatenation and for bytes. */
  readonly text?: string;
  /** The range inside the quotes. */
  readonly inner: Span;
}
/** An f-string or a template literal with the expressions inside it. */
interface Formatted extends Span {
  readonly kind: 'formatted';
  readonly parts: readonly Expression[];
}
/** `None`, `True`, `...`, `null`, `true`, `this`, `super` … as written. */
interface Constant extends Span {
  readonly kind: 'constant';
  readonly text: string;
}
interface Attribute extends Span {
  readonly kind: 'attribute';
  readonly object: Expression;
  /** Empty while it is being typed. */
  readonly name: string;
  readonly nameSpan: Span;
}
interface Subscript extends Span {
  readonly kind: 'subscript';
  readonly object: Expression;
  readonly index: Expression;
}
interface Slice extends Span {
  readonly kind: 'slice';
  readonly parts: readonly Expression[];
}
export interface Argument {
  readonly name?: string;
  readonly value: Expression;
  /** Set for `**mapping`; `*list` is a starred value. */
  readonly mapping?: true;
}
export interface Call extends Span {
  readonly kind: 'call';
  readonly callee: Expression;
  readonly arguments: readonly Argument[];
}
interface Unary extends Span {
  readonly kind: 'unary';
  readonly operator: string;
  readonly operand: Expression;
}
interface Binary extends Span {
  readonly kind: 'binary';
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}
/** A comparison chain: `0 <= a < 1`. */
interface Compare extends Span {
  readonly kind: 'compare';
  readonly operators: readonly string[];
  /** One more than operators. */
  readonly operands: readonly Expression[];
}
/** `and`, `or`, `&&`, `||`, `??` with all operands of one run. */
interface Logical extends Span {
  readonly kind: 'logical';
  readonly operator: string;
  readonly operands: readonly Expression[];
}
interface Conditional extends Span {
  readonly kind: 'conditional';
  readonly test: Expression;
  readonly then: Expression;
  readonly otherwise: Expression;
}
/** A lambda, an arrow function or a function expression. */
export interface Lambda extends Span {
  readonly kind: 'lambda';
  readonly parameters: readonly Parameter[];
  readonly body: Expression | readonly Statement[];
}
interface Collection extends Span {
  readonly kind: 'tuple' | 'list' | 'set';
  readonly elements: readonly Expression[];
}
interface Dictionary extends Span {
  readonly kind: 'dictionary';
  /** Without a key: `**value` or `...value`. */
  readonly entries: readonly { readonly key?: Expression; readonly value: Expression }[];
}
export interface Comprehension extends Span {
  readonly kind: 'comprehension';
  readonly form: 'list' | 'set' | 'dictionary' | 'generator';
  /** One, or key and value. */
  readonly elements: readonly Expression[];
  readonly clauses: readonly {
    readonly target: Expression;
    readonly iterable: Expression;
    readonly conditions: readonly Expression[];
  }[];
}
interface Await extends Span {
  readonly kind: 'await';
  readonly operand: Expression;
}
interface Yield extends Span {
  readonly kind: 'yield';
  readonly delegates: boolean;
  readonly operand?: Expression;
}
interface Starred extends Span {
  readonly kind: 'starred';
  readonly operand: Expression;
}
/** `:=` in Python; any assignment inside an expression in JavaScript. */
interface Assignment extends Span {
  readonly kind: 'assignment';
  readonly operator: string;
  readonly target: Expression;
  readonly value: Expression;
}
/** What is half-typed or of no interest, with the expressions found inside. */
interface Unknown extends Span {
  readonly kind: 'unknown';
  readonly children: readonly Expression[];
}
export type Expression =
  | Name
  | NumberLiteral
  | StringLiteral
  | Formatted
  | Constant
  | Attribute
  | Subscript
  | Slice
  | Call
  | Unary
  | Binary
  | Compare
  | Logical
  | Conditional
  | Lambda
  | Collection
  | Dictionary
  | Comprehension
  | Await
  | Yield
  | Starred
  | Assignment
  | Unknown;

export interface Parameter {
  /** Absent for a destructuring parameter of JavaScript and for the bare `*`. */
  readonly name?: Name;
  readonly pattern?: Expression;
  readonly rest?: '*' | '**';
  readonly annotation?: Expression;
  readonly default?: Expression;
}

export interface ImportedName extends Span {
  /** `torch.nn` in `import torch.nn`; `MSELoss` in `from … import MSELoss`; `default` and `*` in JavaScript. */
  readonly name: string;
  readonly nameSpan: Span;
  readonly alias?: Name;
}
export interface Import extends Span {
  readonly kind: 'import';
  /** `module`: `import a.b`. `from`: `from m import …`, and every import of JavaScript. */
  readonly form: 'module' | 'from';
  /** Empty for `import a` and for `from . import a`. */
  readonly module: string;
  /** Leading dots of a relative import. */
  readonly level: number;
  readonly names: readonly ImportedName[];
  /** `from m import *`. */
  readonly star: boolean;
  /** `import type`. */
  readonly typeOnly: boolean;
}
export interface Function extends Span {
  readonly kind: 'function';
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly returns?: Expression;
  readonly body: readonly Statement[];
  readonly decorators: readonly Expression[];
  /** Bounds of type parameters: `int` in `def f[T: int]`. */
  readonly typeBounds: readonly Expression[];
  /** Where `def` or `async` begins; `from` includes the decorators. */
  readonly definition: number;
}
export interface Class extends Span {
  readonly kind: 'class';
  readonly name: Name;
  readonly bases: readonly Argument[];
  readonly body: readonly Statement[];
  readonly decorators: readonly Expression[];
  /** Bounds of type parameters: `int` in `def f[T: int]`. */
  readonly typeBounds: readonly Expression[];
  readonly definition: number;
}
interface Assign extends Span {
  readonly kind: 'assign';
  readonly targets: readonly Expression[];
  readonly value?: Expression;
  readonly annotation?: Expression;
  /** `+=` and so on. */
  readonly operator?: string;
}
/** `const`, `let`, `var`. */
export interface Declare extends Span {
  readonly kind: 'declare';
  readonly declarations: readonly { readonly target: Expression; readonly value?: Expression }[];
}
interface ExpressionStatement extends Span {
  readonly kind: 'expression';
  readonly value: Expression;
}
/** `return`, `raise`, `throw`, `assert`, `del`, `pass`, `break`, `continue` … */
interface Simple extends Span {
  readonly kind: 'simple';
  readonly keyword: string;
  readonly values: readonly Expression[];
}
interface ScopeStatement extends Span {
  readonly kind: 'scope';
  readonly keyword: 'global' | 'nonlocal';
  readonly names: readonly Name[];
}
interface If extends Span {
  readonly kind: 'if';
  readonly test: Expression;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}
interface For extends Span {
  readonly kind: 'for';
  readonly target: Expression;
  readonly iterable: Expression;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}
interface While extends Span {
  readonly kind: 'while';
  readonly test: Expression;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}
export interface Try extends Span {
  readonly kind: 'try';
  readonly body: readonly Statement[];
  readonly handlers: readonly {
    readonly type?: Expression;
    readonly name?: Name;
    readonly body: readonly Statement[];
  }[];
  readonly otherwise: readonly Statement[];
  readonly final: readonly Statement[];
}
export interface With extends Span {
  readonly kind: 'with';
  readonly items: readonly { readonly value: Expression; readonly target?: Expression }[];
  readonly body: readonly Statement[];
}
export interface Match extends Span {
  readonly kind: 'match';
  readonly subject: Expression;
  readonly cases: readonly {
    /** Names that the pattern binds. */
    readonly captures: readonly Name[];
    /** Classes, constants and keys that it mentions. */
    readonly references: readonly Expression[];
    readonly guard?: Expression;
    readonly body: readonly Statement[];
  }[];
}
/** Declares a name that is a type only, or a namespace: `type X = …`, `interface`, `enum`. */
interface TypeDeclaration extends Span {
  readonly kind: 'type';
  readonly name: Name;
  readonly children: readonly Expression[];
}
/** A braced block, or statements under a keyword of JavaScript that has no node of its own. */
export interface Block extends Span {
  readonly kind: 'block';
  readonly body: readonly Statement[];
}
interface Export extends Span {
  readonly kind: 'export';
  readonly declaration?: Statement;
}
interface UnknownStatement extends Span {
  readonly kind: 'unknown';
  readonly children: readonly Expression[];
}
export type Statement =
  | Import
  | Function
  | Class
  | Assign
  | Declare
  | ExpressionStatement
  | Simple
  | ScopeStatement
  | If
  | For
  | While
  | Try
  | With
  | Match
  | TypeDeclaration
  | Block
  | Export
  | UnknownStatement;

/** A parsed file or notebook cell. */
export interface Tree {
  readonly language: Language;
  readonly source: string;
  readonly body: readonly Statement[];
  readonly comments: readonly Span[];
  /** False when the parser had to recover somewhere, as in half-typed code. */
  readonly clean: boolean;
}
