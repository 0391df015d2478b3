/** Prints exported weights of a small network with rows and the outputs that our forward pass gives, as JSON. */
import { weightsJson, weightsNpz } from '../../src/core/network/exportWeights.ts';
import { initialParameters } from '../../src/core/network/initial.ts';
import { buildNetwork, type Model } from '../../src/core/network/network.ts';
import { forward } from '../../src/core/network/predict.ts';
import { randomStream } from '../../src/core/data/random.ts';

const model: Model = { type: 'mlp', hidden: [5, 3], activation: 'relu' };
const [rows, inputs, outputs] = [7, 4, 2];
const network = buildNetwork(model, inputs, outputs);
const parameters = initialParameters(network, 1);
if (!parameters.ok) throw new Error('no starting values');
const random = randomStream(1, 'rows');
const features = Float64Array.from({ length: rows * inputs }, () => random.normal());
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
process.stdout.write(
  JSON.stringify({
    npz: base64(weightsNpz(network, parameters.value)),
    npz32: base64(weightsNpz(network, parameters.value, 'float32')),
    json: weightsJson(network, parameters.value),
    features: [...features],
    rows,
    outputs: [...forward(model, parameters.value, features, rows, inputs)],
  }),
);
