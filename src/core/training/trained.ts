import type { Loss } from '../losses/loss.ts';
import { message, type Problem } from '../messages/message.ts';
import type { Experiment } from './experiment.ts';

/** What is wrong with the parameters of a loss that an experiment wants trained: one that cannot be, or a start out of its bounds. */
export function trainedProblems(
  { loss: { trained = [] } }: Experiment,
  loss: Loss,
  parameters: Readonly<Record<string, number>>,
): Problem[] {
  return trained.flatMap((id, i): Problem[] => {
    const found = loss.trainable?.parameters.find((parameter) => parameter.id === id);
    const at = { path: `loss.trained.${i}` };
    if (found === undefined) {
      const args = { loss: loss.name, id };
      return [
        {
          message:
            loss.trainable === undefined
              ? message(
                  '{loss} has no parameter to train: the loss has no normaliser, without which a parameter runs to where every error is cheap. Losses that have one are barron (alpha, c) and quantile (tau).',
                  args,
                )
              : message('{loss} cannot train "{id}", but {names}.', {
                  ...args,
                  names: loss.trainable.parameters.map((parameter) => parameter.id).join(', '),
                }),
          where: at,
        },
      ];
    }
    const value = parameters[id]!;
    const { from, to = Infinity } = found;
    if (value > from && value < to) return [];
    return [
      {
        message: message('To be trained, "{id}" must start above {from} and below {to}, but it is {value}.', {
          id,
          from,
          to: String(to),
          value: String(value),
        }),
        where: { path: `loss.parameters.${id}` },
      },
    ];
  });
}
