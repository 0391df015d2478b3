import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/javascript';

const typescript = parser.configure({ dialect: 'ts' });

/** Nodes that only speak of types, wherever they stand. */
const annotations = new Set(['TypeAnnotation', 'TypeArgList', 'TypeParamList', 'Optional']);
/** Statements that only speak of types. */
const declarations = new Set(['InterfaceDeclaration', 'TypeAliasDeclaration', 'AmbientDeclaration']);

/** Printed TypeScript as JavaScript: without annotations, assertions, interfaces and overloads; comments stay. */
export function eraseTypes(code: string): string {
  const spans: { readonly from: number; readonly to: number }[] = [];
  typescript.parse(code).iterate({
    enter({ name, node }) {
      if (annotations.has(name)) {
        spans.push(node);
        return false;
      }
      if (declarations.has(name)) {
        spans.push(wholeStatement(node, code, true));
        return false;
      }
      if (name === 'FunctionDeclaration' && node.getChild('Block') === null) {
        // An overload; the comment above it is the function's.
        spans.push(wholeStatement(node, code, false));
        return false;
      }
      if (name === 'PostfixExpression' && node.lastChild?.name === 'LogicOp') spans.push(node.lastChild);
      const assertion = node.getChild('as') ?? node.getChild('satisfies');
      if (name === 'BinaryExpression' && assertion !== null)
        spans.push({ from: assertion.prevSibling?.to ?? assertion.from, to: node.to });
      return true;
    },
  });
  let text = '';
  let at = 0;
  for (const { from, to } of spans.sort((a, b) => a.from - b.from)) {
    if (from > at) text += code.slice(at, from);
    at = Math.max(at, to);
  }
  return text + code.slice(at);
}

/** The lines of a statement, if wanted with the comment above it and the blank lines below. */
function wholeStatement(node: SyntaxNode, code: string, surroundings: boolean) {
  const statement = node.parent?.name === 'ExportDeclaration' ? node.parent : node;
  const before = statement.prevSibling;
  const from = surroundings && before?.name === 'BlockComment' ? before.from : statement.from;
  const rest = (surroundings ? /^[ \t]*\n*/ : /^[ \t]*\n?/).exec(code.slice(statement.to))![0];
  return { from, to: statement.to + rest.length };
}
