/**
 * Tries to refute what the catalogue claims about a loss (`Properties` in loss.ts), by random trials and by a search;
 * and checks that the counter-examples of what it denies refute. Sampling refutes, it never proves.
 */
import { randomStream } from '../../../src/core/data/random.ts';
import {
  pairOf,
  type Bound,
  type CounterExample,
  type Loss,
  type LossInput,
  type Properties,
} from '../../../src/core/losses/loss.ts';
import { midpoint, refusal, Subject, Trials, type Batch } from './trials.ts';

/** Random trials of each claim. */
const trialCount = 10_000;
/** Steps of a search for a batch that comes near a bound. */
const searchSteps = 2_000;

/** How the claim fails, with the batch that refutes it; undefined where it stands. */
type Check = (loss: Loss) => string | undefined;

/** One check for each property that a loss may claim or deny. */
export const checks: Readonly<Record<keyof Properties, Check>> = {
  convex: (loss) =>
    examine(loss, 'convex', loss.properties.convex, {
      claim: isConvex,
      example: ({ subject, at, and }) => {
        const [first, second, middle] = [at, and, midpoint(at, and)].map((batch) => subject.value(batch));
        const above = middle! - (first! + second!) / 2;
        return above > 1e-9 * (1 + Math.abs(first!) + Math.abs(second!))
          ? undefined
          : `the midpoint is ${middle}, the chord ${(first! + second!) / 2}`;
      },
    }),
  boundedBelow: (loss) =>
    examine(loss, 'boundedBelow', loss.properties.boundedBelow, {
      claim: (trials, bound) => isBounded(trials, bound, -1),
      example: ({ subject, at }) => {
        const least = Math.min(...subject.elements(at));
        return least < -100 ? undefined : `the loss is ${least}`;
      },
    }),
  boundedAbove: (loss) =>
    examine(loss, 'boundedAbove', loss.properties.boundedAbove, {
      claim: (trials, bound) => isBounded(trials, bound, 1),
      example: ({ subject, at }) => {
        const most = Math.max(...subject.elements(at));
        return most > 100 ? undefined : `the loss is ${most}`;
      },
    }),
  symmetric: (loss) =>
    examine(loss, 'symmetric', loss.properties.symmetric, {
      claim: isSymmetric,
      example: ({ subject, at }) => {
        const [there, back] = [subject.value(at), subject.value(exchanged(loss, at))];
        return Math.abs(there - back) > 1e-6 * (Math.abs(there) + Math.abs(back))
          ? undefined
          : `${there} both ways`;
      },
    }),
  lipschitzGradient: (loss) =>
    examine(loss, 'lipschitzGradient', loss.properties.lipschitzGradient, {
      claim: hasLipschitzGradient,
      example: ({ subject, at, and }) => {
        const quotient = change(subject, at, and).gradient / change(subject, at, and).step;
        return quotient > 1000 ? undefined : `the quotient is ${quotient}`;
      },
    }),
  boundedInfluence: (loss) =>
    examine(loss, 'boundedInfluence', loss.properties.boundedInfluence, {
      claim: hasBoundedInfluence,
      example: ({ subject, at }) => {
        const norm = subject.influence(at);
        return norm > 1000 ? undefined : `the norm of the gradient is ${norm}`;
      },
    }),
  strictlyProper: (loss) =>
    examine(loss, 'strictlyProper', loss.properties.strictlyProper, {
      claim: isStrictlyProper,
      example: ({ subject, at }) => {
        const { prediction, target } = pairOf(loss);
        const truth = truthOf(target, at);
        const guess = at.inputs[prediction.id]!;
        const width = guess.length / at.sizes['sample']!;
        if (guess.some((x, k) => x !== guess[k % width])) return 'the predictions of the rows differ';
        const own = expected(subject, truth, predictionOf(prediction, truth));
        const other = expected(subject, truth, guess.slice(0, width));
        return other < own - 1e-6 ? undefined : `scores ${other}, the truth itself ${own}`;
      },
    }),
};

interface Context {
  readonly subject: Subject;
  readonly at: Batch;
  readonly and: Batch;
}

interface Examination<T> {
  readonly claim: (trials: Trial, claimed: T) => string | undefined;
  readonly example: (context: Context) => string | undefined;
}

interface Trial {
  readonly subject: Subject;
  readonly trials: Trials;
}

function examine<T extends Bound | true>(
  loss: Loss,
  name: keyof Properties,
  property: T | CounterExample | undefined,
  { claim, example }: Examination<T>,
): string | undefined {
  if (property === undefined) return undefined;
  const subject = new Subject(loss);
  if (typeof property !== 'object')
    return claim({ subject, trials: new Trials(loss, randomStream(0, `${loss.id}/${name}`)) }, property);
  const { at, and } = property;
  const second = and === undefined ? at : { ...at, inputs: { ...at.inputs, ...and } };
  const problem = refusal(loss, at) ?? refusal(loss, second);
  if (problem !== undefined) return `the counter-example is no batch of the loss: ${problem}`;
  const failure = example({ subject, at, and: second });
  return failure === undefined ? undefined : `the counter-example does not refute: ${failure}`;
}

/** What a bound is for a batch. */
function boundAt(bound: Bound, { sizes }: Batch): number {
  return typeof bound === 'number' ? bound : bound(sizes);
}

/** Calls `look` with many random batches; its first complaint, with the batch. */
function many(trials: Trials, look: (batch: Batch) => string | undefined): string | undefined {
  for (let k = 0; k < trialCount; k++) {
    const batch = trials.batch();
    const complaint = look(batch);
    if (complaint !== undefined) return `trial ${k}: ${complaint}: ${JSON.stringify(batch)}`;
  }
  return undefined;
}

/** The batch that a search by random changes finds best, from the best of some random ones. */
function search(trials: Trials, score: (batch: Batch) => number): { score: number; batch: Batch } {
  let best = { score: -Infinity, batch: trials.batch() };
  for (let k = 0; k < searchSteps; k++) {
    const isStart = k < searchSteps / 4;
    const batch = isStart ? trials.batch() : trials.mutation(best.batch);
    const reached = score(batch);
    if (reached > best.score || (reached === best.score && !isStart)) best = { score: reached, batch };
  }
  return best;
}

function isConvex({ subject, trials }: Trial): string | undefined {
  return many(trials, (a) => {
    const b = trials.step(a);
    const [first, second] = [subject.value(a), subject.value(b)];
    const chord = (first + second) / 2;
    if (!Number.isFinite(chord)) return undefined;
    const slack = 1e-11 * (1 + Math.abs(first) + Math.abs(second));
    const middle = subject.value(midpoint(a, b));
    if (!(middle <= chord + slack))
      return `the midpoint is ${middle}, the chord ${chord}, towards ${JSON.stringify(b.inputs)}`;
    // The gradient of a convex function is monotone, which shows at small steps too.
    const [from, to] = [subject.gradients(a), subject.gradients(b)];
    let along = 0;
    let size = 0;
    subject.predictions.forEach(({ id }, p) => {
      from[p]!.forEach((g, k) => {
        const step = b.inputs[id]![k]! - a.inputs[id]![k]!;
        along += (to[p]![k]! - g) * step;
        size += (Math.abs(to[p]![k]!) + Math.abs(g)) * Math.abs(step);
      });
    });
    return along < -1e-10 * size - 1e-13
      ? `the slope falls by ${-along} along the way to ${JSON.stringify(b.inputs)}`
      : undefined;
  });
}

/** `side` is −1 for a lower bound, 1 for an upper one. */
function isBounded({ subject, trials }: Trial, bound: Bound, side: 1 | -1): string | undefined {
  const most = (batch: Batch) =>
    side *
    subject
      .elements(batch)
      .reduce((top, x) => (side * x > top || Number.isNaN(x) ? side * x : top), -Infinity);
  /** How far the loss is beyond its bound. */
  const beyond = (batch: Batch) => side * (most(batch) - boundAt(bound, batch));
  const slack = (batch: Batch) => 1e-9 * (1 + Math.abs(boundAt(bound, batch)));
  const refuted = many(trials, (batch) =>
    beyond(batch) <= slack(batch) ? undefined : `the loss is ${most(batch)}`,
  );
  if (refuted !== undefined) return refuted;
  const { batch, score } = search(trials, beyond);
  const found = `${most(batch)}: ${JSON.stringify(batch)}`;
  if (score > slack(batch)) return `a search finds ${found}`;
  const near = 0.05 * (1 + Math.abs(boundAt(bound, batch)));
  return score >= -near ? undefined : `the bound is not tight: a search comes to ${found}`;
}

function exchanged(loss: Loss, batch: Batch): Batch {
  const { prediction, target } = pairOf(loss);
  const { [prediction.id]: first = [], [target.id]: second = [] } = batch.inputs;
  return { sizes: batch.sizes, inputs: { [prediction.id]: second, [target.id]: first } };
}

function isSymmetric({ subject, trials }: Trial): string | undefined {
  const { prediction, target } = pairOf(subject.loss);
  if (prediction.kind !== target.kind || prediction.axes.join() !== target.axes.join())
    return `a ${prediction.kind} and a ${target.kind} cannot be exchanged`;
  return many(trials, (batch) => {
    const [there, back] = [subject.value(batch), subject.value(exchanged(subject.loss, batch))];
    return Object.is(there, back) || Math.abs(there - back) <= 1e-10 * (1 + Math.abs(there))
      ? undefined
      : `${there} one way, ${back} the other`;
  });
}

/** How far the gradient and the predictions of two batches are from each other. */
function change(subject: Subject, a: Batch, b: Batch): { gradient: number; step: number; size: number } {
  const [from, to] = [subject.gradients(a), subject.gradients(b)];
  let [difference, step, size] = [0, 0, 0];
  subject.predictions.forEach(({ id }, p) => {
    from[p]!.forEach((g, k) => {
      difference += (to[p]![k]! - g) ** 2;
      size += to[p]![k]! ** 2 + g ** 2;
      step += (b.inputs[id]![k]! - a.inputs[id]![k]!) ** 2;
    });
  });
  return { gradient: Math.sqrt(difference), step: Math.sqrt(step), size: Math.sqrt(size) };
}

function hasLipschitzGradient({ subject, trials }: Trial, constant: Bound): string | undefined {
  let undefinedGradients = 0;
  const refuted = many(trials, (a) => {
    const b = trials.step(a);
    const { gradient, step, size } = change(subject, a, b);
    if (Number.isNaN(gradient)) undefinedGradients++;
    return gradient > boundAt(constant, a) * step * (1 + 1e-9) + 1e-9 * size
      ? `the quotient is ${gradient / step} towards ${JSON.stringify(b.inputs)}`
      : undefined;
  });
  if (refuted !== undefined) return refuted;
  if (undefinedGradients > trialCount / 10) return `the gradient is NaN in ${undefinedGradients} trials`;
  // Finite differences have an error of their own.
  return isReached(trials, constant, 1e-4, (batch) => curvature(subject, trials, batch));
}

/** Whether a search comes to at least half of a bound, and not beyond it. */
function isReached(
  trials: Trials,
  bound: Bound,
  slack: number,
  measure: (batch: Batch) => number,
): string | undefined {
  const { batch, score } = search(trials, (one) => measure(one) / boundAt(bound, one));
  const claimed = boundAt(bound, batch);
  const found = `a search comes to ${score * claimed}: ${JSON.stringify(batch)}`;
  if (score > 1 + slack) return found;
  // A bound of 0 is reached by anything.
  return score >= 0.5 || claimed === 0 ? undefined : `${claimed} is not tight: ${found}`;
}

/** The quotient |g(a + v) − g(a − v)| / |2v| for a short v, turned towards the steepest by power iteration. */
function curvature(subject: Subject, trials: Trials, batch: Batch): number {
  const shifted = (direction: readonly (readonly number[])[], by: number): Batch => ({
    sizes: batch.sizes,
    inputs: {
      ...batch.inputs,
      ...Object.fromEntries(
        subject.predictions.map(({ id }, p) => [
          id,
          batch.inputs[id]!.map((x, k) => x + by * direction[p]![k]!),
        ]),
      ),
    },
  });
  let direction = subject.predictions.map(({ id }) => batch.inputs[id]!.map(() => trials.random.normal()));
  let quotient = 0;
  for (let k = 0; k < 3; k++) {
    const length = Math.hypot(...direction.flat());
    const unit = direction.map((line) => line.map((x) => x / length));
    const by = 1e-3;
    const [low, high] = [shifted(unit, -by), shifted(unit, by)];
    const { gradient, step, size } = change(subject, low, high);
    // The difference must be large beside what gradients lose by rounding.
    if (1e-9 * size > 1e-5 * gradient || !Number.isFinite(gradient)) break;
    if (refusal(subject.loss, low) !== undefined || refusal(subject.loss, high) !== undefined) break;
    quotient = Math.max(quotient, gradient / step);
    if (gradient === 0) break;
    const [from, to] = [subject.gradients(low), subject.gradients(high)];
    direction = from.map((line, p) => Array.from(line, (g, j) => to[p]![j]! - g));
  }
  return quotient;
}

function hasBoundedInfluence({ subject, trials }: Trial, bound: Bound): string | undefined {
  let undefinedGradients = 0;
  const refuted = many(trials, (batch) => {
    const norm = subject.influence(batch);
    if (Number.isNaN(norm)) undefinedGradients++;
    return norm > boundAt(bound, batch) * (1 + 1e-9) + 1e-12
      ? `the norm of the gradient is ${norm}`
      : undefined;
  });
  if (refuted !== undefined) return refuted;
  if (undefinedGradients > trialCount / 10) return `the gradient is NaN in ${undefinedGradients} trials`;
  return isReached(trials, bound, 1e-9, (batch) => subject.influence(batch));
}

/** The probabilities of the outcomes: of label 0 and 1, or of each class. */
type Truth = readonly number[];

const isBinary = ({ kind }: LossInput) => kind === 'binary-label' || kind === 'sign-label';

/** What the shares of the labels in a batch say. */
function truthOf(target: LossInput, { sizes, inputs }: Batch): Truth {
  const labels = inputs[target.id]!;
  const average = (of: (x: number) => number) => labels.reduce((sum, x) => sum + of(x), 0) / labels.length;
  if (isBinary(target)) {
    const one = average((x) => (target.kind === 'sign-label' ? (x + 1) / 2 : x));
    return [1 - one, one];
  }
  const classes = sizes[target.kind === 'class-index' ? 'class' : target.axes.at(-1)!]!;
  if (target.kind === 'class-index')
    return Array.from({ length: classes }, (_, c) => average((x) => (x === c ? 1 : 0)));
  const rows = labels.length / classes;
  return Array.from({ length: classes }, (_, c) =>
    labels.reduce((sum, x, k) => (k % classes === c ? sum + x / rows : sum), 0),
  );
}

/** What a model that knows the probabilities predicts, for one row. */
function predictionOf(prediction: LossInput, truth: Truth): readonly number[] {
  const isOne = truth.length === 2 && !prediction.axes.includes('class');
  switch (prediction.kind) {
    case 'logit':
      return isOne ? [Math.log(truth[1]! / truth[0]!)] : truth.map(Math.log);
    case 'probability':
      return isOne ? [truth[1]!] : truth;
    case 'distribution':
      return truth;
    case 'log-distribution':
      return truth.map(Math.log);
    default:
      throw new RangeError(`a ${prediction.kind} does not stand for probabilities`);
  }
}

/** The expected loss of one row with these predictions under a truth. */
function expected(subject: Subject, truth: Truth, guess: readonly number[]): number {
  const { prediction, target } = pairOf(subject.loss);
  const isMany = !isBinary(target);
  const axes = new Set([...prediction.axes, ...target.axes]);
  const sizes = Object.fromEntries([...axes].map((axis) => [axis, 1]));
  if (isMany) sizes[prediction.axes.at(-1)!] = truth.length;
  const outcome = (c: number): readonly number[] => {
    if (target.kind === 'sign-label') return [2 * c - 1];
    if (target.kind === 'distribution') return truth.map((_, k) => (k === c ? 1 : 0));
    return [c];
  };
  return truth.reduce((total, p, c) => {
    if (p === 0) return total;
    return total + p * subject.value({ sizes, inputs: { [prediction.id]: guess, [target.id]: outcome(c) } });
  }, 0);
}

function isStrictlyProper({ subject, trials: { random } }: Trial): string | undefined {
  const { prediction, target } = pairOf(subject.loss);
  const normalised = (weights: readonly number[]) => {
    const total = weights.reduce((sum, x) => sum + x, 0);
    return weights.map((x) => x / total);
  };
  for (let k = 0; k < trialCount; k++) {
    const count = isBinary(target) ? 2 : 2 + random.below(3);
    const truth = normalised(Array.from({ length: count }, () => Math.exp(1.5 * random.normal())));
    const nearness = [0.05, 0.5, 2][k % 3]!;
    const other = normalised(truth.map((p) => p * Math.exp(nearness * random.normal())));
    if (truth.every((p, c) => Math.abs(p - other[c]!) < 1e-3)) continue;
    const [own, theirs] = [truth, other].map((p) => expected(subject, truth, predictionOf(prediction, p)));
    if (!(theirs! > own!))
      return `trial ${k}: under the truth ${truth.join(', ')} the prediction ${other.join(', ')} scores ${theirs}, the truth ${own}`;
  }
  return undefined;
}
