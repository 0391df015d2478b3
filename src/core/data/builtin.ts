import type { Task } from '../losses/task.ts';
import type { BuiltinId } from './catalogue.ts';

/** A data set that ships with Loss Lab. The rows lie in {@link Builtin.file} under media/datasets, licence in NOTICE. */
export interface Builtin {
  readonly id: BuiltinId;
  readonly title: string;
  /** File name within the folder of the shipped data sets: UTF-8, comma, header row. */
  readonly file: string;
  /** One sentence: what the rows are and what is predicted. */
  readonly description: string;
  readonly rows: number;
  /** Feature columns. */
  readonly features: number;
  /** How the features lie in a row: [height, width, channels] of an image; absent: flat. */
  readonly shape?: readonly [number, number, number];
  /** Name of the column that is predicted unless the experiment says otherwise. */
  readonly target: string;
  readonly task: Task;
  /** Number of classes; absent for regression. */
  readonly classes?: number;
  /** Loss that fits {@link Builtin.target}. */
  readonly loss: string;
  /** Default share of the validation part. */
  readonly validation: number;
  /** Whether features and a numeric target are standardised by default. */
  readonly scaling: 'standard' | 'none';
  readonly origin: string;
  readonly licence: string;
}

const uci = 'CC BY 4.0';

/** The shipped data sets by id. */
export const builtins: Readonly<Record<BuiltinId, Builtin>> = {
  line: {
    id: 'line',
    title: 'Three-point line',
    file: 'line.csv',
    description: 'The points x = 1, 2, 3 with y = 2, 4, 6: the smallest regression there is.',
    rows: 3,
    features: 1,
    target: 'y',
    task: 'regression',
    loss: 'mean-squared-error',
    validation: 0,
    scaling: 'none',
    origin: 'Loss Lab',
    licence: 'MIT',
  },
  iris: {
    id: 'iris',
    title: 'Iris',
    file: 'iris.csv',
    description: 'Four measurements of 150 iris flowers; predicts the species out of three.',
    rows: 150,
    features: 4,
    target: 'species',
    task: 'classes',
    classes: 3,
    loss: 'softmax-cross-entropy',
    validation: 0.2,
    scaling: 'standard',
    origin: 'R. A. Fisher (1936), UCI Machine Learning Repository, doi:10.24432/C56C76',
    licence: uci,
  },
  wine: {
    id: 'wine',
    title: 'Wine',
    file: 'wine.csv',
    description: 'Thirteen chemical measurements of 178 wines; predicts the cultivar out of three.',
    rows: 178,
    features: 13,
    target: 'cultivar',
    task: 'classes',
    classes: 3,
    loss: 'softmax-cross-entropy',
    validation: 0.2,
    scaling: 'standard',
    origin: 'S. Aeberhard, M. Forina (1992), UCI Machine Learning Repository, doi:10.24432/C5PC7J',
    licence: uci,
  },
  'breast-cancer': {
    id: 'breast-cancer',
    title: 'Breast cancer (Wisconsin diagnostic)',
    file: 'breast-cancer.csv',
    description: 'Thirty measurements of cell nuclei in 569 samples; predicts malignant or benign.',
    rows: 569,
    features: 30,
    target: 'diagnosis',
    task: 'binary',
    classes: 2,
    loss: 'binary-cross-entropy-logits',
    validation: 0.2,
    scaling: 'standard',
    origin:
      'W. Wolberg, O. Mangasarian, N. Street, W. Street (1995), UCI Machine Learning Repository, doi:10.24432/C5DW2B',
    licence: uci,
  },
  diabetes: {
    id: 'diabetes',
    title: 'Diabetes',
    file: 'diabetes.csv',
    description: 'Ten measurements of 442 patients; predicts the progression of the disease after one year.',
    rows: 442,
    features: 10,
    target: 'progression',
    task: 'regression',
    loss: 'mean-squared-error',
    validation: 0.2,
    scaling: 'standard',
    origin:
      'B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, "Least Angle Regression" (2004), by way of scikit-learn',
    licence: 'none stated by the authors; distributed by scikit-learn under BSD-3-Clause',
  },
  digits: {
    id: 'digits',
    title: 'Handwritten digits, 8×8',
    file: 'digits.csv',
    description: '1,797 images of 8×8 grey values from 0 to 16; predicts the digit out of ten.',
    rows: 1797,
    features: 64,
    shape: [8, 8, 1],
    target: 'digit',
    task: 'classes',
    classes: 10,
    loss: 'softmax-cross-entropy',
    validation: 0.2,
    scaling: 'standard',
    origin: 'E. Alpaydin, C. Kaynak (1998), UCI Machine Learning Repository, doi:10.24432/C50P49',
    licence: uci,
  },
};
