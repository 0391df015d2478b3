import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../src/core/compute/device.ts';
import { openDevice } from '../../src/trainer/device/open.ts';
import { learnPreferences, shareReached } from '../core/tasks/preferenceRuns.ts';

/** Users and choices enough that what is left to the best possible ranking is the noise in what each user has chosen. */
const size = { users: 600, items: 120, interactions: 30_000, noise: 0.3 };
const seeds = [1, 2, 3, 4, 5];

describe('BPR and WARP on generated interactions with a known optimum, five seeds', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice('webasm');
  });
  afterAll(() => device.dispose());

  it.each([
    { loss: 'bpr', negatives: 4, l2: 3e-5 },
    { loss: 'warp', negatives: 10, l2: 3e-5 },
  ])('$loss is clearly above popularity and near the optimum', async ({ loss, negatives, l2 }) => {
    for (const seed of seeds) {
      const run = await learnPreferences(
        { ...size, seed },
        {
          loss: { id: loss },
          negatives,
          optimizer: { type: 'adam', rate: 0.01, penalties: [{ on: 'weights', l2 }] },
          training: { epochs: 25, batch: 256, seed },
        },
        device,
      );
      const { model, popularity, best } = run;
      const reached = shareReached(run);
      const figures = ({ ndcg, auc }: typeof model) => `NDCG ${ndcg.toFixed(3)}, AUC ${auc.toFixed(3)}`;
      console.log(
        `${loss}, seed ${seed}: ${figures(model)}; popularity ${figures(popularity)}; best ${figures(best)}; share ${figures(reached)}`,
      );
      expect(model.ndcg).toBeGreaterThan(popularity.ndcg + 0.15);
      expect(model.auc).toBeGreaterThan(popularity.auc + 0.05);
      // Of the optimum itself, and of the way to it from popularity.
      expect(model.ndcg).toBeGreaterThan(0.9 * best.ndcg);
      expect(model.auc).toBeGreaterThan(0.95 * best.auc);
      expect(reached.ndcg).toBeGreaterThan(0.7);
      expect(reached.auc).toBeGreaterThan(0.7);
    }
  });
});
