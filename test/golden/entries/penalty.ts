import { wholeBatch, type Entries, type Entry } from '../entry.ts';

/** Weights of any shape count as one list. */
const weights: Pick<Entry, 'inputs' | 'layout'> = { inputs: { w: 'weights' }, layout: wholeBatch };
const strength = { lambda: 'strength' };

export const penalty: Readonly<Record<string, Entries>> = {
  l1_penalty: { l1: { id: 'l1-penalty', parameters: strength, ...weights } },
  l2_penalty: {
    'l2-no-half': { id: 'l2-penalty', parameters: strength, ...weights },
    'keras-l2': { id: 'l2-penalty', parameters: strength, ...weights },
    'l2-half': { id: 'l2-penalty', convention: 'half', parameters: strength, ...weights },
  },
  elastic_net: {
    'keras-l1l2': { id: 'elastic-net', parameters: { l1: 'l1', l2: 'l2' }, ...weights },
    'sklearn-elastic-net': {
      id: 'elastic-net',
      convention: 'sklearn',
      parameters: { alpha: 'alpha', l1_ratio: 'l1Ratio' },
      ...weights,
    },
  },
};
