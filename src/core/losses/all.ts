// Written by npm run generate from the files of the families; do not edit.
import type { Loss } from './loss.ts';
import { loss as meanSquaredError } from './regression/mean-squared-error.ts';
import { loss as meanAbsoluteError } from './regression/mean-absolute-error.ts';
import { loss as huber } from './regression/huber.ts';
import { loss as smoothL1 } from './regression/smooth-l1.ts';
import { loss as logCosh } from './regression/log-cosh.ts';
import { loss as quantile } from './regression/quantile.ts';
import { loss as poissonNll } from './regression/poisson-nll.ts';
import { loss as barron } from './regression/barron.ts';
import { loss as cauchy } from './regression/cauchy.ts';
import { loss as cosineSimilarity } from './regression/cosine-similarity.ts';
import { loss as expectile } from './regression/expectile.ts';
import { loss as fair } from './regression/fair.ts';
import { loss as gammaDeviance } from './regression/gamma-deviance.ts';
import { loss as gaussianNll } from './regression/gaussian-nll.ts';
import { loss as gemanMcclure } from './regression/geman-mcclure.ts';
import { loss as halfSquaredError } from './regression/half-squared-error.ts';
import { loss as meanAbsolutePercentageError } from './regression/mean-absolute-percentage-error.ts';
import { loss as meanSquaredLogarithmicError } from './regression/mean-squared-logarithmic-error.ts';
import { loss as pseudoHuber } from './regression/pseudo-huber.ts';
import { loss as rootMeanSquaredError } from './regression/root-mean-squared-error.ts';
import { loss as rootMeanSquaredLogarithmicError } from './regression/root-mean-squared-logarithmic-error.ts';
import { loss as squaredEpsilonInsensitive } from './regression/squared-epsilon-insensitive.ts';
import { loss as tukey } from './regression/tukey.ts';
import { loss as tweedie } from './regression/tweedie.ts';
import { loss as welsch } from './regression/welsch.ts';
import { loss as wing } from './regression/wing.ts';
import { loss as epsilonInsensitive } from './regression/epsilon-insensitive.ts';
import { loss as binaryCrossEntropyLogits } from './classification/binary-cross-entropy-logits.ts';
import { loss as softmaxCrossEntropy } from './classification/softmax-cross-entropy.ts';
import { loss as binaryCrossEntropy } from './classification/binary-cross-entropy.ts';
import { loss as negativeLogLikelihood } from './classification/negative-log-likelihood.ts';
import { loss as sparseCategoricalCrossEntropy } from './classification/sparse-categorical-cross-entropy.ts';
import { loss as categoricalCrossEntropy } from './classification/categorical-cross-entropy.ts';
import { loss as klDivergence } from './classification/kl-divergence.ts';
import { loss as binaryFocal } from './classification/binary-focal.ts';
import { loss as hinge } from './classification/hinge.ts';
import { loss as brier } from './classification/brier.ts';
import { loss as categoricalFocal } from './classification/categorical-focal.ts';
import { loss as categoricalHinge } from './classification/categorical-hinge.ts';
import { loss as exponential } from './classification/exponential.ts';
import { loss as generalisedCrossEntropy } from './classification/generalised-cross-entropy.ts';
import { loss as jsDivergence } from './classification/js-divergence.ts';
import { loss as logistic } from './classification/logistic.ts';
import { loss as modifiedHuber } from './classification/modified-huber.ts';
import { loss as multiclassHinge } from './classification/multiclass-hinge.ts';
import { loss as multilabelMargin } from './classification/multilabel-margin.ts';
import { loss as multilabelSoftMargin } from './classification/multilabel-soft-margin.ts';
import { loss as multiMargin } from './classification/multi-margin.ts';
import { loss as perceptron } from './classification/perceptron.ts';
import { loss as poly1CrossEntropy } from './classification/poly-1-cross-entropy.ts';
import { loss as savage } from './classification/savage.ts';
import { loss as softmaxCrossEntropyDistribution } from './classification/softmax-cross-entropy-distribution.ts';
import { loss as sparsemax } from './classification/sparsemax.ts';
import { loss as squaredHinge } from './classification/squared-hinge.ts';
import { loss as tripletMargin } from './embedding/triplet-margin.ts';
import { loss as infoNce } from './embedding/info-nce.ts';
import { loss as contrastive } from './embedding/contrastive.ts';
import { loss as cosineEmbedding } from './embedding/cosine-embedding.ts';
import { loss as arcface } from './embedding/arcface.ts';
import { loss as circle } from './embedding/circle.ts';
import { loss as cosface } from './embedding/cosface.ts';
import { loss as hingeEmbedding } from './embedding/hinge-embedding.ts';
import { loss as nPair } from './embedding/n-pair.ts';
import { loss as ntXent } from './embedding/nt-xent.ts';
import { loss as supervisedContrastive } from './embedding/supervised-contrastive.ts';
import { loss as marginRanking } from './ranking/margin-ranking.ts';
import { loss as ranknet } from './ranking/ranknet.ts';
import { loss as bpr } from './ranking/bpr.ts';
import { loss as listnet } from './ranking/listnet.ts';
import { loss as lambdarank } from './ranking/lambdarank.ts';
import { loss as listmle } from './ranking/listmle.ts';
import { loss as warp } from './ranking/warp.ts';
import { loss as dice } from './segmentation/dice.ts';
import { loss as jaccard } from './segmentation/jaccard.ts';
import { loss as tversky } from './segmentation/tversky.ts';
import { loss as focalTversky } from './segmentation/focal-tversky.ts';
import { loss as generalisedDice } from './segmentation/generalised-dice.ts';
import { loss as lovaszHinge } from './segmentation/lovasz-hinge.ts';
import { loss as ctc } from './sequence/ctc.ts';
import { loss as coxPartialLikelihood } from './survival/cox-partial-likelihood.ts';
import { loss as acceleratedFailureTime } from './survival/accelerated-failure-time.ts';
import { loss as minimaxGanDiscriminator } from './adversarial/minimax-gan-discriminator.ts';
import { loss as nonSaturatingGanGenerator } from './adversarial/non-saturating-gan-generator.ts';
import { loss as wassersteinCritic } from './adversarial/wasserstein-critic.ts';
import { loss as hingeGanDiscriminator } from './adversarial/hinge-gan-discriminator.ts';
import { loss as hingeGanGenerator } from './adversarial/hinge-gan-generator.ts';
import { loss as leastSquaresGanDiscriminator } from './adversarial/least-squares-gan-discriminator.ts';
import { loss as leastSquaresGanGenerator } from './adversarial/least-squares-gan-generator.ts';
import { loss as minimaxGanGenerator } from './adversarial/minimax-gan-generator.ts';
import { loss as wassersteinGenerator } from './adversarial/wasserstein-generator.ts';
import { loss as wassersteinGradientPenalty } from './adversarial/wasserstein-gradient-penalty.ts';
import { loss as l2Penalty } from './penalty/l2-penalty.ts';
import { loss as l1Penalty } from './penalty/l1-penalty.ts';
import { loss as elasticNet } from './penalty/elastic-net.ts';
import { loss as vaeElbo } from './composite/vae-elbo.ts';
import { loss as distillation } from './composite/distillation.ts';

/** All losses, in the order in which they are offered. */
export const all: readonly Loss[] = [
  meanSquaredError,
  meanAbsoluteError,
  huber,
  smoothL1,
  logCosh,
  quantile,
  poissonNll,
  barron,
  cauchy,
  cosineSimilarity,
  expectile,
  fair,
  gammaDeviance,
  gaussianNll,
  gemanMcclure,
  halfSquaredError,
  meanAbsolutePercentageError,
  meanSquaredLogarithmicError,
  pseudoHuber,
  rootMeanSquaredError,
  rootMeanSquaredLogarithmicError,
  squaredEpsilonInsensitive,
  tukey,
  tweedie,
  welsch,
  wing,
  epsilonInsensitive,
  binaryCrossEntropyLogits,
  softmaxCrossEntropy,
  binaryCrossEntropy,
  negativeLogLikelihood,
  sparseCategoricalCrossEntropy,
  categoricalCrossEntropy,
  klDivergence,
  binaryFocal,
  hinge,
  brier,
  categoricalFocal,
  categoricalHinge,
  exponential,
  generalisedCrossEntropy,
  jsDivergence,
  logistic,
  modifiedHuber,
  multiclassHinge,
  multilabelMargin,
  multilabelSoftMargin,
  multiMargin,
  perceptron,
  poly1CrossEntropy,
  savage,
  softmaxCrossEntropyDistribution,
  sparsemax,
  squaredHinge,
  tripletMargin,
  infoNce,
  contrastive,
  cosineEmbedding,
  arcface,
  circle,
  cosface,
  hingeEmbedding,
  nPair,
  ntXent,
  supervisedContrastive,
  marginRanking,
  ranknet,
  bpr,
  listnet,
  lambdarank,
  listmle,
  warp,
  dice,
  jaccard,
  tversky,
  focalTversky,
  generalisedDice,
  lovaszHinge,
  ctc,
  coxPartialLikelihood,
  acceleratedFailureTime,
  minimaxGanDiscriminator,
  nonSaturatingGanGenerator,
  wassersteinCritic,
  hingeGanDiscriminator,
  hingeGanGenerator,
  leastSquaresGanDiscriminator,
  leastSquaresGanGenerator,
  minimaxGanGenerator,
  wassersteinGenerator,
  wassersteinGradientPenalty,
  l2Penalty,
  l1Penalty,
  elasticNet,
  vaeElbo,
  distillation,
];
