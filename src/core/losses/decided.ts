import { nodesOf } from '../expression/expression.ts';
import { specialise } from '../expression/rewrite.ts';
import { kindOf, type Loss } from './loss.ts';

/**
 * The loss with the formula that its choices decide, by the given values or the defaults: parameters with `choices` are
 * gone, and so are the branches that they do not take; inputs have the kind that the choices give them.
 */
export function decided(loss: Loss, given: Readonly<Record<string, number>> = {}): Loss {
  const choices = loss.parameters.filter((p) => p.choices !== undefined);
  if (choices.length === 0) return loss;
  const values = Object.fromEntries(choices.map((p) => [p.id, given[p.id] ?? p.default]));
  const { divisor, named } = loss;
  return {
    ...loss,
    inputs: loss.inputs.map((input) => {
      const kind = kindOf(input, values);
      return kind === input.kind ? input : { ...input, kind };
    }),
    parameters: loss.parameters.filter((p) => p.choices === undefined),
    expression: (keep) => specialise(loss.expression(keep), values),
    ...(divisor === undefined ? {} : { divisor: (keep) => specialise(divisor(keep), values) }),
    named: () => {
      const there = new Set(nodesOf(specialise(loss.expression(), values)));
      return (named?.() ?? [])
        .map((n) => ({ ...n, expr: specialise(n.expr, values) }))
        .filter(({ expr }) => there.has(expr));
    },
  };
}
