/** The usual ways in which the small plot of a loss is drawn. */
import type { Plot } from '../loss.ts';

/** Against the residual ŷ − y, the target at 0. */
export function alongResidual(from = -3, to = 3): Plot {
  return {
    label: 'ŷ − y',
    inWords: 'the difference of prediction and target',
    from,
    to,
    sizes: { sample: 1, output: 1 },
    curves: [{ at: (x) => ({ pred: [x], target: [0] }) }],
  };
}

/** Against a prediction of another kind, the target fixed. */
export function alongPrediction(
  { label, inWords }: Pick<Plot, 'label' | 'inWords'>,
  from: number,
  to: number,
  target: number,
): Plot {
  return {
    label,
    inWords,
    from,
    to,
    sizes: { sample: 1, output: 1 },
    curves: [{ at: (x) => ({ pred: [x], target: [target] }) }],
  };
}

/** Against the score of a binary classifier, one curve for each label; `low` is the label of the negative class. */
export function alongBinary(
  { label, inWords }: Pick<Plot, 'label' | 'inWords'>,
  from: number,
  to: number,
  low: 0 | -1,
): Plot {
  return {
    label,
    inWords: `${inWords}, for label 1 and for label ${low === 0 ? '0' : 'minus 1'}`,
    from,
    to,
    sizes: { sample: 1, output: 1 },
    curves: [
      { note: { text: 'y = 1', side: 'right' }, at: (x) => ({ pred: [x], target: [1] }) },
      {
        note: { text: low === 0 ? 'y = 0' : 'y = −1', side: 'left' },
        at: (x) => ({ pred: [x], target: [low] }),
      },
    ],
  };
}

/** Against the logit of the true class of three, the others at 0; the target is a class index. */
export function alongTrueLogit(from = -6, to = 6): Plot {
  return {
    label: 'logit z_y',
    inWords: 'the logit of the true class, the other 2 at 0',
    from,
    to,
    sizes: { sample: 1, class: 3 },
    curves: [{ at: (x) => ({ pred: [x, 0, 0], target: [0] }) }],
  };
}
