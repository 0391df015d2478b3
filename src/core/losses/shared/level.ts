import type { Parameter } from '../loss.ts';

/** The level τ of a quantile or an expectile. */
export const level = (meaning: string): Parameter => ({
  id: 'tau',
  symbol: '\\tau',
  default: 0.9,
  min: 0,
  max: 1,
  minExclusive: true,
  maxExclusive: true,
  meaning,
});
