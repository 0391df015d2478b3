import type { Import as NeededImport } from '../expression/print/snippet.ts';
import type { TextEdit } from './insertion.ts';
import type { Lines } from './lines.ts';
import type { Header } from './place.ts';
import type { Declare, Expression, Import, ImportedName, Statement, Tree } from './tree.ts';

/** What a file needs so that the imports of a snippet are there. */
export interface ImportPlan {
  /** Names added to import statements that exist. */
  readonly merges: readonly TextEdit[];
  /** New statements. */
  readonly lines: readonly string[];
  /** What the snippet calls something → what it is called here. */
  readonly renames: ReadonlyMap<string, string>;
  /** Names that the new imports bind. */
  readonly locals: readonly string[];
}

/**
 * Plans how a file gets what a snippet imports: from its own imports, by a name added to one of them, or by a new one.
 *
 * @param point where the snippet goes: only what is imported above counts
 * @param taken names that new imports must not bind
 */
export function planImports(
  needed: readonly NeededImport[],
  tree: Tree,
  others: readonly Tree[],
  point: number,
  taken: ReadonlySet<string>,
): ImportPlan {
  const here = importsOf(tree.body).filter(({ to }) => to <= point);
  const available = [...here, ...others.flatMap(({ body }) => importsOf(body))];
  const top = here.filter((statement) => tree.body.includes(statement));
  const style = styleOf(tree);
  const everyImport = tree.body.flatMap((one) =>
    one.kind === 'if' ? [...importsOf(one.body), ...importsOf(one.otherwise)] : importsOf([one]),
  );
  const renames = new Map<string, string>();
  const added = new Map<Import, string[]>();
  const lines: string[] = [];
  const locals: string[] = [];
  for (const one of needed) {
    const wanted = localName(one);
    const names = available
      .map((statement) => existingName(statement, one))
      .filter((name) => name !== undefined);
    const existing = names.includes(wanted) ? wanted : names[0];
    if (existing !== undefined) {
      if (existing !== wanted) renames.set(wanted, existing);
      continue;
    }
    // An import of the same thing further down, or for type checkers, does not take the name.
    const again = everyImport.some((statement) => existingName(statement, one) === wanted);
    const local = again ? wanted : freeName(wanted, one, new Set([...taken, ...locals]));
    locals.push(local);
    if (local !== wanted) renames.set(wanted, local);
    const host =
      one.name === undefined || style === 'commonjs'
        ? undefined
        : top.findLast(
            (statement) =>
              statement.form === 'from' &&
              statement.level === 0 &&
              statement.module === one.module &&
              !statement.star &&
              !statement.typeOnly &&
              statement.names.length > 0,
          );
    if (host === undefined)
      lines.push(importLine({ ...one, module: siblingOf(one.module, available) }, local, style));
    else {
      const text = local === one.name ? local : `${one.name!} as ${local}`;
      added.set(host, [...(added.get(host) ?? []), text]);
    }
  }
  const merges = [...added].map(([host, names]): TextEdit => {
    const at = host.names.at(-1)!.to;
    // One name a line stays one name a line.
    const first = host.names[0]!;
    const before = /\n[ \t]*$/.exec(tree.source.slice(host.from, first.from))?.[0];
    const separator = before === undefined ? ', ' : `,${tree.source.includes('\r\n') ? '\r' : ''}${before}`;
    return { from: at, to: at, text: names.map((name) => separator + name).join('') };
  });
  return { merges, lines, renames, locals };
}

/** Import statements at the top level, those in `try` among them; what is only for type checkers is not there at run time. */
export function importsOf(body: readonly Statement[]): Import[] {
  return body.flatMap((statement) => {
    if (statement.kind === 'import') return statement.typeOnly ? [] : [statement];
    if (statement.kind === 'declare') return requiresOf(statement);
    return statement.kind === 'try' ? importsOf(statement.body) : [];
  });
}

/** Whether a statement imports: also by `require`, the way of CommonJS. */
export function isImport(statement: Statement): statement is Import | Declare {
  return statement.kind === 'import' || (statement.kind === 'declare' && requiresOf(statement).length > 0);
}

/** `const tf = require('module')` is `import * as tf from 'module'`. */
function requiresOf({ declarations, from, to }: Declare): Import[] {
  return declarations.flatMap(({ target, value }): Import[] => {
    const module = requiredModule(value);
    if (module === undefined) return [];
    const name = { name: '*', nameSpan: { from, to: from }, from, to };
    return [
      {
        kind: 'import',
        form: 'from',
        module,
        level: 0,
        names: target.kind === 'name' ? [{ ...name, alias: target }] : [],
        star: false,
        typeOnly: false,
        from,
        to,
      },
    ];
  });
}

function requiredModule(value: Expression | undefined): string | undefined {
  if (value?.kind !== 'call' || value.callee.kind !== 'name' || value.callee.name !== 'require')
    return undefined;
  const module = value.arguments[0]?.value;
  return module?.kind === 'string' ? module.text : undefined;
}

/** Packages that publish the same functions: the one that a file uses will do. */
const siblings: readonly RegExp[] = [/^@tensorflow\/tfjs(?:-core|-node|-node-gpu)?$/];

function isSame(module: string, other: string): boolean {
  return module === other || siblings.some((one) => one.test(module) && one.test(other));
}

function siblingOf(module: string, imports: readonly Import[]): string {
  return imports.find((one) => isSame(one.module, module))?.module ?? module;
}

function localName({ module, name, alias }: NeededImport): string {
  return alias ?? name ?? module.split('.')[0]!;
}

/** Under which name, if any, an import statement gives what is needed. */
function existingName(statement: Import, { module, name }: NeededImport): string | undefined {
  const bound = (imported: ImportedName): string => imported.alias?.name ?? imported.name;
  if (statement.level > 0) return undefined;
  if (statement.form === 'from') {
    const whole = statement.names.find((one) => one.name === '*' || one.name === 'default');
    if (name === undefined && whole?.alias !== undefined && isSame(statement.module, module))
      return whole.alias.name;
    if (name !== undefined && statement.module === module) {
      const own = statement.names.find((imported) => imported.name === name);
      if (own !== undefined) return bound(own);
    }
    // `from numpy import typing` also gives `numpy.typing`.
    const parent = statement.names.find((imported) => `${statement.module}.${imported.name}` === module);
    if (parent !== undefined) return name === undefined ? bound(parent) : `${bound(parent)}.${name}`;
    return undefined;
  }
  for (const imported of statement.names) {
    if (imported.name === module) {
      // Without an alias the whole dotted name is written.
      const own = imported.alias?.name ?? imported.name;
      return name === undefined ? own : `${own}.${name}`;
    }
    if (imported.alias === undefined && name === undefined && imported.name.startsWith(`${module}.`))
      return module;
  }
  return undefined;
}

/** The wanted name, or for a module its full name, or one with a number. */
function freeName(wanted: string, { module, name }: NeededImport, taken: ReadonlySet<string>): string {
  const choices = [wanted, ...(name === undefined && /^\w+$/.test(module) ? [module] : [])];
  for (const choice of choices) if (!taken.has(choice)) return choice;
  for (let i = 2; ; i++) if (!taken.has(`${wanted}_${i}`)) return `${wanted}_${i}`;
}

type Style = 'python' | 'module' | 'commonjs';

/** How a file of JavaScript imports; a new file is a module. */
export function styleOf({ language, body, source }: Tree): Style {
  if (language === 'python') return 'python';
  if (language === 'typescript' || language === 'tsx') return 'module';
  if (body.some(({ kind }) => kind === 'import' || kind === 'export')) return 'module';
  return /\brequire\s*\(|\bmodule\.exports\b/.test(source) ? 'commonjs' : 'module';
}

function importLine({ module, name }: NeededImport, local: string, style: Style): string {
  const as = local === name ? '' : ` as ${local}`;
  switch (style) {
    case 'python':
      return name === undefined
        ? `import ${module}${local === module ? '' : ` as ${local}`}`
        : `from ${module} import ${name}${as}`;
    case 'module':
      return name === undefined
        ? `import * as ${local} from '${module}';`
        : `import { ${name}${as} } from '${module}';`;
    case 'commonjs':
      return name === undefined
        ? `const ${local} = require('${module}');`
        : `const { ${name}${local === name ? '' : `: ${local}`} } = require('${module}');`;
  }
}

/** The edit that adds import statements: after the last one, or at the head of the file. */
export function importLines(
  list: readonly string[],
  header: Header,
  point: number,
  lines: Lines,
  tree: Tree,
): TextEdit[] {
  if (list.length === 0) return [];
  const { eol } = lines;
  const sorted = [...list].sort((a, b) => Number(b.startsWith('import ')) - Number(a.startsWith('import ')));
  if (header.lastImport !== undefined) {
    const at = lines.endOf(header.lastImport.to);
    return [{ from: at, to: at, text: sorted.map((line) => eol + line).join('') }];
  }
  // Right above the function where nothing is between.
  const at = tree.source.slice(header.importsAt, point).trim() === '' ? point : header.importsAt;
  const unfinished = at > 0 && !tree.source.slice(0, at).endsWith('\n') ? eol : '';
  const isMagic = tree.source.slice(0, at).startsWith('%%');
  const before = unfinished + (lines.blankAbove(at) < 1 && !isMagic ? eol : '');
  const after = lines.blankBelow(at) < 1 ? eol : '';
  return [{ from: at, to: at, text: before + sorted.map((line) => line + eol).join('') + after }];
}
