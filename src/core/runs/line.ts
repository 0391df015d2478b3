import * as v from 'valibot';
import { metricsLineSchema, type MetricsLine } from './record.ts';

/**
 * A line of a run's log from another process or from disk; undefined where it is none. Lines come by the thousand a
 * second, so what they nearly always are is looked at by hand, and the schema gets the rest: it makes several objects for
 * each line, which was more than half of what a host had to collect as garbage while a run trained.
 */
export function readLine(value: unknown): MetricsLine | undefined {
  if (isPlainLine(value)) return value;
  const parsed = v.safeParse(metricsLineSchema, value);
  return parsed.success ? parsed.output : undefined;
}

/** Whether it is a line of a step or of an epoch whose numbers are numbers; JSON has names for some. */
function isPlainLine(value: unknown): value is Extract<MetricsLine, { type: 'step' | 'epoch' }> {
  if (!isObject(value) || !isCount(value['step']) || typeof value['loss'] !== 'number') return false;
  if (value['type'] === 'step') return true;
  if (value['type'] !== 'epoch' || !isCount(value['epoch']) || !isCount(value['seconds'])) return false;
  const { validationLoss, metrics } = value;
  if (validationLoss !== undefined && typeof validationLoss !== 'number') return false;
  return metrics === undefined || (isObject(metrics) && Object.values(metrics).every(isNumber));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && !Number.isNaN(value);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}
