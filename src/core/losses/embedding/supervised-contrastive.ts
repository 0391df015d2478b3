import { div, gt, indicator, logsumexp, maximum, ne, sub, sum, where } from '../../expression/build.ts';
import { index, param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import {
  classLabels,
  counted,
  dot,
  embeddings,
  others,
  positivePairs,
  unit,
  vectors,
} from '../shared/embeddings.ts';
import { alongLabelledAngle } from '../shared/anglePlots.ts';

const similarities = (): Expr =>
  div(dot(unit(vectors('pred')), others(unit(vectors('pred')))), param('temperature'));
const positives = () => sum(indicator(positivePairs()), 'sample′');

/**
 * The mean over an anchor’s positives of −log(exp s_ip / Σ_{a≠i} exp s_ia), for cosines s over the temperature. An anchor
 * without a positive counts neither in the sum nor in what the mean divides by.
 */
export const loss: Loss = {
  id: 'supervised-contrastive',
  name: 'Supervised contrastive loss',
  short: 'supcon',
  synonyms: ['SupCon', 'SupCon loss', 'supervised NT-Xent'],
  chinese: ['监督对比损失', '有监督对比损失'],
  family: 'embedding',
  inputs: [embeddings('pred', 'z', 'One vector a sample.'), classLabels],
  parameters: [
    {
      id: 'temperature',
      symbol: '\\tau',
      default: 0.1,
      min: 0,
      max: 1e6,
      minExclusive: true,
      meaning: 'Divides the cosines: the smaller, the more the hardest negatives count.',
    },
  ],
  expression: withOptions(() => {
    const s = similarities();
    const all = logsumexp(where(ne(index('sample'), index('sample′')), s, -Infinity), 'sample′');
    const own = div(sum(where(positivePairs(), s, 0), 'sample′'), maximum(positives(), 1));
    return where(gt(positives(), 0), sub(all, own), 0);
  }),
  divisor: withOptions(() => counted(gt(positives(), 0))),
  named: () => [
    { name: 'unit', symbol: '\\hat{z}', expr: unit(vectors('pred')), meaning: 'the vectors at length 1' },
    {
      name: 'similarity',
      symbol: 's',
      expr: similarities(),
      meaning: 'cosines of all pairs, over the temperature',
    },
    { name: 'positives', symbol: 'P', expr: positives(), meaning: 'how many others have the label' },
  ],
  convention: 'Khosla et al. 2020',
  meaning:
    'A contrastive softmax with labels: every sample of the same class is a positive, and all other samples are what it is told from.',
  useWhen:
    'You have class labels and want embeddings in which classes are clusters, to put a linear classifier or a nearest-neighbour search on top.',
  avoidWhen:
    'Classes hold few samples per batch, or there are so many classes that most anchors have no positive: ArcFace keeps a centre for each class instead.',
  pitfalls: [
    'It does not fall to 0: an anchor with P positives, however well placed, keeps at least ln P.',
    'An anchor alone in its class has no positive. Here and in pytorch-metric-learning it is left out of the mean; the authors’ code first gave NaN, and now counts it as 0.',
    'The authors’ code multiplies the loss by temperature/base_temperature, 1 by default; with another temperature the learning rate changes with it.',
    'The sum over positives stands outside of the logarithm. Inside of it is another loss, which the paper found worse.',
  ],
  source: 'Khosla et al. 2020, Supervised Contrastive Learning, arXiv 2004.11362',
  apis: [],
  properties: {
    convex: {
      at: { sizes: { sample: 3, feature: 1 }, inputs: { pred: [1, 1, -1], target: [0, 0, 1] } },
      and: { pred: [-3, -3, 1] },
    },
    boundedBelow: 0,
    // One positive, opposite; all others the same as the anchor.
    boundedAbove: ({ sample = 1 }) => Math.log1p(Math.max(0, sample - 2) * Math.exp(2 / 0.1)),
    lipschitzGradient: {
      at: {
        sizes: { sample: 3, feature: 2 },
        inputs: { pred: [0, 1e-3, 1, 0, -1, 0], target: [0, 0, 1] },
      },
      and: { pred: [1e-5, 1e-3, 1, 0, -1, 0] },
    },
    boundedInfluence: {
      at: {
        sizes: { sample: 3, feature: 2 },
        inputs: { pred: [0, 1e-3, 1, 0, -1, 0], target: [0, 0, 1] },
      },
    },
  },
  plot: alongLabelledAngle,
};
