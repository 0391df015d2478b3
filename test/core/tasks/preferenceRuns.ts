import type { Device } from '../../../src/core/compute/device.ts';
import type { Dataset } from '../../../src/core/data/dataset.ts';
import { preferences, type PreferenceOptions } from '../../../src/core/data/generators/preferences.ts';
import { ownedIn } from '../../../src/core/tasks/recommendation/owned.ts';
import { rankingOf } from '../../../src/core/tasks/recommendation/ranking.ts';
import type { ExperimentInput } from '../../../src/core/training/experiment.ts';
import { experimentOf, runTask } from './runTask.ts';

/** Means over users of what a ranking reaches. */
interface Reached {
  readonly ndcg: number;
  readonly auc: number;
}

/** What a model reached on generated preferences, what popularity does, and what the preferences themselves do: the best possible. */
export interface PreferenceRun {
  readonly model: Reached;
  readonly popularity: Reached;
  readonly best: Reached;
}

/** Learns generated preferences with a factorisation of their own rank. */
export async function learnPreferences(
  options: PreferenceOptions,
  {
    negatives,
    ...rest
  }: Pick<ExperimentInput, 'loss' | 'optimizer' | 'training'> & { readonly negatives: number },
  device?: Device,
): Promise<PreferenceRun> {
  const { table, scores } = preferences(options);
  const experiment = experimentOf({
    task: { type: 'recommendation', user: 'user', item: 'item', negatives },
    model: { type: 'factorisation', factors: 4 },
    ...rest,
  });
  const { dataset, metrics } = await runTask(experiment, table, device);
  const last = metrics.at(-1)!;
  return {
    model: { ndcg: last['ndcg@10']!, auc: last['auc']! },
    popularity: { ndcg: last['popularity ndcg@10']!, auc: last['popularity auc']! },
    best: bestPossible(dataset, scores, options.items),
  };
}

/** How much of the way from popularity to the best possible a model has come, 1 for all of it. */
export function shareReached({ model, popularity, best }: PreferenceRun): Reached {
  const share = (metric: keyof Reached) =>
    (model[metric] - popularity[metric]) / (best[metric] - popularity[metric]);
  return { ndcg: share('ndcg'), auc: share('auc') };
}

/** What the true scores reach by the measures of a run. The generator's names end in the number of their index. */
function bestPossible(
  { training, validation, preprocessing, counts }: Dataset,
  scores: Float64Array,
  items: number,
): Reached {
  const [feature] = preprocessing.features;
  const { target } = preprocessing;
  if (feature?.kind !== 'index' || target.kind !== 'items') throw new Error('these are no interactions');
  const indexOf = (name: string) => Number(name.split(' ')[1]) - 1;
  const [users = 0] = counts ?? [];
  const [trained, held] = [ownedIn(training, users), ownedIn(validation!, users)];
  const sum = { ndcg: 0, auc: 0 };
  let ranked = 0;
  for (const [user, name] of feature.categories.entries()) {
    const own = held.of(user);
    if (own.length === 0) continue;
    const first = indexOf(name) * items;
    const of = Float64Array.from(target.items, (item) => scores[first + indexOf(item)]!);
    const { ndcg, auc = NaN } = rankingOf(of, own, trained.of(user), 10);
    sum.ndcg += ndcg;
    sum.auc += auc;
    ranked++;
  }
  return { ndcg: sum.ndcg / ranked, auc: sum.auc / ranked };
}
