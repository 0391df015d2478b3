import * as v from 'valibot';
import { activationNames } from '../../compute/layers/activation.ts';
import { initialiserNames } from '../../network/initialisers.ts';
import { count, nonNegative, positive, share, title } from './fields.ts';

const units = (most: number, text: string) => v.pipe(count, v.maxValue(most), title(text));

const activation = v.optional(
  v.pipe(v.picklist(['none', ...activationNames]), title('Activation of the layer.')),
  'none',
);
const initialiser = v.optional(
  v.pipe(
    v.union([
      v.picklist(initialiserNames),
      v.strictObject({
        constant: v.pipe(v.number(), v.finite(), title('Value that every weight starts from.')),
      }),
    ]),
    title(
      'How weights are drawn. Default: as PyTorch’s layers do, biases too; with any other initialiser biases start at 0.',
    ),
  ),
);

/** A number for both axes, or [height, width]. */
const extent = (text: string) => v.pipe(v.union([steps, v.tuple([steps, steps])]), title(text));
const steps = v.pipe(count, v.maxValue(256));
const padding = v.optional(
  v.pipe(
    v.picklist(['same', 'valid']),
    title('same surrounds the data with zeros, so that stride 1 keeps its extent; valid does not.'),
  ),
  'valid',
);
const filters = units(4096, 'Number of filters, the channels of the output.');

const pool = {
  size: extent('Extent of the window.'),
  stride: v.optional(extent('Steps between windows. Default: the extent, so that windows do not overlap.')),
};
const normalisation = {
  epsilon: v.optional(v.pipe(positive, title('Added to the variance.')), 1e-5),
};

/** Layers that may stand in a block. */
const plainLayers = [
  v.strictObject({
    type: v.literal('dense'),
    units: units(65_536, 'Number of units.'),
    activation,
    initialiser,
  }),
  v.strictObject({
    type: v.literal('conv2d'),
    filters,
    size: extent('Extent of a filter.'),
    stride: v.optional(extent('Steps between the places of a filter.'), 1),
    padding,
    activation,
    initialiser,
  }),
  v.strictObject({
    type: v.literal('conv1d'),
    filters,
    size: v.pipe(steps, title('Length of a filter.')),
    stride: v.optional(v.pipe(steps, title('Steps between the places of a filter.')), 1),
    padding,
    activation,
    initialiser,
  }),
  v.strictObject({ type: v.literal('maxPool'), ...pool }),
  v.strictObject({ type: v.literal('averagePool'), ...pool }),
  v.strictObject({ type: v.literal('flatten') }),
  v.strictObject({
    type: v.literal('activation'),
    activation: v.pipe(v.picklist(activationNames), title('The activation.')),
  }),
  v.strictObject({
    type: v.literal('dropout'),
    rate: v.optional(v.pipe(share, title('Probability with which a value is left out in training.')), 0.5),
  }),
  v.strictObject({
    type: v.literal('batchNorm'),
    ...normalisation,
    momentum: v.optional(
      v.pipe(
        nonNegative,
        v.maxValue(1),
        title('Share by which the running statistics move towards those of the batch.'),
      ),
      0.1,
    ),
  }),
  v.strictObject({ type: v.literal('layerNorm'), ...normalisation }),
  v.strictObject({
    type: v.literal('embedding'),
    count: units(1_000_000, 'How many different whole numbers the data has: 0 … count − 1.'),
    units: units(4096, 'Length of the vector of each.'),
    initialiser,
  }),
] as const;

const plainLayer = v.variant('type', plainLayers);

const layerSchema = v.variant('type', [
  ...plainLayers,
  v.strictObject({
    type: v.literal('residual'),
    layers: v.pipe(
      v.array(plainLayer),
      v.minLength(1),
      v.maxLength(32),
      title('The block; its input is added to its output, so both have the same shape.'),
    ),
  }),
]);

/** A layer as the experiment describes it. */
export type LayerSpec = v.InferOutput<typeof layerSchema>;

const initial = v.optional(
  v.pipe(
    v.record(v.string(), v.array(v.pipe(v.number(), v.finite()))),
    title(
      'Starting values by parameter name, flat: `layers.0.weight` is [inputs × outputs] row-major, `layers.0.bias` [outputs]. Default: drawn from the seed.',
    ),
  ),
);

/** The model. */
export const modelSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('mlp'),
    hidden: v.optional(
      v.pipe(
        v.array(v.pipe(count, v.maxValue(4096))),
        v.maxLength(8),
        title('Units of each hidden layer; empty for a linear model.'),
      ),
      [16],
    ),
    activation: v.optional(
      v.pipe(v.picklist(activationNames), title('Activation of the hidden layers.')),
      'relu',
    ),
    initialiser,
    initial,
  }),
  v.strictObject({
    type: v.literal('layers'),
    layers: v.pipe(
      v.array(layerSchema),
      v.maxLength(128),
      title('The layers in their order. A last dense layer to the number of outputs is added.'),
    ),
    initialiser: v.optional(v.pipe(initialiser, title('Initialiser of the last layer, which is added.'))),
    initial,
  }),
  v.strictObject({
    type: v.literal('factorisation'),
    factors: v.optional(units(1024, 'Length of the vector of each user and item.'), 16),
    biases: v.optional(v.pipe(v.boolean(), title('Give each item a number of its own in its scores.')), true),
    initial,
  }),
]);
