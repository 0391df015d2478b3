import type { Executable } from '../compute/device.ts';
import { readOutputs, rewind, writeParameters, writeRows } from '../compute/feed.ts';
import type { RowsPlan } from '../compute/planBuilder.ts';
import type { Dataset, Part } from '../data/dataset.ts';
import type { Parameters } from '../network/network.ts';
import type { Metrics } from '../runs/record.ts';
import { metricsCollector, type MetricsCollector } from './metrics.ts';

/** The mean loss over a part and the task's metrics. */
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

/** An evaluator on a compiled {@link RowsPlan} of the part. */
export function evaluator(executable: Executable, plan: RowsPlan, dataset: Dataset, part: Part): Evaluator {
  writeRows(executable, plan, part);
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
      sum += loss! * rows;
      metrics.add(await readOutputs(executable, plan, rows, dataset.outputs), first, rows);
      batch++;
      return batch === plan.steps ? { loss: sum / plan.rows, metrics: metrics.value() } : undefined;
    },
    dispose: () => executable.dispose(),
  };
}
