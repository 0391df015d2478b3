import { dimensions, only, type Entries, type Entry } from '../entry.ts';

const pairs = { input1: 'x1', input2: 'x2' };

/** One positive and a list of negatives are one sample. */
const warp = (mode: string, entry: Omit<Entry, 'id'> = {}): Entry => ({
  id: 'warp',
  parameters: { margin: 'margin', mode: only(mode) },
  layout: (shape, axes, name) =>
    name === 'neg' && shape.length === 1 ? ['negative'] : dimensions({})(shape, axes, name),
  ...entry,
});

export const ranking: Readonly<Record<string, Entries>> = {
  margin_ranking: {
    torch: { id: 'margin-ranking', parameters: { margin: 'margin' }, inputs: pairs },
  },
  ranknet: { burges2005: { id: 'ranknet', parameters: { sigma: 'sigma' } } },
  bpr: { rendle: { id: 'bpr' } },
  warp: {
    'wsabie-sampled': warp('first-violator'),
    'wsabie-exact': warp('exact', { convention: 'exact' }),
  },
  listnet: {
    'cao2007(softmax labels)': { id: 'listnet' },
    'optax(raw labels)': { id: 'listnet', convention: 'optax' },
  },
  listmle: { xia2008: { id: 'listmle' } },
  lambdarank: { burges2010: { id: 'lambdarank', parameters: { sigma: 'sigma' } } },
};
