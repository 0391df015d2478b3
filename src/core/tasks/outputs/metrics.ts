import type { Dataset, OutputEncoding, Part } from '../../data/dataset.ts';
import { outputsOf } from '../../data/encode.ts';
import { metricsCollector, type MetricsCollector } from '../../training/metrics.ts';

/** The metrics of each target by itself, after its name: `price rmse`, `kind accuracy`. */
export function outputMetrics(
  dataset: Dataset,
  part: Part,
  targets: readonly OutputEncoding[],
): MetricsCollector {
  let first = 0;
  const each = targets.map(({ task, target }, i) => {
    const count = outputsOf({ task, target });
    const from = first;
    first += count;
    const own: Part = {
      ...part,
      targets: Float64Array.from({ length: part.rows }, (_, row) => part.targets[row * targets.length + i]!),
    };
    const alone: Dataset = {
      ...dataset,
      outputs: count,
      preprocessing: { ...dataset.preprocessing, task, target },
    };
    return { name: target.name, from, count, collector: metricsCollector(alone, own) };
  });
  return {
    add(outputs, row, rows) {
      for (const { from, count, collector } of each) {
        const own = new Float64Array(rows * count);
        for (let i = 0; i < rows; i++)
          for (let k = 0; k < count; k++) own[i * count + k] = outputs[i * dataset.outputs + from + k]!;
        collector.add(own, row, rows);
      }
    },
    value: () =>
      Object.fromEntries(
        each.flatMap(({ name, collector }) =>
          Object.entries(collector.value()).map(([metric, value]) => [`${name} ${metric}`, value]),
        ),
      ),
  };
}
