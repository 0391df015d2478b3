import type { Axis, Expr, Named } from '../expression/expression.ts';

/** What a loss predicts: a number per row, one of two classes, or one of several. */
export type Task = 'regression' | 'binary' | 'classes';

/** The frameworks by their ids in DESIGN, "Names". */
export type Framework =
  | 'numpy'
  | 'torch'
  | 'keras'
  | 'tf'
  | 'jax'
  | 'optax'
  | 'sklearn'
  | 'tfjs'
  | 'typescript'
  | 'xgboost'
  | 'lightgbm';

/** A scalar option of a loss, such as Huber's δ. */
export interface Parameter {
  readonly id: string;
  /** TeX, such as `\delta`. */
  readonly symbol: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** True where `min` itself is not allowed (δ > 0). */
  readonly minExclusive?: boolean;
  readonly meaning: string;
}

/** An array that a loss reads. */
export interface LossInput {
  /** Name in the expression and in printed code: `pred`, `target`. */
  readonly id: string;
  readonly symbol: string;
  readonly kind: 'value' | 'logit' | 'class-index' | 'binary-label';
  /** The axes, leading first; `sample` alone is one number a row. */
  readonly axes: readonly string[];
  readonly meaning: string;
}

/**
 * Something a call may add, such as class weights. At its neutral value it vanishes from the expression, so that the
 * plain loss stays its textbook self; ask for it by `loss.expression([id])`.
 */
export interface Option {
  /** Name of the parameter, or of the input where it has axes. */
  readonly id: string;
  readonly symbol: string;
  /** Empty for a scalar. */
  readonly axes: readonly Axis[];
  /** The value that switches it off; NaN for a label that never occurs. */
  readonly neutral: number;
  /** Present where an experiment may set it; its default is the neutral value. */
  readonly range?: {
    readonly min: number;
    readonly max: number;
    readonly minExclusive?: boolean;
    readonly maxExclusive?: boolean;
  };
  readonly meaning: string;
}

/** One way in which a framework offers the loss. Claims that test/frameworks executes. */
export interface Api {
  readonly framework: Framework;
  /** Canonical dotted name without aliases: `torch.nn.HuberLoss`, `keras.losses.Huber`; a string such as `mse` for `compile(loss=…)`. */
  readonly name: string;
  readonly form: 'class' | 'function' | 'string';
  /** The framework's keyword for each parameter of ours, with the framework's own default. */
  readonly keywords?: Readonly<Record<string, { readonly parameter: string; readonly default: number }>>;
  /** The call takes the target before the prediction (Keras, scikit-learn, TensorFlow.js). */
  readonly targetFirst?: true;
  /** The call means this loss only with these keywords: `from_logits=True`. */
  readonly requires?: Readonly<Record<string, boolean>>;
  /** What the call expects in place of our logits, unless `requires` is met; a string cannot meet it. */
  readonly expects?: 'probabilities';
  /** Constant factor by which the framework's value differs from ours (optax.l2_loss: 0.5). */
  readonly scale?: number;
  /** What differs from the others and surprises people, in one sentence. */
  readonly note?: string;
}

/** A loss: one object from which value, gradient, formula, plot, code and kernels are derived. */
export interface Loss {
  /** kebab-case, never changed: saved experiments refer to it. */
  readonly id: string;
  readonly name: string;
  readonly synonyms: readonly string[];
  readonly family: 'regression' | 'classification';
  readonly task: Task;
  readonly inputs: { readonly prediction: LossInput; readonly target: LossInput };
  readonly parameters: readonly Parameter[];
  /** What a call may add beyond the parameters; see {@link Option}. */
  readonly options?: readonly Option[];
  /**
   * The loss of one element (axes: `sample`, for regression also `output`), with the options named by `keep` in it.
   * Reductions are added by {@link ../losses/reduce.ts}. A thunk, so that listing losses builds nothing.
   */
  readonly expression: (keep?: readonly string[]) => Expr;
  /** What `mean` divides the sum of the elements by, per sample (class weights, labels that are not ignored). Default: their number. */
  readonly divisor?: (keep?: readonly string[]) => Expr;
  /** Names for sub-expressions worth a line of their own in formulas and code, such as the residual. */
  readonly named?: () => readonly Named[];
  readonly meaning: string;
  readonly useWhen: string;
  readonly avoidWhen: string;
  readonly pitfalls: readonly string[];
  /** First source: paper or standard reference. */
  readonly source: string;
  readonly apis: readonly Api[];
  /** How the small plot is drawn: which quantity runs along x, over which range. */
  readonly plot: { readonly along: 'residual' | 'logit'; readonly from: number; readonly to: number };
}
