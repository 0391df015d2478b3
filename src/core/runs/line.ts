import * as v from 'valibot';
import { metricsLineSchema, type MetricsLine } from './record.ts';

/**
 * A line of a run's log from another process or from disk; undefined where it is none. Lines come by the thousand a
 * second and nearly all are of one kind, so that kind is looked at by hand: a schema makes several objects for each line,
 * which was more than half of what a host had to collect as garbage while a run trained.
 */
export function readLine(value: unknown): MetricsLine | undefined {
  if (isStepLine(value)) return value;
  const parsed = v.safeParse(metricsLineSchema, value);
  return parsed.success ? parsed.output : undefined;
}

function isStepLine(value: unknown): value is Extract<MetricsLine, { type: 'step' }> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'step' &&
    'step' in value &&
    typeof value.step === 'number' &&
    !Number.isNaN(value.step) &&
    'loss' in value &&
    typeof value.loss === 'number'
  );
}
