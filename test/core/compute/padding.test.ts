import { describe, expect, it } from 'vitest';
import {
  writeOptimizerState,
  writeParameters,
  writeRows,
  rowEpochs,
  writeWindow,
} from '../../../src/core/compute/feed.ts';
import { float64Executable } from '../../../src/core/compute/float64.ts';
import { activationNames } from '../../../src/core/compute/layers/activation.ts';
import { trainingPlan } from '../../../src/core/compute/planBuilder.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { initialParameters } from '../../../src/core/network/initial.ts';
import { gradientName, type ParameterShape } from '../../../src/core/network/parameterShape.ts';
import type { ModelInput } from '../../../src/core/network/presets.ts';
import { sizeOf } from '../../../src/core/network/rowShape.ts';
import type { Result } from '../../../src/core/messages/message.ts';
import { experiment } from '../training/datasets.ts';
import { lossObjective } from '../../../src/core/compute/objective.ts';

// What is padded with zeros stays at zero: a checkpoint keeps no padding, so a run continues exactly only if there is
// nothing in it.

const rows = 6;

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

/** Whether every element beyond `shape` is 0. */
function hasCleanPadding(
  values: Float64Array,
  { shape, stored }: Pick<ParameterShape, 'shape' | 'stored'>,
): boolean {
  return values.every((x, i) => {
    let rest = i;
    for (let axis = stored.length - 1; axis >= 0; axis--) {
      if (rest % stored[axis]! >= shape[axis]!) return x === 0;
      rest = Math.floor(rest / stored[axis]!);
    }
    return Number.isFinite(x);
  });
}

const flatten = { type: 'flatten' } as const;
const models: readonly {
  name: string;
  shape: number[];
  layers: Extract<ModelInput, { type: 'layers' }>['layers'];
}[] = [
  ...activationNames.flatMap((activation) => [
    {
      name: `dense with ${activation}`,
      shape: [5],
      layers: [{ type: 'dense' as const, units: 7, activation }],
    },
    {
      name: `convolutions with ${activation}`,
      shape: [6, 5, 2],
      layers: [
        { type: 'conv2d' as const, filters: 3, size: 3, padding: 'same' as const, activation },
        { type: 'conv2d' as const, filters: 5, size: 2, stride: 2, activation },
        flatten,
      ],
    },
  ]),
  {
    name: 'blocks, normalisations, pools and dropout',
    shape: [7, 7, 3],
    layers: [
      { type: 'residual', layers: [{ type: 'conv2d', filters: 3, size: 3, padding: 'same' }] },
      { type: 'batchNorm' },
      { type: 'residual', layers: [{ type: 'layerNorm' }, { type: 'activation', activation: 'sigmoid' }] },
      { type: 'maxPool', size: 3, stride: 2 },
      { type: 'averagePool', size: 2 },
      { type: 'dropout', rate: 0.2 },
      flatten,
      { type: 'batchNorm' },
    ],
  },
  {
    name: 'an embedded series',
    shape: [5],
    layers: [
      { type: 'embedding', count: 9, units: 6 },
      { type: 'conv1d', filters: 5, size: 2, activation: 'softplus' },
      { type: 'layerNorm' },
      flatten,
    ],
  },
];

describe('padding stays at zero', () => {
  it.each(models)('in $name', ({ shape, layers }) => {
    const { model, optimizer } = experiment({
      model: { type: 'layers', layers },
      loss: { id: 'softmax-cross-entropy' },
      optimizer: { type: 'adam', rate: 0.05, weightDecay: 0.01 },
    });
    const loss = loadLoss('softmax-cross-entropy')!;
    const inputs = sizeOf(shape);
    const plan = value(
      trainingPlan({
        model,
        inputs,
        shape,
        outputs: 3,
        objective: lossObjective(loss, {}),
        rows,
        batch: 4,
        optimizer,
        seed: 1,
      }),
    );
    const executable = float64Executable(plan.plan);
    const random = randomStream(3, 'rows');
    writeRows(executable, plan, {
      rows,
      features: Float64Array.from({ length: rows * inputs }, () => random.below(9)),
      targets: Float64Array.from({ length: rows }, () => random.below(3)),
    });
    writeParameters(executable, plan.network, value(initialParameters(plan.network, 2)));
    writeOptimizerState(executable, plan, {});
    writeWindow(executable, plan, rowEpochs(plan)([0, 1, 2, 3, 4, 5]), 0, 1);
    executable.runNow(2);
    const names = new Set(plan.plan.buffers.map((buffer) => buffer.name));
    const check = (name: string, extents: Pick<ParameterShape, 'shape' | 'stored'>, copies: number) => {
      if (!names.has(name)) return;
      const all = executable.readNow(name);
      const size = sizeOf(extents.stored);
      expect(all.length, name).toBe(copies * size);
      for (let i = 0; i < copies; i++)
        expect(hasCleanPadding(all.subarray(i * size, (i + 1) * size), extents), name).toBe(true);
    };
    for (const parameter of plan.network.parameters) {
      expect(names.has(parameter.name)).toBe(true);
      check(parameter.name, parameter, 1);
      check(gradientName(parameter.name), parameter, 1);
    }
    for (const { name, parameter } of plan.updates.state)
      check(
        name,
        plan.network.parameters.find((p) => p.name === parameter)!,
        1,
      );
    for (const { name, input, output } of plan.network.layers) {
      check(`${name}.output`, output, 4);
      check(`${name}.delta`, output, 4);
      check(`${name}.input.gradient`, input, 4);
    }
  });
});
