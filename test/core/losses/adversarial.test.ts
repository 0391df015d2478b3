import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { lossOf, slope, value, values } from './evaluation.ts';

const pair = (id: string, real: number, fake: number) =>
  value(lossOf(id), { sizes: { sample: 1 }, inputs: { real: [real], fake: [fake] } });
const fooled = (id: string, fake: number, convention?: string) =>
  value(lossOf(id, convention), { sizes: { sample: 1 }, inputs: { fake: [fake] } });

const grid = Array.from({ length: 8001 }, (_, k) => -4 + k / 1000);

/** Where a function is least, from its values on the grid. */
function lowest(all: readonly number[]): number {
  return grid[all.reduce((best, y, k) => (y < all[best]! ? k : best), 0)]!;
}

describe('discriminators', () => {
  it('have the losses that their pitfalls name where they cannot tell real from fake', () => {
    expect(pair('minimax-gan-discriminator', 0, 0)).toBeCloseTo(2 * Math.log(2), 12);
    expect(pair('minimax-gan-discriminator', 0, 0)).toBeCloseTo(1.386, 3);
    expect(pair('least-squares-gan-discriminator', 0.5, 0.5)).toBe(0.25);
    expect(pair('hinge-gan-discriminator', 0, 0)).toBe(2);
  });

  // Where real samples have the density p and generated ones q, each answers the same output for both; while one part
  // is looked at, the other stays where it adds nothing.
  it.each([
    ['minimax-gan-discriminator', 1e4, -1e4, (p: number, q: number) => Math.log(p / q)],
    ['least-squares-gan-discriminator', 1, 0, (p: number, q: number) => p / (p + q)],
    ['hinge-gan-discriminator', 1, -1, (p: number, q: number) => Math.sign(p - q)],
  ])('%s is least at the best output for two densities', (id, goodReal, goodFake, best) => {
    const along = (real: readonly number[], fake: readonly number[]) =>
      values(lossOf(id), { sizes: { sample: grid.length }, inputs: { real, fake } });
    const realPart = along(
      grid,
      grid.map(() => goodFake),
    );
    const fakePart = along(
      grid.map(() => goodReal),
      grid,
    );
    for (const [p, q] of [
      [0.2, 0.8],
      [0.7, 0.3],
      [0.9, 0.05],
    ] as const)
      expect(lowest(grid.map((_, k) => p * realPart[k]! + q * fakePart[k]!))).toBeCloseTo(best(p, q), 2);
  });
});

describe('generators', () => {
  it('minimax is the discriminator’s game with the sign turned', () => {
    for (const fake of [-30, -2, 0, 1.5, 40])
      expect(pair('minimax-gan-discriminator', 1e4, fake) + fooled('minimax-gan-generator', fake)).toBe(0);
  });
  it('saturate or do not, by the numbers of the pitfall', () => {
    const at = { sizes: { sample: 1 }, inputs: { fake: [-6] } };
    expect(slope(lossOf('minimax-gan-generator'), at, 'fake')[0]).toBeCloseTo(-0.0025, 4);
    expect(slope(lossOf('non-saturating-gan-generator'), at, 'fake')[0]).toBeCloseTo(-0.9975, 4);
  });
  it('saturating and not, agree on which output is better', () => {
    for (const id of ['minimax-gan-generator', 'non-saturating-gan-generator'])
      for (const fake of [-20, -1, 0, 3, 20])
        expect(slope(lossOf(id), { sizes: { sample: 1 }, inputs: { fake: [fake] } }, 'fake')[0]).toBeLessThan(
          0,
        );
  });
  it('least squares without halves has twice the gradient', () => {
    for (const fake of [-2, 0.5, 3])
      expect(fooled('least-squares-gan-generator', fake, 'no-half')).toBe(
        2 * fooled('least-squares-gan-generator', fake),
      );
  });
});

describe('the Wasserstein critic', () => {
  it('with the slope 1 finds by how much a distribution is shifted', () => {
    const random = randomStream(1, 'shift');
    const real = Array.from({ length: 50 }, () => random.normal());
    const fake = real.map((x) => x - 0.75);
    const loss = value(
      lossOf('wasserstein-critic'),
      { sizes: { sample: 50 }, inputs: { real, fake } },
      'mean',
    );
    expect(-loss).toBeCloseTo(0.75, 12);
  });
});

describe('the gradient penalty', () => {
  const penalty = (gradients: readonly number[], convention?: string) =>
    value(lossOf('wasserstein-gradient-penalty', convention), {
      sizes: { sample: 1, feature: gradients.length },
      inputs: { input_gradients: gradients },
    });
  it('is nothing for any slope of length 1, and λ(‖g‖ − 1)² otherwise', () => {
    expect(penalty([0.6, 0.8])).toBeCloseTo(0, 25);
    expect(penalty([0, 0, -1])).toBe(0);
    expect(penalty([3, 4])).toBe(160);
    expect(penalty([0, 0])).toBe(10);
  });
  it('on one side leaves flat critics alone', () => {
    expect(penalty([0.3, 0.4], 'one-sided')).toBe(0);
    expect(penalty([3, 4], 'one-sided')).toBe(160);
  });
  it('pulls along the gradient and has none at a flat point', () => {
    const at = (input_gradients: number[]) => ({
      sizes: { sample: 1, feature: 2 },
      inputs: { input_gradients },
    });
    const loss = lossOf('wasserstein-gradient-penalty');
    // 2·10·(5 − 1)·g/5.
    slope(loss, at([3, 4]), 'input_gradients').forEach((g, k) => {
      expect(g).toBeCloseTo([48, 64][k]!, 10);
    });
    expect(slope(loss, at([0, 0]), 'input_gradients').map(Math.abs)).toEqual([0, 0]);
  });
});
