import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import type { Loss } from '../../../src/core/losses/loss.ts';
import { Skip, type Entries, type Entry, type Translation } from '../entry.ts';
import type { LossCase } from '../types.ts';
import { adversarial } from './adversarial.ts';
import { classification } from './classification.ts';
import { composite } from './composite.ts';
import { embedding } from './embedding.ts';
import { penalty } from './penalty.ts';
import { ranking } from './ranking.ts';
import { regression } from './regression.ts';
import { segmentation } from './segmentation.ts';
import { sequence } from './sequence.ts';
import { survival } from './survival.ts';

/** Golden loss → golden convention → what it is here. */
const entries: Readonly<Record<string, Entries>> = {
  ...regression,
  ...classification,
  ...embedding,
  ...ranking,
  ...segmentation,
  ...sequence,
  ...survival,
  ...adversarial,
  ...penalty,
  ...composite,
};

/** Why no case of a loss and convention can be run; undefined where some may. */
export function notOffered(loss: unknown, convention: unknown): string | undefined {
  const word = (value: unknown) => (typeof value === 'string' ? value : 'without a name');
  if (typeof loss !== 'string' || (entries[loss] === undefined && ownNamesake(loss) === undefined))
    return `loss ${word(loss)} is not offered`;
  if (typeof convention !== 'string' || find(loss, convention) === undefined)
    return `${loss} in convention ${word(convention)} is not offered`;
  return undefined;
}

/** What a case's loss and convention are here; throws a {@link Skip} where we have none. */
export function entryOf(given: LossCase): Entry {
  const found = find(given.loss, given.convention);
  if (found === undefined) throw new Skip(`${given.loss} in convention ${given.convention} is not offered`);
  return typeof found === 'function' ? found(given) : found;
}

function find(loss: string, convention: string): Entries[string] | undefined {
  const listed = entries[loss];
  if (listed !== undefined) return listed[convention];
  const own = ownNamesake(loss);
  return own === undefined ? undefined : byName(own, convention);
}

/** A loss whose golden id is ours in snake case: no entry is needed where all its names are ours. */
function ownNamesake(loss: string): Loss | undefined {
  return loadLoss(loss.replaceAll('_', '-'));
}

/** An entry by names alone: parameters and inputs are called as ours, in snake case; the convention by its id or users. */
function byName(loss: Loss, convention: string): Entry | undefined {
  const own = loss.conventions?.find(({ id }) => id === convention);
  if (own === undefined && loss.convention?.toLowerCase() !== convention) return undefined;
  const names = [...(own?.parameters ?? loss.parameters), ...(loss.options ?? [])].map(({ id }) => id);
  const snake = (id: string) => id.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const parameters: Record<string, Translation> = Object.fromEntries(names.map((id) => [snake(id), id]));
  const inputs = Object.fromEntries((loss.options ?? []).map(({ id }) => [snake(id), id]));
  return { id: loss.id, ...(own === undefined ? {} : { convention: own.id }), parameters, inputs };
}
