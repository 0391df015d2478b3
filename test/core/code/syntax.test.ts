import { describe, expect, it } from 'vitest';
import { maskPython } from '../../../src/core/code/mask.ts';
import { parseSyntax, startSyntax } from '../../../src/core/code/syntax.ts';
import type { Expression, Language, Span, Statement } from '../../../src/core/code/tree.ts';

// Ranges and kinds of Python are held against Python's own ast in test/frameworks/test_spans.py.

const value = (source: string, language: Language = 'python'): Expression => {
  const statement = parseSyntax(source, language).body[0];
  if (statement?.kind !== 'expression') throw new Error(`no expression: ${statement?.kind ?? 'nothing'}`);
  return statement.value;
};

/** An expression with brackets around every operation. */
function bracketed(node: Expression): string {
  switch (node.kind) {
    case 'name':
      return node.name;
    case 'number':
    case 'constant':
      return node.text;
    case 'unary':
      return `(${node.operator} ${bracketed(node.operand)})`;
    case 'await':
      return `(await ${bracketed(node.operand)})`;
    case 'binary':
      return `(${bracketed(node.left)} ${node.operator} ${bracketed(node.right)})`;
    case 'logical':
      return `(${node.operands.map(bracketed).join(` ${node.operator} `)})`;
    case 'compare':
      return `(${node.operands.map((operand, i) => bracketed(operand) + (node.operators[i] === undefined ? '' : ` ${node.operators[i]} `)).join('')})`;
    case 'attribute':
      return `${bracketed(node.object)}.${node.name}`;
    case 'call':
      return `${bracketed(node.callee)}(${node.arguments.map((argument) => bracketed(argument.value)).join(', ')})`;
    default:
      return `<${node.kind}>`;
  }
}

describe('Python', () => {
  it.each([
    ['not a and b', '((not a) and b)'],
    ['x and not a or b', '((x and (not a)) or b)'],
    ['not a or b and not c or d', '((not a) or (b and (not c)) or d)'],
    ['not (a and b)', '(not (a and b))'],
    ['(a and b) and c', '((a and b) and c)'],
    ['not a == b and c', '((not (a == b)) and c)'],
    ['0. <= a < 1.', '(0. <= a < 1.)'],
    ['(0 <= a) < 1', '((0 <= a) < 1)'],
    ['a not in b', '(a not in b)'],
    ['await f() ** 2', '((await f()) ** 2)'],
    ['await f() * await g() + 1', '(((await f()) * (await g())) + 1)'],
    ['-x ** 2', '(- (x ** 2))'],
    ['1.e-8 * 2.', '(1.e-8 * 2.)'],
  ])('%s', (source, expected) => expect(bracketed(value(source))).toBe(expected));

  it('masks in equal length, and only what needs it', () => {
    expect(maskPython('1. - x')).toBe('1  - x');
    expect(maskPython('1.e-8')).toBe('1e-8 ');
    expect(maskPython('1.if a else 2.or b')).toBe('1 if a else 2 or b');
    for (const same of ['x1.y', '1.5', 'a[0].b', '1.0.real', 'x.1', '0x1f', 'f1.e'])
      expect(maskPython(same)).toBe(same);
    expect(maskPython('%matplotlib inline\n  !ls\nx = 5 % y\n', true)).toBe(
      '#matplotlib inline\n  #ls\nx = 5 % y\n',
    );
    expect(maskPython('%matplotlib inline')).toBe('%matplotlib inline');
  });

  it('reads strings without their quotes, and none of bytes', () => {
    const text = (source: string) => {
      const node = value(source);
      return node.kind === 'string' ? [node.text, source.slice(node.inner.from, node.inner.to)] : undefined;
    };
    expect(text('"mse"')).toEqual(['mse', 'mse']);
    expect(text("r'''a'b'''")).toEqual(["a'b", "a'b"]);
    expect(text('b"mse"')).toEqual([undefined, 'mse']);
    expect(text('"ŷ🙂"')).toEqual(['ŷ🙂', 'ŷ🙂']);
  });

  it('keeps what stands around half-typed code', () => {
    const names = (source: string) =>
      parseSyntax(source, 'python').body.flatMap((statement) =>
        statement.kind === 'function' ? [statement.name.name] : [],
      );
    expect(names('def a(): pass\nx = nn.\ndef b(): pass\n')).toEqual(['a', 'b']);
    expect(names('def a(): pass\nfor x in\ndef b(): pass\n')).toEqual(['a', 'b']);
    expect(parseSyntax('x = (', 'python').clean).toBe(false);
  });

  it('never throws, and every range lies within its parent', () => {
    const source =
      'import torch.nn as nn\n@a.b(c)\nasync def f(x: int = 1., *y, **z) -> "🙂":\n    with a as b, (c): return [i for i in x if not i and y]\nc = nn.L(a, *b, k=lambda q: q[1:, 2])\n';
    for (let cut = 0; cut <= source.length; cut++) {
      for (const text of [
        source.slice(0, cut),
        source.slice(cut),
        source.slice(0, cut) + source.slice(cut + 3),
      ])
        for (const statement of parseSyntax(text, 'python').body)
          nested(statement, { from: 0, to: text.length });
    }
  });

  it('parses in steps to the same tree', () => {
    const source = 'x = f(1.)\n'.repeat(2000);
    const parse = startSyntax(source, 'python');
    let steps = 1;
    let tree = parse.advance();
    for (; tree === undefined; tree = parse.advance()) steps += 1;
    expect(steps).toBeGreaterThan(1);
    expect(tree.body).toEqual(parseSyntax(source, 'python').body);
  });
});

/** Checks the ranges of everything below a node. */
function nested(node: unknown, outer: Span): void {
  if (Array.isArray(node)) {
    for (const child of node) nested(child, outer);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const span = 'from' in node && 'to' in node ? (node as Span) : outer;
  expect(span.from).toBeLessThanOrEqual(span.to);
  expect(span.from).toBeGreaterThanOrEqual(outer.from);
  expect(span.to).toBeLessThanOrEqual(outer.to);
  for (const child of Object.values(node)) nested(child, span);
}

describe('TypeScript and JavaScript', () => {
  const kinds = (source: string, language: Language = 'typescript') =>
    parseSyntax(source, language).body.map((statement: Statement) => statement.kind);

  it('knows the statements', () => {
    expect(
      kinds(
        "import a, { b as c } from './x';\nexport const d = 1;\nfunction f() {}\nclass K extends L {}\ninterface I {}\ntype T = 1;\nenum E { A }\nif (a) b(); else c();\nfor (const x of y) {}\ntry {} catch (e) {}\nx = 1;\n",
      ),
    ).toEqual([
      'import',
      'export',
      'function',
      'class',
      'type',
      'type',
      'type',
      'if',
      'for',
      'try',
      'expression',
    ]);
  });

  it('reads the names of imports', () => {
    const [statement] = parseSyntax("import a, { b as c, type D } from '@x/y';", 'typescript').body;
    if (statement?.kind !== 'import') throw new Error('no import');
    expect(statement.module).toBe('@x/y');
    expect(statement.names.map(({ name, alias }) => [name, alias?.name])).toEqual([
      ['default', 'a'],
      ['b', 'c'],
      ['D', undefined],
    ]);
    const [star] = parseSyntax('import * as tf from "@tensorflow/tfjs";', 'typescript').body;
    expect(star?.kind === 'import' && star.names.map(({ name, alias }) => [name, alias?.name])).toEqual([
      ['*', 'tf'],
    ]);
  });

  it('reads casts in .ts and elements in .tsx', () => {
    expect(bracketed(value('<T>foo;', 'typescript'))).toBe('foo');
    expect(value('<T>foo</T>;', 'tsx').kind).toBe('unknown');
    expect(bracketed(value('(a as B)! + c;', 'typescript'))).toBe('(a + c)');
    expect(bracketed(value('a ?? b;', 'javascript'))).toBe('(a ?? b)');
  });

  it('is clean on modern syntax', () => {
    const source =
      'export const f = async <T>(x: T): Promise<T> => { await using a = b(); return x satisfies T; };\nclass A { #p = 1; static { x(); } accessor q = 2; constructor(private readonly r: number) {} }\n';
    expect(parseSyntax(source, 'typescript').clean).toBe(true);
  });

  it('never throws, and every range lies within its parent', () => {
    const source =
      "import { a as b } from 'x';\nexport default class K { m({ p, q: [r] = 1 }) { for (let i = 0; i < 2; i++) x?.y[0]!.z(`a${b}`); } }\nconst f = async (a) => ({ ...a, b() {}, [c]: 2 });\n";
    for (let cut = 0; cut <= source.length; cut++)
      for (const text of [source.slice(0, cut), source.slice(cut)])
        for (const statement of parseSyntax(text, 'typescript').body)
          nested(statement, { from: 0, to: text.length });
  });
});
