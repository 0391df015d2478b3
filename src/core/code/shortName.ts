import type { Loss } from '../losses/loss.ts';

/** What one types for a loss: `mse`, `huber`. */
export function shortName({ short, id }: Pick<Loss, 'short' | 'id'>): string {
  return short ?? id;
}

/** Editors look no further when they compare what is typed. */
const longest = 128;

/** A completion's label, then the loss's id and other names: what is typed is looked for in it. */
export function searchText(loss: Pick<Loss, 'short' | 'id' | 'synonyms'>): string {
  const words = loss.synonyms.map((name) => name.toLowerCase().replaceAll(' ', '-'));
  return [`loss-${shortName(loss)}`, loss.id, ...words].join(' ').slice(0, longest);
}
