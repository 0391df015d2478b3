/**
 * Trains experiments on the float64 device: reads them with their tables from the standard input as JSON, and prints the
 * loss of every step and the parameters after the last.
 */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { parseExperiment } from '../../src/core/training/experiment.ts';
import { good, runTask, tableOf } from '../core/tasks/runTask.ts';

const casesSchema = v.array(
  v.object({
    experiment: v.unknown(),
    columns: v.record(v.string(), v.union([v.array(v.number()), v.array(v.string())])),
  }),
);

const cases = v.parse(casesSchema, JSON.parse(readFileSync(0, 'utf8')));
const answers = cases.map(async ({ experiment, columns }) => {
  const { losses, last } = await runTask(good(parseExperiment(experiment)), tableOf(columns));
  const parameters = Object.entries(last.parameters).map(([name, values]) => [name, [...values]]);
  return { losses, parameters: Object.fromEntries(parameters) as Record<string, number[]> };
});
process.stdout.write(JSON.stringify(await Promise.all(answers)));
