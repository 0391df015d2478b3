import type { Part } from '../../data/dataset.ts';
import type { MetricsCollector } from '../../training/metrics.ts';

/**
 * Metrics of `count` labels at once, as scikit-learn computes them. A label is predicted where its output is above 0.
 * - `subset accuracy` (accuracy_score): the share of rows with all labels right;
 * - `macro F1`, `micro F1` (f1_score): 2·TP / (2·TP + FP + FN), the mean over the labels (0 for a label that neither holds
 *   nor is predicted anywhere), or of the counts of all labels together;
 * - `hamming loss` (hamming_loss): the share of labels that are wrong.
 */
export function labelMetrics({ targets }: Part, count: number): MetricsCollector {
  const hits = new Float64Array(count);
  const misses = new Float64Array(count);
  let whole = 0;
  let seen = 0;
  return {
    add(outputs, first, rows) {
      for (let row = 0; row < rows; row++) {
        let right = true;
        for (let k = 0; k < count; k++) {
          const holds = targets[(first + row) * count + k] === 1;
          const predicted = outputs[row * count + k]! > 0;
          if (holds && predicted) hits[k]! += 1;
          if (holds === predicted) continue;
          misses[k]! += 1;
          right = false;
        }
        if (right) whole++;
      }
      seen += rows;
    },
    value() {
      const all = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
      return {
        'subset accuracy': whole / seen,
        'macro F1': all(hits.map((hit, k) => f1(hit, misses[k]!))) / count,
        'micro F1': f1(all(hits), all(misses)),
        'hamming loss': all(misses) / (seen * count),
      };
    },
  };
}

function f1(hits: number, misses: number): number {
  return hits === 0 ? 0 : (2 * hits) / (2 * hits + misses);
}

/**
 * `ranking precision` of scores that only order the labels: scikit-learn's label_ranking_average_precision_score, the
 * mean over rows and the labels that hold of the share of such labels among all that score as high or higher. A row where
 * no label holds, or every one, counts 1.
 */
export function rankingMetrics({ targets }: Part, count: number): MetricsCollector {
  let sum = 0;
  let seen = 0;
  return {
    add(outputs, first, rows) {
      for (let row = 0; row < rows; row++) {
        const scores = outputs.subarray(row * count, (row + 1) * count);
        const holds = targets.subarray((first + row) * count, (first + row + 1) * count);
        sum += rankingPrecision(scores, holds);
      }
      seen += rows;
    },
    value: () => ({ 'ranking precision': sum / seen }),
  };
}

function rankingPrecision(scores: Float64Array, holds: Float64Array): number {
  const held = holds.reduce((sum, hold) => sum + hold, 0);
  if (held === 0 || held === holds.length) return 1;
  let sum = 0;
  for (const [k, score] of scores.entries()) {
    if (holds[k] !== 1) continue;
    let above = 0;
    let right = 0;
    for (const [j, other] of scores.entries()) {
      if (other < score) continue;
      above++;
      right += holds[j]!;
    }
    sum += right / above;
  }
  return sum / held;
}
