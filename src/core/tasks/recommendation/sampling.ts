import { lossObjective, type Objective } from '../../compute/objective.ts';
import { rolesObjective } from '../../compute/objectives/roles.ts';
import { predictionsOf, type Loss } from '../../losses/loss.ts';
import { taskOf } from '../../losses/task.ts';

/**
 * How an interaction and the items drawn beside it become samples of a loss:
 * - pairs (BPR, margin ranking): the chosen item with each of the others, in two roles;
 * - lists (WARP): the chosen item with all others, in the order of their drawing;
 * - points (losses on two classes): each item by itself, with target 1 if it was chosen and 0 otherwise.
 */
export interface Sampling {
  readonly objective: Objective;
  /** Samples of an interaction. */
  readonly samples: number;
  /** The rows of the network that an interaction needs; `draw` counts the drawn items, −1 is the chosen one. */
  readonly rows: readonly { readonly role: number; readonly sample: number; readonly draw: number }[];
  /** Target of one of its samples, where the loss has any. */
  readonly target: (sample: number) => number;
}

/** The sampling of a loss with so many negatives; undefined for a loss that does not rank or judge scores. */
export function samplingOf(
  loss: Loss,
  parameters: Readonly<Record<string, number>>,
  negatives: number,
): Sampling | undefined {
  const drawn = Array.from({ length: negatives }, (_, draw) => draw);
  if (taskOf(loss) === 'binary') {
    return {
      objective: lossObjective(loss, parameters),
      samples: 1 + negatives,
      rows: [-1, ...drawn].map((draw) => ({ role: 0, sample: draw + 1, draw })),
      target: (sample) => (sample === 0 ? 1 : 0),
    };
  }
  const [first, second, another] = predictionsOf(loss);
  if (first?.kind !== 'score' || second?.kind !== 'score' || another !== undefined) return undefined;
  const objective = rolesObjective(loss, parameters, { output: 1, negative: negatives });
  if (second.axes.includes('negative')) {
    return {
      objective,
      samples: 1,
      rows: [-1, ...drawn].map((draw) => ({ role: draw + 1, sample: 0, draw })),
      target: () => 1,
    };
  }
  return {
    objective,
    samples: negatives,
    rows: drawn.flatMap((draw) => [
      { role: 0, sample: draw, draw: -1 },
      { role: 1, sample: draw, draw },
    ]),
    target: () => 1,
  };
}
