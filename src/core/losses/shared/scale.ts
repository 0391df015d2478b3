import type { Parameter } from '../loss.ts';

/** The scale c of a robust loss, in units of the target. */
export const scale = (usual: number, meaning: string): Parameter => ({
  id: 'c',
  symbol: 'c',
  default: usual,
  min: 0,
  max: 1e6,
  minExclusive: true,
  meaning,
});
