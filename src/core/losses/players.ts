import { inConvention } from './conventions.ts';
import type { Loss } from './loss.ts';

/** The losses of the two players. */
export interface AdversarialPair {
  readonly discriminator: Loss;
  readonly generator: Loss;
}

/**
 * The pair that a loss belongs to, which may be that of either player; undefined for a loss of no player, such as the
 * gradient penalty.
 * @param partner finds the loss of an id
 * @param convention a definition of `loss`, which its partner has too if it can
 */
export function pairOfPlayers(
  loss: Loss,
  partner: (id: string) => Loss | undefined,
  convention?: string,
): AdversarialPair | undefined {
  const other = loss.partner === undefined ? undefined : partner(loss.partner);
  if (loss.family !== 'adversarial' || other === undefined) return undefined;
  const [own, theirs] = [loss, other].map((one) =>
    one.conventions?.some(({ id }) => id === convention) === true ? inConvention(one, convention) : one,
  );
  if (judges(own!) && plays(theirs!)) return { discriminator: own!, generator: theirs! };
  if (plays(own!) && judges(theirs!)) return { discriminator: theirs!, generator: own! };
  return undefined;
}

const judges = ({ inputs }: Loss) => inputs.some(({ id }) => id === 'real');
const plays = ({ inputs }: Loss) => inputs.length === 1 && inputs[0]?.id === 'fake';
