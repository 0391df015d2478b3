import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { sampleBatch } from '../../../src/core/losses/sample.ts';
import { lossOf, slope, value, values } from './evaluation.ts';

/** ∫ f(x) φ(x; μ, σ) dx by the trapezoidal rule, which is exact to rounding for smooth f with light tails. */
function expectation(f: (x: number) => number, mu: number, sigma: number): number {
  const step = 0.05;
  let total = 0;
  for (let z = -12; z <= 12; z += step)
    total += f(mu + sigma * z) * Math.exp((-z * z) / 2) * (step / Math.sqrt(2 * Math.PI));
  return total;
}

const logNormal = (x: number, mu: number, variance: number) =>
  -0.5 * ((x - mu) ** 2 / variance + Math.log(2 * Math.PI * variance));

describe('the evidence lower bound', () => {
  const elbo = lossOf('vae-elbo');
  const at = (x: number, reconstruction: number, mu: number, s: number, beta = 1) => ({
    sizes: { sample: 1, pixel: 1, feature: 1 },
    inputs: { reconstruction: [reconstruction], latent_mean: [mu], latent_log_variance: [s], target: [x] },
    parameters: { beta },
  });
  const divergence = (mu: number, s: number) => value(elbo, at(0, 0, mu, s));

  it('has the Kullback–Leibler divergence as its second part', () => {
    for (const [mu, s] of [
      [0, 0],
      [1.5, 0],
      [-0.5, 1],
      [2, -3],
      [0, 1e-3],
    ] as const) {
      const exact = expectation(
        (z) => logNormal(z, mu, Math.exp(s)) - logNormal(z, 0, 1),
        mu,
        Math.exp(s / 2),
      );
      expect(divergence(mu, s)).toBeCloseTo(exact, 10);
      expect(divergence(mu, s)).toBeGreaterThanOrEqual(0);
    }
    expect(divergence(0, 0)).toBe(0);
    // ¼s² near 0, where e^s − 1 − s loses all its digits unless written with expm1.
    expect(divergence(0, 1e-7) / 2.5e-15).toBeCloseTo(1, 1);
  });
  it('bounds the surprise at the data, and reaches it for the true posterior', () => {
    // z standard normal, x normal around z with variance 1: x has variance 2, the posterior of z is N(x/2, 1/2).
    const x = 1.3;
    const surprise = -logNormal(x, 0, 2);
    const bound = (mu: number, s: number) =>
      expectation((z) => value(elbo, at(x, z, mu, s)), mu, Math.exp(s / 2)) + 0.5 * Math.log(2 * Math.PI);
    expect(bound(x / 2, Math.log(0.5))).toBeCloseTo(surprise, 9);
    for (const [mu, s] of [
      [0, 0],
      [x, -1],
      [0.5, 0.3],
    ] as const)
      expect(bound(mu, s)).toBeGreaterThan(surprise);
  });
  it('of Bernoulli data has binary cross-entropy as its first part', () => {
    const bernoulli = lossOf('vae-elbo', 'bernoulli');
    const cross = lossOf('binary-cross-entropy-logits');
    const { sizes, inputs } = sampleBatch(bernoulli, randomStream(1, 'bernoulli'));
    const rows = values(bernoulli, { sizes, inputs, parameters: { beta: 0 } });
    const pixels = sizes['pixel']!;
    const elements = values(cross, {
      sizes: { ...sizes, output: pixels },
      inputs: { pred: inputs['reconstruction']!, target: inputs['target']! },
    });
    rows.forEach((row, i) => {
      const total = elements.slice(i * pixels, (i + 1) * pixels).reduce((sum, x) => sum + x, 0);
      expect(row).toBeCloseTo(total, 12);
    });
  });
});

describe('distillation', () => {
  const distillation = lossOf('distillation');
  const { sizes, inputs } = sampleBatch(distillation, randomStream(2, 'distillation'), { scale: 2 });
  const at = (parameters: Readonly<Record<string, number>>) => ({ sizes, inputs, parameters });

  it('without a soft part is softmax cross-entropy', () => {
    const plain = { sizes, inputs: { pred: inputs['student']!, target: inputs['target']! } };
    for (const temperature of [1, 3]) {
      const mixed = values(distillation, at({ alpha: 0, temperature }));
      values(lossOf('softmax-cross-entropy'), plain).forEach((loss, i) => {
        expect(mixed[i]).toBeCloseTo(loss, 13);
      });
    }
  });
  it('without a hard part does not read the labels, and is 0 for the teacher itself', () => {
    const soft = at({ alpha: 1, temperature: 3 });
    const relabelled = { ...soft, inputs: { ...inputs, target: inputs['target']!.map((y) => (y + 1) % 4) } };
    expect(values(distillation, relabelled)).toEqual(values(distillation, soft));
    const copied = { ...soft, inputs: { ...inputs, student: inputs['teacher']! } };
    for (const loss of values(distillation, copied)) expect(loss).toBeCloseTo(0, 14);
    for (const loss of values(distillation, soft)) expect(loss).toBeGreaterThan(0);
  });
  it('differs from Hinton’s form by the teacher’s entropy, which has no gradient', () => {
    const hinton = lossOf('distillation', 'cross-entropy');
    const setting = at({ alpha: 0.7, temperature: 2.5 });
    const classes = sizes['class']!;
    values(hinton, setting).forEach((loss, i) => {
      const row = inputs['teacher']!.slice(i * classes, (i + 1) * classes).map((t) => Math.exp(t / 2.5));
      const total = row.reduce((sum, x) => sum + x, 0);
      const entropy = row.reduce((sum, x) => sum - (x / total) * Math.log(x / total), 0);
      expect(loss - values(distillation, setting)[i]!).toBeCloseTo(0.7 * 2.5 ** 2 * entropy, 12);
    });
    const [first, second] = [slope(distillation, setting, 'student'), slope(hinton, setting, 'student')];
    first.forEach((g, k) => {
      expect(second[k]).toBeCloseTo(g, 14);
    });
  });
  it('at a high temperature matches logits: the gradient tends to (s − t)/C, both without their means', () => {
    const classes = sizes['class']!;
    const centred = (data: readonly number[]) =>
      data.map((x, k) => {
        const from = Math.floor(k / classes) * classes;
        return x - data.slice(from, from + classes).reduce((sum, y) => sum + y, 0) / classes;
      });
    const [student, teacher] = [centred(inputs['student']!), centred(inputs['teacher']!)];
    slope(distillation, at({ alpha: 1, temperature: 1000 }), 'student').forEach((g, k) => {
      expect(g).toBeCloseTo((student[k]! - teacher[k]!) / classes, 2);
    });
  });
});
