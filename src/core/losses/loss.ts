import type { Axis, Expr, Named } from '../expression/expression.ts';

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

/** What losses are about; the folders of `losses/`, in the order in which they are offered. */
export const families = [
  'regression',
  'classification',
  'embedding',
  'ranking',
  'segmentation',
  'sequence',
  'survival',
  'adversarial',
  'penalty',
  'composite',
] as const;
export type Family = (typeof families)[number];

/** One of a parameter's few values: `{ value: 1, name: 'yes' }`, `{ value: 2, name: 'logistic' }`. */
interface Choice {
  readonly value: number;
  readonly name: string;
}

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
  readonly maxExclusive?: boolean;
  /** An open interval within the range where the loss means nothing: no power between 0 and 1. */
  readonly gap?: readonly [number, number];
  /**
   * The only values it may have. Such a parameter decides what the formula is: formulas, code and kernels are made for
   * the chosen value, without branches. A switch has the names `no` (0) and `yes` (1).
   */
  readonly choices?: readonly Choice[];
  readonly meaning: string;
}

/** What the numbers of an input are, and so which are allowed. */
export type InputKind =
  /** Any real number. */
  | 'value'
  /** Greater than 0: rates, means of counts, variances, durations. */
  | 'positive'
  /** At least 0: counts, amounts, distances. */
  | 'nonnegative'
  /** A raw score that a sigmoid or softmax turns into a probability. */
  | 'logit'
  /** A raw score whose sign or order decides. */
  | 'score'
  /** Between 0 and 1, each by itself. */
  | 'probability'
  /** Probabilities that sum to 1 along the last axis; as a target also one-hot. */
  | 'distribution'
  /** Logarithms of a distribution along the last axis. */
  | 'log-distribution'
  /** A vector along the last axis. */
  | 'embedding'
  /** Index of a class, counted from 0. */
  | 'class-index'
  /** 0 or 1, or a probability in between. */
  | 'binary-label'
  /** −1 or +1. */
  | 'sign-label'
  /** Graded relevance 0, 1, 2 …; more is better. */
  | 'relevance'
  /** Class indices of one sample along the last axis, padded with −1. */
  | 'label-set'
  /** Class indices in order along the last axis, padded with blanks. */
  | 'label-sequence'
  /** How many positions of an axis count. */
  | 'length'
  /** 1 where an event was seen, 0 where observation ended before it. */
  | 'event'
  /** A factor, at least 0. */
  | 'weight';

/** An array that a loss reads. */
export interface LossInput {
  /** Name in the expression and in printed code, snake_case: `pred`, `target`. */
  readonly id: string;
  readonly symbol: string;
  readonly kind: InputKind;
  /** A prediction comes from the model: the gradient is taken by it. All else is given with the data. */
  readonly role: 'prediction' | 'target';
  /** The axes, leading first; `sample` alone is one number a row. */
  readonly axes: readonly Axis[];
  /** Another kind under one of a parameter's choices: the rate itself where it is not given as its logarithm. */
  readonly kindWhen?: { readonly parameter: string; readonly value: number; readonly kind: InputKind };
  /** Another kind from a value of a parameter on: above 0 where the power of a deviance is at least 2. */
  readonly kindFrom?: { readonly parameter: string; readonly value: number; readonly kind: InputKind };
  /** Of a `length` the axis that it speaks of. */
  readonly of?: Axis;
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

/** How the elements of a loss become one number. */
export interface Averaging {
  /** The mean over the last axis of the elements is part of the function: `none` gives one value a row (Keras). */
  readonly rowsFirst?: true;
  /** What a weighted mean divides by; `elements` unless said. */
  readonly weightedBy?: 'weights' | 'elements' | 'non-zero-weights';
}

/**
 * Another definition of the same loss under the same name, as a framework or a paper has it. What is absent is as in
 * the loss itself.
 */
export interface Convention {
  /** kebab-case: `keras`, `optax`, `half`. */
  readonly id: string;
  /** Who computes it so: `Keras`, `Hadsell et al. 2006`. */
  readonly users: string;
  /** How it differs from the loss's own definition, in one sentence. */
  readonly differs: string;
  readonly inputs?: readonly LossInput[];
  readonly parameters?: readonly Parameter[];
  /** Over its inputs, without options of the loss unless it takes `keep`. */
  readonly expression?: (keep?: readonly string[]) => Expr;
  readonly named?: () => readonly Named[];
  /** As in a loss. A convention with an expression of its own has this one or none. */
  readonly divisor?: (keep?: readonly string[]) => Expr;
  readonly averaging?: Averaging;
  /** As in a loss. A convention with an expression of its own has this one or none. */
  readonly bestConstant?: BestConstant;
  /** Given where it has other inputs. */
  readonly plot?: Plot;
}

/** One way in which a framework offers the loss. Claims that test/frameworks executes. */
export interface Api {
  readonly framework: Framework;
  /** Canonical dotted name without aliases: `torch.nn.HuberLoss`, `keras.losses.Huber`; a string such as `mse` for `compile(loss=…)`. */
  readonly name: string;
  readonly form: 'class' | 'function' | 'string';
  /** The convention that it computes; the loss's own where absent. */
  readonly convention?: string;
  /** Ids of the inputs in the order of the call, where it is neither ours nor `targetFirst`. */
  readonly args?: readonly string[];
  /** The framework's keyword for each parameter of ours, with the framework's own default. */
  readonly keywords?: Readonly<Record<string, { readonly parameter: string; readonly default: number }>>;
  /**
   * The keywords by position, of a function those after its inputs, up to the last of `keywords` and `requires`. Absent
   * where they are `keywords` in their order, empty where they are given by name alone.
   */
  readonly positional?: readonly string[];
  /** The call takes the target before the prediction (Keras, scikit-learn, TensorFlow.js). */
  readonly targetFirst?: true;
  /** The call means this loss only with these keywords: `from_logits=True`. */
  readonly requires?: Readonly<Record<string, boolean | number | string>>;
  /** Another loss of this name is meant unless the targets say otherwise (PyTorch's CrossEntropyLoss on probabilities). */
  readonly secondary?: true;
  /** Values of our parameters for which alone it is this loss: `{ margin: 1 }`. */
  readonly fixed?: Readonly<Record<string, number>>;
  /**
   * What a call of a function returns: as its keyword `reduction` says (PyTorch), each element (optax), the mean over
   * the last axis (Keras), the mean (scikit-learn, TensorFlow.js). Default: what its framework usually does.
   */
  readonly gives?: 'reduction' | 'elements' | 'rows' | 'mean' | 'sum';
  /** In what other form it wants its inputs, so that it cannot be called with ours: `log-probabilities, the time first`. */
  readonly arranged?: string;
  /** Constant factor by which the framework's value differs from ours (optax.l2_loss: 0.5). */
  readonly scale?: number;
  /** What differs from the others and surprises people, in one sentence. */
  readonly note?: string;
}

/** Numbers for a loss: the extents of its axes, the data of its inputs (row-major), parameters where not the default. */
export interface Sample {
  readonly sizes: Readonly<Record<Axis, number>>;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly parameters?: Readonly<Record<string, number>>;
}

/** Two batches that differ in their predictions alone (for symmetry: one batch is enough). */
export interface CounterExample {
  readonly at: Sample;
  /** The predictions of the second batch. */
  readonly and?: Readonly<Record<string, readonly number[]>>;
}

/**
 * A bound. One that depends on how many items, negatives or samples are compared with each other is a function of the
 * extents of the axes.
 */
export type Bound = number | ((sizes: Readonly<Record<Axis, number>>) => number);

/**
 * What holds for the sum of the loss over a batch, at the default parameters, for all allowed inputs. `true` or a
 * number survives random trials; a counter-example refutes, and is executed too. Absent: it makes no sense here.
 */
export interface Properties {
  /** In all predictions jointly. The counter-example's midpoint lies above its chord. */
  readonly convex: true | CounterExample;
  /** The greatest lower bound of one element, or a batch where the loss is below −100. */
  readonly boundedBelow: Bound | CounterExample;
  /** The least upper bound of one element, or a batch where the loss is above 100. */
  readonly boundedAbove: Bound | CounterExample;
  /** Exchanging prediction and target changes nothing; absent where they are of different kinds. */
  readonly symmetric?: true | CounterExample;
  /** A Lipschitz constant L of the gradient: |g(a) − g(b)| ≤ L·|a − b|. The counter-example's quotient is above 1000. */
  readonly lipschitzGradient: Bound | CounterExample;
  /** A bound on the norm of the gradient by the prediction of one element (the influence of an outlier), or a batch where it is above 1000. */
  readonly boundedInfluence: Bound | CounterExample;
  /**
   * The expected loss is least at the true probabilities and only there; for losses whose prediction stands for
   * probabilities. The counter-example's target is the truth, its prediction scores below the truth itself.
   */
  readonly strictlyProper?: true | CounterExample;
}

/** The constant that predicts best when nothing is known of a row. */
export interface BestConstant {
  /** In words: `the median of the targets`. */
  readonly words: string;
  /** The prediction for one row (one number, or one a class), from the targets of all rows. */
  readonly of: (
    targets: readonly number[],
    parameters: Readonly<Record<string, number>>,
    classes: number,
  ) => readonly number[];
}

/** A parameter that may be trained: any number between two bounds, neither of them itself; upwards without bound where `to` is absent. */
interface TrainableParameter {
  readonly id: string;
  readonly from: number;
  readonly to?: number;
  /** What people call it. */
  readonly name: string;
}

/**
 * Parameters that may be trained together with a model. What is minimised is then the negative logarithm of a density,
 * the loss plus `logNormaliser`: by the loss alone a parameter would run to where every error is cheap.
 */
export interface Trainable {
  readonly parameters: readonly TrainableParameter[];
  /** log ∫ exp(−loss) over the target, of the parameters alone. */
  readonly logNormaliser: () => Expr;
}

/** How the small plot is drawn. */
export interface Plot {
  /** What runs along x, as a label: `ŷ − y`. */
  readonly label: string;
  /** The same in words: `the difference of prediction and target`. */
  readonly inWords: string;
  readonly from: number;
  readonly to: number;
  /** Extents of the axes of what is evaluated at one point. */
  readonly sizes: Readonly<Record<Axis, number>>;
  /** One curve, or two with a note each: the inputs at x. */
  readonly curves: readonly {
    readonly note?: { readonly text: string; readonly side: 'left' | 'right' };
    readonly at: (x: number) => Readonly<Record<string, readonly number[]>>;
  }[];
}

/** A loss: one object from which value, gradient, formula, plot, code and kernels are derived. */
export interface Loss {
  /** kebab-case, never changed: saved experiments refer to it. Also the name of its file. */
  readonly id: string;
  readonly name: string;
  /** What one types for it where that is not its id: `mse`. No two losses share it. */
  readonly short?: string;
  readonly synonyms: readonly string[];
  /** Its Chinese name, then further ones. */
  readonly chinese: readonly string[];
  readonly family: Family;
  /** Place among those that are listed first in their family; the others follow by name. */
  readonly common?: number;
  /** In the order of a printed function's arguments: predictions and targets. */
  readonly inputs: readonly LossInput[];
  readonly parameters: readonly Parameter[];
  /** What a call may add beyond the parameters; see {@link Option}. */
  readonly options?: readonly Option[];
  /**
   * The loss of one element (axes: `sample`, for values also `output`; none where the batch has one value), with the
   * options named by `keep` in it. Reductions are added by {@link ../losses/reduce.ts}. A thunk, so that listing losses
   * builds nothing.
   */
  readonly expression: (keep?: readonly string[]) => Expr;
  /** What `mean` divides the sum of the elements by, per sample (class weights, labels that are not ignored). Default: their number. */
  readonly divisor?: (keep?: readonly string[]) => Expr;
  /** Names for sub-expressions worth a line of their own in formulas and code, such as the residual. */
  readonly named?: () => readonly Named[];
  readonly averaging?: Averaging;
  /** Whose definition this is, where others differ: `PyTorch`. */
  readonly convention?: string;
  /** The other definitions, by `inConvention`. */
  readonly conventions?: readonly Convention[];
  /** The other half of an adversarial pair. */
  readonly partner?: string;
  readonly meaning: string;
  readonly useWhen: string;
  readonly avoidWhen: string;
  readonly pitfalls: readonly string[];
  /** First source: paper or standard reference. */
  readonly source: string;
  readonly apis: readonly Api[];
  readonly properties: Properties;
  readonly bestConstant?: BestConstant;
  readonly trainable?: Trainable;
  readonly plot: Plot;
}

/** The kind of an input under given parameters. */
export function kindOf(input: LossInput, parameters: Readonly<Record<string, number>>): InputKind {
  const { kind, kindWhen, kindFrom } = input;
  if (kindWhen !== undefined && parameters[kindWhen.parameter] === kindWhen.value) return kindWhen.kind;
  if (kindFrom !== undefined && (parameters[kindFrom.parameter] ?? -Infinity) >= kindFrom.value)
    return kindFrom.kind;
  return kind;
}

/** What the model makes. */
export function predictionsOf(loss: Pick<Loss, 'inputs'>): readonly LossInput[] {
  return loss.inputs.filter(({ role }) => role === 'prediction');
}

/** What is given with the data. */
export function targetsOf(loss: Pick<Loss, 'inputs'>): readonly LossInput[] {
  return loss.inputs.filter(({ role }) => role === 'target');
}

/** The prediction and the target of a loss that compares one with the other; throws a RangeError for another loss. */
export function pairOf(loss: Pick<Loss, 'id' | 'inputs'>): {
  readonly prediction: LossInput;
  readonly target: LossInput;
} {
  const [prediction, another] = predictionsOf(loss);
  const [target, further] = targetsOf(loss);
  if (prediction === undefined || target === undefined || another !== undefined || further !== undefined)
    throw new RangeError(`${loss.id} does not compare one prediction with one target`);
  return { prediction, target };
}
