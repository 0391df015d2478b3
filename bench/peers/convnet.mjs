// ConvNetJS. It has no Adam: the nearest that it has, SGD with momentum, is used, which is less work.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { serve } from './serve.mjs';

const require = createRequire(import.meta.url);
const convnetjs = require('convnetjs');
const { version } = JSON.parse(fs.readFileSync(require.resolve('convnetjs/package.json'), 'utf8'));

function definitions(task) {
  const [sy, sx, depth] = task.inputs.length === 3 ? task.inputs : [1, 1, task.inputs[0]];
  const layers = task.layers.flatMap((layer, i) => {
    if (i === task.layers.length - 1)
      return task.loss === 'softmax'
        ? [{ type: 'softmax', num_classes: layer.units }]
        : [{ type: 'regression', num_neurons: layer.units }];
    const { activation } = layer;
    if (layer.type === 'dense') return [{ type: 'fc', num_neurons: layer.units, activation }];
    if (layer.type === 'convolution')
      return [{ type: 'conv', sx: layer.size, filters: layer.filters, stride: 1, pad: 0, activation }];
    if (layer.type === 'max-pool') return [{ type: 'pool', sx: layer.size, stride: layer.size }];
    return [];
  });
  return [{ type: 'input', out_sx: sx, out_sy: sy, out_depth: depth }, ...layers];
}

/** Ours are inputs × outputs and height × width × channels × filters; it keeps one volume per output. */
function setParameters(net, parameters) {
  let next = 0;
  for (const layer of net.layers) {
    if (layer.filters === undefined) continue;
    const weight = parameters[next++].values;
    const bias = parameters[next++].values;
    const outputs = layer.filters.length;
    layer.filters.forEach((filter, f) => {
      for (let i = 0; i < filter.w.length; i++) {
        filter.w[i] = weight[i * outputs + f];
        filter.dw[i] = 0;
      }
    });
    layer.biases.w.set(bias);
    layer.biases.dw.fill(0);
  }
}

function prepare({ task, parameters, batches }, { momentum, rate }) {
  const net = new convnetjs.Net();
  net.makeLayers(definitions(task));
  const [sy, sx, depth] = task.inputs.length === 3 ? task.inputs : [1, 1, task.inputs[0]];
  const width = sy * sx * depth;
  const data = batches.map(({ features, targets }) =>
    Array.from(targets, (target, row) => {
      const x = new convnetjs.Vol(sx, sy, depth, 0);
      x.w.set(features.subarray(row * width, (row + 1) * width));
      return { x, y: task.loss === 'softmax' ? target : [target] };
    }),
  );
  // Its squared error has the gradient of half the square, and reports twice the square.
  const squared = task.loss === 'squared';
  let trainer;
  return {
    reset() {
      setParameters(net, parameters);
      trainer = new convnetjs.Trainer(net, {
        method: 'sgd',
        learning_rate: squared ? 2 * rate : rate,
        momentum,
        batch_size: task.batch,
      });
    },
    step(i) {
      let sum = 0;
      for (const { x, y } of data[i % data.length]) sum += trainer.train(x, y).cost_loss;
      return () => sum / task.batch / (squared ? 2 : 1);
    },
  };
}

await serve({ versions: { convnetjs: version }, prepare });
