import { message, type Message } from '../../core/messages/message.ts';
import type { Parameter } from '../../core/losses/loss.ts';
import type { Experiment } from '../../core/training/experiment.ts';
import type { Mlp } from './alternatives.ts';

/** One value of an experiment that can be typed in. */
export interface Field {
  readonly id: string;
  readonly label: Message;
  readonly hint: Message;
  /** The value as text, as the user would type it. */
  readonly text: (experiment: Experiment) => string;
  /** The experiment with the typed value, or what is wrong with it. */
  readonly change: (experiment: Experiment, text: string) => Experiment | Message;
}

/** Whether {@link Field.change} refused. */
export function isRefusal(changed: Experiment | Message): changed is Message {
  return 'template' in changed;
}

/** A number as people write it: spaces around it, and a decimal comma. */
function toNumber(text: string): number {
  const trimmed = text.trim().replace(/^([-+]?\d*),(\d+)$/, '$1.$2');
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(trimmed) ? Number(trimmed) : Number.NaN;
}

interface Range {
  readonly whole?: boolean;
  readonly min: number;
  readonly max: number;
  readonly minExclusive?: boolean;
  readonly maxExclusive?: boolean;
}

function parse(text: string, range: Range): number | Message {
  const value = toNumber(text);
  const fits =
    Number.isFinite(value) &&
    (range.whole !== true || Number.isInteger(value)) &&
    (range.minExclusive === true ? value > range.min : value >= range.min) &&
    (range.maxExclusive === true ? value < range.max : value <= range.max);
  if (fits) return value;
  const args = { min: range.min, max: range.max };
  if (range.whole === true) return message('Enter a whole number from {min} to {max}.', args);
  if (range.max === Number.MAX_VALUE) {
    return range.minExclusive === true
      ? message('Enter a number greater than {min}.', args)
      : message('Enter a number of at least {min}.', args);
  }
  return range.maxExclusive === true
    ? message('Enter a number from {min} to below {max}.', args)
    : message('Enter a number from {min} to {max}.', args);
}

function numeric(
  id: string,
  label: Message,
  hint: Message,
  range: Range,
  get: (experiment: Experiment) => number,
  set: (experiment: Experiment, value: number) => Experiment,
): Field {
  return {
    id,
    label,
    hint,
    text: (experiment) => String(get(experiment)),
    change: (experiment, text) => {
      const value = parse(text, range);
      return typeof value === 'number' ? set(experiment, value) : value;
    },
  };
}

const greatest = Number.MAX_VALUE;

export const rateField = numeric(
  'rate',
  message('Learning rate'),
  message('How far one step goes. Too large diverges, too small crawls; 0.01 is a good start for Adam.'),
  { min: 0, minExclusive: true, max: greatest },
  (experiment) => experiment.optimizer.rate,
  (experiment, rate) => ({ ...experiment, optimizer: { ...experiment.optimizer, rate } }),
);

export const momentumField = numeric(
  'momentum',
  message('Momentum'),
  message('How much of the last step carries on into the next, from 0 to below 1; 0.9 is usual.'),
  { min: 0, max: 1, maxExclusive: true },
  ({ optimizer }) => ('momentum' in optimizer ? optimizer.momentum : 0),
  (experiment, momentum) =>
    'momentum' in experiment.optimizer
      ? { ...experiment, optimizer: { ...experiment.optimizer, momentum } }
      : experiment,
);

export const weightDecayField = numeric(
  'weightDecay',
  message('Weight decay'),
  message(
    'Strength of the pull of all parameters towards zero: an L2 penalty, for AdamW and Lion decoupled; 0 for none.',
  ),
  { min: 0, max: greatest },
  (experiment) => experiment.optimizer.weightDecay,
  (experiment, weightDecay) => ({ ...experiment, optimizer: { ...experiment.optimizer, weightDecay } }),
);

export const epochsField = numeric(
  'epochs',
  message('Epochs'),
  message('Passes over the training part.'),
  { whole: true, min: 1, max: 10_000_000 },
  (experiment) => experiment.training.epochs,
  (experiment, epochs) => ({ ...experiment, training: { ...experiment.training, epochs } }),
);

export const seedField = numeric(
  'seed',
  message('Seed'),
  message(
    'Of the split, the starting values and the order of the rows. The same seed on the same device gives the same numbers.',
  ),
  { whole: true, min: 0, max: Number.MAX_SAFE_INTEGER },
  (experiment) => experiment.training.seed,
  (experiment, seed) => ({ ...experiment, training: { ...experiment.training, seed } }),
);

export const validationField = numeric(
  'validation',
  message('Validation part in %'),
  message('Share of the rows that is held out to judge the model by; 0 for none.'),
  { min: 0, max: 100, maxExclusive: true },
  (experiment) => Number((experiment.split.validation * 100).toPrecision(6)),
  (experiment, percent) => ({ ...experiment, split: { ...experiment.split, validation: percent / 100 } }),
);

export const patienceField: Field = {
  id: 'patience',
  label: message('Patience'),
  hint: message('Ends the run after so many epochs in a row without an improvement; empty for no such end.'),
  text: ({ training }) => (training.patience === undefined ? '' : String(training.patience.epochs)),
  change: (experiment, text) => {
    const { patience, ...training } = experiment.training;
    if (text.trim() === '') return { ...experiment, training };
    const epochs = parse(text, { whole: true, min: 1, max: 10_000_000 });
    return typeof epochs === 'number'
      ? { ...experiment, training: { ...training, patience: { minDelta: 0, ...patience, epochs } } }
      : epochs;
  },
};

export const batchField: Field = {
  id: 'batch',
  label: message('Batch size'),
  hint: message('Rows of one step, or "full" for all of them.'),
  text: (experiment) => String(experiment.training.batch),
  change: (experiment, text) => {
    if (/^\s*full\s*$/i.test(text))
      return { ...experiment, training: { ...experiment.training, batch: 'full' } };
    const value = parse(text, { whole: true, min: 1, max: 1_000_000 });
    return typeof value === 'number'
      ? { ...experiment, training: { ...experiment.training, batch: value } }
      : message('Enter a whole number from 1 to 1000000, or "full".');
  },
};

export const hiddenField: Field = {
  id: 'hidden',
  label: message('Hidden layers'),
  hint: message('Units of each hidden layer, such as "64, 32"; empty for a linear model.'),
  text: ({ model }) => (model.type === 'mlp' ? model.hidden.join(', ') : ''),
  change: (experiment, text) => {
    const parts = text.split(/[\s,;]+/).filter((part) => part !== '');
    const hidden = parts.map((part) => parse(part, { whole: true, min: 1, max: 4096 }));
    if (parts.length > 8) return message('Enter at most 8 layers.');
    if (!hidden.every((units) => typeof units === 'number')) {
      return message('Enter whole numbers from 1 to 4096, separated by commas.');
    }
    return { ...experiment, model: withHidden(experiment.model, hidden) };
  },
};

/** The model with other layers; starting values belong to the old ones. */
function withHidden(model: Experiment['model'], hidden: number[]): Mlp {
  return { type: 'mlp', hidden, activation: model.type === 'mlp' ? model.activation : 'relu' };
}

/** The field of a loss's parameter. */
export function parameterField(parameter: Parameter): Field {
  const { id, choices, meaning, min, max, minExclusive, maxExclusive, default: usual } = parameter;
  const present = (experiment: Experiment): number => experiment.loss.parameters[id] ?? usual;
  const change = (experiment: Experiment, value: number): Experiment => ({
    ...experiment,
    loss: { ...experiment.loss, parameters: { ...experiment.loss.parameters, [id]: value } },
  });
  const label = message('Loss: {name}', { name: id });
  if (choices === undefined)
    return numeric(
      `loss.${id}`,
      label,
      message('{meaning}', { meaning }),
      {
        min,
        max: Number.isFinite(max) ? max : greatest,
        ...(minExclusive === true ? { minExclusive: true } : {}),
        ...(maxExclusive === true ? { maxExclusive: true } : {}),
      },
      present,
      change,
    );
  const names = choices.map(({ name }) => name).join(', ');
  return {
    id: `loss.${id}`,
    label,
    hint: message('{meaning} One of: {names}.', { meaning, names }),
    text: (experiment) => {
      const value = present(experiment);
      return choices.find((choice) => choice.value === value)?.name ?? String(value);
    },
    change: (experiment, text) => {
      const wanted = text.trim().toLowerCase();
      const choice = choices.find(
        ({ name, value }) => name.toLowerCase() === wanted || String(value) === wanted,
      );
      return choice === undefined
        ? message('Enter one of: {names}.', { names })
        : change(experiment, choice.value);
    },
  };
}

const samplesField = generated('samples', message('Rows'), message('Number of rows to generate.'), {
  whole: true,
  min: 2,
  max: 1_000_000,
});
const noiseField = generated('noise', message('Noise'), message('Standard deviation of the noise.'), {
  min: 0,
  max: greatest,
});
const outliersField = generated(
  'outliers',
  message('Outliers'),
  message('Share of the rows that are outliers, from 0 to below 1.'),
  {
    min: 0,
    max: 1,
    maxExclusive: true,
  },
);

function generated(
  key: 'samples' | 'noise' | 'outliers',
  label: Message,
  hint: Message,
  range: Range,
): Field {
  return numeric(
    `data.${key}`,
    label,
    hint,
    range,
    ({ data }) => (data.source === 'generated' ? data[key] : 0),
    (experiment, value) =>
      experiment.data.source === 'generated'
        ? { ...experiment, data: { ...experiment.data, [key]: value } }
        : experiment,
  );
}

/** The fields that an experiment has, in the order in which the last step lists them. */
export function trainingFields(experiment: Experiment, parameters: readonly Parameter[]): Field[] {
  return [
    rateField,
    epochsField,
    patienceField,
    batchField,
    validationField,
    seedField,
    ...('momentum' in experiment.optimizer ? [momentumField] : []),
    weightDecayField,
    ...parameters.map((parameter) => parameterField(parameter)),
    ...(experiment.data.source === 'generated'
      ? [samplesField, noiseField, ...(experiment.data.name === 'noisy-line' ? [outliersField] : [])]
      : []),
  ];
}
