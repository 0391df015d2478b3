import { gradient } from '../../expression/differentiate.ts';
import { compileKernels } from '../../expression/kernels.ts';
import { inConvention } from '../../losses/conventions.ts';
import type { Loss } from '../../losses/loss.ts';
import { reduce } from '../../losses/reduce.ts';
import type { PlanPart } from '../../optimizers/rule.ts';

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

/**
 * Kernels of a player's mean loss, in the buffer `loss`, and of its gradient in each of the given scores, in buffers
 * `loss.real` and `loss.fake`.
 * @param scores buffers of `samples` scores of real and of generated rows
 */
export function playerLoss(
  loss: Loss,
  samples: number,
  scores: { readonly real?: string; readonly fake: string },
  withGradient: boolean,
): PlanPart {
  const mean = reduce(loss, 'mean');
  const layout = { axes: ['sample'], strides: [1] };
  const inputs = Object.entries(scores);
  return {
    ...compileKernels({
      roots: [
        { buffer: 'loss', expr: mean, layout: { axes: [], strides: [] } },
        ...(withGradient
          ? inputs.map(([id]) => ({ buffer: scoreGradient(id), expr: gradient(mean, id), layout }))
          : []),
      ],
      inputs: Object.fromEntries(inputs.map(([id, buffer]) => [id, { buffer, layout }])),
      sizes: { sample: samples },
      parameters: {},
      prefix: 'loss',
    }),
    carry: [],
  };
}

/** Buffer of the gradient in the scores of `real` or `fake`. */
export function scoreGradient(input: string): string {
  return `loss.${input}`;
}
