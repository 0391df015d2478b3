import { add, div, mean, mul, softmax, sub, sum } from '../../expression/build.ts';
import { input, param, type Expr, type Named } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, LossInput, Parameter } from '../loss.ts';
import {
  alongClassLogit,
  alongProbability,
  falseNegatives,
  falsePositives,
  maskInputs,
  masks,
  overlap,
  perSample,
  rewardsDecisions,
  smooth,
  wholeBatch,
  type Over,
} from '../shared/overlap.ts';

interface Counts {
  readonly found: Expr;
  readonly extra: Expr;
  readonly missed: Expr;
}

const counts = (over: Over): Counts => ({
  found: overlap(over),
  extra: falsePositives(over),
  missed: falseNegatives(over),
});

/** α·FP + β·FN. */
const mistakes = (first: Expr, second: Expr): Expr =>
  add(mul(param('alpha'), first), mul(param('beta'), second));

const tversky = ({ found, extra, missed }: Counts): Expr =>
  sub(1, div(add(found, param('smooth')), add(add(found, mistakes(extra, missed)), param('smooth'))));

/** In Keras α weights what is missed. */
const kerasTversky = ({ found, extra, missed }: Counts): Expr =>
  sub(1, div(found, add(add(found, mistakes(missed, extra)), 1e-7)));

const names = ({ found, extra, missed }: Counts): readonly Named[] => [
  { name: 'true_positives', symbol: 'T', expr: found, meaning: 'what is found of the object' },
  { name: 'false_positives', symbol: 'F', expr: extra, meaning: 'what is found where nothing is' },
  { name: 'false_negatives', symbol: 'M', expr: missed, meaning: 'what is missed of the object' },
];

const inClasses = ['sample', 'pixel', 'class'] as const;
const classInputs: readonly LossInput[] = [
  {
    id: 'pred',
    symbol: 'z',
    kind: 'logit',
    role: 'prediction',
    axes: inClasses,
    meaning: 'For each pixel one raw score a class, before any softmax.',
  },
  {
    id: 'target',
    symbol: 'y',
    kind: 'distribution',
    role: 'target',
    axes: inClasses,
    meaning: 'For each pixel its class, one-hot.',
  },
];
const classProbabilities = (): Expr => softmax(input('pred', inClasses), 'class');
const classMask = (): Expr => input('target', inClasses);
const classCounts = (): Counts => {
  const [p, y] = [classProbabilities(), classMask()];
  return {
    found: sum(mul(p, y), 'pixel'),
    extra: sum(mul(p, sub(1, y)), 'pixel'),
    missed: sum(mul(sub(1, p), y), 'pixel'),
  };
};

const weight = (id: string, symbol: string, usual: number, meaning: string): Parameter => ({
  id,
  symbol,
  default: usual,
  min: 0,
  max: 1e6,
  meaning,
});
const alpha = weight(
  'alpha',
  '\\alpha',
  0.3,
  'The weight of false positives: what is found where nothing is.',
);
const beta = weight('beta', '\\beta', 0.7, 'The weight of false negatives: what is missed of the object.');

/** The bound for lists of up to three pixels, where an object of one or two pixels is missed. */
const smallest = 0.52;

/** 1 − (TP + S)/(TP + αFP + βFN + S), where TP = Σpy, FP = Σp(1 − y) and FN = Σ(1 − p)y of a sample. */
export const loss: Loss = {
  id: 'tversky',
  name: 'Tversky loss',
  synonyms: ['Tversky', 'weighted Dice loss'],
  chinese: ['Tversky 损失', '特沃斯基损失'],
  family: 'segmentation',
  common: 3,
  inputs: maskInputs,
  parameters: [alpha, beta, smooth],
  expression: withOptions(() => tversky(counts(perSample))),
  named: () => names(counts(perSample)),
  convention: 'Salehi et al. 2017, each sample by itself',
  conventions: [
    {
      id: 'whole-batch',
      users: 'Salehi et al. 2017, over the batch',
      differs: 'One fraction over all pixels of the batch, instead of one for each sample.',
      expression: withOptions(() => tversky(counts(wholeBatch))),
      named: () => names(counts(wholeBatch)),
    },
    {
      id: 'keras',
      users: 'Keras',
      differs:
        'α weights false negatives and β false positives; one fraction over the whole batch, with 1e-7 added below it and nothing above.',
      parameters: [
        weight('alpha', '\\alpha', 0.5, 'The weight of false negatives, contrary to Keras’s documentation.'),
        weight('beta', '\\beta', 0.5, 'The weight of false positives, contrary to Keras’s documentation.'),
      ],
      expression: withOptions(() => kerasTversky(counts(wholeBatch))),
      named: () => names(counts(wholeBatch)),
    },
    {
      id: 'optax',
      users: 'optax (dice_loss)',
      differs: 'Takes logits and one-hot masks of several classes, and averages over the classes.',
      inputs: classInputs,
      parameters: [{ ...alpha, default: 0.5 }, { ...beta, default: 0.5 }, smooth],
      expression: withOptions(() => mean(tversky(classCounts()), 'class')),
      named: () => [
        {
          name: 'p',
          symbol: '\\hat{y}',
          expr: classProbabilities(),
          meaning: 'the probability of each class',
        },
        ...names(classCounts()),
      ],
      plot: alongClassLogit,
    },
  ],
  meaning: 'A Dice loss in which what is missed may count more, or less, than what is found too much.',
  useWhen:
    'Segmentation of small objects where missing one is worse than a false alarm (β > α), or the reverse: lesions, defects.',
  avoidWhen: 'Both mistakes weigh the same: α = β = ½ is the Dice loss, α = β = 1 the Jaccard loss.',
  pitfalls: [
    'In keras.losses.Tversky α weights false negatives and β false positives, the reverse of the paper and of its own documentation: exchange them when porting.',
    'α and β need not sum to 1, but the scale then changes how much the overlap counts: α = β = 1 is the Jaccard loss.',
    'For an empty mask that is predicted empty, Keras gives 1; with a smoothing term it is 0.',
    'The focal Tversky paper calls the weight of false negatives α: there α = 0.7 is β = 0.7 here.',
  ],
  source:
    'Salehi, Erdogmus, Gholipour 2017, Tversky loss function for image segmentation using 3D fully convolutional deep networks, arXiv 1706.05721; the index: Tversky 1977',
  apis: [
    ...(
      [
        ['keras.losses.Tversky', 'class'],
        ['keras.losses.tversky', 'function'],
      ] as const
    ).map(([name, form]) => ({
      framework: 'keras' as const,
      name,
      form,
      convention: 'keras',
      targetFirst: true as const,
      keywords: {
        alpha: { parameter: 'alpha', default: 0.5 },
        beta: { parameter: 'beta', default: 0.5 },
      },
      ...(form === 'function' ? { gives: 'mean' as const } : {}),
      note: 'α weights false negatives, contrary to its documentation; one value for the whole batch unless axis is given.',
    })),
    ...(['tversky', 'Tversky'] as const).map((name) => ({
      framework: 'keras' as const,
      name,
      form: 'string' as const,
      convention: 'keras',
      note: 'α = β = ½: the Dice loss, one value for the whole batch.',
    })),
    {
      framework: 'optax',
      name: 'optax.losses.dice_loss',
      form: 'function',
      convention: 'optax',
      keywords: {
        smooth: { parameter: 'smooth', default: 1 },
        alpha: { parameter: 'alpha', default: 0.5 },
        beta: { parameter: 'beta', default: 0.5 },
      },
      positional: [],
      note: 'Its defaults make it a Dice loss. Several classes, on logits: it applies the softmax itself.',
    },
  ],
  properties: {
    convex: { ...masks([0, 0, 0], [0, 0, 0]), and: { pred: [1, 1, 1] } },
    boundedBelow: 0,
    // All of the object is missed.
    boundedAbove: ({ pixel = 1 }) => (0.7 * pixel) / (0.7 * pixel + 1),
    lipschitzGradient: ({ pixel = 1 }) => 2 * 0.3 ** 2 * pixel,
    boundedInfluence: ({ pixel = 1 }) => Math.max(smallest, 0.3 * Math.sqrt(pixel)),
    strictlyProper: rewardsDecisions,
  },
  plot: alongProbability,
};
