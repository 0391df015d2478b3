import type { TargetEncoding } from '../../data/dataset.ts';
import type { Trained } from '../../network/predict.ts';
import { factorScores } from './scores.ts';

type Items = Extract<TargetEncoding, { kind: 'items' }>;

/** The names of the fields of a recommendation: `prediction` and `score`, then `prediction 2` and `score 2` … */
export function recommendationFields({ at }: Items): string[] {
  return Array.from({ length: at }, (_, i) => (i === 0 ? '' : ` ${i + 1}`)).flatMap((place) => [
    `prediction${place}`,
    `score${place}`,
  ]);
}

/**
 * What recommends to a user, by index, the best of the items that the data do not have of this user, the best first; fields
 * are empty where there are not so many.
 */
export function recommender(
  { parameters }: Pick<Trained, 'parameters'>,
  target: Items,
): (user: number) => Record<string, string | number> {
  const { items, known, at } = target;
  const score = factorScores(parameters, known.length);
  const scores = new Float64Array(items.length);
  const fields = recommendationFields(target);
  return (user) => {
    score(user, scores);
    const own = new Set(known[user]);
    const best = Array.from(items.keys())
      .filter((item) => !own.has(item))
      .sort((a, b) => scores[b]! - scores[a]!)
      .slice(0, at);
    return Object.fromEntries(
      fields.map((field, i) => {
        const item = best[i >> 1];
        return [field, item === undefined ? '' : i % 2 === 0 ? items[item]! : scores[item]!];
      }),
    );
  };
}
