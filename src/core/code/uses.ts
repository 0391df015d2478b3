import { loadLoss } from '../losses/catalogue.ts';
import { inConvention } from '../losses/conventions.ts';
import type { Api, Framework, Loss } from '../losses/loss.ts';
import { printableValues } from '../losses/parameters.ts';
import { canonicalName } from './canonical.ts';
import { mayUseLosses } from './filter.ts';
import { exportsName, lossesOfName, lossesOfString, type KnownApi } from './frameworks.ts';
import { Names, type PlacedCall, type Value } from './names.ts';
import { buildScopes, type Scopes, type Site } from './scopes.ts';
import { parseSyntax } from './syntax.ts';
import type { Argument, Call, Expression, Language, Span, StringLiteral, Tree } from './tree.ts';

/** An argument as written in the file. */
interface GivenArgument {
  /** Empty for a positional argument. */
  readonly name: string;
  readonly text: string;
}
interface ReadArgument extends GivenArgument {
  /** The framework's name of it, also by position; undefined where that is not known. */
  readonly keyword: string | undefined;
  readonly value: Expression;
}

/** One loss that a use may mean. */
export interface Candidate extends KnownApi {
  readonly framework: Framework;
  /** Arguments that set the loss up, from the construction and from the call; inputs are left out. */
  readonly arguments: readonly GivenArgument[];
  /**
   * Parameters and options of ours as the call has them where that is not our default: by its arguments, as far as
   * these are literals, or by the framework's own default.
   */
  readonly parameters: Readonly<Record<string, number>>;
  /** Where the object was built, for uses of a variable. */
  readonly definition?: Span & { readonly cell: number };
}

/** How a loss appears: see {@link Use}. */
type UseRole = 'construction' | 'call' | 'instance' | 'string' | 'reference' | 'import';

/** A place in the file where a loss of a library is meant. */
export interface Use extends Span {
  /**
   * `construction`: `nn.MSELoss()`. `call`: `F.mse_loss(a, b)`. `instance`: a variable that holds a loss.
   * `string`: inside the quotes of `loss="mse"`. `reference`: named but not called. `import`: in an import statement.
   */
  readonly role: UseRole;
  /** Index of the notebook cell, 0 in files. */
  readonly cell: number;
  /** The whole call, where there is one. */
  readonly call?: Span;
  /** More than one where the code does not decide; never empty. */
  readonly candidates: readonly Candidate[];
}

/** All uses of losses of known libraries in a file, in the order of the text. Only Python is read. */
export function findUses(source: string, language: Language = 'python'): readonly Use[] {
  if (language !== 'python' || !mayUseLosses(source)) return [];
  return usesIn([parseSyntax(source, language)]);
}

/** The use at an offset of a file: that whose range holds it. */
export function useAt(source: string, offset: number, language: Language = 'python'): Use | undefined {
  return pick(findUses(source, language), offset);
}

/** The innermost of some uses of a cell whose range holds an offset; the end of a range counts as inside. */
export function pick(uses: readonly Use[], offset: number, cell = 0): Use | undefined {
  return uses
    .filter((use) => use.cell === cell && use.from <= offset && offset <= use.to)
    .sort((a, b) => a.to - a.from - (b.to - b.from))[0];
}

/** The uses in a file, or in the cells of a notebook, which share their names. */
export function usesIn(cells: readonly Tree[]): readonly Use[] {
  const scopes = buildScopes(cells);
  const finder = new Finder(cells, scopes);
  const found = [...scopes.sites.flatMap((site) => finder.at(site)), ...finder.imports()];
  return found.sort((a, b) => a.cell - b.cell || a.from - b.from || a.to - b.to);
}

class Finder {
  private readonly cells: readonly Tree[];
  private readonly scopes: Scopes;
  private readonly names: Names;
  private readonly hasKeras: boolean;

  constructor(cells: readonly Tree[], scopes: Scopes) {
    this.cells = cells;
    this.scopes = scopes;
    this.names = new Names(scopes, exportsName);
    this.hasKeras = scopes.imports.some(({ statement }) => {
      const modules =
        statement.form === 'from' ? [statement.module] : statement.names.map(({ name }) => name);
      return (
        statement.level === 0 && modules.some((name) => /^(?:tensorflow|keras|tf_keras)(?:\.|$)/.test(name))
      );
    });
  }

  at(site: Site): Use[] {
    const { node } = site;
    if (node.kind === 'call') return this.strings(node, site);
    if (node.kind !== 'name' && node.kind !== 'attribute') return [];
    if (!mayName(node)) return [];
    const values = this.names.resolve(node, site.place);
    const own: PlacedCall[] = site.call === undefined ? [] : [{ call: site.call, cell: site.place.at.cell }];
    const candidates = values.map((value) => this.candidates(value, own));
    if (candidates.length === 0 || candidates.some((found) => found.length === 0)) return [];
    const all = candidates.flat();
    const instance = values[0]?.kind === 'instance';
    if (values.some(({ kind }) => (kind === 'instance') !== instance)) return [];
    // Over `self` in `self.criterion(…)` nothing is shown.
    const range = instance && node.kind === 'attribute' ? node.nameSpan : node;
    const isClass = all[0]?.api.form === 'class';
    const role = instance
      ? 'instance'
      : site.role !== 'callee'
        ? 'reference'
        : isClass
          ? 'construction'
          : 'call';
    return [
      {
        role,
        cell: site.place.at.cell,
        from: range.from,
        to: range.to,
        ...(site.call === undefined ? {} : { call: { from: site.call.from, to: site.call.to } }),
        candidates: all,
      },
    ];
  }

  private candidates(value: Value, own: readonly PlacedCall[]): readonly Candidate[] {
    if (value.kind === 'library') return this.describeAll(lossesOfName(value.name), [...value.calls, ...own]);
    if (value.kind !== 'instance') return [];
    // An estimator of scikit-learn has a loss but is none.
    const known = lossesOfName(value.of).filter(
      ({ api }) => api.form === 'class' && api.framework !== 'sklearn',
    );
    const built = value.calls.at(-1);
    return this.describeAll(known, value.calls).map((described) =>
      built === undefined
        ? described
        : { ...described, definition: { from: built.call.from, to: built.call.to, cell: built.cell } },
    );
  }

  /** The losses that a call may be: of several under one name those whose keywords it does not contradict. */
  private describeAll(known: readonly KnownApi[], calls: readonly PlacedCall[]): readonly Candidate[] {
    const all = known.flatMap((one) => this.describe(one, calls));
    const possible = all.filter(({ possible }) => possible);
    return (possible.length > 0 ? possible : all).map(({ candidate }) => candidate);
  }

  private describe(
    known: KnownApi,
    calls: readonly PlacedCall[],
  ): { readonly candidate: Candidate; readonly possible: boolean }[] {
    const { api } = known;
    const original = loadLoss(known.loss);
    if (original === undefined) return [];
    const loss = inConvention(original, api.convention);
    const given = calls.flatMap((placed) => this.argumentsOf(placed, loss, api));
    const last = (keyword: string) => given.findLast((argument) => argument.keyword === keyword);
    const parameters: Record<string, number> = { ...api.fixed };
    for (const [keyword, { parameter, default: usual }] of Object.entries(api.keywords ?? {})) {
      const argument = last(keyword);
      const value = argument === undefined ? undefined : valueOf(argument.value, parameter, loss);
      // An option that is not given is not there: the label to ignore is one that never occurs.
      if (value !== undefined || !isOption(loss, parameter)) parameters[parameter] = value ?? usual;
    }
    const ours = defaultsOf(loss);
    const candidate: Candidate = {
      ...known,
      framework: api.framework,
      arguments: given.map(({ name, text }) => ({ name, text })),
      parameters: Object.fromEntries(
        Object.entries(printableValues(loss, parameters)).filter(([id, value]) => value !== ours.get(id)),
      ),
    };
    const possible = Object.entries(api.requires ?? {}).every(([keyword, wanted]) => {
      const text = last(keyword)?.text;
      if (text === undefined) return wanted === false;
      // What is no literal is decided at run time.
      return !isLiteral(text) || text === pythonText(wanted);
    });
    return [{ candidate, possible }];
  }

  /** The arguments of a call that set a loss up; what it compares is left out. */
  private argumentsOf({ call, cell, partial }: PlacedCall, loss: Loss, api: Api): ReadArgument[] {
    const positional = api.positional ?? Object.keys(api.keywords ?? {});
    // The first arguments of a function are its inputs; before them a partial has the function.
    const inputs = api.form === 'class' ? 0 : (api.args ?? loss.inputs).length;
    const before = (partial === true ? 1 : 0) + inputs;
    return call.arguments.flatMap(({ name, value, mapping }, i): ReadArgument[] => {
      if (mapping === true || value.kind === 'starred') return [];
      if (name === undefined ? i < before : inputNames.has(name)) return [];
      const text = this.cells[cell]!.source.slice(value.from, value.to);
      return [{ name: name ?? '', text, value, keyword: name ?? positional[i - before] }];
    });
  }

  /** Strings that name a loss: in `compile(loss=…)` of a Keras model, in constructors of other libraries. */
  private strings(call: Call, site: Site): Use[] {
    const { callee } = call;
    if (callee.kind !== 'name' && callee.kind !== 'attribute') return [];
    const keyword = (name: string): readonly Argument[] =>
      call.arguments.filter((argument) => argument.name === name);
    const loss = keyword('loss');
    const objective = keyword('objective');
    const isCompile = callee.kind === 'attribute' && callee.name === 'compile';
    const isGet = /(?:^|\.)get$/.test(lastName(callee));
    if (loss.length + objective.length === 0 && !isCompile && !isGet) return [];
    const values = this.names.resolve(callee, site.place);
    const name = values.length === 1 && values[0]?.kind === 'library' ? values[0].name : undefined;
    const find = (framework: Framework, given: readonly Argument[]): Use[] =>
      given
        .flatMap(({ value }) => stringsIn(value))
        .flatMap((literal) => this.stringUse(framework, literal, call, site));
    if (isCompile && this.hasKeras && this.mayBeModel(callee.object, site)) {
      const second = call.arguments[1];
      const positional =
        loss.length === 0 && second !== undefined && second.name === undefined ? [second] : [];
      return find('keras', [...loss, ...positional]);
    }
    if (name === undefined) return [];
    if (name === 'keras.losses.get') return find('keras', call.arguments.slice(0, 1));
    if (name.startsWith('sklearn.')) return find('sklearn', loss);
    if (name.startsWith('xgboost.')) return find('xgboost', objective);
    return name.startsWith('lightgbm.') ? find('lightgbm', objective) : [];
  }

  /** False where the object is known to be something else than a Keras model. */
  private mayBeModel(object: Expression, site: Site): boolean {
    return this.names.resolve(object, site.place).every((value) => {
      if (value.kind === 'library') return value.name.startsWith('keras.');
      if (value.kind === 'instance')
        return /^keras\./.test(value.of) || !/^(?:torch|sklearn|re|jax|numpy)\./.test(value.of);
      if (value.kind !== 'object') return value.kind === 'unknown' || value.kind === 'none';
      // An object of a class of this file: that class must derive from something not of this file.
      return value.scope.bases.some((base) => {
        const place = value.scope.place;
        return (
          place !== undefined &&
          this.names
            .resolve(base, place)
            .some((parent) =>
              parent.kind === 'library'
                ? parent.name.startsWith('keras.')
                : parent.kind === 'unknown' || parent.kind === 'class',
            )
        );
      });
    });
  }

  private stringUse(framework: Framework, literal: StringLiteral, call: Call, site: Site): Use[] {
    const candidates =
      literal.text === undefined ? [] : this.describeAll(lossesOfString(framework, literal.text), []);
    if (candidates.length === 0) return [];
    return [
      {
        role: 'string',
        cell: site.place.at.cell,
        ...literal.inner,
        call: { from: call.from, to: call.to },
        candidates,
      },
    ];
  }

  /** The imported names themselves: `MSELoss` in `from torch.nn import MSELoss as L`. */
  imports(): Use[] {
    return this.scopes.imports.flatMap(({ statement, place }) => {
      if (statement.form !== 'from' || statement.level > 0) return [];
      return statement.names.flatMap((imported): Use[] => {
        const known = lossesOfName(canonicalName(`${statement.module}.${imported.name}`));
        if (known.length === 0) return [];
        return [
          {
            role: 'import',
            cell: place.at.cell,
            from: imported.from,
            to: imported.to,
            candidates: this.describeAll(known, []),
          },
        ];
      });
    });
  }
}

/** Keywords under which functions take what they compare. */
const inputNames = new Set([
  ...['input', 'inputs', 'input1', 'input2', 'target', 'targets', 'x1', 'x2', 'var'],
  ...['y_true', 'y_pred', 'y_proba', 'pred_decision', 'labels', 'logits', 'scores'],
  ...['predictions', 'predictor_outputs', 'log_predictions', 'log_targets'],
  ...['anchor', 'positive', 'negative', 'anchors', 'positives', 'negatives', 'embeddings'],
  ...['log_probs', 'input_lengths', 'target_lengths', 'label_length', 'logit_length'],
  ...['logit_paddings', 'label_paddings', 'name', 'dtype'],
]);

/** Chains of names only; anything else cannot name a library. */
function mayName(node: Expression): boolean {
  if (node.kind === 'name') return true;
  return node.kind === 'attribute' && (mayName(node.object) || node.object.kind === 'call');
}

function lastName(node: Expression): string {
  return node.kind === 'attribute' || node.kind === 'name' ? node.name : '';
}

/** A string, or those in a list or a dictionary of several outputs. */
function stringsIn(node: Expression): StringLiteral[] {
  switch (node.kind) {
    case 'string':
      return [node];
    case 'list':
    case 'tuple':
      return node.elements.flatMap(stringsIn);
    case 'dictionary':
      return node.entries.flatMap(({ value }) => stringsIn(value));
    default:
      return [];
  }
}

/** The value that a literal gives a parameter: a number, a switch, or one of its choices by name. */
function valueOf(node: Expression, parameter: string, loss: Loss): number | undefined {
  const choices = loss.parameters.find(({ id }) => id === parameter)?.choices;
  if (node.kind === 'constant' && choices !== undefined)
    return node.text === 'True' ? 1 : node.text === 'False' ? 0 : undefined;
  if (node.kind === 'string') return choices?.find(({ name }) => name === node.text)?.value;
  return numberOf(node);
}

function isOption({ options = [] }: Loss, parameter: string): boolean {
  return options.some(({ id }) => id === parameter);
}

/** Our own values of what a call may set. */
function defaultsOf({ parameters, options = [] }: Loss): ReadonlyMap<string, number> {
  return new Map([
    ...parameters.map((parameter) => [parameter.id, parameter.default] as const),
    ...options.map(({ id, neutral }) => [id, neutral] as const),
  ]);
}

function numberOf(node: Expression): number | undefined {
  if (node.kind === 'unary' && node.operator === '-') {
    const value = numberOf(node.operand);
    return value === undefined ? undefined : -value;
  }
  if (node.kind !== 'number') return undefined;
  const value = Number(node.text.replaceAll('_', ''));
  return Number.isFinite(value) ? value : undefined;
}

function isLiteral(text: string): boolean {
  return /^(?:True|False|None|-?[\d.][\d.eE+-]*|"[^"]*"|'[^']*')$/.test(text);
}

function pythonText(value: boolean | number | string): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
}
