/** What a framework's own function for a loss is called with: the claims of a loss's `apis`, read backwards. */
import type { Api, Framework, LossInput } from '../../losses/loss.ts';
import type { PrintableLoss, PrintableParameter } from './printable.ts';

/** The value of a keyword: one of our parameters, or a constant. */
export type KeywordValue =
  | { readonly kind: 'parameter'; readonly id: string }
  | { readonly kind: 'literal'; readonly value: boolean | number | string };

/** A call that means the loss. */
export interface Idiom {
  readonly api: Api;
  /** The inputs in the order of the call. */
  readonly args: readonly LossInput[];
  readonly keywords: readonly { readonly keyword: string; readonly value: KeywordValue }[];
  /** The parameters that the call can say; others are as it has them. */
  readonly parameters: readonly PrintableParameter[];
  readonly gives: NonNullable<Api['gives']>;
}

/** What a printer knows of functions beyond the catalogue. */
export interface Beyond {
  /** Why a function is not the loss in all cases, or cannot be called. */
  readonly inexact?: (api: Api) => string | undefined;
  /** Whether the printer brings the inputs into the form that a function wants. */
  readonly arranges?: (api: Api) => boolean;
  /** Further calls. */
  readonly also?: readonly Api[];
}

/**
 * The best of the ways in which frameworks offer the loss: a function before a class, our scale before another. Throws a
 * RangeError that says why there is none.
 */
export function idiomOf(
  loss: PrintableLoss,
  frameworks: readonly Framework[],
  owner: string,
  { inexact, arranges, also = [] }: Beyond = {},
): Idiom {
  const offered = [...loss.apis, ...also].filter(
    (api) => frameworks.includes(api.framework) && isCallable(api),
  );
  if (offered.length === 0) throw new RangeError(`${owner} has no function for ${loss.id}`);
  const reasons: string[] = [];
  for (const api of [...offered].sort((a, b) => rankOf(a) - rankOf(b))) {
    const arranged = arranges?.(api) === true ? undefined : api.arranged;
    const found = inexact?.(api) ?? (arranged === undefined ? callOf(loss, api) : `takes ${arranged}`);
    if (typeof found !== 'string') return found;
    reasons.push(`${api.name} ${found}`);
  }
  throw new RangeError(`no function of ${owner} is this: ${[...new Set(reasons)].join('; ')}`);
}

/** Functions, and classes that are called like them; scikit-learn's classes are estimators. */
function isCallable({ form, framework }: Api): boolean {
  return form === 'function' || (form === 'class' && (framework === 'torch' || framework === 'keras'));
}

function rankOf({ form, scale, secondary }: Api): number {
  return (form === 'function' ? 0 : 2) + (scale === undefined ? 0 : 1) + (secondary === true ? 4 : 0);
}

/** The call of one API, or the reason why it is another loss. */
function callOf(loss: PrintableLoss, api: Api): Idiom | string {
  if (!loss.alike.includes(api.convention)) {
    return api.convention === undefined
      ? 'computes the usual definition, not this one'
      : `computes the definition of the convention ${api.convention}`;
  }
  const keywords: { keyword: string; value: KeywordValue }[] = Object.entries(api.requires ?? {}).map(
    ([keyword, value]) => ({ keyword, value: { kind: 'literal', value } }),
  );
  const sayable = new Map(
    Object.entries(api.keywords ?? {}).map(([keyword, k]) => [k.parameter, { keyword, ...k }]),
  );
  for (const [id, value] of Object.entries(loss.chosen)) {
    const fixed = api.fixed?.[id];
    const said = sayable.get(id);
    if (fixed !== undefined && fixed !== value) return `is only that with ${id} = ${fixed}`;
    if (fixed !== undefined) continue;
    if (said === undefined && loss.usual.includes(id)) continue;
    if (said === undefined) return `has no ${id}`;
    if (said.default === value || keywords.some(({ keyword }) => keyword === said.keyword)) continue;
    const literal = loss.switches.includes(id) ? value === 1 : value;
    keywords.push({ keyword: said.keyword, value: { kind: 'literal', value: literal } });
  }
  const parameters: PrintableParameter[] = [];
  for (const p of loss.parameters) {
    const fixed = api.fixed?.[p.id];
    const said = sayable.get(p.id);
    if (fixed !== undefined && fixed !== p.default) return `is only that with ${p.id} = ${fixed}`;
    if (fixed !== undefined) continue;
    if (said === undefined) return `has no ${p.id}`;
    parameters.push(p);
    keywords.push({ keyword: said.keyword, value: { kind: 'parameter', id: p.id } });
  }
  return { api, args: argsOf(loss, api), keywords, parameters, gives: api.gives ?? usually(api) };
}

function argsOf({ inputs }: PrintableLoss, { args, targetFirst }: Api): readonly LossInput[] {
  if (args !== undefined) return args.flatMap((id) => inputs.find((input) => input.id === id) ?? []);
  if (targetFirst !== true) return inputs;
  const targets = inputs.filter(({ role }) => role === 'target');
  return [...targets, ...inputs.filter((input) => !targets.includes(input))];
}

function usually({ framework, form }: Api): NonNullable<Api['gives']> {
  switch (framework) {
    case 'torch':
      return 'reduction';
    case 'keras':
      return form === 'class' ? 'reduction' : 'rows';
    case 'sklearn':
    case 'tfjs':
      return 'mean';
    default:
      return 'elements';
  }
}
