import { canonicalName } from './canonical.ts';
import type { Binding, BindingKind, Block, Place, Position, Scope, Scopes } from './scopes.ts';
import type { Call, Expression, Import, ImportedName } from './tree.ts';

/** A call together with the notebook cell in which it stands (0 in files). */
export interface PlacedCall {
  readonly call: Call;
  readonly cell: number;
  /** A `partial(…)`, whose first argument is the function. */
  readonly partial?: true;
}

/** What an expression may be. */
export type Value =
  /** Something a library offers, under its canonical dotted name; `calls` holds the `partial(…)` around it. */
  | { readonly kind: 'library'; readonly name: string; readonly calls: readonly PlacedCall[] }
  /** What calling it gives; the last of `calls` is the construction. */
  | { readonly kind: 'instance'; readonly of: string; readonly calls: readonly PlacedCall[] }
  /** A class of this file, and an object of one. */
  | { readonly kind: 'class'; readonly scope: Scope }
  | { readonly kind: 'object'; readonly scope: Scope }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

/**
 * Whether a module is known to have a name: true or false for modules whose names we know, undefined for all others.
 */
export type Exports = (module: string, name: string) => boolean | undefined;

/** Methods that return their object. */
const passing = new Set([
  'to',
  'cuda',
  'cpu',
  'double',
  'float',
  'half',
  'bfloat16',
  'train',
  'eval',
  'requires_grad_',
]);

const unknown: Value = { kind: 'unknown' };

/** Finds out what expressions are. A name stands for the set of its bindings that may reach the place of its use. */
export class Names {
  private readonly scopes: Scopes;
  private readonly exports: Exports;

  constructor(scopes: Scopes, exports: Exports) {
    this.scopes = scopes;
    this.exports = exports;
  }

  /** The values that an expression may have, without repetition. A single `unknown` among them means: nobody knows. */
  resolve(node: Expression, place: Place): readonly Value[] {
    return distinct(this.values(node, place, new Set()));
  }

  private values(node: Expression, place: Place, seen: ReadonlySet<object>): readonly Value[] {
    if (seen.has(node)) return [];
    const deeper = new Set(seen).add(node);
    switch (node.kind) {
      case 'name':
        return this.named(node.name, place, deeper);
      case 'attribute':
        return this.values(node.object, place, deeper).flatMap((object) =>
          this.attribute(object, node.name, deeper),
        );
      case 'call':
        return this.called(node, place, deeper);
      case 'conditional':
        return [...this.values(node.then, place, deeper), ...this.values(node.otherwise, place, deeper)];
      case 'logical':
        return node.operands.flatMap((operand) => this.values(operand, place, deeper));
      case 'assignment':
        return this.values(node.value, place, deeper);
      case 'constant':
        return [node.text === 'None' ? { kind: 'none' } : unknown];
      default:
        return [unknown];
    }
  }

  private named(name: string, place: Place, seen: ReadonlySet<object>): readonly Value[] {
    let from = place;
    let immediate = true;
    for (let scope: Scope = place.scope; ; scope = from.scope) {
      const own: Scope = scope.redirected.get(name) ?? scope;
      // The names of a class body are not seen from its methods.
      const visible = own.kind !== 'class' || own === place.scope;
      const bindings = visible ? this.bindingsOf(name, own, from, immediate && own === scope) : [];
      if (bindings.length > 0)
        return withoutNone(bindings.flatMap(({ bound }) => this.bound(bound, name, seen)));
      // A name that a function binds somewhere is local throughout.
      if (visible && own.kind !== 'class' && own.bindings.has(name)) break;
      if (own === this.scopes.module || scope.place === undefined) break;
      immediate &&= scope.kind === 'class' || scope.kind === 'comprehension';
      from = scope.place;
    }
    return [unknown];
  }

  /** The bindings of a scope that may reach a place. */
  private bindingsOf(name: string, scope: Scope, place: Place, sameFlow: boolean): readonly Binding[] {
    const own = scope.bindings.get(name) ?? [];
    const stars = (scope.bindings.get('*') ?? []).filter(({ bound }) => this.starGives(bound, name, own));
    const all = [...own, ...stars].sort((a, b) => compare(a.at, b.at));
    if (!sameFlow) return all;
    const before = all.filter(
      ({ at, block }) => compare(at, place.at) <= 0 && !exclusive(block, place.block),
    );
    const last = before.filter(({ block }) => isWithin(place.block, block)).at(-1);
    const reaching = last === undefined ? before : before.slice(before.indexOf(last));
    const later = all.filter(
      (binding) => compare(binding.at, place.at) > 0 && cameRound(binding.block, place.block, last?.block),
    );
    if (reaching.length + later.length === 0 && this.scopes.notebook && scope === this.scopes.module)
      // Cells need not run in their order.
      return all.filter(({ at }) => at.cell > place.at.cell);
    return [...reaching, ...later];
  }

  /** Whether a star import may bind a name, given what else does. */
  private starGives(bound: BindingKind, name: string, own: readonly Binding[]): boolean {
    if (bound.kind !== 'star') return false;
    const known = this.exports(moduleOf(bound.statement), name);
    if (known !== undefined) return known;
    // An unknown module that re-exports `torch` or `nn` re-exports the same module.
    return !own.some(
      ({ bound: other }) => other.kind === 'import' && this.isModule(other.statement, other.imported),
    );
  }

  private isModule(statement: Import, imported: ImportedName): boolean {
    return (
      statement.form === 'module' ||
      this.exports(canonicalName(`${moduleOf(statement)}.${imported.name}`), '') !== undefined
    );
  }

  private bound(bound: BindingKind, name: string, seen: ReadonlySet<object>): readonly Value[] {
    switch (bound.kind) {
      case 'import':
        return [importedValue(bound.statement, bound.imported)];
      case 'star':
        return this.exports(moduleOf(bound.statement), name) === true
          ? [{ kind: 'library', name: canonicalName(`${moduleOf(bound.statement)}.${name}`), calls: [] }]
          : [unknown];
      case 'class':
        return [{ kind: 'class', scope: bound.scope }];
      case 'self':
        return [{ kind: 'object', scope: bound.scope }];
      case 'value':
        return this.values(bound.value, bound.place, seen);
      case 'function':
      case 'other':
        return [unknown];
    }
  }

  private attribute(object: Value, name: string, seen: ReadonlySet<object>): readonly Value[] {
    if (object.kind === 'library' && object.calls.length === 0)
      return [{ kind: 'library', name: canonicalName(`${object.name}.${name}`), calls: [] }];
    if (object.kind === 'object' || object.kind === 'class') return this.member(object.scope, name, seen);
    return object.kind === 'none' ? [] : [unknown];
  }

  /** What an attribute of an object of a class may be: all that its methods and its body assign to it. */
  private member(scope: Scope, name: string, seen: ReadonlySet<object>): readonly Value[] {
    if (this.scopes.foreignAttributes.has(name)) return [unknown];
    const assigned = scope.attributes.get(name) ?? [];
    const declared = (scope.bindings.get(name) ?? []).map(({ bound }) => bound);
    const all = [...assigned, ...declared];
    if (all.length > 0) return withoutNone(all.flatMap((bound) => this.bound(bound, name, seen)));
    if (scope.place === undefined || seen.has(scope)) return [unknown];
    const { place } = scope;
    const deeper = new Set(seen).add(scope);
    const inherited = scope.bases.flatMap((base) =>
      this.values(base, place, deeper).flatMap((value) =>
        value.kind === 'class' ? this.member(value.scope, name, deeper) : [],
      ),
    );
    return inherited.length > 0 ? inherited : [unknown];
  }

  private called(node: Call, place: Place, seen: ReadonlySet<object>): readonly Value[] {
    const { callee } = node;
    if (callee.kind === 'attribute' && passing.has(callee.name)) {
      const objects = this.values(callee.object, place, seen);
      if (objects.some(({ kind }) => kind === 'instance'))
        return objects.map((object) => (object.kind === 'instance' ? object : unknown));
    }
    const own: PlacedCall = { call: node, cell: place.at.cell };
    return this.values(callee, place, seen).flatMap((value): readonly Value[] => {
      switch (value.kind) {
        case 'library': {
          if (value.name === 'functools.partial' && node.arguments[0] !== undefined)
            return this.values(node.arguments[0].value, place, seen).map((inner) =>
              inner.kind === 'library'
                ? { ...inner, calls: [...inner.calls, { ...own, partial: true }] }
                : unknown,
            );
          return [{ kind: 'instance', of: value.name, calls: [...value.calls, own] }];
        }
        case 'class':
          return [{ kind: 'object', scope: value.scope }];
        default:
          return [unknown];
      }
    });
  }
}

/** The dotted module of a `from` import; a relative one keeps its dots and so is no library. */
function moduleOf(statement: Import): string {
  return '.'.repeat(statement.level) + statement.module;
}

function importedValue(statement: Import, imported: ImportedName): Value {
  if (statement.form === 'module') {
    const name = imported.alias === undefined ? imported.name.split('.')[0]! : imported.name;
    return { kind: 'library', name: canonicalName(name), calls: [] };
  }
  if (statement.level > 0) return unknown;
  return { kind: 'library', name: canonicalName(`${statement.module}.${imported.name}`), calls: [] };
}

function compare(a: Position, b: Position): number {
  return a.cell - b.cell || a.offset - b.offset;
}

/** True where `inner` is `outer` or a block inside it. */
function isWithin(inner: Block, outer: Block): boolean {
  for (let block: Block | undefined = inner; block !== undefined; block = block.parent)
    if (block === outer) return true;
  return false;
}

/** True where the two stand in different branches of one `if` or `match`, outside any loop between. */
function exclusive(a: Block, b: Block): boolean {
  for (let x: Block | undefined = a; x !== undefined; x = x.parent)
    for (let y: Block | undefined = b; y !== undefined; y = y.parent) {
      if (x === y) return false;
      if (x.alternatives !== undefined && x.alternatives === y.alternatives) return !inLoop(x);
    }
  return false;
}

function inLoop(start: Block): boolean {
  for (let block: Block | undefined = start; block !== undefined; block = block.parent)
    if (block.loop) return true;
  return false;
}

/** True where a later binding reaches an earlier use in the next round of a loop around both. */
function cameRound(binding: Block, use: Block, dominating: Block | undefined): boolean {
  for (let block: Block | undefined = use; block !== undefined; block = block.parent)
    if (block.loop && isWithin(binding, block))
      return dominating === undefined || !isWithin(dominating, block);
  return false;
}

/** `None` is the value before the first assignment, unless it is all there is. */
function withoutNone(values: readonly Value[]): readonly Value[] {
  const rest = values.filter(({ kind }) => kind !== 'none');
  return rest.length > 0 ? rest : values;
}

function distinct(values: readonly Value[]): readonly Value[] {
  const seen: Value[] = [];
  for (const value of values) if (!seen.some((other) => same(value, other))) seen.push(value);
  return seen;
}

function same(a: Value, b: Value): boolean {
  if (a.kind === 'library' && b.kind === 'library') return a.name === b.name && sameCalls(a.calls, b.calls);
  if (a.kind === 'instance' && b.kind === 'instance') return a.of === b.of && sameCalls(a.calls, b.calls);
  if ((a.kind === 'class' || a.kind === 'object') && a.kind === b.kind) return a.scope === b.scope;
  return a.kind === b.kind;
}

function sameCalls(a: readonly PlacedCall[], b: readonly PlacedCall[]): boolean {
  return a.length === b.length && a.every(({ call }, i) => call === b[i]?.call);
}
