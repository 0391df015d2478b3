// The English texts of the extension, for translators: l10n/bundle.l10n.json in the form that VS Code looks
// translations up in (the text is its own key).
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { panelStrings } from '../src/core/protocol/panelStrings.ts';

/** What the extension can show; texts of the command line only are not among them. */
const folders = ['src/core', 'src/supervisor', 'src/trainer', 'src/extension'];

/** Every text that is handed to `message(…)` or `vscode.l10n.t(…)`, and those of the panel, in order. */
export function userStrings(root: string): Record<string, string> {
  const found = new Set<string>(Object.values(panelStrings));
  for (const folder of folders) {
    for (const name of fs.readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('.d.ts')) continue;
      const text = fs.readFileSync(path.join(root, folder, name), 'utf8');
      collect(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true), found);
    }
  }
  return Object.fromEntries([...found].sort().map((text) => [text, text]));
}

function collect(node: ts.Node, found: Set<string>): void {
  if (ts.isCallExpression(node)) {
    const { expression: called } = node;
    const localises =
      (ts.isIdentifier(called) && called.text === 'message') ||
      (ts.isPropertyAccessExpression(called) &&
        called.name.text === 't' &&
        ts.isPropertyAccessExpression(called.expression) &&
        called.expression.name.text === 'l10n');
    const first = node.arguments[0];
    if (localises && first !== undefined) {
      const fixed = literals(first, found);
      // Only `l10n.t` may get a text that came from elsewhere: from a message, or from the panel's list.
      if (!fixed && ts.isIdentifier(called))
        throw new Error(
          `A message is put together at run time and cannot be translated: ${first.getText()}. Give its parts as arguments.`,
        );
    }
  }
  ts.forEachChild(node, (child) => collect(child, found));
}

/** Finds the text itself, or all of a choice; false where it is put together at run time. */
function literals(node: ts.Expression, found: Set<string>): boolean {
  if (ts.isStringLiteralLike(node)) {
    // A mere placeholder, such as the name of a column, is the same in every language.
    if (!/^\{\w+\}$/.test(node.text)) found.add(node.text);
    return true;
  }
  if (!ts.isConditionalExpression(node)) return false;
  const [first, second] = [literals(node.whenTrue, found), literals(node.whenFalse, found)];
  return first && second;
}
