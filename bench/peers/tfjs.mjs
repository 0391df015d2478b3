// TensorFlow.js on the backend that the first argument names: wasm or cpu.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { serve } from './serve.mjs';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const backend = process.argv[2];
if (backend === 'wasm') require('@tensorflow/tfjs-backend-wasm');
await tf.setBackend(backend);
await tf.ready();

const { version } = JSON.parse(fs.readFileSync(require.resolve('@tensorflow/tfjs/package.json'), 'utf8'));

function forward(task, parameters, x) {
  let values = x;
  let next = 0;
  for (const layer of task.layers) {
    if (layer.type === 'dense') {
      const [weight, bias] = parameters.slice(next, (next += 2));
      values = tf.add(tf.matMul(values, weight), bias);
    } else if (layer.type === 'convolution') {
      const [filter, bias] = parameters.slice(next, (next += 2));
      values = tf.add(tf.conv2d(values, filter, 1, 'valid'), bias);
    } else if (layer.type === 'max-pool') {
      values = tf.maxPool(values, layer.size, layer.size, 'valid');
    } else values = tf.reshape(values, [task.batch, -1]);
    if (layer.activation === 'relu') values = tf.relu(values);
  }
  return values;
}

function prepare({ task, parameters, batches }) {
  const variables = parameters.map(({ shape, values }) => tf.variable(tf.tensor(values, shape)));
  const data = batches.map(({ features, targets }) => ({
    x: tf.tensor(features, [task.batch, ...task.inputs]),
    y:
      task.loss === 'softmax'
        ? tf.oneHot(tf.tensor1d(Int32Array.from(targets), 'int32'), task.outputs)
        : tf.tensor(targets, [task.batch, 1]),
  }));
  const lossOf = ({ x, y }) => {
    const z = forward(task, variables, x);
    return task.loss === 'softmax' ? tf.losses.softmaxCrossEntropy(y, z) : tf.losses.meanSquaredError(y, z);
  };
  let optimizer;
  let loss;
  return {
    reset() {
      optimizer?.dispose();
      optimizer = tf.train.adam(task.rate, 0.9, 0.999, 1e-8);
      variables.forEach((variable, i) => {
        const { shape, values } = parameters[i];
        tf.tidy(() => variable.assign(tf.tensor(values, shape)));
      });
    },
    step(i) {
      loss?.dispose();
      loss = optimizer.minimize(() => lossOf(data[i % data.length]), true, variables);
      return () => loss.dataSync()[0];
    },
    dispose() {
      optimizer?.dispose();
      loss?.dispose();
      tf.dispose([variables, data]);
    },
  };
}

await serve({ versions: { '@tensorflow/tfjs': version }, prepare });
