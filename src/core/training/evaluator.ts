import type { Executable } from '../compute/device.ts';
import { readOutputs, rewind, writeParameters, writeRows } from '../compute/feed.ts';
import type { RowsPlan } from '../compute/planBuilder.ts';
import type { Part } from '../data/dataset.ts';
import type { Parameters } from '../network/network.ts';
import type { Metrics, Samples } from '../runs/record.ts';
import type { MetricsCollector } from './metrics.ts';

/** The (weighted) mean loss over a part and the task's metrics. */
export interface Evaluation {
  /** By this the best model is chosen. */
  readonly loss: number;
  readonly metrics: Metrics;
  /** What a generator draws. */
  readonly samples?: Samples;
}

/** A pass over a part of the data set, a batch at a time, so that the caller can yield in between. */
export interface Evaluator {
  /** Starts a pass with these parameters, leaving an unfinished one. */
  begin(parameters: Parameters): void;
  /** Evaluates the next batch; the result comes with the last one. */
  next(): Promise<Evaluation | undefined>;
  dispose(): Promise<void>;
}

/**
 * An evaluator on a compiled {@link RowsPlan} of the part.
 * @param of.weights factors of the rows in the loss, for a plan that is weighted; metrics count every row alike
 */
export function evaluator(
  executable: Executable,
  plan: RowsPlan,
  of: {
    readonly part: Part;
    /** Width of the network's output. */
    readonly outputs: number;
    readonly metrics: () => MetricsCollector;
    readonly weights?: Float64Array;
  },
): Evaluator {
  const { weights } = of;
  writeRows(executable, plan, of.part);
  if (weights !== undefined) executable.write('weights', weights);
  /** Σ w of some rows. */
  const weigh = (first: number, rows: number): number =>
    weights?.subarray(first, first + rows).reduce((total, weight) => total + weight, 0) ?? rows;
  const whole = weigh(0, plan.rows);
  let batch = 0;
  let sum = 0;
  let metrics = of.metrics();
  return {
    begin(parameters) {
      writeParameters(executable, plan, parameters);
      rewind(executable);
      batch = 0;
      sum = 0;
      metrics = of.metrics();
    },
    async next() {
      const first = batch * plan.batch;
      const rows = Math.min(plan.batch, plan.rows - first);
      const [loss] = await executable.run(1);
      sum += loss! * weigh(first, rows);
      metrics.add(await readOutputs(executable, plan, rows, of.outputs), first, rows);
      batch++;
      return batch === plan.steps ? { loss: sum / whole, metrics: metrics.value() } : undefined;
    },
    dispose: () => executable.dispose(),
  };
}
