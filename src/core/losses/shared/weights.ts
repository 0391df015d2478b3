/** The input of penalties: the weights of a model. */
import { input, type Expr } from '../../expression/expression.ts';
import type { CounterExample, LossInput, Plot } from '../loss.ts';

/** The weights as an input. They are called `weights`, since `weight` is what a sample counts. */
export const modelWeights: LossInput = {
  id: 'weights',
  symbol: 'w',
  kind: 'value',
  role: 'prediction',
  axes: ['feature'],
  meaning: 'The weights of the model that are penalised, all in one row; usually without the biases.',
};

/** The input `weights`. */
export const weights = (): Expr => input('weights', ['feature']);

/** A model of one weight, and another weight for it. */
export function weightAt(at: number, and?: number): CounterExample {
  const example = { at: { sizes: { feature: 1 }, inputs: { weights: [at] } } };
  return and === undefined ? example : { ...example, and: { weights: [and] } };
}

/** Against one weight. */
export const alongWeight: Plot = {
  label: 'w',
  inWords: 'a weight',
  from: -3,
  to: 3,
  sizes: { feature: 1 },
  curves: [{ at: (x) => ({ weights: [x] }) }],
};
