import type { Parameter } from '../loss.ts';

/** The half-width ε of the tube in which errors are free. */
export const tube: Parameter = {
  id: 'epsilon',
  symbol: '\\varepsilon',
  default: 0.1,
  min: 0,
  max: 1e6,
  meaning: 'The size of an error that costs nothing, in units of the target.',
};
