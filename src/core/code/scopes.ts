import type {
  Expression,
  Function,
  Import,
  ImportedName,
  Lambda,
  Parameter,
  Statement,
  Tree,
} from './tree.ts';

/** Where something stands: files have one cell, notebooks several. */
export interface Position {
  readonly cell: number;
  readonly offset: number;
}

/** A list of statements that run one after another. */
export interface Block {
  readonly parent: Block | undefined;
  readonly loop: boolean;
  /** Alternatives of which one runs, such as the two branches of an `if`, share an object. */
  readonly alternatives: object | undefined;
}

/** What a name is bound to. */
export type BindingKind =
  | { readonly kind: 'import'; readonly statement: Import; readonly imported: ImportedName }
  /** `from module import *`. */
  | { readonly kind: 'star'; readonly statement: Import }
  | { readonly kind: 'function' }
  | { readonly kind: 'class'; readonly scope: Scope }
  /** The first parameter of a method. */
  | { readonly kind: 'self'; readonly scope: Scope }
  | { readonly kind: 'value'; readonly value: Expression; readonly place: Place }
  /** Parameters, loop variables, and all else whose value cannot be known here. */
  | { readonly kind: 'other' };

export interface Binding {
  readonly name: string;
  readonly block: Block;
  /** From here on the name has this value. */
  readonly at: Position;
  readonly bound: BindingKind;
}

/** A region with its own names. */
export interface Scope {
  readonly kind: 'module' | 'function' | 'class' | 'comprehension';
  /** Where it stands; absent for the module. */
  readonly place: Place | undefined;
  readonly bindings: Map<string, Binding[]>;
  /** For a class: what its methods assign to `self.x`. */
  readonly attributes: Map<string, BindingKind[]>;
  /** For a class: its base classes. */
  readonly bases: readonly Expression[];
  /** Names that `global` or `nonlocal` send elsewhere. */
  readonly redirected: Map<string, Scope>;
}

/** Where an expression is evaluated. */
export interface Place {
  readonly scope: Scope;
  readonly block: Block;
  readonly at: Position;
}

/** How an expression is used where it stands. */
type Role = 'callee' | 'value' | 'base' | 'annotation' | 'decorator';

/** A name, attribute or call that is read somewhere. */
export interface Site {
  readonly node: Expression;
  readonly place: Place;
  readonly role: Role;
  /** The call whose callee this is. */
  readonly call?: Extract<Expression, { kind: 'call' }>;
}

export interface Scopes {
  readonly module: Scope;
  /** In the order of the text. */
  readonly sites: readonly Site[];
  readonly imports: readonly { readonly statement: Import; readonly place: Place }[];
  /** Names of attributes that are assigned on objects other than `self`. */
  readonly foreignAttributes: ReadonlySet<string>;
  readonly notebook: boolean;
}

/** The scopes and bindings of a file, or of the cells of a notebook, which share their module scope. */
export function buildScopes(cells: readonly Tree[]): Scopes {
  const module = newScope('module', undefined);
  const top: Block = { parent: undefined, loop: false, alternatives: undefined };
  const sites: Site[] = [];
  const imports: { statement: Import; place: Place }[] = [];
  const foreignAttributes = new Set<string>();
  cells.forEach((tree, cell) => {
    new Walker(cell, module, sites, imports, foreignAttributes).statements(tree.body, module, top);
  });
  return { module, sites, imports, foreignAttributes, notebook: cells.length > 1 };
}

function newScope(kind: Scope['kind'], place: Place | undefined, bases: readonly Expression[] = []): Scope {
  return { kind, place, bindings: new Map(), attributes: new Map(), bases, redirected: new Map() };
}

class Walker {
  private readonly cell: number;
  private readonly module: Scope;
  private readonly sites: Site[];
  private readonly imports: { statement: Import; place: Place }[];
  private readonly foreign: Set<string>;

  constructor(
    cell: number,
    module: Scope,
    sites: Site[],
    imports: { statement: Import; place: Place }[],
    foreign: Set<string>,
  ) {
    this.cell = cell;
    this.module = module;
    this.sites = sites;
    this.imports = imports;
    this.foreign = foreign;
  }

  private place(scope: Scope, block: Block, offset: number): Place {
    return { scope, block, at: { cell: this.cell, offset } };
  }

  private bind(name: string, scope: Scope, block: Block, offset: number, bound: BindingKind): void {
    if (name === '') return;
    const target = scope.redirected.get(name) ?? scope;
    const list = target.bindings.get(name);
    const binding = { name, block, at: { cell: this.cell, offset }, bound };
    if (list === undefined) target.bindings.set(name, [binding]);
    else list.push(binding);
  }

  /** Binds every name of an assignment's target; what stands inside subscripts and attributes is read. */
  private assign(target: Expression, scope: Scope, block: Block, offset: number, bound: BindingKind): void {
    switch (target.kind) {
      case 'name': {
        this.bind(target.name, scope, block, offset, bound);
        return;
      }
      case 'tuple':
      case 'list':
        for (const element of target.elements) this.assign(element, scope, block, offset, { kind: 'other' });
        return;
      case 'dictionary':
        for (const { value } of target.entries) this.assign(value, scope, block, offset, { kind: 'other' });
        return;
      case 'starred': {
        this.assign(target.operand, scope, block, offset, { kind: 'other' });
        return;
      }
      case 'assignment': {
        this.assign(target.target, scope, block, offset, { kind: 'other' });
        return;
      }
      case 'attribute': {
        this.expression(target.object, scope, block);
        const self = this.selfClass(target.object, scope);
        if (self === undefined) this.foreign.add(target.name);
        else {
          const list = self.attributes.get(target.name);
          if (list === undefined) self.attributes.set(target.name, [bound]);
          else list.push(bound);
        }
        return;
      }
      default:
        this.expression(target, scope, block);
    }
  }

  /** The class whose instance `self` is, where the expression is the first parameter of a method around here. */
  private selfClass(object: Expression, from: Scope): Scope | undefined {
    if (object.kind !== 'name') return undefined;
    for (let scope: Scope | undefined = from; scope !== undefined; scope = scope.place?.scope) {
      const bound = scope.bindings.get(object.name)?.map((binding) => binding.bound);
      if (bound !== undefined) {
        const only = bound[0];
        return bound.length === 1 && only?.kind === 'self' ? only.scope : undefined;
      }
    }
    return undefined;
  }

  statements(list: readonly Statement[], scope: Scope, block: Block): void {
    for (const statement of list) this.statement(statement, scope, block);
  }

  /** Statements that may run or not. */
  private branch(
    list: readonly Statement[],
    scope: Scope,
    parent: Block,
    options: { loop?: boolean; alternatives?: object } = {},
  ): void {
    this.statements(list, scope, { parent, loop: options.loop ?? false, alternatives: options.alternatives });
  }

  private statement(node: Statement, scope: Scope, block: Block): void {
    switch (node.kind) {
      case 'import': {
        this.importStatement(node, scope, block);
        return;
      }
      case 'function': {
        this.functionStatement(node, scope, block);
        return;
      }
      case 'class': {
        for (const decorator of node.decorators) this.expression(decorator, scope, block, 'decorator');
        for (const base of node.bases)
          this.expression(base.value, scope, block, base.name === undefined ? 'base' : 'value');
        const place = this.place(scope, block, node.definition);
        const bases = node.bases.filter((base) => base.name === undefined).map((base) => base.value);
        const inner = newScope('class', place, bases);
        this.bind(node.name.name, scope, block, node.to, { kind: 'class', scope: inner });
        this.statements(node.body, inner, { parent: block, loop: false, alternatives: undefined });
        return;
      }
      case 'assign': {
        if (node.annotation !== undefined) this.expression(node.annotation, scope, block, 'annotation');
        if (node.value === undefined) {
          // `x: int` only declares; it still makes the name local.
          for (const target of node.targets)
            if (target.kind !== 'name' && target.kind !== 'attribute')
              this.assign(target, scope, block, node.to, { kind: 'other' });
          return;
        }
        this.expression(node.value, scope, block);
        const bound: BindingKind =
          node.operator === undefined
            ? { kind: 'value', value: node.value, place: this.place(scope, block, node.value.from) }
            : { kind: 'other' };
        for (const target of node.targets) this.assign(target, scope, block, node.to, bound);
        return;
      }
      case 'declare':
        for (const { target, value } of node.declarations) {
          if (value !== undefined) this.expression(value, scope, block);
          const bound: BindingKind =
            value === undefined
              ? { kind: 'other' }
              : { kind: 'value', value, place: this.place(scope, block, value.from) };
          this.assign(target, scope, block, node.to, bound);
        }
        return;
      case 'expression': {
        this.expression(node.value, scope, block);
        return;
      }
      case 'simple':
        for (const value of node.values)
          if (node.keyword === 'del') this.assign(value, scope, block, node.to, { kind: 'other' });
          else this.expression(value, scope, block);
        return;
      case 'scope':
        for (const { name } of node.names) {
          const target = node.keyword === 'global' ? this.module : this.enclosing(name, scope);
          if (target !== scope) scope.redirected.set(name, target);
        }
        return;
      case 'if': {
        this.expression(node.test, scope, block);
        const alternatives = {};
        this.branch(node.body, scope, block, { alternatives });
        this.branch(node.otherwise, scope, block, { alternatives });
        return;
      }
      case 'for': {
        this.expression(node.iterable, scope, block);
        const body: Block = { parent: block, loop: true, alternatives: undefined };
        this.assign(node.target, scope, body, node.target.to, { kind: 'other' });
        this.statements(node.body, scope, body);
        this.branch(node.otherwise, scope, block);
        return;
      }
      case 'while': {
        const body: Block = { parent: block, loop: true, alternatives: undefined };
        this.expression(node.test, scope, body);
        this.statements(node.body, scope, body);
        this.branch(node.otherwise, scope, block);
        return;
      }
      case 'try':
        this.branch(node.body, scope, block);
        for (const handler of node.handlers) {
          if (handler.type !== undefined) this.expression(handler.type, scope, block);
          const inner: Block = { parent: block, loop: false, alternatives: undefined };
          if (handler.name !== undefined)
            this.bind(handler.name.name, scope, inner, handler.name.to, { kind: 'other' });
          this.statements(handler.body, scope, inner);
        }
        this.branch(node.otherwise, scope, block);
        // What `finally` does has happened afterwards.
        {
          this.statements(node.final, scope, block);
          return;
        }
      case 'with':
        for (const { value, target } of node.items) {
          this.expression(value, scope, block);
          if (target !== undefined) this.assign(target, scope, block, target.to, { kind: 'other' });
        }
        {
          this.statements(node.body, scope, block);
          return;
        }
      case 'match': {
        this.expression(node.subject, scope, block);
        const alternatives = {};
        for (const one of node.cases) {
          const inner: Block = { parent: block, loop: false, alternatives };
          for (const reference of one.references) this.expression(reference, scope, inner);
          for (const capture of one.captures)
            this.bind(capture.name, scope, inner, capture.to, { kind: 'other' });
          if (one.guard !== undefined) this.expression(one.guard, scope, inner);
          this.statements(one.body, scope, inner);
        }
        return;
      }
      case 'type':
        this.bind(node.name.name, scope, block, node.to, { kind: 'other' });
        for (const child of node.children) this.expression(child, scope, block, 'annotation');
        return;
      case 'block': {
        this.statements(node.body, scope, block);
        return;
      }
      case 'export':
        if (node.declaration !== undefined) this.statement(node.declaration, scope, block);
        return;
      case 'unknown':
        for (const child of node.children) this.expression(child, scope, block);
        return;
    }
  }

  private enclosing(name: string, scope: Scope): Scope {
    for (let outer = scope.place?.scope; outer !== undefined; outer = outer.place?.scope)
      if (outer.kind === 'function' && outer.bindings.has(name)) return outer;
    return scope;
  }

  private importStatement(node: Import, scope: Scope, block: Block): void {
    this.imports.push({ statement: node, place: this.place(scope, block, node.from) });
    if (node.star) this.bind('*', scope, block, node.to, { kind: 'star', statement: node });
    for (const imported of node.names) {
      // `import torch.nn` binds `torch`.
      const first = node.form === 'module' ? imported.name.split('.')[0]! : imported.name;
      this.bind(imported.alias?.name ?? first, scope, block, node.to, {
        kind: 'import',
        statement: node,
        imported,
      });
    }
  }

  private functionStatement(node: Function, scope: Scope, block: Block): void {
    for (const decorator of node.decorators) this.expression(decorator, scope, block, 'decorator');
    for (const bound of node.typeBounds) this.expression(bound, scope, block, 'annotation');
    this.defaults(node.parameters, scope, block);
    if (node.returns !== undefined) this.expression(node.returns, scope, block, 'annotation');
    this.bind(node.name.name, scope, block, node.to, { kind: 'function' });
    const inner = newScope('function', this.place(scope, block, node.definition));
    const body: Block = { parent: block, loop: false, alternatives: undefined };
    const isStatic = node.decorators.some((d) => d.kind === 'name' && d.name === 'staticmethod');
    node.parameters.forEach((parameter, i) => {
      const self = i === 0 && scope.kind === 'class' && !isStatic && parameter.rest === undefined;
      this.parameter(
        parameter,
        inner,
        body,
        node.definition,
        self ? { kind: 'self', scope } : { kind: 'other' },
      );
    });
    this.statements(node.body, inner, body);
  }

  private defaults(parameters: readonly Parameter[], scope: Scope, block: Block): void {
    for (const { annotation, default: value } of parameters) {
      if (annotation !== undefined) this.expression(annotation, scope, block, 'annotation');
      if (value !== undefined) this.expression(value, scope, block);
    }
  }

  private parameter(
    parameter: Parameter,
    scope: Scope,
    block: Block,
    offset: number,
    bound: BindingKind,
  ): void {
    if (parameter.name !== undefined) this.bind(parameter.name.name, scope, block, offset, bound);
    if (parameter.pattern !== undefined)
      this.assign(parameter.pattern, scope, block, offset, { kind: 'other' });
  }

  private lambda(node: Lambda, scope: Scope, block: Block): void {
    this.defaults(node.parameters, scope, block);
    const inner = newScope('function', this.place(scope, block, node.from));
    const body: Block = { parent: block, loop: false, alternatives: undefined };
    for (const parameter of node.parameters)
      this.parameter(parameter, inner, body, node.from, { kind: 'other' });
    if ('kind' in node.body) this.expression(node.body, inner, body);
    else this.statements(node.body, inner, body);
  }

  private expression(node: Expression, scope: Scope, block: Block, role: Role = 'value'): void {
    const read = (child: Expression): void => this.expression(child, scope, block);
    switch (node.kind) {
      case 'name':
        this.sites.push({ node, place: this.place(scope, block, node.from), role });
        return;
      case 'attribute':
        this.sites.push({ node, place: this.place(scope, block, node.from), role });
        {
          read(node.object);
          return;
        }
      case 'call': {
        const { callee } = node;
        const place = this.place(scope, block, node.from);
        this.sites.push({ node, place, role });
        if (callee.kind === 'name' || callee.kind === 'attribute') {
          this.sites.push({
            node: callee,
            place,
            role: role === 'decorator' ? 'decorator' : 'callee',
            call: node,
          });
          if (callee.kind === 'attribute') read(callee.object);
        } else read(callee);
        for (const argument of node.arguments) read(argument.value);
        return;
      }
      case 'formatted': {
        node.parts.forEach(read);
        return;
      }
      case 'subscript':
        this.expression(node.object, scope, block, role);
        {
          this.expression(node.index, scope, block, role);
          return;
        }
      case 'slice': {
        node.parts.forEach(read);
        return;
      }
      case 'unary':
      case 'await':
      case 'starred': {
        this.expression(node.operand, scope, block, role);
        return;
      }
      case 'yield':
        if (node.operand !== undefined) read(node.operand);
        return;
      case 'binary':
        // `int | None` in an annotation is one.
        this.expression(node.left, scope, block, role);
        {
          this.expression(node.right, scope, block, role);
          return;
        }
      case 'compare':
      case 'logical': {
        node.operands.forEach(read);
        return;
      }
      case 'conditional': {
        [node.test, node.then, node.otherwise].forEach(read);
        return;
      }
      case 'lambda': {
        this.lambda(node, scope, block);
        return;
      }
      case 'tuple':
      case 'list':
      case 'set':
        for (const element of node.elements) this.expression(element, scope, block, role);
        return;
      case 'dictionary':
        for (const { key, value } of node.entries) {
          if (key !== undefined && key !== value) read(key);
          read(value);
        }
        return;
      case 'comprehension': {
        const inner = newScope('comprehension', this.place(scope, block, node.from));
        const body: Block = { parent: block, loop: true, alternatives: undefined };
        node.clauses.forEach((clause, i) => {
          // The first iterable is evaluated outside.
          if (i === 0) this.expression(clause.iterable, scope, block);
          else this.expression(clause.iterable, inner, body);
          this.assign(clause.target, inner, body, node.from, { kind: 'other' });
          for (const condition of clause.conditions) this.expression(condition, inner, body);
        });
        for (const element of node.elements) this.expression(element, inner, body);
        return;
      }
      case 'assignment': {
        read(node.value);
        let target = scope;
        while (target.kind === 'comprehension' && target.place !== undefined) target = target.place.scope;
        const bound: BindingKind =
          node.operator === ':=' || node.operator === '='
            ? { kind: 'value', value: node.value, place: this.place(scope, block, node.value.from) }
            : { kind: 'other' };
        this.assign(node.target, target, block, node.to, bound);
        return;
      }
      case 'unknown': {
        node.children.forEach(read);
        return;
      }
      case 'number':
      case 'string':
      case 'constant':
        return;
    }
  }
}
