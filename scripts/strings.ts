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
      collect(ts.createSourceFile(name, text, ts.ScriptTarget.Latest), found);
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
    if (localises && first !== undefined) literals(first, found);
  }
  ts.forEachChild(node, (child) => collect(child, found));
}

/** The text itself, or both of a choice. A text that is put together at run time cannot be translated and is left out. */
function literals(node: ts.Expression, found: Set<string>): void {
  if (ts.isStringLiteralLike(node)) {
    // A mere placeholder, such as the name of a column, is the same in every language.
    if (!/^\{\w+\}$/.test(node.text)) found.add(node.text);
  } else if (ts.isConditionalExpression(node)) {
    literals(node.whenTrue, found);
    literals(node.whenFalse, found);
  }
}
