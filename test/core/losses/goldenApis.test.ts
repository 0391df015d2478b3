/**
 * What golden cases say about the claims of the catalogue: a case that names a function, class or string of a framework
 * is one of the loss and convention under which the catalogue lists that name. TensorFlow and torchvision are executed
 * in no other way.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import type { Api, Loss } from '../../../src/core/losses/loss.ts';
import { entryOf, notOffered } from '../../golden/entries/all.ts';
import type { Entry } from '../../golden/entry.ts';
import { prepare, runCase } from '../../golden/losses.ts';
import { parseFile } from '../../golden/run.ts';
import { lossCaseSchema, type GoldenCase, type LossCase } from '../../golden/types.ts';

interface Golden {
  readonly raw: GoldenCase;
  readonly parsed: LossCase;
  readonly entry: Entry;
}

const folder = path.resolve(import.meta.dirname, '../../fixtures/golden');
const cases: readonly Golden[] = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) => parseFile(name, readFileSync(path.join(folder, name), 'utf8')).cases)
  .flatMap((raw) => {
    if (notOffered(raw['loss'], raw['convention']) !== undefined) return [];
    const { success, output } = v.safeParse(lossCaseSchema, raw);
    return success ? [{ raw, parsed: output, entry: entryOf(output) }] : [];
  });

/** How golden files write the modules of a name. */
const written = (name: string) => name.replace(/^tensorflow\.nn\./u, 'tf.nn.');

/** The cases whose `api` is a name, perhaps with arguments. */
const named = (name: string) =>
  cases.filter(({ parsed: { api } }) => {
    const wanted = written(name);
    return api === wanted || (api.startsWith(wanted) && /^[\s(]/u.test(api.slice(wanted.length)));
  });

const entries = losses().flatMap((loss) => loss.apis.map((api) => ({ loss, api })));
const onlyGolden = entries.filter(({ api }) => api.framework === 'tf' || api.name.startsWith('torchvision.'));

/** Whether a case is of the definition that an api claims. */
function isClaimed({ entry, parsed }: Golden, loss: Loss, api: Api): boolean {
  if (entry.id !== loss.id) return false;
  if (entry.convention === api.convention) return true;
  // Conventions that change no expression are the same but for how they average.
  const expression = (id: string | undefined) => inConvention(loss, id).expression();
  const [one, other] = [expression(entry.convention), expression(api.convention)];
  return one === other && parsed.reduction === 'mean';
}

describe('names that only golden cases execute', () => {
  it.each(onlyGolden)('$api.name', ({ loss, api }) => {
    const claimed = named(api.name).filter((golden) => isClaimed(golden, loss, api));
    const passed = claimed.filter(({ raw }) => runCase(raw).outcome === 'passed');
    expect(passed.length).toBe(claimed.length);
    expect(passed.length).toBeGreaterThanOrEqual(3);
    // Every keyword is used with another value than its default.
    for (const [keyword, claim] of Object.entries(api.keywords ?? {})) {
      const values = passed.map(({ parsed }) => prepare(parsed).environment.parameters![claim.parameter]);
      expect(
        values.some((value) => value !== undefined && value !== claim.default),
        keyword,
      ).toBe(true);
    }
    // Factors would have to be in the golden tables.
    expect(api.scale).toBeUndefined();
  });
});

/** Definitions that golden files compute with a function which the catalogue lists under another one, and why. */
const elsewhere: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'torch.nn.functional.mse_loss': { brier: 'the same formula, on probabilities' },
  'torch.nn.functional.nll_loss': {
    'sparse-categorical-cross-entropy plain': 'of the logarithm of the probabilities',
  },
  'torch.nn.functional.soft_margin_loss': {
    'logistic torch': 'where it overflows; everywhere else it is the loss itself',
  },
  'torch.nn.functional.ctc_loss': { ctc: 'without a mean it does not divide by the lengths' },
  'keras.losses.LogCosh': { 'log-cosh keras-float32': 'with a float type of float32' },
  'keras.losses.SparseCategoricalCrossentropy': {
    'sparse-categorical-cross-entropy keras-torch': 'on PyTorch',
  },
  'keras.losses.BinaryFocalCrossentropy': { 'binary-focal keras-torch': 'on PyTorch' },
  'keras.losses.Hinge': { 'hinge keras-01': 'labels 0 and 1, which it converts' },
  'keras.losses.SquaredHinge': { 'squared-hinge keras-01': 'labels 0 and 1, which it converts' },
  'sklearn.metrics.root_mean_squared_error': { 'root-mean-squared-error': 'one output column' },
  'sklearn.metrics.root_mean_squared_log_error': {
    'root-mean-squared-logarithmic-error': 'one output column',
  },
  'sklearn.metrics.brier_score_loss': { 'brier multiclass': 'a matrix of probabilities' },
  'optax.losses.ntxent': { 'nt-xent': 'two views in one array' },
};

describe('golden cases', () => {
  const byName = new Map<string, (typeof entries)[number][]>();
  for (const entry of entries) byName.set(entry.api.name, [...(byName.get(entry.api.name) ?? []), entry]);
  const tried = [...byName].filter(([name]) => name.includes('.') && named(name).length > 0);

  it('name many of the functions and classes', () => {
    expect(tried.length).toBeGreaterThan(80);
  });

  it.each(tried)('%s is what the catalogue says', (name, claims) => {
    const found = new Set<string>();
    for (const golden of named(name)) {
      const { id, convention } = golden.entry;
      const definition = convention === undefined ? id : `${id} ${convention}`;
      if (claims.some(({ loss, api }) => isClaimed(golden, loss, api))) continue;
      expect(Object.keys(elsewhere[name] ?? {}), golden.parsed.id).toContain(definition);
      found.add(definition);
    }
    expect([...found].sort()).toEqual(Object.keys(elsewhere[name] ?? {}).sort());
  });
});
