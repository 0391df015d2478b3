import { logsumexp, sub } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { dot, embeddings, others, vectors } from '../shared/embeddings.ts';
import { alongPairAngle } from '../shared/anglePlots.ts';

const similarities = () => dot(vectors('z1'), others(vectors('z2')));
const own = () => dot(vectors('z1'), vectors('z2'));

/**
 * log(1 + Σ_{j≠i} exp(z_i·w_j − z_i·w_i)) = log Σ_j exp(z_i·w_j) − z_i·w_i for anchors z and positives w of as many
 * different classes.
 */
export const loss: Loss = {
  id: 'n-pair',
  name: 'N-pair loss',
  synonyms: ['N-pairs loss', 'multi-class N-pair loss', 'N-pair-mc'],
  chinese: ['N 对损失', 'N-pair 损失'],
  family: 'embedding',
  inputs: [
    embeddings('z1', 'z', 'The anchors, one of each class.'),
    embeddings('z2', 'w', 'For each anchor a vector of its class.'),
  ],
  parameters: [],
  expression: withOptions(() => sub(logsumexp(similarities(), 'sample′'), own())),
  named: () => [
    {
      name: 'similarity',
      symbol: 's',
      expr: similarities(),
      meaning: 'inner products of anchors and positives',
    },
    { name: 'own', symbol: 's^{+}', expr: own(), meaning: 'the inner product of each with its positive' },
  ],
  convention: 'Sohn 2016',
  meaning:
    'Each anchor chooses its positive among the positives of all classes of the batch, by inner product: a triplet loss with N − 1 negatives at once.',
  useWhen: 'Each batch holds one pair of every class, and lengths may carry confidence.',
  avoidWhen:
    'Vectors are normalised: without a temperature, cosines between −1 and 1 cannot make the softmax sure of anything. Use InfoNCE.',
  pitfalls: [
    'Two pairs of one class in a batch are each other’s negatives: draw classes without repetition.',
    'The paper adds a penalty on the squared lengths, because inner products grow by length alone; it is not in this formula. pytorch-metric-learning offers it as embedding_regularizer.',
    'pytorch-metric-learning’s NPairsLoss normalises the vectors unless told otherwise: this loss is NPairsLoss(distance=DotProductSimilarity(normalize_embeddings=False)).',
    'On unit vectors the loss of a batch of N cannot fall below ln(1 + (N − 1)e⁻²): 2.90 for 128 pairs.',
    'Anchors and positives are not exchangeable: the softmax runs over positives only.',
  ],
  source: 'Sohn 2016, Improved Deep Metric Learning with Multi-class N-pair Loss Objective, NeurIPS 29',
  apis: [],
  properties: {
    // The loss depends on products: turning both around changes nothing, halfway all is 0.
    convex: {
      at: { sizes: { sample: 2, feature: 1 }, inputs: { z1: [1, 0], z2: [1, -1] } },
      and: { z1: [-1, 0], z2: [-1, 1] },
    },
    boundedBelow: 0,
    boundedAbove: { at: { sizes: { sample: 2, feature: 1 }, inputs: { z1: [20, 0], z2: [-20, 20] } } },
    lipschitzGradient: {
      at: { sizes: { sample: 2, feature: 1 }, inputs: { z1: [0, 0], z2: [-100, 100] } },
      and: { z1: [1e-3, 0] },
    },
    boundedInfluence: {
      at: { sizes: { sample: 2, feature: 1 }, inputs: { z1: [0, 0], z2: [-1e4, 1e4] } },
    },
  },
  plot: alongPairAngle((vector) => ({ z1: [1, 0, -1, 0], z2: [...vector, -1, 0] })),
};
