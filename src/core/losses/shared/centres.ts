/** Inputs of losses that keep a vector for each class, and the cosines with them. */
import { eq, gather, logsumexp, mul, softplus, sub, where } from '../../expression/build.ts';
import { index, input, param, type Expr } from '../../expression/expression.ts';
import type { LossInput, Parameter, Sample } from '../loss.ts';
import { classLabels, dot, embeddings, labels, unit, vectors } from './embeddings.ts';

const axes = ['class', 'feature'] as const;

/** Embeddings, the centres of the classes (learned with the model), and labels. */
export const centreInputs: readonly LossInput[] = [
  embeddings('pred', 'z', 'One vector a sample.'),
  {
    id: 'centres',
    symbol: 'w',
    kind: 'embedding',
    role: 'prediction',
    axes,
    meaning: 'One vector a class, learned along with the model: the weights of a last layer without bias.',
  },
  classLabels,
];

/** Cosines of the samples with the centres. */
export const centreCosines = (): Expr => dot(unit(vectors('pred')), unit(input('centres', axes)));

/** The cosine of each sample with its own centre. */
export const ownCosine = (): Expr => gather(centreCosines(), 'class', labels());

/**
 * Softmax cross-entropy of scaled cosines, where the cosine with the own centre is replaced by a smaller number: log(1 + Σ)
 * over how far the others are ahead, since log-sum-exp less the own logit would round a small loss to 0.
 */
export function scaledCrossEntropy(own: Expr): Expr {
  const ahead = mul(param('scale'), sub(centreCosines(), own));
  const others = where(eq(index('class'), labels()), -Infinity, ahead);
  return softplus(logsumexp(others, 'class'));
}

/** What scaled cosines are multiplied by. */
export const scale: Parameter = {
  id: 'scale',
  symbol: 's',
  default: 64,
  min: 0,
  max: 1e6,
  minExclusive: true,
  meaning: 'Multiplies the cosines, so that the softmax can be sure: 64 is usual, less for few classes.',
};

/** Names for formulas and code. */
export const cosineNames = () => [
  { name: 'unit', symbol: '\\hat{z}', expr: unit(vectors('pred')), meaning: 'the vectors at length 1' },
  {
    name: 'unit_centres',
    symbol: '\\hat{w}',
    expr: unit(input('centres', axes)),
    meaning: 'the centres at length 1',
  },
  {
    name: 'cosine',
    symbol: '\\cos\\theta',
    expr: centreCosines(),
    meaning: 'cosines of the samples with the centres',
  },
  {
    name: 'own_cosine',
    symbol: 'C',
    expr: ownCosine(),
    meaning: 'the cosine of a sample with the centre of its class',
  },
];

/** A batch of one sample of the first of two classes, in two dimensions. */
export function oneSample(pred: readonly number[], centres: readonly number[]): { readonly at: Sample } {
  return { at: { sizes: { sample: 1, class: 2, feature: 2 }, inputs: { pred, centres, target: [0] } } };
}
