import type { PartialParse, SyntaxNode, Tree as LezerTree } from '@lezer/common';
import { parser as javascriptParser } from '@lezer/javascript';
import { parser as pythonParser } from '@lezer/python';
import { maskPython } from './mask.ts';
import type {
  Argument,
  Block,
  Class,
  Comprehension,
  Declare,
  Expression,
  Function,
  Import,
  ImportedName,
  Language,
  Match,
  Name,
  Parameter,
  Span,
  Statement,
  Tree,
  Try,
  With,
} from './tree.ts';

/**
 * Parses a file into our tree. Never throws; half-typed code gives a tree with `unknown` parts and `clean: false`.
 *
 * @param options.notebook whether Python magic lines are to be read as comments
 */
export function parseSyntax(
  source: string,
  language: Language,
  options: { readonly notebook?: boolean } = {},
): Tree {
  const parse = startSyntax(source, language, options);
  for (;;) {
    const tree = parse.advance();
    if (tree !== undefined) return tree;
  }
}

/** Like {@link parseSyntax} in small steps, for callers that must not block: `advance` returns the tree when done. */
export function startSyntax(
  source: string,
  language: Language,
  options: { readonly notebook?: boolean } = {},
): { advance(): Tree | undefined } {
  const text = language === 'python' ? maskPython(source, options.notebook) : source;
  const parse: PartialParse = parserOf(language).startParse(text);
  return {
    advance() {
      const tree = parse.advance();
      return tree === null ? undefined : convert(tree, source, text, language);
    },
  };
}

function parserOf(language: Language) {
  switch (language) {
    case 'python':
      return pythonParser;
    case 'javascript':
    case 'jsx':
      return javascriptParser.configure({ dialect: 'jsx' });
    case 'typescript':
      return javascriptParser.configure({ dialect: 'ts' });
    case 'tsx':
      return javascriptParser.configure({ dialect: 'ts jsx' });
  }
}

function convert(tree: LezerTree, source: string, text: string, language: Language): Tree {
  const comments: Span[] = [];
  let clean = true;
  tree.iterate({
    enter(node) {
      if (node.type.isError) clean = false;
      else if (node.name === 'Comment' || node.name === 'LineComment' || node.name === 'BlockComment')
        comments.push({ from: node.from, to: node.to });
    },
  });
  const reader = language === 'python' ? pythonReader(source, text) : javascriptReader(source);
  return { language, source, body: reader(children(tree.topNode)), comments, clean };
}

// ---------------------------------------------------------------------------------------------- shared

/** The children of a node without comments. */
function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (!child.name.endsWith('Comment')) found.push(child);
  return found;
}

const missing = (at: number): Expression => ({ kind: 'unknown', from: at, to: at, children: [] });

function last<T>(list: readonly T[]): T | undefined {
  return list[list.length - 1];
}

/** Splits at the nodes of one name, such as commas; empty parts are kept. */
function split(nodes: readonly SyntaxNode[], separator: string): SyntaxNode[][] {
  const parts: SyntaxNode[][] = [[]];
  for (const node of nodes)
    if (node.name === separator) parts.push([]);
    else parts[parts.length - 1]!.push(node);
  return parts;
}

// ---------------------------------------------------------------------------------------------- Python

const pythonExpressions = new Set([
  'VariableName',
  'PropertyName',
  'Number',
  'String',
  'FormatString',
  'ContinuedString',
  'Ellipsis',
  'None',
  'Boolean',
  'BinaryExpression',
  'UnaryExpression',
  'AwaitExpression',
  'ParenthesizedExpression',
  'ConditionalExpression',
  'LambdaExpression',
  'NamedExpression',
  'YieldExpression',
  'TupleExpression',
  'ComprehensionExpression',
  'ArrayExpression',
  'ArrayComprehensionExpression',
  'DictionaryExpression',
  'DictionaryComprehensionExpression',
  'SetExpression',
  'SetComprehensionExpression',
  'CallExpression',
  'MemberExpression',
]);
/** Python's binary operators from loose to tight; `**` is apart. */
const precedence = [['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '//', '%', '@']];
const comparisons = new Set(['CompareOp', 'in', 'not', 'is']);

function pythonReader(source: string, text: string): (nodes: SyntaxNode[]) => Statement[] {
  /** Where a node ends in the original text: a masked float is one character longer than what the parser saw. */
  function endOf(node: SyntaxNode): number {
    const { to } = node;
    return text[to] === ' ' && source[to] !== ' ' && source[to] !== '\f' && to < source.length ? to + 1 : to;
  }
  const span = (node: SyntaxNode): Span => ({ from: node.from, to: endOf(node) });
  const slice = (node: SyntaxNode): string => source.slice(node.from, endOf(node));
  const isExpression = (node: SyntaxNode): boolean => pythonExpressions.has(node.name);
  const isStar = (node: SyntaxNode): boolean =>
    node.name === '*' || (node.type.isError && slice(node) === '*');
  const name = (node: SyntaxNode): Name => ({ kind: 'name', name: slice(node), ...span(node) });

  /** The expressions anywhere below nodes that have no place in the grammar. */
  function salvage(nodes: readonly SyntaxNode[]): Expression[] {
    return nodes.flatMap((node) => (isExpression(node) ? [expression(node)] : salvage(children(node))));
  }

  /** One expression from a run of nodes without commas; `*x` is starred. */
  function item(nodes: readonly SyntaxNode[], at: number): Expression {
    const star = nodes.find(isStar);
    const node = nodes.find(isExpression);
    if (node === undefined) {
      const found = salvage(nodes);
      const edge = nodes[0];
      return edge === undefined
        ? missing(at)
        : { kind: 'unknown', from: edge.from, to: Math.max(edge.to, endOf(last(nodes)!)), children: found };
    }
    const value = expression(node);
    return star !== undefined && star.from < node.from
      ? { kind: 'starred', operand: value, from: star.from, to: endOf(node) }
      : value;
  }

  /** Expressions separated by commas: a tuple when there is a comma, which belongs to it. */
  function sequence(nodes: readonly SyntaxNode[], at: number): Expression {
    const parts = split(nodes, ',');
    if (parts.length === 1) return item(nodes, at);
    const elements = parts.filter((part) => part.length > 0).map((part) => item(part, at));
    const end = last(nodes)!;
    return { kind: 'tuple', elements, from: nodes[0]!.from, to: endOf(end) };
  }

  function expression(node: SyntaxNode): Expression {
    switch (node.name) {
      case 'VariableName':
      case 'PropertyName':
        return name(node);
      case 'Number':
        return { kind: 'number', text: slice(node), ...span(node) };
      case 'None':
      case 'Boolean':
      case 'Ellipsis':
        return { kind: 'constant', text: slice(node), ...span(node) };
      case 'String':
        return string(node);
      case 'FormatString':
        return { kind: 'formatted', parts: replacements(node), ...span(node) };
      case 'ContinuedString': {
        const parts = children(node);
        if (parts.some((part) => part.name === 'FormatString'))
          return { kind: 'formatted', parts: parts.flatMap(replacements), ...span(node) };
        return { kind: 'string', inner: span(node), ...span(node) };
      }
      case 'ParenthesizedExpression': {
        const inside = children(node).filter((child) => child.name !== '(' && child.name !== ')');
        const value = item(inside, node.to);
        return inside.filter(isExpression).length > 1
          ? { ...value, kind: 'unknown', children: salvage(inside) }
          : value;
      }
      case 'TupleExpression':
      case 'ArrayExpression':
      case 'SetExpression': {
        const kind =
          node.name === 'TupleExpression' ? 'tuple' : node.name === 'ArrayExpression' ? 'list' : 'set';
        const parts = split(
          children(node).filter((child) => !/^[()[\]{}]$/.test(child.name)),
          ',',
        );
        return {
          kind,
          elements: parts.filter((p) => p.length > 0).map((p) => item(p, node.to)),
          ...span(node),
        };
      }
      case 'DictionaryExpression':
        return dictionary(node);
      case 'ComprehensionExpression':
        return comprehension(node, 'generator');
      case 'ArrayComprehensionExpression':
        return comprehension(node, 'list');
      case 'SetComprehensionExpression':
        return comprehension(node, 'set');
      case 'DictionaryComprehensionExpression':
        return comprehension(node, 'dictionary');
      case 'MemberExpression':
        return member(node);
      case 'CallExpression': {
        const [callee, list] = children(node);
        return {
          kind: 'call',
          callee: callee === undefined ? missing(node.from) : expression(callee),
          arguments: list?.name === 'ArgList' ? argumentList(list) : [],
          ...span(node),
        };
      }
      case 'UnaryExpression': {
        const [operator, operand] = children(node);
        if (operator?.name === 'not') return connectives(node);
        if (operand !== undefined && isArithmetic(operand) && slice(operand).includes('await'))
          return arithmetic(node);
        const value = operand === undefined ? missing(node.to) : expression(operand);
        return {
          kind: 'unary',
          operator: operator === undefined ? '' : slice(operator),
          operand: value,
          ...span(node),
        };
      }
      case 'BinaryExpression':
        return binary(node);
      case 'AwaitExpression': {
        const operand = last(children(node));
        if (operand === undefined || operand.name === 'await')
          return { kind: 'await', operand: missing(node.to), ...span(node) };
        if (isArithmetic(operand)) return arithmetic(node);
        return { kind: 'await', operand: expression(operand), ...span(node) };
      }
      case 'ConditionalExpression': {
        const [then, test, otherwise] = children(node).filter(isExpression);
        const part = (child?: SyntaxNode) => (child === undefined ? missing(node.to) : expression(child));
        return {
          kind: 'conditional',
          then: part(then),
          test: part(test),
          otherwise: part(otherwise),
          ...span(node),
        };
      }
      case 'LambdaExpression': {
        const list = children(node);
        const parameters = list.find((child) => child.name === 'ParamList');
        const body = last(list.filter(isExpression));
        return {
          kind: 'lambda',
          parameters: parameters === undefined ? [] : parameterList(parameters),
          body: body === undefined ? missing(node.to) : expression(body),
          ...span(node),
        };
      }
      case 'NamedExpression': {
        const [target, value] = children(node).filter(isExpression);
        return {
          kind: 'assignment',
          operator: ':=',
          target: target === undefined ? missing(node.from) : expression(target),
          value: value === undefined ? missing(node.to) : expression(value),
          ...span(node),
        };
      }
      case 'YieldExpression':
      case 'YieldStatement':
        return yielded(node);
      default:
        return { kind: 'unknown', children: salvage(children(node)), ...span(node) };
    }
  }

  function string(node: SyntaxNode): Expression {
    const raw = slice(node);
    const [opening = '', prefix = '', quote = ''] = /^([a-z]*)("""|'''|"|')/i.exec(raw) ?? [];
    const closed = raw.length >= opening.length + quote.length && raw.endsWith(quote);
    const inner = { from: node.from + opening.length, to: endOf(node) - (closed ? quote.length : 0) };
    const whole = { kind: 'string' as const, inner, ...span(node) };
    return /b/i.test(prefix) || quote === '' ? whole : { ...whole, text: source.slice(inner.from, inner.to) };
  }

  function replacements(node: SyntaxNode): Expression[] {
    return children(node).flatMap((child) =>
      child.name === 'FormatReplacement' || child.name === 'FormatSpec'
        ? [...salvage(children(child).filter(isExpression)), ...replacements(child)]
        : [],
    );
  }

  function dictionary(node: SyntaxNode): Expression {
    const inside = children(node).filter((child) => child.name !== '{' && child.name !== '}');
    const entries = split(inside, ',')
      .filter((part) => part.length > 0)
      .map((part) => {
        const [first = [], second] = split(part, ':');
        return second === undefined
          ? { value: item(first, node.to) }
          : { key: item(first, node.to), value: item(second, node.to) };
      });
    return { kind: 'dictionary', entries, ...span(node) };
  }

  function comprehension(node: SyntaxNode, form: Comprehension['form']): Expression {
    const inside = children(node).filter((child) => !/^[()[\]{}]$/.test(child.name));
    const start = inside.findIndex((child) => child.name === 'for' || child.name === 'async');
    const head = inside.slice(0, start);
    const clauses: { target: Expression; iterable: Expression; conditions: Expression[] }[] = [];
    let rest = inside.slice(start);
    while (rest.length > 0) {
      const keyword = rest[0]!.name;
      let end = rest.findIndex((child, i) => i > 0 && /^(?:for|async|if)$/.test(child.name));
      if (keyword === 'async')
        end = rest.findIndex((child, i) => i > 1 && /^(?:for|async|if)$/.test(child.name));
      if (end < 0) end = rest.length;
      const part = rest.slice(keyword === 'async' ? 2 : 1, end);
      rest = rest.slice(end);
      if (keyword === 'if') last(clauses)?.conditions.push(item(part, node.to));
      else {
        const [target = [], iterable = []] = split(part, 'in');
        clauses.push({
          target: sequence(target, node.to),
          iterable: item(iterable, node.to),
          conditions: [],
        });
      }
    }
    const elements = form === 'dictionary' ? split(head, ':') : [head];
    return {
      kind: 'comprehension',
      form,
      elements: elements.map((e) => item(e, node.from)),
      clauses,
      ...span(node),
    };
  }

  function member(node: SyntaxNode): Expression {
    const parts = children(node);
    const object = parts[0] === undefined ? missing(node.from) : expression(parts[0]);
    if (parts[1]?.name === '[') {
      const inside = parts.slice(2).filter((child) => child.name !== ']');
      return { kind: 'subscript', object, index: subscripts(inside, endOf(parts[1])), ...span(node) };
    }
    const property = parts.find((child) => child.name === 'PropertyName');
    const at = property === undefined ? { from: node.to, to: node.to } : span(property);
    return { kind: 'attribute', object, name: source.slice(at.from, at.to), nameSpan: at, ...span(node) };
  }

  function subscripts(nodes: SyntaxNode[], at: number): Expression {
    const parts = split(nodes, ',');
    const one = (part: SyntaxNode[]): Expression => {
      const [first, ...others] = split(part, ':');
      if (others.length === 0) return item(part, at);
      const bounds = [first!, ...others].filter((p) => p.length > 0).map((p) => item(p, at));
      return { kind: 'slice', parts: bounds, from: part[0]!.from, to: endOf(last(part)!) };
    };
    if (parts.length === 1) return one(nodes);
    const elements = parts.filter((part) => part.length > 0).map(one);
    const end = last(nodes)!;
    return { kind: 'tuple', elements, from: nodes[0]!.from, to: endOf(end) };
  }

  function argumentList(list: SyntaxNode): Argument[] {
    const all = children(list);
    if (all.some((child) => child.name === 'for')) return [{ value: comprehension(list, 'generator') }];
    const inside = all.filter((child, i) => !(child.name === '(' && i === 0) && child.name !== ')');
    return split(inside, ',')
      .filter((part) => part.length > 0)
      .map((part): Argument => {
        const assign = part.findIndex((child) => child.name === 'AssignOp');
        if (assign > 0) {
          const target = part[0]!;
          const value = item(part.slice(assign + 1), endOf(part[assign]!));
          if (slice(part[assign]!) === ':=')
            return {
              value: {
                kind: 'assignment',
                operator: ':=',
                target: expression(target),
                value,
                from: target.from,
                to: endOf(last(part)!),
              },
            };
          return { name: slice(target), value };
        }
        const value = item(part, list.to);
        return part[0]!.name === '**' ? { value, mapping: true } : { value };
      });
  }

  /** `not`, `and` and `or`: the grammar binds `not` too loosely, so the run is laid out flat and built anew. */
  function connectives(node: SyntaxNode): Expression {
    // Spans of their own: parentheses belong to the run but not to the operand.
    type Unit = Span & { readonly value: Expression };
    const tokens: (Unit | (Span & { readonly operator: string }))[] = [];
    const flatten = (part: SyntaxNode | undefined): void => {
      if (part === undefined) return void tokens.push({ ...span(node), value: missing(endOf(node)) });
      const parts = children(part);
      const operator = parts[part.name === 'UnaryExpression' ? 0 : 1];
      if (part.name === 'UnaryExpression' && operator?.name === 'not') {
        tokens.push({ ...span(operator), operator: 'not' });
        flatten(parts[1]);
      } else if (part.name === 'BinaryExpression' && (operator?.name === 'and' || operator?.name === 'or')) {
        flatten(parts[0]);
        tokens.push({ ...span(operator), operator: operator.name });
        flatten(parts[2]);
      } else tokens.push({ ...span(part), value: expression(part) });
    };
    flatten(node);
    let position = 0;
    const unary = (): Unit => {
      const token = tokens[position++];
      if (token === undefined) return { ...span(node), value: missing(endOf(node)) };
      if ('value' in token) return token;
      const operand = unary();
      const range = { from: token.from, to: operand.to };
      return {
        ...range,
        value: { kind: 'unary', operator: token.operator, operand: operand.value, ...range },
      };
    };
    const run = (operator: 'and' | 'or', next: () => Unit) => (): Unit => {
      const operands = [next()];
      for (
        let token = tokens[position];
        token !== undefined && 'operator' in token && token.operator === operator;
      ) {
        position += 1;
        operands.push(next());
        token = tokens[position];
      }
      if (operands.length === 1) return operands[0]!;
      const range = { from: operands[0]!.from, to: last(operands)!.to };
      return {
        ...range,
        value: { kind: 'logical', operator, operands: operands.map(({ value }) => value), ...range },
      };
    };
    return run('or', run('and', unary))().value;
  }

  function binary(node: SyntaxNode): Expression {
    const parts = children(node);
    const operators = parts.slice(1).filter((part) => !isExpression(part));
    const first = operators[0];
    if (first?.name === 'and' || first?.name === 'or') return connectives(node);
    const right =
      parts.length > 1 && isExpression(last(parts)!) ? expression(last(parts)!) : missing(endOf(node));
    if (first !== undefined && comparisons.has(first.name)) {
      const operator = operators.map(slice).join(' ');
      const left = parts[0]!;
      const before = expression(left);
      // Only a comparison without parentheses continues the chain.
      return left.name === 'BinaryExpression' && before.kind === 'compare'
        ? {
            kind: 'compare',
            operators: [...before.operators, operator],
            operands: [...before.operands, right],
            ...span(node),
          }
        : { kind: 'compare', operators: [operator], operands: [before, right], ...span(node) };
    }
    if (isArithmetic(node) && slice(node).includes('await')) return arithmetic(node);
    const left = parts[0] === undefined ? missing(node.from) : expression(parts[0]);
    return { kind: 'binary', operator: first === undefined ? '' : slice(first), left, right, ...span(node) };
  }

  /** True for an operation of numbers, by operator and not by keyword. */
  function isArithmetic(node: SyntaxNode): boolean {
    if (node.name === 'AwaitExpression') return true;
    if (node.name === 'UnaryExpression') return node.firstChild?.name !== 'not';
    const operator = node.name === 'BinaryExpression' ? children(node)[1]?.name : undefined;
    return operator === 'ArithOp' || operator === 'BitOp';
  }

  /** `await` binds tighter than every operator, but the grammar lets it take a whole sum: laid out flat, built anew. */
  function arithmetic(node: SyntaxNode): Expression {
    type Operand = Span & { readonly value: Expression };
    type Token = Operand | (Span & { readonly operator: string; readonly prefix: boolean });
    const tokens: Token[] = [];
    const flatten = (part: SyntaxNode): void => {
      if (!isArithmetic(part)) return void tokens.push({ ...span(part), value: expression(part) });
      children(part).forEach((child, i) => {
        if (isExpression(child)) flatten(child);
        else if (!child.type.isError)
          tokens.push({ ...span(child), operator: slice(child), prefix: i === 0 });
      });
    };
    flatten(node);
    let position = 0;
    const operatorHere = (prefix: boolean): string | undefined => {
      const token = tokens[position];
      return token !== undefined && 'operator' in token && token.prefix === prefix
        ? token.operator
        : undefined;
    };
    const power = (): Operand => {
      const token = tokens[position++];
      if (token === undefined) return { from: endOf(node), to: endOf(node), value: missing(endOf(node)) };
      let base: Operand;
      if ('value' in token) base = token;
      else {
        const next = tokens[position];
        const operand = next !== undefined && 'value' in next ? next : { ...token, value: missing(token.to) };
        if (operand === next) position += 1;
        const range = { from: token.from, to: operand.to };
        base = { ...range, value: { kind: 'await', operand: operand.value, ...range } };
      }
      if (operatorHere(false) !== '**') return base;
      position += 1;
      return combine('**', base, factor());
    };
    const factor = (): Operand => {
      const operator = operatorHere(true);
      if (operator === undefined || operator === 'await') return power();
      const { from } = tokens[position++]!;
      const operand = factor();
      const range = { from, to: operand.to };
      return { ...range, value: { kind: 'unary', operator, operand: operand.value, ...range } };
    };
    const level = (minimum: number): Operand => {
      let left = factor();
      for (;;) {
        const operator = operatorHere(false);
        const binding = operator === undefined ? -1 : precedence.findIndex((row) => row.includes(operator));
        if (operator === undefined || binding < minimum) return left;
        position += 1;
        left = combine(operator, left, level(binding + 1));
      }
    };
    const combine = (operator: string, left: Operand, right: Operand): Operand => {
      const range = { from: left.from, to: right.to };
      return {
        ...range,
        value: { kind: 'binary', operator, left: left.value, right: right.value, ...range },
      };
    };
    return level(0).value;
  }

  function yielded(node: SyntaxNode): Expression {
    const parts = children(node).filter((child) => !child.type.isError || child.firstChild !== null);
    const delegates = parts.some((child) => child.name === 'from');
    const values = parts.filter((child) => child.name !== 'yield' && child.name !== 'from');
    return values.length === 0
      ? { kind: 'yield', delegates, from: node.from, to: node.from + 'yield'.length }
      : { kind: 'yield', delegates, operand: sequence(values, node.to), ...span(node) };
  }

  function parameterList(list: SyntaxNode): Parameter[] {
    const inside = children(list).filter((child) => child.name !== '(' && child.name !== ')');
    return split(inside, ',')
      .filter((part) => part.length > 0)
      .map((part): Parameter => {
        const own = part.find((child) => child.name === 'VariableName');
        const rest = part.find((child) => child.name === '*' || child.name === '**');
        const annotation = part.find((child) => child.name === 'TypeDef');
        const assign = part.findIndex((child) => child.name === 'AssignOp');
        return {
          ...(own === undefined ? {} : { name: name(own) }),
          ...(rest === undefined ? {} : { rest: rest.name === '*' ? '*' : '**' }),
          ...(annotation === undefined ? {} : { annotation: typeOf(annotation) }),
          ...(assign < 0 ? {} : { default: item(part.slice(assign + 1), list.to) }),
        };
      });
  }

  /** The expression of `: T` and `-> T`. */
  function typeOf(node: SyntaxNode): Expression {
    return item(
      children(node).filter((child) => child.name !== ':'),
      node.to,
    );
  }

  function decorator(node: SyntaxNode): Expression {
    const parts = children(node).slice(1);
    let value: Expression | undefined;
    for (const part of parts) {
      if (part.name === 'VariableName' || part.name === 'PropertyName') {
        const own = name(part);
        value =
          value === undefined
            ? own
            : {
                kind: 'attribute',
                object: value,
                name: own.name,
                nameSpan: span(part),
                from: value.from,
                to: own.to,
              };
      } else if (part.name === 'ArgList' && value !== undefined)
        value = {
          kind: 'call',
          callee: value,
          arguments: argumentList(part),
          from: value.from,
          to: endOf(part),
        };
    }
    return value ?? missing(node.to);
  }

  function statements(nodes: readonly SyntaxNode[]): Statement[] {
    return nodes.flatMap((node) => {
      if (node.name === 'StatementGroup') return statements(children(node));
      if (node.name === ';' || node.name === ':' || (node.type.isError && node.firstChild === null))
        return [];
      return [statement(node)];
    });
  }

  const body = (node: SyntaxNode | undefined): Statement[] =>
    node === undefined ? [] : statements(children(node));

  /** Where a compound statement ends: after its last statement, not after the line. */
  function endAfter(node: SyntaxNode, ...blocks: readonly (readonly Statement[])[]): number {
    const end = Math.max(0, ...blocks.map((block) => last(block)?.to ?? 0));
    // In half-typed code the head may reach further than a body, or there is none.
    const head = Math.max(
      ...children(node).flatMap((part) => (/Body$/.test(part.name) ? [] : [endOf(part)])),
    );
    if (end <= node.from) return endOf(node);
    // A semicolon after the last statement belongs to the compound statement.
    return Math.max(head, end + (/^[ \t]*;/.exec(source.slice(end, end + 40))?.[0].length ?? 0));
  }

  function statement(node: SyntaxNode): Statement {
    const parts = children(node);
    const bodies = parts.filter((part) => part.name === 'Body');
    switch (node.name) {
      case 'ImportStatement':
        return importStatement(node, parts);
      case 'ExpressionStatement': {
        const value = sequence(parts, node.to);
        return { kind: 'expression', value, ...span(node) };
      }
      case 'YieldStatement':
        return { kind: 'expression', value: yielded(node), ...span(node) };
      case 'AssignStatement': {
        const type = parts.find((part) => part.name === 'TypeDef');
        const sides = split(
          parts.filter((part) => part !== type),
          'AssignOp',
        );
        const hasValue = sides.length > 1;
        const targets = (hasValue ? sides.slice(0, -1) : sides).map((side) => sequence(side, node.to));
        return {
          kind: 'assign',
          targets,
          ...(hasValue ? { value: sequence(last(sides)!, endOf(node)) } : {}),
          ...(type === undefined ? {} : { annotation: typeOf(type) }),
          ...span(node),
        };
      }
      case 'UpdateStatement': {
        const at = parts.findIndex((part) => part.name === 'UpdateOp');
        return {
          kind: 'assign',
          targets: [sequence(parts.slice(0, at), node.from)],
          operator: at < 0 ? '' : slice(parts[at]!),
          value: sequence(parts.slice(at + 1), endOf(node)),
          ...span(node),
        };
      }
      case 'ReturnStatement':
      case 'DeleteStatement':
      case 'RaiseStatement':
      case 'AssertStatement':
      case 'PassStatement':
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'PrintStatement': {
        const keyword = parts[0] === undefined ? '' : slice(parts[0]);
        const rest = parts.slice(1);
        // `return a, b` is one tuple, `assert a, b` and `del a, b` are two expressions.
        const runs =
          keyword === 'return'
            ? rest.length === 0
              ? []
              : [rest]
            : split(rest, keyword === 'raise' ? 'from' : ',');
        return {
          kind: 'simple',
          keyword,
          values: runs.filter((run) => run.length > 0).map((run) => sequence(run, node.to)),
          ...span(node),
        };
      }
      case 'ScopeStatement':
        return {
          kind: 'scope',
          keyword: parts[0]?.name === 'nonlocal' ? 'nonlocal' : 'global',
          names: parts.filter((part) => part.name === 'VariableName').map(name),
          ...span(node),
        };
      case 'IfStatement':
        return ifStatement(node, parts);
      case 'WhileStatement': {
        const [main, other] = [body(bodies[0]), body(bodies[1])];
        const test = parts.find(isExpression);
        return {
          kind: 'while',
          test: test === undefined ? missing(node.to) : expression(test),
          body: main,
          otherwise: other,
          from: node.from,
          to: endAfter(node, main, other),
        };
      }
      case 'ForStatement': {
        const head = parts.slice(0, parts.findIndex((part) => part.name === 'Body') >>> 0);
        const start = head.findIndex((part) => part.name === 'for') + 1;
        const middle = head.findIndex((part) => part.name === 'in');
        const [main, other] = [body(bodies[0]), body(bodies[1])];
        return {
          kind: 'for',
          target: sequence(head.slice(start, middle < 0 ? undefined : middle), node.from),
          iterable: middle < 0 ? missing(node.to) : sequence(head.slice(middle + 1), node.to),
          body: main,
          otherwise: other,
          from: node.from,
          to: endAfter(node, main, other),
        };
      }
      case 'TryStatement':
        return tryStatement(node, parts);
      case 'WithStatement':
        return withStatement(node, parts);
      case 'MatchStatement':
        return matchStatement(node, parts);
      case 'FunctionDefinition':
      case 'ClassDefinition':
        return definition(node, parts, []);
      case 'DecoratedStatement': {
        const decorators = parts.filter((part) => part.name === 'Decorator').map(decorator);
        const inner = parts.find(
          (part) => part.name === 'FunctionDefinition' || part.name === 'ClassDefinition',
        );
        return inner === undefined
          ? { kind: 'unknown', children: decorators, ...span(node) }
          : { ...definition(inner, children(inner), decorators), from: node.from };
      }
      case 'TypeDefinition': {
        const names = parts.filter((part) => part.name === 'VariableName');
        const value = parts.filter((part) => isExpression(part)).slice(1);
        return {
          kind: 'type',
          name: names[0] === undefined ? { kind: 'name', name: '', ...span(node) } : name(names[0]),
          children: [...typeParameters(parts), ...value.map(expression)],
          ...span(node),
        };
      }
      default:
        return {
          kind: 'unknown',
          children: isExpression(node) ? [expression(node)] : salvage(parts),
          ...span(node),
        };
    }
  }

  function typeParameters(parts: readonly SyntaxNode[]): Expression[] {
    const list = parts.find((part) => part.name === 'TypeParamList');
    if (list === undefined) return [];
    return children(list).flatMap((parameter) =>
      children(parameter)
        .filter((part) => part.name === 'TypeDef')
        .map(typeOf),
    );
  }

  function importStatement(node: SyntaxNode, parts: readonly SyntaxNode[]): Import {
    const dotted = (nodes: readonly SyntaxNode[]): string =>
      nodes.length === 0 ? '' : source.slice(nodes[0]!.from, endOf(last(nodes)!)).replace(/\s|\\/g, '');
    const keyword = parts.findIndex((part) => part.name === 'import');
    const isFrom = parts[0]?.name === 'from';
    const listed = parts.slice(keyword + 1).filter((part) => part.name !== '(' && part.name !== ')');
    const module = isFrom ? dotted(parts.slice(1, keyword < 0 ? undefined : keyword)) : '';
    const level = /^\.*/.exec(module)![0].length;
    const names = (keyword < 0 ? [] : split(listed, ','))
      .map((part): ImportedName | undefined => {
        const as = part.findIndex((child) => child.name === 'as');
        const own = part.slice(0, as < 0 ? undefined : as).filter((child) => !child.type.isError);
        if (own[0]?.name !== 'VariableName') return undefined;
        const alias = as < 0 ? undefined : part.slice(as + 1).find((child) => child.name === 'VariableName');
        const nameSpan = { from: own[0].from, to: endOf(last(own)!) };
        return {
          name: dotted(own),
          nameSpan,
          ...(alias === undefined ? {} : { alias: name(alias) }),
          from: nameSpan.from,
          to: alias === undefined ? nameSpan.to : endOf(alias),
        };
      })
      .filter((imported) => imported !== undefined);
    return {
      kind: 'import',
      form: isFrom ? 'from' : 'module',
      module: module.slice(level),
      level,
      names,
      star: listed.some((part) => part.name === '*'),
      typeOnly: false,
      ...span(node),
    };
  }

  function ifStatement(node: SyntaxNode, parts: readonly SyntaxNode[]): Statement {
    const keyword = parts.findIndex((part, i) => i > 0 && (part.name === 'elif' || part.name === 'else'));
    const head = parts.slice(0, keyword < 0 ? undefined : keyword);
    const test = head.find(isExpression);
    const main = body(head.find((part) => part.name === 'Body'));
    let otherwise: Statement[] = [];
    if (keyword >= 0) {
      const rest = parts.slice(keyword);
      otherwise =
        rest[0]!.name === 'elif'
          ? [ifStatement(node, rest)]
          : body(rest.find((part) => part.name === 'Body'));
    }
    return {
      kind: 'if',
      test: test === undefined ? missing(node.to) : expression(test),
      body: main,
      otherwise,
      from: parts[0]?.from ?? node.from,
      to: endAfter(node, main, otherwise),
    };
  }

  function tryStatement(node: SyntaxNode, parts: readonly SyntaxNode[]): Try {
    const handlers: { type?: Expression; name?: Name; body: Statement[] }[] = [];
    let main: Statement[] = [];
    let otherwise: Statement[] = [];
    let final: Statement[] = [];
    const starts = parts.flatMap((part, i) => (/^(?:try|except|else|finally)$/.test(part.name) ? [i] : []));
    starts.forEach((start, i) => {
      const clause = parts.slice(start + 1, starts[i + 1]);
      const block = body(clause.find((part) => part.name === 'Body'));
      const keyword = parts[start]!.name;
      if (keyword === 'try') main = block;
      else if (keyword === 'else') otherwise = block;
      else if (keyword === 'finally') final = block;
      else {
        const [type = [], target] = split(
          clause.filter((part) => part.name !== 'Body' && !isStar(part)),
          'as',
        );
        const bound = target?.find((part) => part.name === 'VariableName');
        handlers.push({
          // `except A, B` without parentheses is allowed since Python 3.14.
          ...(type.some(isExpression) ? { type: sequence(type, node.to) } : {}),
          ...(bound === undefined ? {} : { name: name(bound) }),
          body: block,
        });
      }
    });
    const to = endAfter(node, main, ...handlers.map((handler) => handler.body), otherwise, final);
    return { kind: 'try', body: main, handlers, otherwise, final, from: node.from, to };
  }

  function withStatement(node: SyntaxNode, parts: readonly SyntaxNode[]): With {
    const main = body(parts.find((part) => part.name === 'Body'));
    const head = parts.filter(
      (part) => !['async', 'with', 'Body'].includes(part.name) && !isBracketError(part),
    );
    const items = split(head, ',')
      .filter((part) => part.length > 0)
      .map((part) => {
        const [value = [], target] = split(part, 'as');
        return {
          value: item(value, node.to),
          ...(target?.some(isExpression) ? { target: item(target, node.to) } : {}),
        };
      });
    return { kind: 'with', items, body: main, from: node.from, to: endAfter(node, main) };
  }

  /** The closing parenthesis of `with (a as b, c as d):`, which the grammar lacks. */
  const isBracketError = (node: SyntaxNode): boolean => node.type.isError && /^\)?$/.test(slice(node));

  function matchStatement(node: SyntaxNode, parts: readonly SyntaxNode[]): Match {
    const block = parts.find((part) => part.name === 'MatchBody');
    const subject = parts.slice(1).filter((part) => part.name !== 'MatchBody');
    const cases = (block === undefined ? [] : children(block))
      .filter((part) => part.name === 'MatchClause')
      .map((clause) => {
        const inside = children(clause);
        const captures: Name[] = [];
        const references: Expression[] = [];
        const guard = inside.find((part) => part.name === 'Guard');
        for (const part of inside)
          if (!['case', 'Guard', 'Body'].includes(part.name)) pattern(part, captures, references);
        const main = body(inside.find((part) => part.name === 'Body'));
        const condition = guard === undefined ? undefined : children(guard).find(isExpression);
        return {
          captures,
          references,
          ...(condition === undefined ? {} : { guard: expression(condition) }),
          body: main,
        };
      });
    return {
      kind: 'match',
      subject: sequence(subject, node.to),
      cases,
      from: node.from,
      to: endAfter(node, ...cases.map((one) => one.body)),
    };
  }

  function pattern(node: SyntaxNode, captures: Name[], references: Expression[]): void {
    const parts = children(node);
    switch (node.name) {
      case 'CapturePattern':
        if (parts[0] !== undefined && slice(parts[0]) !== '_') captures.push(name(parts[0]));
        return;
      case 'LiteralPattern': {
        const singleton = parts.length === 1 && /^(?:None|Boolean)$/.test(parts[0]!.name);
        if (!singleton) references.push(literalPattern(node, parts));
        return;
      }
      case 'AttributePattern':
        references.push(dottedPattern(parts));
        return;
      case 'ClassPattern': {
        const head = parts.filter((part) => part.name !== 'PatternArgList');
        const inner = head.find((part) => part.name === 'AttributePattern');
        references.push(dottedPattern(inner === undefined ? head : children(inner)));
        for (const part of parts) if (part.name === 'PatternArgList') pattern(part, captures, references);
        return;
      }
      case 'KeywordPattern':
        for (const part of parts.slice(1)) pattern(part, captures, references);
        return;
      case 'AsPattern': {
        const as = parts.findIndex((part) => part.name === 'as');
        for (const part of parts.slice(0, as)) pattern(part, captures, references);
        for (const part of parts.slice(as + 1)) if (part.name === 'VariableName') captures.push(name(part));
        return;
      }
      default:
        for (const part of parts) pattern(part, captures, references);
    }
  }

  function literalPattern(node: SyntaxNode, parts: readonly SyntaxNode[]): Expression {
    const literal = (part: SyntaxNode): Expression => expression(part);
    const signed = (list: readonly SyntaxNode[]): Expression => {
      const [sign, value] = list;
      if (sign === undefined) return missing(node.to);
      if (value === undefined) return literal(sign);
      const operand = literal(value);
      return { kind: 'unary', operator: slice(sign), operand, from: sign.from, to: operand.to };
    };
    const at = parts.findIndex((part, i) => i > 0 && part.name === 'ArithOp');
    if (at < 0) return signed(parts);
    return {
      kind: 'binary',
      operator: slice(parts[at]!),
      left: signed(parts.slice(0, at)),
      right: signed(parts.slice(at + 1)),
      ...span(node),
    };
  }

  function dottedPattern(parts: readonly SyntaxNode[]): Expression {
    const names = parts
      .filter((part) => part.name === 'VariableName' || part.name === 'PropertyName')
      .map(name);
    return names.slice(1).reduce<Expression>(
      (object, own) => ({
        kind: 'attribute',
        object,
        name: own.name,
        nameSpan: { from: own.from, to: own.to },
        from: object.from,
        to: own.to,
      }),
      names[0] ?? missing(0),
    );
  }

  function definition(
    node: SyntaxNode,
    parts: readonly SyntaxNode[],
    decorators: Expression[],
  ): Function | Class {
    const own = parts.find((part) => part.name === 'VariableName');
    const main = body(parts.find((part) => part.name === 'Body'));
    const common = {
      name:
        own === undefined ? ({ kind: 'name', name: '', from: node.from, to: node.from } as const) : name(own),
      body: main,
      definition: node.from,
      from: node.from,
      to: endAfter(node, main),
    };
    const typeBounds = typeParameters(parts);
    if (node.name === 'ClassDefinition') {
      const list = parts.find((part) => part.name === 'ArgList');
      const bases = list === undefined ? [] : argumentList(list);
      return { kind: 'class', ...common, bases, decorators, typeBounds };
    }
    const list = parts.find((part) => part.name === 'ParamList');
    const returns = parts.find((part) => part.name === 'TypeDef');
    return {
      kind: 'function',
      ...common,
      parameters: list === undefined ? [] : parameterList(list),
      ...(returns === undefined ? {} : { returns: typeOf(returns) }),
      decorators,
      typeBounds,
    };
  }

  return statements;
}

// ---------------------------------------------------------------------------------------------- JavaScript and TypeScript

const scriptExpressions = new Set([
  'VariableName',
  'VariableDefinition',
  'PropertyName',
  'PrivatePropertyName',
  'Number',
  'String',
  'TemplateString',
  'RegExp',
  'BooleanLiteral',
  'null',
  'this',
  'super',
  'NewTarget',
  'ImportMeta',
  'ArrayExpression',
  'ObjectExpression',
  'ArrayPattern',
  'ObjectPattern',
  'UnaryExpression',
  'YieldExpression',
  'AwaitExpression',
  'ParenthesizedExpression',
  'ClassExpression',
  'FunctionExpression',
  'ArrowFunction',
  'MemberExpression',
  'BinaryExpression',
  'ConditionalExpression',
  'AssignmentExpression',
  'PostfixExpression',
  'CallExpression',
  'NewExpression',
  'TaggedTemplateExpression',
  'DynamicImport',
  'SequenceExpression',
  'InstantiationExpression',
  'PrefixCast',
  'JSXElement',
]);
/** Nodes of the type system, which hold no values. */
const typeNodes = /^(?:Type|.*Type$|TypeAnnotation|TypeArgList|TypeParamList|Interface|.*Signature$)/;

function javascriptReader(source: string): (nodes: SyntaxNode[]) => Statement[] {
  const span = ({ from, to }: SyntaxNode): Span => ({ from, to });
  const slice = ({ from, to }: SyntaxNode): string => source.slice(from, to);
  const isExpression = (node: SyntaxNode): boolean => scriptExpressions.has(node.name);
  const name = (node: SyntaxNode): Name => ({ kind: 'name', name: slice(node), ...span(node) });
  const unnamed = (node: SyntaxNode): Name => ({ kind: 'name', name: '', from: node.from, to: node.from });

  /** The expressions anywhere below, types and function bodies of unusual constructs aside. */
  function salvage(nodes: readonly SyntaxNode[]): Expression[] {
    return nodes.flatMap((node) => {
      if (isExpression(node)) return [expression(node)];
      return typeNodes.test(node.name) ? [] : salvage(children(node));
    });
  }
  const optional = (node: SyntaxNode | undefined, at: number): Expression =>
    node === undefined ? missing(at) : expression(node);

  function expression(node: SyntaxNode): Expression {
    const parts = children(node);
    const values = parts.filter(isExpression);
    switch (node.name) {
      case 'VariableName':
      case 'VariableDefinition':
      case 'PropertyName':
      case 'PrivatePropertyName':
        return name(node);
      case 'Number':
        return { kind: 'number', text: slice(node), ...span(node) };
      case 'BooleanLiteral':
      case 'null':
      case 'this':
      case 'super':
      case 'RegExp':
        return { kind: 'constant', text: slice(node), ...span(node) };
      case 'String': {
        const closed = node.to - node.from > 1 && source[node.to - 1] === source[node.from];
        const inner = { from: node.from + 1, to: node.to - (closed ? 1 : 0) };
        return { kind: 'string', text: source.slice(inner.from, inner.to), inner, ...span(node) };
      }
      case 'TemplateString':
        return { kind: 'formatted', parts: salvage(parts), ...span(node) };
      case 'ParenthesizedExpression':
        return optional(values[0], node.to);
      case 'ArrayExpression':
      case 'ArrayPattern': {
        const inside = split(
          parts.filter((part) => part.name !== '[' && part.name !== ']'),
          ',',
        );
        const elements = inside.filter((part) => part.length > 0).map((part) => element(part, node.to));
        return { kind: 'list', elements, ...span(node) };
      }
      case 'ObjectExpression':
      case 'ObjectPattern':
        return {
          kind: 'dictionary',
          entries: parts.filter((part) => /Property$/.test(part.name)).map(property),
          ...span(node),
        };
      case 'MemberExpression': {
        const object = optional(parts[0], node.from);
        if (parts.some((part) => part.name === '['))
          return { kind: 'subscript', object, index: optional(values[1], node.to), ...span(node) };
        const own = parts.slice(1).find((part) => /PropertyName$/.test(part.name));
        const at = own === undefined ? { from: node.to, to: node.to } : span(own);
        return { kind: 'attribute', object, name: source.slice(at.from, at.to), nameSpan: at, ...span(node) };
      }
      case 'CallExpression':
      case 'NewExpression': {
        const list = parts.find((part) => part.name === 'ArgList');
        const inside =
          list === undefined ? [] : children(list).filter((part) => part.name !== '(' && part.name !== ')');
        return {
          kind: 'call',
          callee: optional(values[0], node.from),
          arguments: split(inside, ',')
            .filter((p) => p.length > 0)
            .map((p) => ({ value: element(p, node.to) })),
          ...span(node),
        };
      }
      case 'UnaryExpression':
      case 'PostfixExpression': {
        const operator = parts.find((part) => !isExpression(part));
        // `x!` only asserts a type.
        if (node.name === 'PostfixExpression' && operator?.name === 'LogicOp')
          return optional(values[0], node.to);
        const operand = optional(values[0], node.to);
        return {
          kind: 'unary',
          operator: operator === undefined ? '' : slice(operator),
          operand,
          ...span(node),
        };
      }
      case 'BinaryExpression':
        return binary(node, parts);
      case 'ConditionalExpression':
        return {
          kind: 'conditional',
          test: optional(values[0], node.to),
          then: optional(values[1], node.to),
          otherwise: optional(values[2], node.to),
          ...span(node),
        };
      case 'AssignmentExpression': {
        const operator = parts.find((part) => part.name === 'Equals' || part.name === 'UpdateOp');
        return {
          kind: 'assignment',
          operator: operator === undefined ? '=' : slice(operator),
          target: optional(parts[0], node.from),
          value: optional(parts.length > 2 ? last(values) : undefined, node.to),
          ...span(node),
        };
      }
      case 'AwaitExpression':
        return { kind: 'await', operand: optional(values[0], node.to), ...span(node) };
      case 'YieldExpression':
        return {
          kind: 'yield',
          delegates: parts.some((part) => part.name === 'Star'),
          ...(values[0] === undefined ? {} : { operand: expression(values[0]) }),
          ...span(node),
        };
      case 'ArrowFunction':
      case 'FunctionExpression': {
        const block = parts.find((part) => part.name === 'Block');
        const list = parts.find((part) => part.name === 'ParamList');
        return {
          kind: 'lambda',
          parameters: list === undefined ? [] : parameterList(list),
          body: block === undefined ? optional(last(values), node.to) : statements(children(block)),
          ...span(node),
        };
      }
      case 'InstantiationExpression':
      case 'PrefixCast':
        return optional(values[0], node.to);
      case 'TaggedTemplateExpression':
        return {
          kind: 'call',
          callee: optional(values[0], node.from),
          arguments: values.slice(1).map((value) => ({ value: expression(value) })),
          ...span(node),
        };
      default:
        return { kind: 'unknown', children: salvage(parts), ...span(node) };
    }
  }

  /** An element of an array, an argument or a pattern with its default. */
  function element(nodes: readonly SyntaxNode[], at: number): Expression {
    const value = nodes.find(isExpression);
    if (value === undefined)
      return {
        kind: 'unknown',
        from: nodes[0]?.from ?? at,
        to: last(nodes)?.to ?? at,
        children: salvage(nodes),
      };
    const star = nodes.find((node) => node.name === 'Spread');
    const own = expression(value);
    return star === undefined ? own : { kind: 'starred', operand: own, from: star.from, to: value.to };
  }

  function property(node: SyntaxNode): { key?: Expression; value: Expression } {
    const parts = children(node);
    if (parts[0]?.name === 'Spread') return { value: optional(parts[1], node.to) };
    const block = parts.find((part) => part.name === 'Block');
    const list = parts.find((part) => part.name === 'ParamList');
    const keyNode = parts.find((part) =>
      /^(?:PropertyDefinition|PropertyName|String|Number|VariableDefinition)$/.test(part.name),
    );
    const colon = parts.findIndex((part) => part.name === ':');
    const key: Expression =
      keyNode === undefined
        ? missing(node.from)
        : keyNode.name === 'String'
          ? expression(keyNode)
          : name(keyNode);
    if (block !== undefined && list !== undefined)
      return {
        key,
        value: {
          kind: 'lambda',
          parameters: parameterList(list),
          body: statements(children(block)),
          ...span(node),
        },
      };
    const value = colon < 0 ? undefined : parts.slice(colon + 1).find(isExpression);
    return { key, value: value === undefined ? key : expression(value) };
  }

  function binary(node: SyntaxNode, parts: readonly SyntaxNode[]): Expression {
    const left = optional(parts[0], node.from);
    const operators = parts.slice(1).filter((part) => !isExpression(part) && !typeNodes.test(part.name));
    const operator = operators.map(slice).join(' ');
    if (operator === 'as' || operator === 'satisfies') return left;
    const right = optional(parts.slice(1).find(isExpression), node.to);
    if (/^(?:&&|\|\||\?\?)$/.test(operator)) {
      // A run of one operator is one node, as in Python; parentheses end a run.
      const head =
        left.kind === 'logical' && left.operator === operator && parts[0]?.name === 'BinaryExpression'
          ? left.operands
          : [left];
      return { kind: 'logical', operator, operands: [...head, right], ...span(node) };
    }
    if (/^(?:[<>]=?|[!=]==?|in|instanceof)$/.test(operator))
      return { kind: 'compare', operators: [operator], operands: [left, right], ...span(node) };
    return { kind: 'binary', operator, left, right, ...span(node) };
  }

  function parameterList(list: SyntaxNode): Parameter[] {
    const inside = children(list).filter((part) => part.name !== '(' && part.name !== ')');
    return split(inside, ',')
      .filter((part) => part.length > 0)
      .map((part): Parameter => {
        const equals = part.findIndex((node) => node.name === 'Equals');
        const target = part.find((node) =>
          /^(?:VariableDefinition|ObjectPattern|ArrayPattern)$/.test(node.name),
        );
        return {
          ...(target === undefined
            ? {}
            : target.name === 'VariableDefinition'
              ? { name: name(target) }
              : { pattern: expression(target) }),
          ...(part.some((node) => node.name === 'Spread') ? { rest: '*' as const } : {}),
          ...(equals < 0 ? {} : { default: element(part.slice(equals + 1), list.to) }),
        };
      });
  }

  function statements(nodes: readonly SyntaxNode[]): Statement[] {
    return nodes.flatMap((node) =>
      /^[{};:]$/.test(node.name) ||
      node.name === 'Hashbang' ||
      (node.type.isError && node.firstChild === null)
        ? []
        : [statement(node)],
    );
  }
  const blockOf = (node: SyntaxNode | undefined): Statement[] => {
    if (node === undefined) return [];
    return node.name === 'Block' ? statements(children(node)) : statements([node]);
  };

  function statement(node: SyntaxNode): Statement {
    const parts = children(node);
    const values = parts.filter(isExpression);
    switch (node.name) {
      case 'ImportDeclaration':
        return importDeclaration(node, parts);
      case 'ExportDeclaration': {
        const inner = parts
          .slice(1)
          .find((part) => /(?:Declaration|Class)$/.test(part.name) || isExpression(part));
        return {
          kind: 'export',
          ...(inner === undefined ? {} : { declaration: statement(inner) }),
          ...span(node),
        };
      }
      case 'AmbientDeclaration': {
        const inner = parts.find((part) => /Declaration$/.test(part.name));
        return inner === undefined
          ? { kind: 'unknown', children: [], ...span(node) }
          : { ...statement(inner), ...span(node) };
      }
      case 'VariableDeclaration':
        return declare(node, parts);
      case 'FunctionDeclaration':
      case 'AmbientFunctionDeclaration': {
        const own = parts.find((part) => part.name === 'VariableDefinition');
        const list = parts.find((part) => part.name === 'ParamList');
        return {
          kind: 'function',
          name: own === undefined ? unnamed(node) : name(own),
          parameters: list === undefined ? [] : parameterList(list),
          body: blockOf(parts.find((part) => part.name === 'Block')),
          decorators: [],
          typeBounds: [],
          definition: node.from,
          ...span(node),
        };
      }
      case 'ClassDeclaration':
        return classDeclaration(node, parts);
      case 'TypeAliasDeclaration':
      case 'InterfaceDeclaration':
      case 'EnumDeclaration': {
        const own = parts.find((part) => part.name === 'TypeDefinition');
        return {
          kind: 'type',
          name: own === undefined ? unnamed(node) : name(own),
          children: [],
          ...span(node),
        };
      }
      case 'NamespaceDeclaration': {
        const own = parts.find((part) => part.name === 'VariableDefinition');
        return {
          kind: 'type',
          name: own === undefined ? unnamed(node) : name(own),
          children: [],
          ...span(node),
        };
      }
      case 'ExpressionStatement':
        return { kind: 'expression', value: optional(values[0], node.to), ...span(node) };
      case 'ReturnStatement':
      case 'ThrowStatement':
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'DebuggerStatement':
        return {
          kind: 'simple',
          keyword: parts[0]?.name ?? '',
          values: values.map(expression),
          ...span(node),
        };
      case 'Block':
        return { kind: 'block', body: statements(parts), ...span(node) };
      case 'IfStatement': {
        const other = parts.findIndex((part) => part.name === 'else');
        return {
          kind: 'if',
          test: optional(values[0], node.to),
          body: blockOf(parts[2]),
          otherwise: other < 0 ? [] : blockOf(parts[other + 1]),
          ...span(node),
        };
      }
      case 'WhileStatement':
      case 'DoStatement':
        return {
          kind: 'while',
          test: optional(values[0], node.to),
          body: blockOf(parts.find((part) => part.name === 'Block' || /Statement$/.test(part.name))),
          otherwise: [],
          ...span(node),
        };
      case 'ForStatement':
        return forStatement(node, parts);
      case 'TryStatement': {
        const handler = parts.find((part) => part.name === 'CatchClause');
        const final = parts.find((part) => part.name === 'FinallyClause');
        const inner = handler === undefined ? [] : children(handler);
        const bound = inner.find((part) => part.name === 'VariableDefinition');
        return {
          kind: 'try',
          body: blockOf(parts.find((part) => part.name === 'Block')),
          handlers:
            handler === undefined
              ? []
              : [
                  {
                    ...(bound === undefined ? {} : { name: name(bound) }),
                    body: blockOf(inner.find((p) => p.name === 'Block')),
                  },
                ],
          otherwise: [],
          final: final === undefined ? [] : blockOf(children(final).find((part) => part.name === 'Block')),
          ...span(node),
        };
      }
      case 'SwitchStatement': {
        const inside = parts.find((part) => part.name === 'SwitchBody');
        const body = inside === undefined ? [] : children(inside);
        const labels = body.filter((part) => part.name === 'CaseLabel');
        return {
          kind: 'match',
          subject: optional(values[0], node.to),
          cases: [
            {
              captures: [],
              references: labels.flatMap((label) => salvage(children(label))),
              body: statements(body.filter((part) => !/Label$/.test(part.name))),
            },
          ],
          ...span(node),
        };
      }
      case 'LabeledStatement':
        return { kind: 'block', body: statements(parts.slice(2)), ...span(node) } satisfies Block;
      default:
        return isExpression(node)
          ? { kind: 'expression', value: expression(node), ...span(node) }
          : { kind: 'unknown', children: salvage(parts), ...span(node) };
    }
  }

  function declare(node: SyntaxNode, parts: readonly SyntaxNode[]): Declare {
    const inside = parts.filter((part) => !/^(?:const|let|var|using|await|;)$/.test(part.name));
    const declarations = split(inside, ',')
      .filter((part) => part.length > 0)
      .map((part) => {
        const equals = part.findIndex((child) => child.name === 'Equals');
        return {
          target: element(part.slice(0, equals < 0 ? undefined : equals), node.to),
          ...(equals < 0 ? {} : { value: element(part.slice(equals + 1), node.to) }),
        };
      });
    return { kind: 'declare', declarations, ...span(node) };
  }

  function forStatement(node: SyntaxNode, parts: readonly SyntaxNode[]): Statement {
    const spec = parts.find((part) => /^For(?:In|Of)?Spec$/.test(part.name));
    const body = blockOf(last(parts) === spec ? undefined : last(parts));
    const inside = spec === undefined ? [] : children(spec);
    if (spec?.name === 'ForSpec') {
      const first = inside.find((part) => part.name === 'VariableDeclaration');
      return {
        kind: 'block',
        body: [
          ...(first === undefined ? [] : [statement(first)]),
          {
            kind: 'while',
            test: {
              kind: 'unknown',
              children: salvage(inside.filter((part) => part !== first)),
              ...span(spec),
            },
            body,
            otherwise: [],
            ...span(node),
          },
        ],
        ...span(node),
      };
    }
    const values = inside.filter(isExpression);
    return {
      kind: 'for',
      target: optional(values[0], node.from),
      iterable: optional(values[1], node.to),
      body,
      otherwise: [],
      ...span(node),
    };
  }

  function classDeclaration(node: SyntaxNode, parts: readonly SyntaxNode[]): Class {
    const own = parts.find((part) => part.name === 'VariableDefinition');
    const inside = parts.find((part) => part.name === 'ClassBody');
    const body = (inside === undefined ? [] : children(inside)).flatMap((part): Statement[] => {
      const inner = children(part);
      const key = inner.find((child) => /PropertyDefinition$/.test(child.name));
      if (part.name === 'MethodDeclaration') {
        const list = inner.find((child) => child.name === 'ParamList');
        return [
          {
            kind: 'function',
            name: key === undefined ? unnamed(part) : name(key),
            parameters: list === undefined ? [] : parameterList(list),
            body: blockOf(inner.find((child) => child.name === 'Block')),
            decorators: inner
              .filter((child) => child.name === 'Decorator')
              .flatMap((child) => salvage([child])),
            typeBounds: [],
            definition: part.from,
            ...span(part),
          },
        ];
      }
      if (part.name === 'PropertyDeclaration') {
        const equals = inner.findIndex((child) => child.name === 'Equals');
        return [
          {
            kind: 'assign',
            targets: [key === undefined ? missing(part.from) : name(key)],
            ...(equals < 0 ? {} : { value: element(inner.slice(equals + 1), part.to) }),
            ...span(part),
          },
        ];
      }
      return part.name === 'StaticBlock' ? blockOf(inner.find((child) => child.name === 'Block')) : [];
    });
    return {
      kind: 'class',
      name: own === undefined ? unnamed(node) : name(own),
      bases: parts
        .filter(isExpression)
        .filter((part) => part !== own)
        .map((part) => ({ value: expression(part) })),
      body,
      decorators: parts.filter((part) => part.name === 'Decorator').flatMap((part) => salvage([part])),
      typeBounds: [],
      definition: node.from,
      ...span(node),
    };
  }

  function importDeclaration(node: SyntaxNode, parts: readonly SyntaxNode[]): Import {
    const from = parts.find((part) => part.name === 'String');
    const module = from === undefined ? '' : slice(from).replace(/^["']|["']$/g, '');
    const names: ImportedName[] = [];
    const add = (imported: string, nameSpan: Span, alias: SyntaxNode, to: number): void => {
      names.push({ name: imported, nameSpan, alias: name(alias), from: nameSpan.from, to });
    };
    const star = parts.find((part) => part.name === 'Star');
    for (const part of parts) {
      if (part.name === 'VariableDefinition')
        add(star === undefined ? 'default' : '*', span(star ?? part), part, part.to);
      if (part.name === 'ImportGroup')
        for (const one of split(
          children(part).filter((child) => child.name !== '{' && child.name !== '}'),
          ',',
        )) {
          const alias = one.find((child) => child.name === 'VariableDefinition');
          const own =
            one.find(
              (child) => child.name === 'VariableName' || child.name === 'String' || child.name === 'default',
            ) ?? alias;
          if (own === undefined) continue;
          names.push({
            name: slice(own),
            nameSpan: span(own),
            ...(alias === undefined || alias === own ? {} : { alias: name(alias) }),
            from: one[0]!.from,
            to: last(one)!.to,
          });
        }
    }
    const typeOnly = parts[1]?.name === 'type';
    return { kind: 'import', form: 'from', module, level: 0, names, star: false, typeOnly, ...span(node) };
  }

  return statements;
}
