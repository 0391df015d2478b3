import { losses } from '../losses/catalogue.ts';
import type { Api, Framework } from '../losses/loss.ts';
import { canonicalName } from './canonical.ts';

/** A loss as a framework offers it. */
export interface KnownApi {
  /** Id of the loss. */
  readonly loss: string;
  readonly api: Api;
}

interface Table {
  /** Classes and functions by canonical dotted name. */
  readonly callables: ReadonlyMap<string, readonly KnownApi[]>;
  /** Strings by `framework string`. */
  readonly strings: ReadonlyMap<string, readonly KnownApi[]>;
  /** Every module that holds a callable, and every module above it. */
  readonly modules: ReadonlySet<string>;
}

let table: Table | undefined;

/** The one lookup, derived from what the losses of the catalogue say about themselves. */
function lookup(): Table {
  if (table !== undefined) return table;
  const callables = new Map<string, KnownApi[]>();
  const strings = new Map<string, KnownApi[]>();
  const modules = new Set<string>();
  for (const loss of losses())
    for (const api of loss.apis) {
      // `tf.losses…` of TensorFlow.js is not TensorFlow's.
      if (api.framework === 'tfjs') continue;
      const known = { loss: loss.id, api };
      if (api.form === 'string') {
        add(strings, `${api.framework} ${api.name}`, known);
        continue;
      }
      const name = canonicalName(api.name);
      add(callables, name, known);
      const parts = name.split('.');
      for (let i = 1; i < parts.length; i++) modules.add(parts.slice(0, i).join('.'));
    }
  table = { callables, strings, modules };
  return table;
}

/**
 * A name that another loss has too stands for the one that is usually meant. What the same loss says of two aliases of
 * one name counts once.
 */
function add(to: Map<string, KnownApi[]>, name: string, known: KnownApi): void {
  const there = to.get(name) ?? [];
  if (there.some((other) => isSame(other, known))) return;
  const usual = [...there, known].filter(({ api }) => api.secondary !== true);
  to.set(name, usual.length > 0 ? usual : [...there, known]);
}

function isSame(a: KnownApi, b: KnownApi): boolean {
  return (
    a.loss === b.loss &&
    a.api.convention === b.api.convention &&
    JSON.stringify(a.api.requires) === JSON.stringify(b.api.requires)
  );
}

/**
 * The losses that a class or function of a library is, by canonical dotted name: several where a keyword of the call
 * decides (`from_logits`), none for other names.
 */
export function lossesOfName(name: string): readonly KnownApi[] {
  const { callables, strings } = lookup();
  const known = callables.get(name);
  if (known !== undefined) return known;
  // `keras.losses.mse` is the function that the string "mse" names.
  const short = /^keras\.losses\.([a-zA-Z]+)$/.exec(name)?.[1];
  return (short === undefined ? undefined : strings.get(`keras ${short}`)) ?? [];
}

/** The losses that a framework means by a string: `"mse"` in `compile(loss="mse")`. */
export function lossesOfString(framework: Framework, text: string): readonly KnownApi[] {
  return lookup().strings.get(`${framework} ${text}`) ?? [];
}

/** Packages whose `import *` binds no name of a loss. */
const harmless = new Set([
  'math',
  'cmath',
  'numpy',
  'typing',
  'os',
  'sys',
  'pathlib',
  'dataclasses',
  'matplotlib',
  'pandas',
  'tkinter',
]);

/**
 * Whether a module has a name that matters here: `torch.nn` has `MSELoss` and `functional`. Undefined for modules of
 * which nothing is known.
 */
export function exportsName(module: string, name: string): boolean | undefined {
  const { callables, modules } = lookup();
  const own = canonicalName(module);
  if (modules.has(own)) {
    const full = canonicalName(`${own}.${name}`);
    return callables.has(full) || modules.has(full);
  }
  return harmless.has(own.split('.')[0]!) ? false : undefined;
}
