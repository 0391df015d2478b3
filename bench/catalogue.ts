// What the catalogue costs once in a fresh process: loading it, and building, evaluating and differentiating every loss.
// Prints JSON: milliseconds by what was measured.
import { performance } from 'node:perf_hooks';

const begin = performance.now();
const { losses } = await import('../src/core/losses/catalogue.ts');
const loaded = performance.now();
const [{ evaluate }, { gradient }, { predictionsOf }, { sampleBatch }, { randomStream }] = await Promise.all([
  import('../src/core/expression/evaluate.ts'),
  import('../src/core/expression/differentiate.ts'),
  import('../src/core/losses/loss.ts'),
  import('../src/core/losses/sample.ts'),
  import('../src/core/data/random.ts'),
]);

const each: number[] = [];
const start = performance.now();
for (const loss of losses()) {
  const before = performance.now();
  const parameters = Object.fromEntries(loss.parameters.map((p) => [p.id, p.default]));
  const batch = sampleBatch(loss, randomStream(1, loss.id), { parameters });
  evaluate(loss.expression(), { ...batch, parameters });
  for (const { id } of predictionsOf(loss)) gradient(loss.expression(), id);
  each.push(performance.now() - before);
}
const whole = performance.now() - start;
console.log(
  JSON.stringify({
    'catalogue, loading': loaded - begin,
    'catalogue, evaluating and differentiating all': whole,
    'catalogue, slowest loss': Math.max(...each),
  }),
);
