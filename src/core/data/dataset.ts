import type { Link } from '../losses/column.ts';
import type { Task } from '../losses/task.ts';

/** Cells of a column that cannot be used, the first few with their places. */
export interface Faults {
  readonly count: number;
  /** In the order of the file; `row` as in {@link Table.rowNumbers}. */
  readonly first: readonly { readonly row: number; readonly text: string }[];
}

/** Numbers as a file keeps them. */
export type NumberArray =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/**
 * A column as it was read. Numbers are NaN where the cell was missing; text codes are -1 there. A column of numbers
 * may hold a few cells of text (`texts`: NaN in `values`) and infinite ones (`infinite`: ±Infinity in `values`, which
 * is how `1e999` reads). A column of arrays has as many numbers in each row as its shape says, row after row, the last
 * axis fastest; NaN is missing. A column is unusable if it has no cell with a value (`distinct` 0) or too many different
 * texts to be categories (`distinct` is then the limit that it exceeds), or if its cells are of a kind that is no use
 * (`nested`: objects, or lists that differ in length).
 */
export type Column =
  | {
      readonly name: string;
      readonly kind: 'number';
      readonly values: Float64Array;
      readonly texts?: Faults;
      readonly infinite?: Faults;
    }
  | {
      readonly name: string;
      readonly kind: 'text';
      readonly codes: Int32Array;
      readonly categories: readonly string[];
    }
  | {
      readonly name: string;
      readonly kind: 'array';
      readonly shape: readonly number[];
      readonly values: NumberArray;
      readonly infinite?: Faults;
    }
  | {
      readonly name: string;
      readonly kind: 'unusable';
      readonly distinct: number;
      readonly texts: Faults;
      readonly nested?: Faults;
      /** Seconds since 1970 of each cell, NaN where it is missing: of text that is all dates. */
      readonly times?: Float64Array;
    };

/** Rows and named columns in memory. `rowNumbers[i]` is the 1-based line or record of the file that row i came from. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly rowNumbers: Uint32Array;
  /** The first row of a part that came for validation, in a file of its own; absent where the split decides. */
  readonly validationFrom?: number;
}

/** How one feature column becomes numbers; fitted on the training part only. Plain JSON, kept with the run for Predict. */
export type FeatureEncoding =
  | {
      readonly kind: 'number';
      readonly name: string;
      readonly mean: number;
      readonly scale: number;
      readonly fill: number | null;
    }
  | { readonly kind: 'one-hot'; readonly name: string; readonly categories: readonly string[] }
  /** The place of the value in a list; another value has none. */
  | { readonly kind: 'index'; readonly name: string; readonly categories: readonly string[] };

/** How the target becomes numbers and back. */
export type TargetEncoding =
  /** Several labels of 0 or 1 at once, by name. `ranked`: outputs only order them, and say nothing of one by itself. */
  | {
      readonly kind: 'labels';
      readonly name: string;
      readonly labels: readonly string[];
      readonly ranked?: true;
    }
  /** Several columns, in the order of the outputs. */
  | { readonly kind: 'outputs'; readonly name: string; readonly targets: readonly OutputEncoding[] }
  | {
      readonly kind: 'number';
      readonly name: string;
      readonly mean: number;
      readonly scale: number;
      /** What turns a raw output into the scaled value; `identity` where absent. */
      readonly link?: Link;
    }
  | { readonly kind: 'classes'; readonly name: string; readonly classes: readonly string[] }
  /** Nothing is predicted: the outputs are a vector, learned from the classes of a column. */
  | { readonly kind: 'vector'; readonly name: string; readonly dimensions: number }
  /** The best `at` of the items that are not known of the user; `known` has a list for each user. */
  | {
      readonly kind: 'items';
      readonly name: string;
      readonly items: readonly string[];
      readonly known: readonly (readonly number[])[];
      readonly at: number;
    }
  /** Whole rows: outputs are their columns, encoded. What they are made from is drawn. */
  | { readonly kind: 'rows'; readonly name: string; readonly columns: readonly FeatureEncoding[] };

/** How a column of numbers or classes becomes numbers and back. */
export type ColumnEncoding = Extract<TargetEncoding, { kind: 'number' | 'classes' }>;

/** How windows of a series become forecasts of its next values. */
export interface Forecast {
  /** Rows that a forecast starts from, oldest first. */
  readonly window: number;
  /** Values of the target that are forecast. */
  readonly horizon: number;
  /** Levels of the quantiles, ascending; absent: one value for each moment. */
  readonly quantiles?: readonly number[];
  /** Columns of the times and of the series. */
  readonly time?: string;
  readonly series?: string;
}

/** One of several columns that are predicted, with the task that it is. */
export interface OutputEncoding {
  readonly task: Task;
  readonly target: ColumnEncoding;
}

/** Everything needed to turn new rows into network inputs and outputs into answers. */
export interface Preprocessing {
  /** Of several outputs that of the first. */
  readonly task: Task;
  readonly features: readonly FeatureEncoding[];
  readonly target: TargetEncoding;
  /**
   * Present for a forecast: `features` are those of one moment, the target itself the last of them, and outputs are
   * levels × horizon scaled values.
   */
  readonly forecast?: Forecast;
}

/**
 * Encoded rows: `features` is rows × width row-major; `targets` is one number a row (scaled value, 0/1, or class index); of a
 * forecast, rows are windows and have as many as the horizon.
 * Features that came as whole numbers of 16 bits or less or as float32 (pixels) are kept as float32: half the memory.
 */
export interface Part {
  readonly rows: number;
  readonly features: Float64Array | Float32Array;
  readonly targets: Float64Array;
  /** Factors of the rows in the loss, above 0; absent: all 1. */
  readonly weights?: Float64Array;
}

/** A data set ready for training. */
export interface Dataset {
  readonly preprocessing: Preprocessing;
  /** Width of an encoded row. */
  readonly width: number;
  /**
   * How a row's values lie, slowest axis first: [height, width, channels] of an image, [time, channels] of a series.
   * Their product is the width. Absent: a flat row.
   */
  readonly shape?: readonly number[];
  /** Of rows of indices how many different ones each column has: [users, items]. */
  readonly counts?: readonly number[];
  /** Width of the network's output: 1 for regression and binary, the number of classes otherwise. */
  readonly outputs: number;
  readonly training: Part;
  readonly validation: Part | undefined;
}
