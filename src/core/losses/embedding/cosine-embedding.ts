import { add, clampMin, div, eq, mul, sqrt, square, sub, sum, where } from '../../expression/build.ts';
import { input, param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { dot, embeddings, vectors } from '../shared/embeddings.ts';
import { alongAngle } from '../shared/anglePlots.ts';

/** The square of a length; PyTorch adds 1e-12, in single precision, so that a zero vector has cosine 0 with everything. */
const squaredLength = (x: Expr) => add(sum(square(x), 'feature'), Math.fround(1e-12));

const length = (id: string): Expr => sqrt(squaredLength(vectors(id)));

const cosine = (): Expr => div(dot(vectors('x1'), vectors('x2')), mul(length('x1'), length('x2')));

/** 1 − cos for a pair that belongs together (y = 1), max(0, cos − m) for one that does not (y = −1). */
export const loss: Loss = {
  id: 'cosine-embedding',
  name: 'Cosine embedding loss',
  synonyms: ['cosine embedding', 'cosine contrastive loss'],
  chinese: ['余弦嵌入损失'],
  family: 'embedding',
  common: 4,
  inputs: [
    embeddings('x1', 'a', 'The first vector of each pair.'),
    embeddings('x2', 'b', 'The second vector of each pair.'),
    {
      id: 'target',
      symbol: 'y',
      kind: 'sign-label',
      role: 'target',
      axes: ['sample'],
      meaning: '+1 for a pair that belongs together, −1 for one that does not.',
    },
  ],
  parameters: [
    {
      id: 'margin',
      symbol: 'm',
      default: 0,
      min: -1,
      max: 1,
      meaning:
        'Pairs that do not belong together cost nothing once their cosine is below it; 0 to 0.5 is usual.',
    },
  ],
  expression: withOptions(() => {
    const cos = cosine();
    return where(eq(input('target', ['sample']), 1), sub(1, cos), clampMin(sub(cos, param('margin')), 0));
  }),
  named: () => [
    { name: 'length_1', symbol: '\\alpha', expr: length('x1'), meaning: 'the length of the first vector' },
    { name: 'length_2', symbol: '\\beta', expr: length('x2'), meaning: 'the length of the second vector' },
    {
      name: 'cosine',
      symbol: 'c',
      expr: cosine(),
      meaning: 'the cosine of the angle between the two vectors',
    },
  ],
  convention: 'PyTorch',
  meaning:
    'Turns the vectors of a pair towards each other where they belong together, and apart to beyond a margin where they do not. Lengths do not matter.',
  useWhen:
    'You have pairs labelled same or different, and direction is what you will compare later: texts, faces, products.',
  avoidWhen:
    'You only have positive pairs: use InfoNCE, whose negatives are the rest of the batch. Where lengths carry meaning, use the contrastive loss on distances.',
  pitfalls: [
    'Labels are +1 and −1. With labels 0 and 1, PyTorch gives pairs of label 0 a loss of 0: nothing is ever pushed apart.',
    'With the default margin 0, pairs at a right angle or beyond count as done. A negative margin drives them further apart, which in many dimensions few pairs can reach.',
    'keras.losses.CosineSimilarity and torch.nn.CosineSimilarity are not this loss: the first is minus the cosine, the second the cosine itself, and neither has labels.',
    'The gradient grows as the vectors shrink (it is 1/length times an angle), so that embeddings near zero take large steps: normalise or initialise them at a length near 1.',
  ],
  source:
    'Bromley, Guyon, LeCun, Säckinger, Shah 1993, Signature Verification using a “Siamese” Time Delay Neural Network; as in PyTorch 2.13',
  apis: [
    {
      framework: 'torch',
      name: 'torch.nn.CosineEmbeddingLoss',
      form: 'class',
      keywords: { margin: { parameter: 'margin', default: 0 } },
    },
    {
      framework: 'torch',
      name: 'torch.nn.functional.cosine_embedding_loss',
      form: 'function',
      keywords: { margin: { parameter: 'margin', default: 0 } },
    },
  ],
  properties: {
    // On the way from b to −b, past b's right angle, the cosine is above its chord.
    convex: {
      at: { sizes: { sample: 1, feature: 2 }, inputs: { x1: [-1, 0.5], x2: [1, 0], target: [1] } },
      and: { x1: [-1, -0.5], x2: [1, 0] },
    },
    boundedBelow: 0,
    boundedAbove: 2,
    lipschitzGradient: {
      at: { sizes: { sample: 1, feature: 2 }, inputs: { x1: [0, 1e-3], x2: [1, 0], target: [1] } },
      and: { x1: [1e-4, 1e-3] },
    },
    boundedInfluence: {
      at: { sizes: { sample: 1, feature: 2 }, inputs: { x1: [0, 1e-4], x2: [1, 0], target: [1] } },
    },
  },
  plot: alongAngle(
    (x1) => ({ x1, x2: [1, 0], target: [1] }),
    (x1) => ({ x1, x2: [1, 0], target: [-1] }),
  ),
};
