/** The names of losses that `model.compile` of TensorFlow.js knows mean the definitions that the catalogue says. */
import { expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { evaluate } from '../../../src/core/expression/evaluate.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import { decided } from '../../../src/core/losses/decided.ts';
import { pairOf } from '../../../src/core/losses/loss.ts';
import { reduce } from '../../../src/core/losses/reduce.ts';
import { sampleBatch } from '../../../src/core/losses/sample.ts';
import { tensorflow } from './printedTfjs.ts';

const named = losses().flatMap((loss) =>
  loss.apis
    .filter(({ framework, form }) => framework === 'tfjs' && form === 'string')
    .map((api) => ({ loss, api, name: api.name })),
);

it('has names to try', () => {
  expect(named.length).toBeGreaterThanOrEqual(12);
});

it.each(named)('$name', ({ loss, api, name }) => {
  const tf = tensorflow();
  const parameters = Object.fromEntries(loss.parameters.map((p) => [p.id, api.fixed?.[p.id] ?? p.default]));
  const definition = decided(inConvention(loss, api.convention), parameters);
  const { prediction, target } = pairOf(definition);
  for (const seed of [1, 2, 3]) {
    const sample = sampleBatch(definition, randomStream(seed, loss.id), { parameters });
    const [rows = 0, columns = 1] = prediction.axes.map((axis) => sample.sizes[axis]!);
    const given = tf.input({ shape: [columns] });
    const same = tf.layers.activation({ activation: 'linear' }).apply(given);
    const model = tf.model({ inputs: given, outputs: same as typeof given });
    model.compile({ loss: name, optimizer: 'sgd' });
    const x = tf.tensor2d([...sample.inputs[prediction.id]!], [rows, columns]);
    const y = tf.tensor([...sample.inputs[target.id]!], [rows, target.axes.length > 1 ? columns : 1]);
    const value = model.evaluate(x, y, { batchSize: rows });
    const [actual] = (Array.isArray(value) ? value[0]! : value).dataSync();
    const [wanted] = evaluate(reduce(definition, 'mean'), { ...sample, parameters }).data;
    expect(Math.abs(actual! - wanted!), `${actual!} for ${wanted!}`).toBeLessThan(
      2e-5 * Math.max(1, Math.abs(wanted!)),
    );
  }
});
