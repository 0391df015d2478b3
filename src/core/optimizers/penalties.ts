import { literal } from '../compute/kernelText.ts';
import { message, type Problem } from '../messages/message.ts';
import { sign } from './elementwise.ts';
import type { Optimizer, UpdateTarget } from './rule.ts';

type Entry = NonNullable<Optimizer['penalties']>[number];
/** Strengths of the penalties of one parameter, see {@link penaltyOf}. */
export type Penalty = Pick<Entry, 'l1' | 'l2' | 'decay'>;

/**
 * The penalties of a parameter: the sum of all entries that name it. `weights` names the parameters called `weight`
 * (`layers.0.weight`), `biases` those called `bias`, `all` every one; anything else is a name or its beginning up to a dot.
 */
export function penaltyOf({ penalties = [] }: Pick<Optimizer, 'penalties'>, parameter: string): Penalty {
  const sum = { l1: 0, l2: 0, decay: 0 };
  for (const entry of penalties) {
    if (!names(entry.on, parameter)) continue;
    sum.l1 += entry.l1;
    sum.l2 += entry.l2;
    sum.decay += entry.decay;
  }
  return sum;
}

/** An optimizer as it treats one parameter. */
export function optimizerFor(optimizer: Optimizer, { exempt }: UpdateTarget): Optimizer {
  return exempt === true ? { ...optimizer, weightDecay: 0, penalties: [] } : optimizer;
}

/** Problems of penalties that act on no parameter of a model. */
export function unknownPenalties(
  { penalties = [] }: Pick<Optimizer, 'penalties'>,
  parameters: readonly string[],
): Problem[] {
  return penalties.flatMap(({ on }, i) =>
    parameters.some((parameter) => names(on, parameter))
      ? []
      : [
          {
            message: message('This model has no parameter "{name}". Its parameters are {names}.', {
              name: on,
              names: parameters.join(', '),
            }),
            where: { path: `optimizer.penalties.${i}.on` },
          },
        ],
  );
}

function names(on: string, parameter: string): boolean {
  if (on === 'all') return true;
  if (on === 'weights') return parameter.endsWith('.weight');
  if (on === 'biases') return parameter.endsWith('.bias');
  return parameter === on || parameter.startsWith(`${on}.`);
}

/** Formula of an element's share of the reported penalty, l1·|w| + l2·w²; nothing where there is none. `old` is the parameter. */
export function penaltyFormula({ l1, l2 }: Penalty): string | undefined {
  return joined([
    [l1, 'Math.abs(old)'],
    [l2, 'old * old'],
  ]);
}

/** Formula of its gradient, l1·sign(w) + 2·l2·w. The sign of 0 is 0, as PyTorch's abs has it. */
export function penaltyGradient({ l1, l2 }: Penalty): string | undefined {
  return joined([
    [l1, sign('old')],
    [2 * l2, 'old'],
  ]);
}

function joined(terms: readonly (readonly [number, string])[]): string | undefined {
  const present = terms.filter(([strength]) => strength !== 0);
  if (present.length === 0) return undefined;
  return present.map(([strength, formula]) => `${literal(strength)} * ${formula}`).join(' + ');
}
