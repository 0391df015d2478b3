import { mean } from '../build.ts';
import { inConvention } from '../../losses/conventions.ts';
import { decided } from '../../losses/decided.ts';
import { type Convention, type Loss, type Parameter } from '../../losses/loss.ts';
import { nodesOf, parametersOf, type Apply, type Expr } from '../expression.ts';
import { specialise } from '../rewrite.ts';

/** A parameter or a scalar option that the printed function takes. */
export interface PrintableParameter extends Parameter {
  readonly maxExclusive?: boolean;
  /** It is compared with class indices only. */
  readonly whole?: true;
}

/**
 * A loss as it is printed: in one convention, with choices made, with the options that were asked for among its
 * parameters, and with given values as defaults. Where rows are averaged first, `expression` is the mean of a row.
 */
export interface PrintableLoss extends Loss {
  readonly parameters: readonly PrintableParameter[];
  readonly options: readonly [];
  /** The parameters with choices that have their default. */
  readonly usual: readonly string[];
  /** The parameters with choices by what was chosen; they no longer occur in the expression. */
  readonly chosen: Readonly<Record<string, number>>;
  /** Those of them that are switches: no or yes. */
  readonly switches: readonly string[];
  /** Id of the convention; undefined for the loss's own. */
  readonly conventionId: string | undefined;
  /** The conventions that differ from this one in how rows are averaged at most; undefined stands for the loss's own. */
  readonly alike: readonly (string | undefined)[];
  /** Whether the mean of a row is part of the expression. */
  readonly rowsFirst: boolean;
  /** Whose definition this is and how it differs, in a sentence; undefined for the loss's own. */
  readonly conventionNote: string | undefined;
}

/**
 * Adapts a loss to a convention and given values; an option of the loss that has a value becomes a parameter. Throws a
 * RangeError for an unknown convention, and for a value that is none of a parameter's choices.
 */
export function printable(
  original: Loss,
  {
    parameters: given = {},
    convention,
  }: {
    readonly parameters?: Readonly<Record<string, number>>;
    readonly convention?: string;
  } = {},
): PrintableLoss {
  const own = inConvention(original, convention);
  const chosen = choicesOf(own, given);
  const loss = decided(own, given);
  const asked = (loss.options ?? []).filter((o) => o.axes.length === 0 && Object.hasOwn(given, o.id));
  const keep = asked.map((option) => option.id);
  const element = () => loss.expression(keep);
  const occurring = new Set(asked.length === 0 ? [] : parametersOf(element()).map(({ name }) => name));
  const { divisor } = loss;
  const rowsFirst = loss.averaging?.rowsFirst === true;
  return {
    ...loss,
    expression: () => (rowsFirst ? rowMean(element()) : element()),
    ...(divisor === undefined ? {} : { divisor: () => divisor(keep) }),
    named: () => (own.named?.() ?? []).map((n) => ({ ...n, expr: specialise(n.expr, chosen) })),
    parameters: [
      ...loss.parameters,
      ...asked
        .filter(({ id }) => occurring.has(id))
        .map(({ id, symbol, meaning, neutral, range }) => ({
          id,
          symbol,
          meaning,
          default: neutral,
          ...(isComparedWithIndices(element(), id) ? { whole: true as const } : {}),
          ...(range ?? { min: -Infinity, max: Infinity }),
        })),
    ].map((p) => ({ ...p, default: given[p.id] ?? p.default })),
    options: [],
    averaging: {},
    chosen,
    usual: own.parameters.filter((p) => chosen[p.id] === p.default).map(({ id }) => id),
    switches: own.parameters.filter(isSwitch).map(({ id }) => id),
    conventionId: convention,
    alike: alikeOf(original, convention),
    rowsFirst,
    conventionNote: noteOf(original, convention),
  };
}

function isComparedWithIndices(expr: Expr, id: string): boolean {
  const users = nodesOf(expr).filter(
    (node): node is Apply =>
      node.kind === 'apply' && node.args.some((arg) => arg.kind === 'param' && arg.name === id),
  );
  return users.every(
    ({ op, args }) =>
      (op === 'eq' || op === 'ne') && args.every((arg) => arg.kind === 'param' || arg.dtype === 'index'),
  );
}

/** The definitions with the same elements as one of them. */
function alikeOf(loss: Loss, convention: string | undefined): readonly (string | undefined)[] {
  const averaged = (loss.conventions ?? []).filter(isAveragingOnly).map(({ id }) => id);
  const same = [undefined, ...averaged];
  return same.includes(convention) ? same : [convention];
}

function isAveragingOnly({ inputs, parameters, expression }: Convention): boolean {
  return inputs === undefined && parameters === undefined && expression === undefined;
}

function isSwitch({ choices = [] }: Parameter): boolean {
  return (
    choices
      .map(({ name }) => name)
      .sort()
      .join() === 'no,yes'
  );
}

function noteOf(loss: Loss, id: string | undefined): string | undefined {
  const convention = loss.conventions?.find((one) => one.id === id);
  return convention === undefined ? undefined : `As ${convention.users}: ${sentence(convention.differs)}`;
}

function choicesOf(loss: Loss, given: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    loss.parameters.flatMap(({ id, choices, default: usual }) => {
      if (choices === undefined) return [];
      const value = given[id] ?? usual;
      if (choices.every((choice) => choice.value !== value))
        throw new RangeError(`${loss.id} has no ${id} ${value}`);
      return [[id, value] as const];
    }),
  );
}

/** The mean over the last axis, as Keras returns its losses. */
function rowMean(expr: Expr): Expr {
  const last = expr.axes.at(-1);
  return last === undefined ? expr : mean(expr, last);
}

interface Bound {
  readonly bound: number;
  readonly exclusive: boolean;
}

/** Bounds of this size serve sliders; the mathematics does not need them. */
const beyond = 1e5;

/** The bounds of a parameter that printed code checks. */
export function rangeOf(p: PrintableParameter): {
  readonly low: Bound | undefined;
  readonly high: Bound | undefined;
} {
  return {
    low: p.min > -beyond ? { bound: p.min, exclusive: p.minExclusive === true } : undefined,
    high: p.max < beyond ? { bound: p.max, exclusive: p.maxExclusive === true } : undefined,
  };
}

/** `greater than 0 and at most 1`, empty where any number will do. */
export function rangeWords(p: PrintableParameter): string {
  const { low, high } = rangeOf(p);
  return [
    low === undefined ? '' : `${low.exclusive ? 'greater than' : 'at least'} ${low.bound}`,
    high === undefined ? '' : `${high.exclusive ? 'less than' : 'at most'} ${high.bound}`,
  ]
    .filter((part) => part !== '')
    .join(' and ');
}

/** The range as a sentence of documentation. */
export function rangeSentence(p: PrintableParameter): string {
  const words = rangeWords(p);
  return words === '' ? '' : `Must be ${words}.`;
}

/** Text that ends with a full stop. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}
