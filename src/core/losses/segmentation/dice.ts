import { add, div, mul, sigmoid, square, sub } from '../../expression/build.ts';
import { param, type Expr, type Named } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, LossInput } from '../loss.ts';
import {
  alongLogit,
  alongProbability,
  areas,
  mask,
  maskInputs,
  masks,
  overlap,
  perSample,
  probabilities,
  rewardsDecisions,
  smooth,
  trueMask,
  wholeBatch,
  type Over,
} from '../shared/overlap.ts';

/** 1 − (2·overlap + S)/(areas + S). */
const lossOf = (common: Expr, both: Expr): Expr =>
  sub(1, div(add(mul(2, common), param('smooth')), add(both, param('smooth'))));

const dice = (over: Over): Expr => lossOf(overlap(over), areas(over));

const squaredAreas = (): Expr => add(perSample(square(probabilities())), perSample(square(mask())));

/** Keras adds its ε of 1e-7 below the fraction only. */
const kerasDice = (): Expr => sub(1, div(mul(2, overlap(wholeBatch)), add(areas(wholeBatch), 1e-7)));

const logits: LossInput = {
  id: 'pred',
  symbol: 'z',
  kind: 'logit',
  role: 'prediction',
  axes: ['sample', 'pixel'],
  meaning: 'For each pixel a raw score before any sigmoid.',
};
const ofLogits = (): Expr => sigmoid(probabilities());
const logitOverlap = (): Expr => perSample(mul(ofLogits(), mask()));
/** Optax adds S to halves: I + S over half of both areas + S. */
const optaxDice = (): Expr =>
  sub(
    1,
    div(
      add(logitOverlap(), param('smooth')),
      add(mul(0.5, add(perSample(ofLogits()), perSample(mask()))), param('smooth')),
    ),
  );

const names = (common: Expr, both: Expr): readonly Named[] => [
  { name: 'overlap', symbol: 'I', expr: common, meaning: 'what is found of the object' },
  { name: 'areas', symbol: 'A', expr: both, meaning: 'the predicted and the true area together' },
];

const kerasNote = 'One value for the whole batch, unless axis says which axes to sum over.';
const ofOptax = 'One value a sample, on logits: it applies the sigmoid itself.';

/** 1 − (2Σpy + S)/(Σp + Σy + S) for the probabilities p and the mask y of a sample. */
export const loss: Loss = {
  id: 'dice',
  name: 'Dice loss',
  synonyms: ['soft Dice loss', 'Sørensen–Dice loss', 'F1 loss', 'Sorensen-Dice'],
  chinese: ['Dice 损失', '骰子损失'],
  family: 'segmentation',
  common: 1,
  inputs: maskInputs,
  parameters: [smooth],
  expression: withOptions(() => dice(perSample)),
  named: () => names(overlap(perSample), areas(perSample)),
  convention: 'each sample by itself, with a smoothing term',
  conventions: [
    {
      id: 'whole-batch',
      users: 'nnU-Net (batch Dice) and many others',
      differs: 'One fraction over all pixels of the batch, instead of one for each sample.',
      expression: withOptions(() => dice(wholeBatch)),
      named: () => names(overlap(wholeBatch), areas(wholeBatch)),
    },
    {
      id: 'v-net',
      users: 'V-Net (Milletari et al. 2016)',
      differs: 'Squares below the fraction: Σp² + Σy².',
      expression: withOptions(() => lossOf(overlap(perSample), squaredAreas())),
      named: () => names(overlap(perSample), squaredAreas()),
    },
    {
      id: 'keras',
      users: 'Keras',
      differs: 'One fraction over the whole batch; 1e-7 is added below it and nothing above.',
      parameters: [],
      expression: withOptions(kerasDice),
      named: () => names(overlap(wholeBatch), areas(wholeBatch)),
    },
    {
      id: 'optax',
      users: 'optax',
      differs: 'Takes logits, and adds the smoothing term to half the fraction: S there is 2S here.',
      inputs: [logits, trueMask],
      expression: withOptions(optaxDice),
      named: () => [
        { name: 'p', symbol: '\\hat{y}', expr: ofLogits(), meaning: 'the probability of the object' },
        {
          name: 'overlap',
          symbol: 'I',
          expr: logitOverlap(),
          meaning: 'what is found of the object',
        },
      ],
      plot: alongLogit,
    },
  ],
  meaning:
    'One minus the overlap of the predicted and the true mask, relative to their mean area: 0 for a perfect match, near 1 for none.',
  useWhen:
    'Segmentation where the object covers few pixels, judged by Dice or F1; often added to cross-entropy.',
  avoidWhen:
    'Calibrated probabilities are wanted: it pushes every pixel to 0 or 1. With very small or empty objects its gradient is erratic: add cross-entropy.',
  pitfalls: [
    'For an empty mask that is predicted empty, Keras gives 1, the worst value, because nothing is added above the fraction; with a smoothing term it is 0.',
    'It expects probabilities: on raw logits the sums have no meaning and the loss can leave the range 0 to 1. Optax’s functions expect logits.',
    'One fraction for the whole batch lets large objects hide small ones; one for each sample makes small objects noisy. Keras does the former, optax the latter.',
    'The smoothing term is in pixels: S = 1 is nothing in an image of 512 × 512, but halves the loss of a missed object of 1 pixel.',
    'In optax, binary_dice_loss(smooth=s) is this loss with S = 2s.',
  ],
  source:
    'Milletari, Navab, Ahmadi 2016, V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation, arXiv 1606.04797; the coefficient: Dice 1945, Sørensen 1948',
  apis: [
    ...(
      [
        ['keras.losses.Dice', 'class'],
        ['keras.losses.dice', 'function'],
      ] as const
    ).map(([name, form]) => ({
      framework: 'keras' as const,
      name,
      form,
      convention: 'keras',
      targetFirst: true as const,
      ...(form === 'function' ? { gives: 'mean' as const } : {}),
      note: kerasNote,
    })),
    ...(['dice', 'Dice'] as const).map((name) => ({
      framework: 'keras' as const,
      name,
      form: 'string' as const,
      convention: 'keras',
      note: 'One value for the whole batch.',
    })),
    {
      framework: 'optax',
      name: 'optax.losses.binary_dice_loss',
      form: 'function',
      convention: 'optax',
      keywords: { smooth: { parameter: 'smooth', default: 1 } },
      positional: [],
      note: ofOptax,
    },
  ],
  properties: {
    // An empty mask: the first wrong pixels cost most.
    convex: { ...masks([0, 0, 0], [0, 0, 0]), and: { pred: [1, 1, 1] } },
    boundedBelow: 0,
    // Everything is predicted, nothing is there, or the other way round.
    boundedAbove: ({ pixel = 1 }) => pixel / (pixel + 1),
    lipschitzGradient: ({ pixel = 1 }) => 2 * pixel,
    boundedInfluence: ({ pixel = 1 }) => Math.sqrt(pixel),
    strictlyProper: rewardsDecisions,
  },
  plot: alongProbability,
};
