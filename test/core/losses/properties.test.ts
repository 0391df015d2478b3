/** What the catalogue says about its losses is tried 10,000 times each, and every counter-example is executed. */
import { describe, expect, it } from 'vitest';
import { abs, eq, log1p, mul, sigmoid, square, sub, where } from '../../../src/core/expression/build.ts';
import { index, input } from '../../../src/core/expression/expression.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';
import type { Loss, Properties } from '../../../src/core/losses/loss.ts';
import { checks } from './claims.ts';

const names = Object.keys(checks) as (keyof Properties)[];

describe.each(losses().map((loss) => [loss.id, loss] as const))('%s', (_, loss) => {
  it.each(names.filter((name) => loss.properties[name] !== undefined))('%s', (name) => {
    expect(checks[name](loss)).toBeUndefined();
  });
});

describe('a wrong claim is refuted', () => {
  const given = (id: string, properties: Partial<Properties>): Loss => {
    const loss = loadLoss(id)!;
    return { ...loss, properties: { ...loss.properties, ...properties } };
  };
  const zero = { at: { sizes: { sample: 1, output: 1 }, inputs: { pred: [0], target: [0] } } };
  it.each<[keyof Properties, string, Partial<Properties>, string]>([
    ['lipschitzGradient', 'huber', { lipschitzGradient: 0.9 }, 'trial'],
    ['lipschitzGradient', 'huber', { lipschitzGradient: 3 }, 'not tight'],
    ['lipschitzGradient', 'mean-absolute-error', { lipschitzGradient: 1 }, 'the quotient is'],
    [
      'boundedInfluence',
      'softmax-cross-entropy',
      { boundedInfluence: 1.4 },
      'the norm of the gradient is 1.41',
    ],
    ['boundedInfluence', 'mean-squared-error', { boundedInfluence: 100 }, 'trial'],
    ['boundedBelow', 'huber', { boundedBelow: -0.2 }, 'not tight'],
    ['boundedBelow', 'huber', { boundedBelow: 0.1 }, 'the loss is'],
    ['boundedAbove', 'huber', { boundedAbove: 100 }, 'the loss is'],
    ['symmetric', 'binary-cross-entropy-logits', { symmetric: true }, 'cannot be exchanged'],
    ['convex', 'huber', { convex: zero }, 'does not refute'],
    ['symmetric', 'huber', { symmetric: zero }, 'does not refute'],
    ['boundedBelow', 'huber', { boundedBelow: zero }, 'does not refute'],
    ['boundedAbove', 'huber', { boundedAbove: zero }, 'does not refute'],
    ['lipschitzGradient', 'huber', { lipschitzGradient: zero }, 'does not refute'],
    ['boundedInfluence', 'huber', { boundedInfluence: zero }, 'does not refute'],
    [
      'boundedAbove',
      'huber',
      { boundedAbove: { at: { ...zero.at, parameters: { delta: 3 } } } },
      'its default',
    ],
  ])('%s of %s', (name, id, properties, words) => {
    expect(checks[name](given(id, properties))).toContain(words);
  });
  const one = input('pred', ['sample', 'output']);
  it('convexity that fails in one coordinate only', () => {
    // The second output is concave between −1 and 1, the first hides it in most steps of whole batches.
    const hidden = where(
      eq(index('output'), 1),
      sub(square(one), mul(1.2, log1p(square(one)))),
      mul(10, square(one)),
    );
    expect(checks.convex({ ...given('huber', { convex: true }), expression: () => hidden })).toContain(
      'trial',
    );
  });
  it('a score that is least at another probability', () => {
    const absolute = given('binary-cross-entropy-logits', { strictlyProper: true });
    const off = abs(sub(sigmoid(one), input('target', ['sample', 'output'])));
    expect(checks.strictlyProper({ ...absolute, expression: () => off })).toContain('under the truth');
  });
});
