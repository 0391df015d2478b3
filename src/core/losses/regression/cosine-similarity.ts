import { div, clampMin, mul, neg, norm, sqrt, square, sub, sum } from '../../expression/build.ts';
import { input, param, type Axis, type Expr, type Named } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Api, CounterExample, Loss, LossInput, Parameter } from '../loss.ts';
import { predictedValues, trueValues } from '../shared/elements.ts';
import { floored } from '../shared/floor.ts';

const axes: readonly Axis[] = ['sample', 'feature'];
const p = (): Expr => input('pred', axes);
const y = (): Expr => input('target', axes);

/** The length that a vector is divided by. */
type Length = (vector: Expr) => Expr;

/** Σ p·y over the features of vectors divided by lengths. */
const cosine = (length: Length): Expr => sum(mul(div(p(), length(p())), div(y(), length(y()))), 'feature');

/** The lengths as names for formulas and code. */
const lengthNames = (length: Length) => (): readonly Named[] => [
  { name: 'pred_length', symbol: 'a', expr: length(p()), meaning: 'the length of the prediction' },
  { name: 'target_length', symbol: 'b', expr: length(y()), meaning: 'the length of the target' },
];

const kerasLength: Length = (vector) => clampMin(norm(vector, 'feature'), 1e-7);
const torchLength: Length = (vector) => floored(norm(vector, 'feature'), param('eps'));
const tfjsLength: Length = (vector) => sqrt(clampMin(sum(square(vector), 'feature'), 1e-7));
const optaxLength: Length = (vector) => sqrt(clampMin(sum(square(vector), 'feature'), param('eps')));

/** The least length: a shorter vector counts as if it had this one, so that a zero vector gives 0. */
const leastLength = (usual: number, meaning: string): Parameter => ({
  id: 'eps',
  symbol: '\\varepsilon',
  default: usual,
  min: 0,
  max: 1,
  meaning,
});

const inputs: readonly LossInput[] = [
  predictedValues({ kind: 'embedding', axes, meaning: 'Predicted vectors.' }),
  trueValues({ kind: 'embedding', axes, meaning: 'True vectors.' }),
];

/** The calls that give the similarity, which is no loss. */
const similarities: readonly Api[] = [
  {
    framework: 'torch',
    name: 'torch.nn.CosineSimilarity',
    form: 'class',
    keywords: { eps: { parameter: 'eps', default: 1e-8 } },
    positional: ['dim', 'eps'],
    note: 'The similarity, not a loss; along dim=1 by default.',
  },
  {
    framework: 'torch',
    name: 'torch.nn.functional.cosine_similarity',
    form: 'function',
    keywords: { eps: { parameter: 'eps', default: 1e-8 } },
    positional: ['dim', 'eps'],
    note: 'The similarity, not a loss; along dim=1 by default.',
  },
  ...['optax.losses.cosine_similarity', 'optax.cosine_similarity'].map((name): Api => ({
    framework: 'optax',
    name,
    form: 'function',
    fixed: { eps: 0 },
    note: 'The similarity, not a loss; a zero vector gives NaN unless epsilon is above 0.',
  })),
];

/** One row of two features. */
const row = (pred: readonly number[], target: readonly number[]): Pick<CounterExample, 'at'> => ({
  at: { sizes: { sample: 1, feature: 2 }, inputs: { pred, target } },
});

/**
 * −cos of the angle between prediction and target, one value a row: −1 is best, whatever the lengths. The length of a
 * vector counts as at least 1e-7, so that a zero vector gives 0.
 */
export const loss: Loss = {
  id: 'cosine-similarity',
  name: 'Cosine similarity loss',
  short: 'cosine',
  synonyms: ['negative cosine similarity', 'cosine distance', 'cosine proximity', 'cosine loss'],
  chinese: ['余弦相似度损失', '余弦距离'],
  family: 'regression',
  inputs,
  parameters: [],
  expression: withOptions(() => neg(cosine(kerasLength))),
  named: lengthNames(kerasLength),
  convention: 'Keras',
  conventions: [
    {
      id: 'torch',
      users: 'PyTorch',
      differs: 'The similarity itself, +1 where the directions agree: subtract it from 1 to minimise it.',
      parameters: [leastLength(1e-8, 'The length that shorter vectors count as.')],
      expression: withOptions(() => cosine(torchLength)),
      named: lengthNames(torchLength),
    },
    {
      id: 'optax',
      users: 'optax',
      differs: 'The distance 1 − cos, between 0 and 2; a zero vector gives NaN unless ε is above 0.',
      parameters: [leastLength(0, 'The least square of a length.')],
      expression: withOptions(() => sub(1, cosine(optaxLength))),
      named: lengthNames(optaxLength),
    },
    {
      id: 'tfjs-layers',
      users: 'the layers of TensorFlow.js',
      differs: 'As Keras, but a vector counts as at least 3.2e-4 long: 1e-7 limits the square of its length.',
      expression: withOptions(() => neg(cosine(tfjsLength))),
      named: lengthNames(tfjsLength),
    },
    {
      id: 'tfjs-core',
      users: 'TensorFlow.js',
      differs: '1 minus the dot product, without dividing by lengths: a cosine only for vectors of length 1.',
      expression: withOptions(() => sub(1, sum(mul(p(), y()), 'feature'))),
    },
  ],
  meaning: 'How far two vectors point in different directions; their lengths do not matter.',
  useWhen: 'Embeddings or spectra are regressed and only the direction carries meaning.',
  avoidWhen:
    'Lengths matter, or outputs are single numbers: the cosine of two numbers is just the product of their signs.',
  pitfalls: [
    'Signs differ: Keras gives −cos (−1 is best), PyTorch +cos, optax and most papers 1 − cos. Minimising torch.nn.CosineSimilarity() drives the vectors apart.',
    'torch.nn.CosineSimilarity works along dim=1, not the last dimension: for (batch, time, feature) pass dim=-1.',
    'tf.losses.cosineDistance of TensorFlow.js does not normalise: [1, 2, 3] against [2, 4, 6] gives −27.',
    'The gradient grows as 1 / length of the prediction: near the zero vector steps explode, and far out they fade. It never changes the length.',
    'optax.losses.cosine_distance gives NaN for a zero vector; pass epsilon.',
  ],
  source: 'Standard; Salton, McGill 1983, Introduction to Modern Information Retrieval',
  apis: [
    ...similarities.map((api): Api => ({ gives: 'elements', convention: 'torch', ...api })),
    {
      framework: 'keras',
      name: 'keras.losses.CosineSimilarity',
      form: 'class',
      targetFirst: true,
      note: 'Minus the cosine: −1 is best.',
    },
    {
      framework: 'keras',
      name: 'keras.losses.cosine_similarity',
      form: 'function',
      targetFirst: true,
      gives: 'elements',
      note: 'Minus the cosine, one value a row: −1 is best.',
    },
    ...['cosine_similarity', 'CosineSimilarity'].map((name): Api => ({
      framework: 'keras',
      name,
      form: 'string',
      note: 'Minus the cosine: −1 is best.',
    })),
    ...['optax.losses.cosine_distance', 'optax.cosine_distance'].map((name): Api => ({
      framework: 'optax',
      name,
      form: 'function',
      convention: 'optax',
      keywords: { epsilon: { parameter: 'eps', default: 0 } },
      positional: [],
      gives: 'elements',
      note: '1 − cos, one value a row.',
    })),
    {
      framework: 'tfjs',
      name: 'tf.losses.cosineDistance',
      form: 'function',
      convention: 'tfjs-core',
      targetFirst: true,
      requires: { axis: -1 },
      positional: ['axis'],
      note: '1 − the dot product: normalise the vectors first.',
    },
    {
      framework: 'tfjs',
      name: 'cosineProximity',
      form: 'string',
      convention: 'tfjs-layers',
      note: 'Minus the cosine: −1 is best.',
    },
  ],
  properties: {
    convex: { ...row([1, 0.1], [1, 0]), and: { pred: [-3, 0.1] } },
    boundedBelow: -1,
    boundedAbove: 1,
    symmetric: true,
    lipschitzGradient: { ...row([1e-4, 0], [0, 1]), and: { pred: [0.1, 0] } },
    boundedInfluence: row([1e-4, 0], [0, 1]),
  },
  plot: {
    label: 'angle',
    inWords: 'the angle between prediction and target, in radians',
    from: -Math.PI,
    to: Math.PI,
    sizes: { sample: 1, feature: 2 },
    curves: [{ at: (x) => ({ pred: [Math.cos(x), Math.sin(x)], target: [1, 0] }) }],
  },
};
