/**
 * Prints, for the Python files named on the command line, the range of every expression and statement of our syntax
 * tree as one JSON object: path → { clean, spans: [type of Python's ast, from, to][] } with UTF-16 offsets.
 * What lies inside f-strings is left out: Python before 3.12 gives it other positions.
 */
import { readFileSync } from 'node:fs';
import { parseSyntax } from '../../src/core/code/syntax.ts';
import type { Argument, Expression, Parameter, Span, Statement } from '../../src/core/code/tree.ts';

type Entry = [type: string, from: number, to: number];

function spansOf(body: readonly Statement[]): Entry[] {
  const found: Entry[] = [];
  const add = (type: string, { from, to }: Span): void => void found.push([type, from, to]);
  const each = (list: readonly Expression[]): void => list.forEach(expression);
  const maybe = (value: Expression | undefined): void => {
    if (value !== undefined) expression(value);
  };
  const given = (list: readonly Argument[]): void => list.forEach(({ value }) => expression(value));
  const parameters = (list: readonly Parameter[]): void => {
    for (const parameter of list) {
      maybe(parameter.annotation);
      maybe(parameter.default);
    }
  };

  function expression(node: Expression): void {
    switch (node.kind) {
      case 'name':
        return add('Name', node);
      case 'number':
      case 'string':
      case 'constant':
        return add('Constant', node);
      case 'formatted':
        return add('JoinedStr', node);
      case 'attribute':
        expression(node.object);
        return add('Attribute', node);
      case 'subscript':
        expression(node.object);
        expression(node.index);
        return add('Subscript', node);
      case 'slice':
        each(node.parts);
        return add('Slice', node);
      case 'call':
        expression(node.callee);
        given(node.arguments);
        return add('Call', node);
      case 'unary':
        expression(node.operand);
        return add('UnaryOp', node);
      case 'binary':
        expression(node.left);
        expression(node.right);
        return add('BinOp', node);
      case 'compare':
        each(node.operands);
        return add('Compare', node);
      case 'logical':
        each(node.operands);
        return add('BoolOp', node);
      case 'conditional':
        each([node.test, node.then, node.otherwise]);
        return add('IfExp', node);
      case 'lambda':
        parameters(node.parameters);
        if ('kind' in node.body) expression(node.body);
        return add('Lambda', node);
      case 'tuple':
      case 'list':
      case 'set':
        each(node.elements);
        return add({ tuple: 'Tuple', list: 'List', set: 'Set' }[node.kind], node);
      case 'dictionary':
        for (const { key, value } of node.entries) {
          maybe(key);
          expression(value);
        }
        return add('Dict', node);
      case 'comprehension':
        each(node.elements);
        for (const clause of node.clauses) each([clause.target, clause.iterable, ...clause.conditions]);
        return add(
          { list: 'ListComp', set: 'SetComp', dictionary: 'DictComp', generator: 'GeneratorExp' }[node.form],
          node,
        );
      case 'await':
        expression(node.operand);
        return add('Await', node);
      case 'yield':
        maybe(node.operand);
        return add(node.delegates ? 'YieldFrom' : 'Yield', node);
      case 'starred':
        expression(node.operand);
        return add('Starred', node);
      case 'assignment':
        expression(node.target);
        expression(node.value);
        return add('NamedExpr', node);
      case 'unknown':
        each(node.children);
        return add('unknown', node);
    }
  }

  function block(list: readonly Statement[]): void {
    list.forEach(statement);
  }

  function statement(node: Statement): void {
    switch (node.kind) {
      case 'import':
        return add(node.form === 'from' ? 'ImportFrom' : 'Import', node);
      case 'function':
        each(node.decorators);
        parameters(node.parameters);
        maybe(node.returns);
        block(node.body);
        return add('FunctionDef', { from: node.definition, to: node.to });
      case 'class':
        each(node.decorators);
        given(node.bases);
        block(node.body);
        return add('ClassDef', { from: node.definition, to: node.to });
      case 'assign':
        each(node.targets);
        maybe(node.annotation);
        maybe(node.value);
        return add(
          node.operator !== undefined ? 'AugAssign' : node.annotation !== undefined ? 'AnnAssign' : 'Assign',
          node,
        );
      case 'expression':
        expression(node.value);
        return add('Expr', node);
      case 'simple':
        each(node.values);
        return add(
          {
            return: 'Return',
            raise: 'Raise',
            assert: 'Assert',
            del: 'Delete',
            pass: 'Pass',
            break: 'Break',
            continue: 'Continue',
          }[node.keyword] ?? 'unknown',
          node,
        );
      case 'scope':
        return add(node.keyword === 'global' ? 'Global' : 'Nonlocal', node);
      case 'if':
        expression(node.test);
        block(node.body);
        block(node.otherwise);
        return add('If', node);
      case 'while':
        expression(node.test);
        block(node.body);
        block(node.otherwise);
        return add('While', node);
      case 'for':
        expression(node.target);
        expression(node.iterable);
        block(node.body);
        block(node.otherwise);
        return add('For', node);
      case 'try':
        block(node.body);
        for (const handler of node.handlers) {
          maybe(handler.type);
          block(handler.body);
        }
        block(node.otherwise);
        block(node.final);
        return add('Try', node);
      case 'with':
        for (const item of node.items) {
          expression(item.value);
          maybe(item.target);
        }
        block(node.body);
        return add('With', node);
      case 'match':
        expression(node.subject);
        for (const one of node.cases) {
          each(one.references);
          maybe(one.guard);
          block(one.body);
        }
        return add('Match', node);
      default:
        return add('unknown', node);
    }
  }

  block(body);
  return found;
}

const result: Record<string, { clean: boolean; spans: Entry[] }> = {};
for (const path of process.argv.slice(2)) {
  // The text as VS Code holds it, byte order mark included, so that offsets mean the same.
  const tree = parseSyntax(readFileSync(path, 'utf8'), 'python');
  result[path] = { clean: tree.clean, spans: spansOf(tree.body) };
}
console.log(JSON.stringify(result));
