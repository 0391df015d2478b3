import { ok, type Result } from '../../messages/message.ts';
import { buildNetwork, type ModelShape, type Network } from '../../network/network.ts';
import type { AdversarialPair } from '../../losses/players.ts';

/** Two networks that play against each other. */
export interface Game {
  /** Makes a row from noise. */
  readonly generator: ModelShape;
  /** Gives a row a score: the higher, the likelier it is real. */
  readonly discriminator: ModelShape;
  readonly losses: AdversarialPair;
  /** Normal random numbers that the generator makes a row from. */
  readonly latent: number;
  /** Numbers of a row. */
  readonly columns: number;
}

/** The networks of both players. */
export interface Players {
  readonly generator: Network;
  readonly discriminator: Network;
}

/** The discriminator's path in an experiment. */
export const discriminatorPath = 'task.discriminator';

/**
 * The networks. The generator is the experiment's model and its parameters are named like any model's; the discriminator's
 * begin with `discriminator`. Bad where a layer does not fit.
 */
export function buildPlayers({ generator, discriminator, latent, columns }: Game): Result<Players> {
  const generating = buildNetwork({ model: generator, inputs: latent, outputs: columns });
  if (!generating.ok) return generating;
  const judging = buildNetwork(
    { model: discriminator, inputs: columns, outputs: 1 },
    { name: 'discriminator.layers', path: discriminatorPath },
  );
  if (!judging.ok) return judging;
  return ok({ generator: generating.value, discriminator: judging.value });
}
