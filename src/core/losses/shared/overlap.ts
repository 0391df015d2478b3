/** Inputs of losses that compare masks, and the sums that they share. */
import { add, mul, sub, sum } from '../../expression/build.ts';
import { input, type Expr } from '../../expression/expression.ts';
import type { CounterExample, LossInput, Parameter, Plot, Sample } from '../loss.ts';

const axes = ['sample', 'pixel'] as const;

/** The true mask: which pixels belong to the object. */
export const trueMask: LossInput = {
  id: 'target',
  symbol: 'y',
  kind: 'binary-label',
  role: 'target',
  axes,
  meaning: 'The true mask: 1 for a pixel of the object, 0 elsewhere.',
};

/** Probabilities and the true mask, all pixels of a sample along one axis. */
export const maskInputs: readonly LossInput[] = [
  {
    id: 'pred',
    symbol: '\\hat{y}',
    kind: 'probability',
    role: 'prediction',
    axes,
    meaning: 'For each pixel the probability that it belongs to the object, after a sigmoid.',
  },
  trueMask,
];

/** Predicted probabilities of pixels. */
export const probabilities = (): Expr => input('pred', axes);
/** The true mask. */
export const mask = (): Expr => input('target', axes);

/** A sum over the pixels of a sample. */
export const perSample = (x: Expr): Expr => sum(x, 'pixel');
/** A sum over all pixels of the batch. */
export const wholeBatch = (x: Expr): Expr => sum(sum(x, 'pixel'), 'sample');
export type Over = typeof perSample;

/** Σ p·y: what is found of the object. */
export const overlap = (over: Over): Expr => over(mul(probabilities(), mask()));
/** Σ p(1 − y): what is found where nothing is. */
export const falsePositives = (over: Over): Expr => over(mul(probabilities(), sub(1, mask())));
/** Σ (1 − p)y: what is missed of the object. */
export const falseNegatives = (over: Over): Expr => over(mul(sub(1, probabilities()), mask()));
/** Σ p + Σ y. */
export const areas = (over: Over): Expr => add(over(probabilities()), over(mask()));

/** What is added above and below the fraction. */
export const smooth: Parameter = {
  id: 'smooth',
  symbol: 'S',
  default: 1,
  min: 0,
  max: 1e6,
  meaning:
    'Added above and below the fraction, in pixels: keeps it defined for empty masks, and dampens the loss of small objects.',
};

/** A batch of one sample. */
export function masks(pred: readonly number[], target: readonly number[]): { readonly at: Sample } {
  return { at: { sizes: { sample: 1, pixel: pred.length }, inputs: { pred, target } } };
}

/**
 * A coin that is likelier 0: no pixel at all scores better than the truth. Measures of overlap reward a hard decision,
 * not a probability.
 */
export const rewardsDecisions: CounterExample = masks([0], [0.3]);

/** Against the probability given to the two pixels of the object, and to the two others when those are right. */
export const alongProbability: Plot = {
  label: 'probability p',
  inWords:
    'the probability given to the two pixels of the object, and to the two other pixels with the object found',
  from: 0,
  to: 1,
  sizes: { sample: 1, pixel: 4 },
  curves: [
    {
      note: { text: 'object', side: 'right' },
      at: (x) => ({ pred: [x, x, 0, 0], target: [1, 1, 0, 0] }),
    },
    {
      note: { text: 'elsewhere', side: 'left' },
      at: (x) => ({ pred: [1, 1, x, x], target: [1, 1, 0, 0] }),
    },
  ],
};

/** The same for logits. */
export const alongLogit: Plot = {
  label: 'logit z',
  inWords: 'the logit of the two pixels of the object, and of the two other pixels with the object found',
  from: -6,
  to: 6,
  sizes: { sample: 1, pixel: 4 },
  curves: [
    {
      note: { text: 'object', side: 'right' },
      at: (x) => ({ pred: [x, x, -20, -20], target: [1, 1, 0, 0] }),
    },
    {
      note: { text: 'elsewhere', side: 'left' },
      at: (x) => ({ pred: [20, 20, x, x], target: [1, 1, 0, 0] }),
    },
  ],
};

/** Of masks of two classes: against the logit of the true class of one pixel of a rare class, three others being right. */
export const alongClassLogit: Plot = {
  label: 'logit z_y',
  inWords:
    'the logit of the true class of one pixel of a rare class, the other class at 0 and three pixels being right',
  from: -6,
  to: 6,
  sizes: { sample: 1, pixel: 4, class: 2 },
  curves: [{ at: (x) => ({ pred: [x, 0, -20, 0, -20, 0, -20, 0], target: [1, 0, 0, 1, 0, 1, 0, 1] }) }],
};
