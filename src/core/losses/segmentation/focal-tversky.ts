import { add, clampMin, div, mul, pow } from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import {
  alongProbability,
  falseNegatives,
  falsePositives,
  maskInputs,
  masks,
  overlap,
  perSample,
  rewardsDecisions,
  smooth,
} from '../shared/overlap.ts';

const mistakes = (): Expr =>
  add(mul(param('alpha'), falsePositives(perSample)), mul(param('beta'), falseNegatives(perSample)));

/** One minus the Tversky index, written without the difference so that small values keep their digits. */
const miss = (): Expr => div(mistakes(), add(add(overlap(perSample), mistakes()), param('smooth')));

/**
 * (1 − T)^(1/γ) for the Tversky index T = (TP + S)/(TP + αFP + βFN + S). The slope grows to ∞ towards
 * a perfect match; the floor under 1 − T makes it 0 there, where frameworks would multiply 0 by ∞.
 */
export const loss: Loss = {
  id: 'focal-tversky',
  name: 'Focal Tversky loss',
  synonyms: ['focal Tversky', 'FTL'],
  chinese: ['焦点 Tversky 损失'],
  family: 'segmentation',
  inputs: maskInputs,
  parameters: [
    {
      id: 'alpha',
      symbol: '\\alpha',
      default: 0.3,
      min: 0,
      max: 1e6,
      minExclusive: true,
      meaning: 'The weight of false positives: what is found where nothing is.',
    },
    {
      id: 'beta',
      symbol: '\\beta',
      default: 0.7,
      min: 0,
      max: 1e6,
      minExclusive: true,
      meaning: 'The weight of false negatives: what is missed of the object.',
    },
    {
      id: 'gamma',
      symbol: '\\gamma',
      default: 4 / 3,
      min: 0.1,
      max: 10,
      meaning:
        'Above 1, samples that are almost right count more; 1 is the Tversky loss. The paper tries 1 to 3.',
    },
    smooth,
  ],
  expression: withOptions(() => pow(clampMin(miss(), 1e-30), div(1, param('gamma')))),
  named: () => [
    { name: 'overlap', symbol: 'I', expr: overlap(perSample), meaning: 'what is found of the object' },
    { name: 'mistakes', symbol: 'M', expr: mistakes(), meaning: 'false positives and negatives, weighted' },
    { name: 'miss', symbol: 'u', expr: miss(), meaning: 'one minus the Tversky index' },
  ],
  convention: 'Abraham, Khan 2018, each sample by itself',
  meaning:
    'A power of the Tversky loss that turns attention to samples that are nearly right (γ > 1) or to hard ones (γ < 1).',
  useWhen: 'Small lesions of very different size, when a Tversky loss stalls before the details are found.',
  avoidWhen:
    'Near a perfect fit: for γ > 1 the slope grows without bound as the loss falls to 0, and training oscillates. Use the Tversky loss there.',
  pitfalls: [
    'In the paper the exponent is 1/γ with γ = 4/3, so 0.75; many implementations call the exponent itself γ and set it to 0.75.',
    'In the paper α = 0.7 weights false negatives; in Salehi’s Tversky loss, and here, that is β.',
    'Unlike the focal loss for classification, γ > 1 here does not turn attention to hard samples but to nearly finished ones.',
    'At exactly 0 the power has an infinite derivative: a framework multiplies it by 0 and gets NaN, unless there is a floor under the power.',
  ],
  source:
    'Abraham, Khan 2018, A Novel Focal Tversky Loss Function with Improved Attention U-Net for Lesion Segmentation, arXiv 1810.07842',
  apis: [],
  properties: {
    convex: { ...masks([0, 0, 0], [0, 0, 0]), and: { pred: [1, 1, 1] } },
    boundedBelow: 0,
    boundedAbove: ({ pixel = 1 }) => ((0.7 * pixel) / (0.7 * pixel + 1)) ** 0.75,
    lipschitzGradient: { ...masks([1e-8], [0]), and: { pred: [2e-8] } },
    boundedInfluence: masks([1e-16], [0]),
    strictlyProper: rewardsDecisions,
  },
  plot: alongProbability,
};
