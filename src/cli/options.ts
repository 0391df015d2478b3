import { builtinIds, generatedIds } from '../core/data/catalogue.ts';
import { deviceIds } from '../core/compute/device.ts';
import { activationNames } from '../core/compute/layers/activation.ts';
import { presets } from '../core/network/presets.ts';
import { optimizerTypes } from '../core/optimizers/names.ts';

/** How the text of an option becomes a value of the experiment. */
export type OptionKind =
  'text' | 'texts' | 'number' | 'count' | 'batch' | 'layers' | 'parameters' | 'weights' | 'yes' | 'no';

/** An option that sets something in the experiment. */
export interface ExperimentOption {
  readonly flag: string;
  readonly kind: OptionKind;
  /** Placeholder of the value in the help; none for options without a value. */
  readonly value?: string;
  /** Where it goes. */
  readonly path: readonly [string, string, string] | readonly [string, string] | readonly [string];
  readonly help: string;
}

/** The options of `train` that describe the experiment, in the order of the help. */
export const experimentOptions: readonly ExperimentOption[] = [
  {
    flag: 'target',
    kind: 'text',
    value: 'COLUMN',
    path: ['data', 'target'],
    help: 'column to predict; default: the data set’s own, the last one of a file',
  },
  {
    flag: 'exclude',
    kind: 'texts',
    value: 'COLUMN',
    path: ['data', 'exclude'],
    help: 'column that is not used; may be repeated',
  },
  {
    flag: 'delimiter',
    kind: 'text',
    value: 'CHAR',
    path: ['data', 'delimiter'],
    help: 'of a file: , ; | tab space or auto (default)',
  },
  {
    flag: 'decimal',
    kind: 'text',
    value: 'CHAR',
    path: ['data', 'decimal'],
    help: 'decimal mark of a file: . , or auto (default)',
  },
  {
    flag: 'header',
    kind: 'text',
    value: 'HOW',
    path: ['data', 'header'],
    help: 'whether a file’s first row holds names: yes, no, auto (default)',
  },
  {
    flag: 'missing',
    kind: 'text',
    value: 'HOW',
    path: ['data', 'missing'],
    help: 'rows with missing cells: drop (default), or mean to fill numbers',
  },
  {
    flag: 'samples',
    kind: 'count',
    value: 'N',
    path: ['data', 'samples'],
    help: 'rows of a generated data set',
  },
  {
    flag: 'noise',
    kind: 'number',
    value: 'X',
    path: ['data', 'noise'],
    help: 'noise of a generated data set',
  },
  {
    flag: 'outliers',
    kind: 'number',
    value: 'SHARE',
    path: ['data', 'outliers'],
    help: 'share of outliers (noisy-line)',
  },
  {
    flag: 'data-seed',
    kind: 'count',
    value: 'N',
    path: ['data', 'seed'],
    help: 'seed of a generated data set',
  },
  {
    flag: 'validation',
    kind: 'number',
    value: 'SHARE',
    path: ['split', 'validation'],
    help: 'share of the rows for validation; 0 for none',
  },
  { flag: 'no-stratify', kind: 'no', path: ['split', 'stratify'], help: 'split without regard to classes' },
  {
    flag: 'scale-features',
    kind: 'text',
    value: 'HOW',
    path: ['scaling', 'features'],
    help: 'standard or none',
  },
  { flag: 'scale-target', kind: 'text', value: 'HOW', path: ['scaling', 'target'], help: 'standard or none' },
  {
    flag: 'model',
    kind: 'text',
    value: 'TYPE',
    path: ['model', 'type'],
    help: `mlp (default), linear, or a preset: ${presets.map(({ id }) => id).join(', ')}`,
  },
  {
    flag: 'hidden',
    kind: 'layers',
    value: 'UNITS',
    path: ['model', 'hidden'],
    help: 'units of the hidden layers, such as 16,16; none for a linear model',
  },
  {
    flag: 'activation',
    kind: 'text',
    value: 'NAME',
    path: ['model', 'activation'],
    help: `one of ${activationNames.join(', ')}`,
  },
  {
    flag: 'loss',
    kind: 'text',
    value: 'ID',
    path: ['loss', 'id'],
    help: 'a loss; `loss-lab losses` lists them',
  },
  {
    flag: 'loss-parameter',
    kind: 'parameters',
    value: 'NAME=X',
    path: ['loss', 'parameters'],
    help: 'such as delta=1; may be repeated',
  },
  {
    flag: 'convention',
    kind: 'text',
    value: 'ID',
    path: ['loss', 'convention'],
    help: 'another definition of the loss, such as keras; `loss-lab losses ID` lists them',
  },
  {
    flag: 'class-weights',
    kind: 'weights',
    value: 'HOW',
    path: ['loss', 'classWeights'],
    help: 'balanced, or the factor of a class such as rare=5; may be repeated',
  },
  {
    flag: 'optimizer',
    kind: 'text',
    value: 'NAME',
    path: ['optimizer', 'type'],
    help: `one of ${optimizerTypes.join(', ')}`,
  },
  { flag: 'rate', kind: 'number', value: 'X', path: ['optimizer', 'rate'], help: 'learning rate' },
  {
    flag: 'momentum',
    kind: 'number',
    value: 'X',
    path: ['optimizer', 'momentum'],
    help: 'momentum (sgd, rmsprop)',
  },
  {
    flag: 'dampening',
    kind: 'number',
    value: 'X',
    path: ['optimizer', 'dampening'],
    help: 'dampening of the momentum (sgd)',
  },
  { flag: 'nesterov', kind: 'yes', path: ['optimizer', 'nesterov'], help: 'Nesterov momentum (sgd)' },
  {
    flag: 'beta1',
    kind: 'number',
    value: 'X',
    path: ['optimizer', 'beta1'],
    help: 'decay of the first moment (adam and its kin, lion)',
  },
  {
    flag: 'beta2',
    kind: 'number',
    value: 'X',
    path: ['optimizer', 'beta2'],
    help: 'decay of the second moment (adam and its kin, lion)',
  },
  {
    flag: 'epsilon',
    kind: 'number',
    value: 'X',
    path: ['optimizer', 'epsilon'],
    help: 'added to the divisor (all but sgd and lion)',
  },
  {
    flag: 'weight-decay',
    kind: 'number',
    value: 'X',
    path: ['optimizer', 'weightDecay'],
    help: 'L2 penalty; decoupled for adamw and lion',
  },
  {
    flag: 'epochs',
    kind: 'count',
    value: 'N',
    path: ['training', 'epochs'],
    help: 'passes over the training part',
  },
  {
    flag: 'steps',
    kind: 'count',
    value: 'N',
    path: ['training', 'steps'],
    help: 'most steps, if they come before the last epoch',
  },
  {
    flag: 'seconds',
    kind: 'number',
    value: 'X',
    path: ['training', 'seconds'],
    help: 'most seconds of training',
  },
  {
    flag: 'target-loss',
    kind: 'number',
    value: 'X',
    path: ['training', 'target', 'loss'],
    help: 'end at this loss on the validation part or lower',
  },
  {
    flag: 'patience',
    kind: 'count',
    value: 'N',
    path: ['training', 'patience', 'epochs'],
    help: 'end after N epochs in a row without an improvement',
  },
  { flag: 'batch', kind: 'batch', value: 'N', path: ['training', 'batch'], help: 'rows of a batch, or full' },
  { flag: 'no-shuffle', kind: 'no', path: ['training', 'shuffle'], help: 'keep the order of the rows' },
  {
    flag: 'seed',
    kind: 'count',
    value: 'N',
    path: ['training', 'seed'],
    help: 'seed of split, starting values and order',
  },
  { flag: 'name', kind: 'text', value: 'TEXT', path: ['name'], help: 'name of the run' },
];

/** Where runs go by default, the folder that the editor's Runs view lists too. */
export const defaultOut = '.losslab/runs';

/** The other options of `train`. */
export const runOptions: readonly {
  readonly flag: string;
  readonly value?: string;
  readonly help: string;
}[] = [
  {
    flag: 'data',
    value: 'DATA',
    help: `a file (CSV, JSON, Parquet, NumPy, IDX …), or one of ${[...builtinIds, ...generatedIds].join(', ')}`,
  },
  { flag: 'out', value: 'FOLDER', help: `where runs are kept; default: ${defaultOut}` },
  { flag: 'device', value: 'ID', help: `auto (default), ${deviceIds.join(', ')}` },
  {
    flag: 'memory-limit',
    value: 'MB',
    help: 'memory that training may take; default: a share of the machine’s, as far as it is free',
  },
  { flag: 'json', help: 'one JSON object per line; the last is the summary' },
  { flag: 'help', help: 'this help' },
];
