import { gradient } from '../../expression/differentiate.ts';
import { compileKernels } from '../../expression/kernels.ts';
import { inConvention } from '../../losses/conventions.ts';
import { loss as penalty } from '../../losses/adversarial/wasserstein-gradient-penalty.ts';
import { reduce } from '../../losses/reduce.ts';
import { bad, message, ok, type Result } from '../../messages/message.ts';
import { layersOf, type ModelShape, type Network } from '../../network/network.ts';
import { gradientName } from '../../network/parameterShape.ts';
import { sizeOf } from '../../network/rowShape.ts';
import type { PlanPart } from '../../optimizers/rule.ts';
import { sumOfProducts } from '../kernelText.ts';
import { derive, type Activation } from '../layers/activation.ts';
import { chain, inputGradientName, join, outputName, piece, type Step } from '../layers/layer.ts';

/** What is penalised, and how strongly. */
export interface GradientPenalty {
  readonly weight: number;
  readonly sided: 'one' | 'two';
}

/**
 * The activations of a critic's layers, if the penalty can be differentiated on it: dense layers that are linear between
 * kinks, so that the gradient by the input depends on a weight through products alone.
 */
export function penalisedActivations(
  model: ModelShape,
  path: string,
): Result<readonly ('relu' | 'leakyRelu' | 'none')[]> {
  const found: ('relu' | 'leakyRelu' | 'none')[] = [];
  for (const [i, layer] of (model.type === 'factorisation' ? [] : layersOf(model)).entries()) {
    const activation: Activation | undefined = layer.type === 'dense' ? layer.activation : undefined;
    if (activation !== 'relu' && activation !== 'leakyRelu' && activation !== 'none') {
      return bad(
        message(
          'The gradient penalty is for a discriminator of dense layers with ReLU, leaky ReLU or no activation. Change this layer, or remove "task.gradientPenalty".',
        ),
        { path: model.type === 'layers' ? `${path}.layers.${i}` : `${path}.activation` },
      );
    }
    found.push(activation);
  }
  return ok([...found, 'none']);
}

/**
 * Kernels of the mean penalty (buffer `penalty`) and of its gradient in the critic's weights (buffers by
 * {@link penaltyGradientName}): λ(‖g‖ − 1)², g the gradient of the score by the input, at every row of `points` (I. Gulrajani
 * et al., "Improved Training of Wasserstein GANs", 2017). Biases do not move it.
 *
 * g = W₁ m₁ W₂ m₂ … with the activations' slopes m, constant between kinks. So the penalty's gradient in W is that of ⟨v, g⟩,
 * v being the penalty's gradient in g; and ⟨v, g⟩ is how fast the scores change as the points move along v: t₀ = v,
 * t = (t W) m from layer to layer. The gradient in a layer's W is thus tᵀ δ with the layer's incoming t and the backward
 * pass's δ.
 */
export function penaltyKernels(
  network: Network,
  activations: readonly Activation[],
  points: string,
  step: Step,
  { weight, sided }: GradientPenalty,
): PlanPart {
  const { batch } = step;
  const { layers, input } = network;
  const scores = layers.at(-1)!.output;
  const forward = chain(layers, points, step);
  const ones = piece(
    'score.ones',
    [sizeOf(scores.stored), batch],
    {},
    'let one = 0.0;\nif (this.thread.x < 1) { one = 1.0; }\nreturn one;',
  );
  const back = forward.backward('score.ones', true);
  /** Gradient of the score by a layer's sums. */
  const delta = (i: number) => {
    if (activations[i] !== 'none') return `${layers[i]!.name}.delta`;
    return i === layers.length - 1 ? 'score.ones' : inputGradientName(layers[i + 1]!.name);
  };
  const parts: PlanPart[] = [];
  let tangent = 'penalty.direction';
  for (const [i, layer] of layers.entries()) {
    const extent = { batch, depth: sizeOf(layer.input.stored), width: sizeOf(layer.output.stored) };
    const [matrix] = layer.parameters;
    parts.push(weightGradient(matrix!.name, tangent, delta(i), extent));
    if (i === layers.length - 1) break;
    const [moved, activation] = [`${layer.name}.tangent.sum`, activations[i]!];
    parts.push(product(moved, tangent, matrix!.name, extent));
    tangent = moved;
    if (activation === 'none') continue;
    tangent = `${layer.name}.tangent`;
    const names = { gradient: moved, sum: moved, output: outputName(layer.name), delta: tangent };
    parts.push(derive(activation, layer.output, names, batch));
  }
  return join(
    forward.part,
    ones,
    back.part,
    slopePenalty(back.input!, sizeOf(input.shape), sizeOf(input.stored), batch, weight, sided),
    ...parts,
  );
}

/** Buffer of the gradient of the penalty in a weight of the critic. */
export function penaltyGradientName(parameter: string): string {
  return `${gradientName(parameter)}.penalty`;
}

/** The mean penalty of the slopes in a buffer (`penalty`), and its gradient in them (`penalty.direction`). */
function slopePenalty(
  slopes: string,
  features: number,
  stride: number,
  batch: number,
  strength: number,
  sided: 'one' | 'two',
): PlanPart {
  const loss = inConvention(penalty, sided === 'one' ? 'one-sided' : undefined);
  const mean = reduce(loss, 'mean');
  const layout = { axes: ['sample', 'feature'], strides: [stride, 1] };
  return {
    ...compileKernels({
      roots: [
        { buffer: 'penalty', expr: mean, layout: { axes: [], strides: [] } },
        { buffer: 'penalty.direction', expr: gradient(mean, 'input_gradients'), layout },
      ],
      inputs: { input_gradients: { buffer: slopes, layout } },
      sizes: { sample: batch, feature: features },
      parameters: { strength },
      prefix: 'penalty',
    }),
    carry: [],
  };
}

/** A layer's weights applied to tangents: batch × depth times depth × width. */
function product(name: string, tangent: string, weight: string, { batch, depth, width }: Extent): PlanPart {
  const sums = sumOfProducts(depth, [
    { parameter: 'tangent', start: `this.thread.y * ${depth}`, stride: 1 },
    { parameter: 'weight', start: 'this.thread.x', stride: width },
  ]);
  return piece(name, [width, batch], { tangent, weight }, `${sums.statements}\nreturn ${sums.value};`, {
    kind: 'matrix-product',
    rows: batch,
    columns: width,
    depth,
    left: { buffer: tangent, rowStride: depth, columnStride: 1 },
    right: { buffer: weight, rowStride: width, columnStride: 1 },
  });
}

/** tangentᵀ delta. */
function weightGradient(
  weight: string,
  tangent: string,
  delta: string,
  { batch, depth, width }: Extent,
): PlanPart {
  const sums = sumOfProducts(batch, [
    { parameter: 'tangent', start: 'this.thread.y', stride: depth },
    { parameter: 'delta', start: 'this.thread.x', stride: width },
  ]);
  return piece(
    penaltyGradientName(weight),
    [width, depth],
    { tangent, delta },
    `${sums.statements}\nreturn ${sums.value};`,
    {
      kind: 'matrix-product',
      rows: depth,
      columns: width,
      depth: batch,
      left: { buffer: tangent, rowStride: 1, columnStride: depth },
      right: { buffer: delta, rowStride: width, columnStride: 1 },
    },
  );
}

interface Extent {
  readonly batch: number;
  readonly depth: number;
  readonly width: number;
}
