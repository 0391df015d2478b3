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
      case 'name': {
        add('Name', node);
        return;
      }
      case 'number':
      case 'string':
      case 'constant': {
        add('Constant', node);
        return;
      }
      case 'formatted': {
        add('JoinedStr', node);
        return;
      }
      case 'attribute':
        expression(node.object);
        {
          add('Attribute', node);
          return;
        }
      case 'subscript':
        expression(node.object);
        expression(node.index);
        {
          add('Subscript', node);
          return;
        }
      case 'slice':
        each(node.parts);
        {
          add('Slice', node);
          return;
        }
      case 'call':
        expression(node.callee);
        given(node.arguments);
        {
          add('Call', node);
          return;
        }
      case 'unary':
        expression(node.operand);
        {
          add('UnaryOp', node);
          return;
        }
      case 'binary':
        expression(node.left);
        expression(node.right);
        {
          add('BinOp', node);
          return;
        }
      case 'compare':
        each(node.operands);
        {
          add('Compare', node);
          return;
        }
      case 'logical':
        each(node.operands);
        {
          add('BoolOp', node);
          return;
        }
      case 'conditional':
        each([node.test, node.then, node.otherwise]);
        {
          add('IfExp', node);
          return;
        }
      case 'lambda':
        parameters(node.parameters);
        if ('kind' in node.body) expression(node.body);
        {
          add('Lambda', node);
          return;
        }
      case 'tuple':
      case 'list':
      case 'set':
        each(node.elements);
        {
          add({ tuple: 'Tuple', list: 'List', set: 'Set' }[node.kind], node);
          return;
        }
      case 'dictionary':
        for (const { key, value } of node.entries) {
          maybe(key);
          expression(value);
        }
        {
          add('Dict', node);
          return;
        }
      case 'comprehension':
        each(node.elements);
        for (const clause of node.clauses) each([clause.target, clause.iterable, ...clause.conditions]);
        {
          add(
            { list: 'ListComp', set: 'SetComp', dictionary: 'DictComp', generator: 'GeneratorExp' }[
              node.form
            ],
            node,
          );
          return;
        }
      case 'await':
        expression(node.operand);
        {
          add('Await', node);
          return;
        }
      case 'yield':
        maybe(node.operand);
        {
          add(node.delegates ? 'YieldFrom' : 'Yield', node);
          return;
        }
      case 'starred':
        expression(node.operand);
        {
          add('Starred', node);
          return;
        }
      case 'assignment':
        expression(node.target);
        expression(node.value);
        {
          add('NamedExpr', node);
          return;
        }
      case 'unknown':
        each(node.children);
        {
          add('unknown', node);
          return;
        }
    }
  }

  function block(list: readonly Statement[]): void {
    list.forEach(statement);
  }

  function statement(node: Statement): void {
    switch (node.kind) {
      case 'import': {
        add(node.form === 'from' ? 'ImportFrom' : 'Import', node);
        return;
      }
      case 'function':
        each(node.decorators);
        parameters(node.parameters);
        maybe(node.returns);
        block(node.body);
        {
          add('FunctionDef', { from: node.definition, to: node.to });
          return;
        }
      case 'class':
        each(node.decorators);
        given(node.bases);
        block(node.body);
        {
          add('ClassDef', { from: node.definition, to: node.to });
          return;
        }
      case 'assign':
        each(node.targets);
        maybe(node.annotation);
        maybe(node.value);
        {
          add(
            node.operator !== undefined
              ? 'AugAssign'
              : node.annotation !== undefined
                ? 'AnnAssign'
                : 'Assign',
            node,
          );
          return;
        }
      case 'expression':
        expression(node.value);
        {
          add('Expr', node);
          return;
        }
      case 'simple':
        each(node.values);
        {
          add(
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
          return;
        }
      case 'scope': {
        add(node.keyword === 'global' ? 'Global' : 'Nonlocal', node);
        return;
      }
      case 'if':
        expression(node.test);
        block(node.body);
        block(node.otherwise);
        {
          add('If', node);
          return;
        }
      case 'while':
        expression(node.test);
        block(node.body);
        block(node.otherwise);
        {
          add('While', node);
          return;
        }
      case 'for':
        expression(node.target);
        expression(node.iterable);
        block(node.body);
        block(node.otherwise);
        {
          add('For', node);
          return;
        }
      case 'try':
        block(node.body);
        for (const handler of node.handlers) {
          maybe(handler.type);
          block(handler.body);
        }
        block(node.otherwise);
        block(node.final);
        {
          add('Try', node);
          return;
        }
      case 'with':
        for (const item of node.items) {
          expression(item.value);
          maybe(item.target);
        }
        block(node.body);
        {
          add('With', node);
          return;
        }
      case 'match':
        expression(node.subject);
        for (const one of node.cases) {
          each(one.references);
          maybe(one.guard);
          block(one.body);
        }
        {
          add('Match', node);
          return;
        }
      default: {
        add('unknown', node);
        return;
      }
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
