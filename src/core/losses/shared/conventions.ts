/** Conventions that many losses of matching elements share. */
import type { Convention } from '../loss.ts';

/** The same elements, averaged as Keras and the layers of TensorFlow.js do it. */
export const kerasRows: Convention = {
  id: 'keras',
  users: 'Keras',
  differs:
    'The mean over the last axis is part of the function: without a reduction there is one value a row, and a sum adds up these means.',
  averaging: { rowsFirst: true },
};
