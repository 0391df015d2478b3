// brain.js. It knows no batches: it updates after every row, so a step is as many updates as the batch has rows. Its
// output has the activation of its hidden layers and its loss is the squared error.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { serve } from './serve.mjs';

const require = createRequire(import.meta.url);
const { NeuralNetwork } = require('brain.js');
const { version } = JSON.parse(fs.readFileSync(require.resolve('brain.js/package.json'), 'utf8'));

function prepare({ task, parameters, batches }) {
  if (!task.layers.every((layer) => layer.type === 'dense')) throw new Error('it has dense layers only');
  const width = task.inputs[0];
  const net = new NeuralNetwork({ activation: 'relu' });
  net.sizes = [width, ...task.layers.map((layer) => layer.units)];
  net.updateTrainingOptions({ praxis: 'adam', learningRate: task.rate });
  const data = batches.map(({ features, targets }) =>
    Array.from(targets, (target, row) => ({
      input: [...features.subarray(row * width, (row + 1) * width)],
      output:
        task.loss === 'softmax'
          ? Array.from({ length: task.outputs }, (_, c) => (c === target ? 1 : 0))
          : [target],
    })),
  );
  const reset = () => {
    net.initialize();
    for (let layer = 1; layer < net.sizes.length; layer++) {
      const weight = parameters[2 * layer - 2].values;
      const bias = parameters[2 * layer - 1].values;
      const outputs = net.sizes[layer];
      for (let node = 0; node < outputs; node++) {
        net.biases[layer][node] = bias[node];
        for (let i = 0; i < net.sizes[layer - 1]; i++)
          net.weights[layer][node][i] = weight[i * outputs + node];
      }
    }
  };
  return {
    reset,
    step(i) {
      for (const row of data[i % data.length]) net.trainPattern(row);
    },
    outputs() {
      reset();
      return data[0].flatMap(({ input }) => [...net.runInput(input)]);
    },
  };
}

await serve({ versions: { 'brain.js': version }, prepare });
