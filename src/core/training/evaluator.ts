import type { Executable } from '../compute/device.ts';
import { readOutputs, rewind, writeParameters, writeRows } from '../compute/feed.ts';
import type { RowsPlan } from '../compute/planBuilder.ts';
import type { Dataset, Part } from '../data/dataset.ts';
import type { Parameters } from '../network/network.ts';
import type { Metrics } from '../runs/record.ts';
import { metricsCollector, type MetricsCollector } from './metrics.ts';

/** The (weighted) mean loss over a part and the task's metrics. */
export interface Evaluation {
  readonly loss: number;
  readonly metrics: Metrics;
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
 * @param weights factors of the rows in the loss, for a plan that is weighted; metrics count every row alike
 */
export function evaluator(
  executable: Executable,
  plan: RowsPlan,
  dataset: Dataset,
  part: Part,
  weights?: Float64Array,
): Evaluator {
  writeRows(executable, plan, part);
  if (weights !== undefined) executable.write('weights', weights);
  /** Σ w of some rows. */
  const weigh = (first: number, rows: number): number =>
    weights?.subarray(first, first + rows).reduce((total, weight) => total + weight, 0) ?? rows;
  const whole = weigh(0, plan.rows);
  let batch = 0;
  let sum = 0;
  let metrics: MetricsCollector = metricsCollector(dataset, part);
  return {
    begin(parameters) {
      writeParameters(executable, plan.network, parameters);
      rewind(executable);
      batch = 0;
      sum = 0;
      metrics = metricsCollector(dataset, part);
    },
    async next() {
      const first = batch * plan.batch;
      const rows = Math.min(plan.batch, plan.rows - first);
      const [loss] = await executable.run(1);
      sum += loss! * weigh(first, rows);
      metrics.add(await readOutputs(executable, plan, rows, dataset.outputs), first, rows);
      batch++;
      return batch === plan.steps ? { loss: sum / whole, metrics: metrics.value() } : undefined;
    },
    dispose: () => executable.dispose(),
  };
}
