import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { evaluate } from '../../../src/core/expression/evaluate.ts';
import { input } from '../../../src/core/expression/expression.ts';
import { substitute } from '../../../src/core/expression/rewrite.ts';
import { loadLoss, lossIds } from '../../../src/core/losses/catalogue.ts';
import type { Loss } from '../../../src/core/losses/loss.ts';

type Values = Readonly<Record<string, number>>;

/** The double exponential rule on x > 0: x = e^(π/2·sinh t). */
const step = 1 / 128;
const nodes = Array.from({ length: 1201 }, (_, i) => {
  const t = (i - 600) * step;
  const x = Math.exp((Math.PI / 2) * Math.sinh(t));
  return { x, weight: step * x * (Math.PI / 2) * Math.cosh(t) };
});

/** log ∫ exp(−loss) over the residual, by quadrature of the loss itself on both sides of 0, where it may have a kink. */
function logIntegral(loss: Loss, parameters: Values): number {
  const targets = [...nodes.map(({ x }) => x), ...nodes.map(({ x }) => -x)];
  const { data } = evaluate(loss.expression(), {
    sizes: { sample: targets.length, output: 1 },
    inputs: { pred: targets.map(() => 0), target: targets },
    parameters,
  });
  return Math.log(
    data.reduce((sum, value, i) => sum + nodes[i % nodes.length]!.weight * Math.exp(-value), 0),
  );
}

function logNormaliser(loss: Loss, parameters: Values): number {
  return evaluate(loss.trainable!.logNormaliser(), { sizes: {}, inputs: {}, parameters }).data[0]!;
}

const barron = loadLoss('barron')!;
const quantile = loadLoss('quantile')!;
const random = randomStream(1, 'test/trainable');

describe('the normaliser of a loss whose parameters may be trained', () => {
  it('is that of barron and quantile, as the message says that refuses others', () => {
    const named = lossIds.filter((id) => loadLoss(id)!.trainable !== undefined);
    expect(named.map((id) => [id, loadLoss(id)!.trainable!.parameters.map((p) => p.id)])).toEqual([
      ['quantile', ['tau']],
      ['barron', ['alpha', 'c']],
    ]);
  });

  it('of Barron’s loss is its integral, within 10⁻⁶', () => {
    // Near both bounds too: α = 2σ(t) for t even.
    for (let i = 0; i < 60; i++) {
      const alpha = 2 / (1 + Math.exp(-15.2 * (random.next() - 0.5)));
      const c = Math.exp(2 * random.normal());
      const parameters = { alpha, c };
      expect(
        Math.abs(logNormaliser(barron, parameters) - logIntegral(barron, parameters)),
        `α = ${alpha}`,
      ).toBeLessThan(1e-6);
    }
  });

  it('of Barron’s loss is known at α = 1, the smoothed absolute error', () => {
    // 2·e·K₁(1), by SciPy 1.16.
    expect(Math.exp(logNormaliser(barron, { alpha: 1, c: 1 }))).toBeCloseTo(3.272306972526516, 5);
  });

  it('of Barron’s loss has the slope of its integral', () => {
    const slope = gradient(
      substitute(barron.trainable!.logNormaliser(), { alpha: input('alpha', []), c: 1 }),
      'alpha',
    );
    for (let i = 0; i < 20; i++) {
      const alpha = 0.1 + 1.8 * random.next();
      const at = evaluate(slope, { sizes: {}, inputs: { alpha: [alpha] } }).data[0]!;
      const near = (change: number) => logIntegral(barron, { alpha: alpha + change, c: 1 });
      expect(at).toBeCloseTo((near(1e-4) - near(-1e-4)) / 2e-4, 3);
    }
  });

  it('of the quantile loss is its integral', () => {
    for (let i = 0; i < 20; i++) {
      const parameters = { tau: 0.01 + 0.98 * random.next() };
      expect(logNormaliser(quantile, parameters)).toBeCloseTo(logIntegral(quantile, parameters), 10);
    }
  });
});
