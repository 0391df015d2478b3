import type { LookedColumn } from '../../core/data/look.ts';
import { message, type Message } from '../../core/messages/message.ts';
import { inConvention } from '../../core/losses/conventions.ts';
import type { Loss } from '../../core/losses/loss.ts';
import { taskOf, type Task } from '../../core/losses/task.ts';
import { optimizerNames } from '../../core/optimizers/names.ts';
import type { Experiment } from '../../core/training/experiment.ts';
import {
  activationAlternatives,
  activationLabel,
  isSameModel,
  modelAlternatives,
  modelLabel,
  optimizerAlternatives,
  withRateFor,
  type Alternative,
} from './alternatives.ts';
import { hiddenField as hiddenLayers, trainingFields, type Field } from './fields.ts';

/** A column as the target step shows it. */
export interface ColumnChoice {
  readonly name: string;
  readonly kind: LookedColumn['kind'];
  readonly samples: readonly string[];
  readonly distinct: number;
  /** What can be predicted of it, the likeliest first; none for a column that cannot be a target. */
  readonly tasks: readonly Task[];
}

/** A data set that has been chosen and looked at. */
export interface Data {
  readonly label: string;
  /** Absolute path, for data from a file. */
  readonly dataFile: string | undefined;
  /** How a file turned out to be written, such as its delimiter. */
  readonly layout?: Message;
  readonly columns: readonly ColumnChoice[];
  /** The column that is predicted unless the user says otherwise. */
  readonly target: string;
  /** Whether another column may be chosen. */
  readonly targetIsFixed: boolean;
  /** How the values of a row lie, where rows are images or series. */
  readonly shape?: readonly number[];
  /** The experiment that suits this data and target, complete. */
  readonly suggest: (target: string) => Experiment;
}

/** A row of the first step. */
export interface DataChoice {
  readonly id: string;
  readonly group: 'recent' | 'examples' | 'generated' | 'files';
  readonly icon: string;
  readonly label: Message;
  readonly detail: Message | undefined;
}

export type StepId = 'data' | 'target' | 'model' | 'loss' | 'training';

/** Screens beside a step: a value of it is picked there, and one is back in the step. */
type Aside = 'activation' | 'optimizer';

/** One row to pick. `value` names it within its step. */
export interface Row {
  readonly value: string;
  readonly icon: string;
  readonly label: Message;
  readonly description?: Message;
  readonly detail?: Message;
  /** Heading above this row. */
  readonly heading?: Message;
}

/** What is on the screen. */
export interface Screen {
  readonly step: StepId | Aside;
  /** 1-based; that of its step for a screen beside it. */
  readonly number: number;
  readonly total: number;
  readonly placeholder: Message;
  readonly rows: readonly Row[];
  /** The row that Enter accepts. */
  readonly active: string;
  readonly canGoBack: boolean;
}

/** What the user's pick asks for; nothing means that the next screen is there. */
export type Effect =
  | { readonly type: 'none' }
  /** Look at this data set, then call {@link TrainFlow.setData}. */
  | { readonly type: 'load'; readonly id: string }
  | { readonly type: 'edit'; readonly field: Field }
  | {
      readonly type: 'start' | 'save';
      readonly experiment: Experiment;
      readonly dataFile: string | undefined;
    };

/**
 * The conversation of Train Model as a state machine: screens out, picks in, no window. Every screen has an active row
 * that can be accepted as it is; accepting all of them trains the first data set.
 */
export class TrainFlow {
  readonly #choices: readonly DataChoice[];
  readonly #losses: readonly Loss[];
  readonly #first: StepId;
  readonly #preferred: string | undefined;
  readonly #wanted: Experiment['loss'] | undefined;
  #step: StepId;
  #aside: Aside | undefined;
  #picked: string | undefined;
  #data: Data | undefined;
  #experiment: Experiment | undefined;
  /** The row of the last step to return to. */
  #activeTraining = 'start';

  /** `preferred`: id of the data that was used last. `data`: chosen already, so that the first step falls away. */
  constructor(options: {
    readonly choices: readonly DataChoice[];
    readonly losses: readonly Loss[];
    readonly preferred?: string | undefined;
    readonly data?: Data;
    /** Start from this experiment rather than from the suggestion. */
    readonly experiment?: Experiment | undefined;
    /** Taken instead of the suggested loss wherever it fits the target. */
    readonly loss?: Experiment['loss'] | undefined;
  }) {
    this.#choices = options.choices;
    this.#losses = options.losses;
    this.#preferred = options.preferred;
    this.#wanted = options.loss;
    this.#step = 'data';
    this.#first = 'data';
    if (options.data !== undefined) {
      this.setData(options.data, options.experiment);
      this.#first = this.#step;
    }
  }

  get experiment(): Experiment | undefined {
    return this.#experiment;
  }

  /** The data set that was asked for by the effect `load`. A remembered experiment is taken where it still fits. */
  setData(data: Data, remembered?: Experiment): void {
    this.#data = data;
    const target = remembered === undefined ? undefined : targetOf(remembered);
    const fits =
      remembered !== undefined &&
      (target === undefined ||
        data.columns.some((column) => column.name === target && column.tasks.length > 0)) &&
      this.#fits(remembered.loss, target ?? data.target);
    this.#experiment = this.#withWanted(fits ? remembered : data.suggest(data.target));
    this.#activeTraining = 'start';
    this.#step = data.targetIsFixed ? 'model' : 'target';
  }

  screen(): Screen {
    const steps = this.#steps();
    const common = {
      step: this.#aside ?? this.#step,
      number: steps.indexOf(this.#step) + 1,
      total: steps.length,
      canGoBack: this.#aside !== undefined || this.#step !== this.#first,
    };
    if (this.#aside !== undefined) return { ...common, ...this.#asideScreen(this.#aside) };
    switch (this.#step) {
      case 'data':
        return { ...common, ...this.#dataScreen() };
      case 'target':
        return { ...common, ...this.#targetScreen() };
      case 'model':
        return { ...common, ...this.#modelScreen() };
      case 'loss':
        return { ...common, ...this.#lossScreen() };
      case 'training':
        return { ...common, ...this.#trainingScreen() };
    }
  }

  /** Takes the user's pick on the present screen. */
  pick(value: string): Effect {
    if (this.#aside !== undefined) return this.#pickAside(this.#aside, value);
    switch (this.#step) {
      case 'data':
        this.#picked = value;
        return { type: 'load', id: value };
      case 'target':
        // Another target is another task: what suits it is suggested anew.
        if (value !== this.#target()) this.#experiment = this.#withWanted(this.#need().data.suggest(value));
        this.#step = 'model';
        return { type: 'none' };
      case 'model':
        return this.#pickModel(value);
      case 'loss': {
        const { experiment } = this.#need();
        if (experiment.loss.id !== value)
          this.#experiment = { ...experiment, loss: { id: value, parameters: {} } };
        this.#step = 'training';
        return { type: 'none' };
      }
      case 'training':
        return this.#pickTraining(value);
    }
  }

  /** The experiment after an edit; the screen stays. */
  setExperiment(experiment: Experiment): void {
    this.#experiment = experiment;
  }

  /** One step back; false on the first. */
  back(): boolean {
    if (this.#aside !== undefined) {
      this.#aside = undefined;
      return true;
    }
    const steps = this.#steps();
    const at = steps.indexOf(this.#step);
    if (this.#step === this.#first || at <= 0) return false;
    this.#step = steps[at - 1]!;
    this.#activeTraining = 'start';
    return true;
  }

  #steps(): StepId[] {
    const all: StepId[] = ['data', 'target', 'model', 'loss', 'training'];
    return all.filter(
      (step) =>
        (step !== 'target' || this.#data?.targetIsFixed !== true) &&
        (step !== 'data' || this.#first === 'data'),
    );
  }

  #need(): { data: Data; experiment: Experiment } {
    if (this.#data === undefined || this.#experiment === undefined)
      throw new Error('TrainFlow: no data has been chosen yet');
    return { data: this.#data, experiment: this.#experiment };
  }

  #target(): string {
    const { data, experiment } = this.#need();
    return targetOf(experiment) ?? data.target;
  }

  #lossesFor(target: string): Loss[] {
    const tasks = this.#tasksOf(target);
    return this.#losses
      .map((loss) => ({ loss, at: tasks.findIndex((task) => task === taskOf(loss)) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at)
      .map(({ loss }) => loss);
  }

  #tasksOf(target: string): readonly Task[] {
    return this.#data?.columns.find(({ name }) => name === target)?.tasks ?? [];
  }

  /** Whether a loss, in the definition that is wanted of it, can learn a target. */
  #fits(wanted: Experiment['loss'], target: string): boolean {
    const loss = this.#definitionOf(wanted);
    const task = loss === undefined ? undefined : taskOf(loss);
    return task !== undefined && this.#tasksOf(target).includes(task);
  }

  /** The loss in the definition that is wanted of it; undefined where there is none. */
  #definitionOf({ id, convention }: Pick<Experiment['loss'], 'id' | 'convention'>): Loss | undefined {
    const loss = this.#losses.find((one) => one.id === id);
    const isKnown =
      convention === undefined || loss?.conventions?.some((one) => one.id === convention) === true;
    return loss === undefined || !isKnown ? undefined : inConvention(loss, convention);
  }

  /** The experiment with the loss that was asked for, where that fits its target. */
  #withWanted(experiment: Experiment): Experiment {
    const wanted = this.#wanted;
    const target = targetOf(experiment) ?? this.#data?.target ?? '';
    return wanted !== undefined && this.#fits(wanted, target) ? { ...experiment, loss: wanted } : experiment;
  }

  #dataScreen(): Pick<Screen, 'placeholder' | 'rows' | 'active'> {
    const headings: Readonly<Record<DataChoice['group'], Message>> = {
      recent: message('used last'),
      examples: message('shipped with Loss Lab'),
      generated: message('generated'),
      files: message('your files'),
    };
    const rows = this.#choices.map(({ id, group, icon, label, detail }, i): Row => ({
      value: id,
      icon,
      label,
      ...(detail === undefined ? {} : { detail }),
      ...(this.#choices[i - 1]?.group === group ? {} : { heading: headings[group] }),
    }));
    const wanted = this.#picked ?? this.#preferred;
    const active = rows.find(({ value }) => value === wanted) ?? rows[0];
    return { placeholder: message('Choose the data to train on'), rows, active: active?.value ?? '' };
  }

  #targetScreen(): Pick<Screen, 'placeholder' | 'rows' | 'active'> {
    const { data } = this.#need();
    const rows = data.columns
      .filter((column) => column.tasks.length > 0)
      .map((column, i): Row => {
        const { name, kind, distinct, tasks } = column;
        return {
          value: name,
          icon: kind === 'number' ? 'symbol-number' : 'symbol-string',
          label: message('{name}', { name }),
          description:
            tasks[0] === 'regression' ? message('a number') : message('{count} classes', { count: distinct }),
          detail: someValues(column),
          ...(i > 0 || data.layout === undefined ? {} : { heading: data.layout }),
        };
      });
    return { placeholder: message('Choose the column to predict'), rows, active: this.#target() };
  }

  #modelScreen(): Pick<Screen, 'placeholder' | 'rows' | 'active'> {
    const { data, experiment } = this.#need();
    const present = experiment.model;
    const models = modelAlternatives(data.shape, experiment.task.type);
    const same = models.find(({ value }) => isSameModel(value, present));
    const rows = models.map((model) => row(model, iconOf(model.value)));
    if (same === undefined) {
      rows.unshift({
        value: 'present',
        icon: iconOf(present),
        label: modelLabel(present),
        detail: message('The model as it is now.'),
      });
    }
    if (present.type !== 'factorisation') {
      rows.push({
        value: 'hidden',
        icon: 'edit',
        label: message('Other layers…'),
        detail: message('Type the units of each hidden layer.'),
      });
    }
    if (present.type === 'mlp' && present.hidden.length > 0) {
      rows.push({
        value: 'activation',
        icon: 'arrow-swap',
        label: message('Other activation…'),
        description: message('now {activation}', { activation: activationLabel(present.activation) }),
      });
    }
    return { placeholder: message('Choose the model'), rows, active: same?.id ?? 'present' };
  }

  #pickModel(value: string): Effect {
    const { data, experiment } = this.#need();
    if (value === 'hidden') return { type: 'edit', field: hiddenLayers };
    if (value === 'activation') {
      this.#aside = 'activation';
      return { type: 'none' };
    }
    const models = modelAlternatives(data.shape, experiment.task.type);
    const model = models.find(({ id }) => id === value);
    // A model that is there already keeps its starting values.
    if (model !== undefined && !isSameModel(model.value, experiment.model)) {
      const before = models.find((one) => isSameModel(one.value, experiment.model));
      const optimizer = withRateFor(experiment.optimizer, before?.rate, model.rate);
      this.#experiment = { ...experiment, model: model.value, optimizer };
    }
    this.#step = 'loss';
    return { type: 'none' };
  }

  #asideScreen(aside: Aside): Pick<Screen, 'placeholder' | 'rows' | 'active'> {
    const { model, optimizer } = this.#need().experiment;
    return aside === 'optimizer'
      ? {
          placeholder: message('Choose the optimizer'),
          rows: optimizerAlternatives(optimizer).map((one) => row(one, 'settings-gear')),
          active: optimizer.type,
        }
      : {
          placeholder: message('Choose the activation of the hidden layers'),
          rows: activationAlternatives.map((one) => row(one, 'arrow-swap')),
          active: model.type === 'mlp' ? model.activation : '',
        };
  }

  #pickAside(aside: Aside, value: string): Effect {
    const { experiment } = this.#need();
    const { model } = experiment;
    const activation = activationAlternatives.find(({ id }) => id === value);
    const optimizer = optimizerAlternatives(experiment.optimizer).find(({ id }) => id === value);
    if (aside === 'activation' && activation !== undefined && model.type === 'mlp')
      this.#experiment = { ...experiment, model: { ...model, activation: activation.value } };
    if (aside === 'optimizer' && optimizer !== undefined)
      this.#experiment = { ...experiment, optimizer: optimizer.value };
    this.#aside = undefined;
    return { type: 'none' };
  }

  #lossScreen(): Pick<Screen, 'placeholder' | 'rows' | 'active'> {
    const { experiment } = this.#need();
    const { id, convention } = experiment.loss;
    const fitting = this.#lossesFor(this.#target());
    const present = this.#losses.find((loss) => loss.id === id);
    // Another definition may fit where the loss's own does not.
    const isMissing = present !== undefined && !fitting.includes(present);
    const rows = (isMissing ? [present, ...fitting] : fitting).map((loss): Row => {
      const other = loss.id === id ? loss.conventions?.find((one) => one.id === convention) : undefined;
      return {
        value: loss.id,
        icon: loss.family === 'regression' ? 'graph-scatter' : 'symbol-enum',
        label: message('{name}', { name: loss.name }),
        ...(other === undefined ? {} : { description: message('as in {users}', { users: other.users }) }),
        detail: message('{use}', { use: loss.useWhen }),
      };
    });
    return {
      placeholder: message('Choose the loss; these fit {target}', { target: this.#target() }),
      rows,
      active: rows.some(({ value }) => value === experiment.loss.id)
        ? experiment.loss.id
        : (rows[0]?.value ?? ''),
    };
  }

  #trainingScreen(): Pick<Screen, 'placeholder' | 'rows' | 'active'> {
    const { experiment } = this.#need();
    const { optimizer, training, split, scaling } = experiment;
    const rows: Row[] = [
      {
        value: 'start',
        icon: 'play',
        label: message('Start Training'),
        description: message(
          '{optimizer}, rate {rate}, {epochs} epochs, batch {batch}, {validation} % validation, seed {seed}',
          {
            optimizer: optimizerNames[optimizer.type],
            rate: optimizer.rate,
            epochs: training.epochs,
            batch: training.batch,
            validation: Number((split.validation * 100).toPrecision(6)),
            seed: training.seed,
          },
        ),
      },
      {
        value: 'save',
        icon: 'save-as',
        label: message('Save as Experiment File…'),
        description: message('a JSON file to train from again, here or in a terminal'),
      },
      {
        value: 'optimizer',
        icon: 'settings-gear',
        label: message('Optimizer'),
        description: message('{optimizer}', { optimizer: optimizerNames[optimizer.type] }),
        heading: message('change'),
      },
    ];
    for (const field of this.#fields()) {
      rows.push({
        value: field.id,
        icon: 'edit',
        label: field.label,
        description: shownValue(field.text(experiment)),
      });
    }
    if (this.#hasClasses()) {
      rows.push({
        value: 'classWeights',
        icon: 'law',
        label: message('Class weights'),
        description: classWeightsText(experiment.loss.classWeights),
      });
    }
    rows.push({
      value: 'scaling',
      icon: 'arrow-both',
      label: message('Standardise features'),
      description: scaling.features === 'standard' ? message('yes, by the training part') : message('no'),
    });
    if (experiment.data.source === 'file') {
      rows.push({
        value: 'missing',
        icon: 'question',
        label: message('Rows with missing cells'),
        description:
          experiment.data.missing === 'drop'
            ? message('are left out')
            : message('are filled with the training mean'),
      });
    }
    return {
      placeholder: message('Start, or pick a value to change it'),
      rows,
      active: rows.some(({ value }) => value === this.#activeTraining) ? this.#activeTraining : 'start',
    };
  }

  #pickTraining(value: string): Effect {
    const { data, experiment } = this.#need();
    if (value === 'start' || value === 'save') return { type: value, experiment, dataFile: data.dataFile };
    this.#activeTraining = value;
    if (value === 'optimizer') {
      this.#aside = 'optimizer';
    } else if (value === 'classWeights') {
      const { classWeights, ...loss } = experiment.loss;
      this.#experiment = {
        ...experiment,
        loss: classWeights === undefined ? { ...loss, classWeights: 'balanced' } : loss,
      };
    } else if (value === 'scaling') {
      const features = experiment.scaling.features === 'standard' ? 'none' : 'standard';
      this.#experiment = { ...experiment, scaling: { ...experiment.scaling, features } };
    } else if (value === 'missing' && experiment.data.source === 'file') {
      const missing = experiment.data.missing === 'drop' ? 'mean' : 'drop';
      this.#experiment = { ...experiment, data: { ...experiment.data, missing } };
    } else {
      const field = this.#fields().find(({ id }) => id === value);
      if (field !== undefined) return { type: 'edit', field };
    }
    return { type: 'none' };
  }

  /** Whether what is predicted is one of several classes. */
  #hasClasses(): boolean {
    const loss = this.#definitionOf(this.#need().experiment.loss);
    return loss !== undefined && taskOf(loss) !== 'regression';
  }

  #fields(): Field[] {
    const { experiment } = this.#need();
    return trainingFields(experiment, this.#definitionOf(experiment.loss)?.parameters ?? []);
  }
}

function targetOf({ data }: Experiment): string | undefined {
  return 'target' in data ? data.target : undefined;
}

/** A few values of a column. A decimal comma must not look like the end of a value. */
function someValues({ samples, distinct }: ColumnChoice): Message {
  const shown = [...new Set(samples)].filter((cell) => cell !== '').slice(0, 5);
  const values = shown.join(' · ');
  return shown.length < distinct ? message('{values} …', { values }) : message('{values}', { values });
}

function shownValue(value: string): Message {
  return value === '' ? message('none') : message('{value}', { value });
}

function classWeightsText(weights: Experiment['loss']['classWeights']): Message {
  if (weights === undefined) return message('every row counts the same');
  return weights === 'balanced' ? message('rarer classes count more') : message('as the experiment says');
}

function row({ id, label, detail }: Alternative<unknown>, icon: string): Row {
  return { value: id, icon, label, detail };
}

function iconOf(model: Experiment['model']): string {
  if (model.type !== 'mlp') return 'layers';
  return model.hidden.length === 0 ? 'graph-line' : 'type-hierarchy';
}
