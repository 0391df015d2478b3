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

/** Whether the target names the true class by its index or holds one number a class. */
type Labels = 'index' | 'one-hot';

const firstClass: Readonly<Record<Labels, readonly number[]>> = { index: [0], 'one-hot': [1, 0, 0] };

/** Against the logit of the true class of three, the others at 0. */
export function alongTrueLogit(labels: Labels = 'index', from = -6, to = 6): Plot {
  return {
    label: 'logit z_y',
    inWords: 'the logit of the true class, the other 2 at 0',
    from,
    to,
    sizes: { sample: 1, class: 3 },
    curves: [{ at: (x) => ({ pred: [x, 0, 0], target: firstClass[labels] }) }],
  };
}

/** Against the probability of the true class of three, of which the prediction may be the logarithm. */
export function alongTrueProbability(
  labels: Labels = 'index',
  form: 'probability' | 'logarithm' = 'probability',
): Plot {
  const prediction = (x: number) => [x, (1 - x) / 2, (1 - x) / 2];
  return {
    label: 'probability p_y',
    inWords: 'the probability of the true class, the other 2 equal',
    from: 0.01,
    to: 0.99,
    sizes: { sample: 1, class: 3 },
    curves: [
      {
        at: (x) => ({
          pred: form === 'logarithm' ? prediction(x).map(Math.log) : prediction(x),
          target: firstClass[labels],
        }),
      },
    ],
  };
}
