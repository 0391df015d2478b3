import type { Parameters } from '../../network/network.ts';
import type { Metrics } from '../../runs/record.ts';
import type { Evaluator } from '../../training/evaluator.ts';
import type { Owned } from './owned.ts';
import { rankingOf } from './ranking.ts';
import { factorScores, popularityScores, type Scorer } from './scores.ts';

/** Scores of one evaluation, at most: some tenths of a second. Of more users than that allows, some are drawn. */
const mostScores = 2 ** 24;
const fewestUsers = 100;

/** Scores that are compared at once: some milliseconds. */
const sliceWork = 2 ** 22;

/** How many users are ranked for at most, of so many items each. */
export function mostRankedUsers(items: number): number {
  return Math.max(fewestUsers, Math.floor(mostScores / items));
}

/** Whom to rank for, and what is known of them. */
export interface Ranked {
  readonly users: Uint32Array;
  readonly items: number;
  readonly trained: Owned;
  readonly held: Owned;
  /** How many items are recommended. */
  readonly at: number;
}

/**
 * An evaluator that adds to the loss of another how well all items are ranked for each user, the user's training items left
 * out: means over users. Beside it stands what a ranking by popularity in training reaches, which knows nothing of the user.
 */
export function rankingEvaluator(loss: Evaluator, ranked: Ranked): Evaluator {
  const { items, at, trained } = ranked;
  let scorer: Scorer = () => undefined;
  let judged: number | undefined;
  let pass: RankingPass | undefined;
  let popularity: Metrics | undefined;
  let popular: RankingPass | undefined;
  return {
    begin(parameters: Parameters) {
      loss.begin(parameters);
      scorer = factorScores(parameters, trained.users);
      judged = undefined;
      pass = undefined;
    },
    async next() {
      if (judged === undefined) {
        judged = (await loss.next())?.loss;
        return undefined;
      }
      if (popularity === undefined) {
        popular ??= new RankingPass(popularityScores(popularityOf(trained, items)), ranked);
        const result = popular.next();
        if (result !== undefined)
          popularity = { [`popularity ndcg@${at}`]: result.ndcg, 'popularity auc': result.auc };
        return undefined;
      }
      pass ??= new RankingPass(scorer, ranked);
      const result = pass.next();
      if (result === undefined) return undefined;
      const { ndcg, recall, auc } = result;
      return {
        loss: judged,
        metrics: { [`ndcg@${at}`]: ndcg, [`recall@${at}`]: recall, auc, ...popularity },
      };
    },
    dispose: () => loss.dispose(),
  };
}

function popularityOf(trained: Owned, items: number): Float64Array {
  const counts = new Float64Array(items);
  for (let user = 0; user < trained.users; user++) for (const item of trained.of(user)) counts[item]!++;
  return counts;
}

/** Ranks for some users at a time. */
class RankingPass {
  readonly #scorer: Scorer;
  readonly #ranked: Ranked;
  readonly #scores: Float64Array;
  readonly #sums = { ndcg: 0, recall: 0, auc: 0, compared: 0 };
  #next = 0;

  constructor(scorer: Scorer, ranked: Ranked) {
    this.#scorer = scorer;
    this.#ranked = ranked;
    this.#scores = new Float64Array(ranked.items);
  }

  /** The means, once every user has been ranked for. */
  next(): { ndcg: number; recall: number; auc: number } | undefined {
    const { users, items, trained, held, at } = this.#ranked;
    const sums = this.#sums;
    for (let work = 0; work < sliceWork && this.#next < users.length; this.#next++) {
      const user = users[this.#next]!;
      const own = held.of(user);
      this.#scorer(user, this.#scores);
      const { ndcg, recall, auc } = rankingOf(this.#scores, own, trained.of(user), at);
      sums.ndcg += ndcg;
      sums.recall += recall;
      if (auc !== undefined) {
        sums.auc += auc;
        sums.compared++;
      }
      work += items * (own.length + 16);
    }
    if (this.#next < users.length) return undefined;
    return {
      ndcg: sums.ndcg / users.length,
      recall: sums.recall / users.length,
      auc: sums.auc / sums.compared,
    };
  }
}
