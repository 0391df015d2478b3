import { message, type Message } from '../messages/message.ts';
import type { Family } from './loss.ts';

/** What the families of losses are called. */
export const familyNames: Readonly<Record<Family, Message>> = {
  regression: message('Regression'),
  classification: message('Classification'),
  embedding: message('Embeddings'),
  ranking: message('Ranking'),
  segmentation: message('Segmentation'),
  sequence: message('Sequences'),
  survival: message('Survival'),
  adversarial: message('Adversarial'),
  penalty: message('Penalties'),
  composite: message('Composites'),
};
