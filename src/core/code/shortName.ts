import type { Loss } from '../losses/loss.ts';

/** What one types for a loss: its usual abbreviation (`mse`), or its id where that is short, or a common name. */
export function shortName(loss: Loss): string {
  const abbreviation = loss.synonyms.find((synonym) => /^[A-Z0-9]{3,6}$/.test(synonym));
  if (abbreviation !== undefined) return abbreviation.toLowerCase();
  if (loss.id.length <= 12) return loss.id;
  const common = loss.synonyms.find(
    (synonym) => /^[a-z][a-z0-9 -]*$/.test(synonym) && synonym.length < loss.id.length,
  );
  return common === undefined ? loss.id : common.replaceAll(' ', '-');
}
