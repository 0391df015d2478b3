/** Prints an exported model with rows in the data's units and the answers that our forward pass gives, as JSON. */
import { randomStream } from '../../src/core/data/random.ts';
import { weightsJson, weightsNpz } from '../../src/core/export/weights.ts';
import { initialParameters } from '../../src/core/network/initial.ts';
import { buildNetwork, type Model } from '../../src/core/network/network.ts';
import { predictor } from '../../src/core/network/predict.ts';
import type { Checkpoint } from '../../src/core/training/checkpoint.ts';

const model: Model = { type: 'mlp', hidden: [5, 3], activation: 'relu' };
const [rows, inputs, outputs] = [7, 4, 1];
const network = buildNetwork({ model, inputs, outputs });
if (!network.ok) throw new Error('no network');
const parameters = initialParameters(network.value, 1);
if (!parameters.ok) throw new Error('no starting values');
const random = randomStream(1, 'rows');
const scales = Array.from({ length: inputs }, () => ({
  mean: 100 * random.normal(),
  scale: 1 + random.next(),
}));
const target = { mean: 50, scale: 7 };
const checkpoint: Checkpoint = {
  position: { step: 1, epoch: 1 },
  model,
  inputs,
  outputs,
  preprocessing: {
    task: 'regression',
    features: scales.map((s, i) => ({ kind: 'number', name: `x${i}`, ...s, fill: null })),
    target: { kind: 'number', name: 'y', ...target },
  },
  parameters: parameters.value,
};
const encoded = Float64Array.from({ length: rows * inputs }, () => random.normal());
const answers = predictor(checkpoint)(encoded, rows);
process.stdout.write(
  JSON.stringify({
    npz: Buffer.from(weightsNpz(checkpoint)).toString('base64'),
    json: weightsJson(checkpoint),
    features: [...encoded].map((x, i) => x * scales[i % inputs]!.scale + scales[i % inputs]!.mean),
    rows,
    answers: [...answers].map((y) => y * target.scale + target.mean),
  }),
);
