import * as v from 'valibot';
import { deviceIds } from '../compute/device.ts';
import { messageSchema } from '../messages/schema.ts';
import { lookSchema } from './look.ts';
import { readLine } from '../runs/line.ts';
import { statusSchema, type MetricsLine } from '../runs/record.ts';

/** Version of the messages between supervisor and trainer; both come from one package, so any other version is an error. */
export const trainerProtocol = 1;

/** What happens before the first step, in this order; a prediction only reads. */
export const phases = ['reading', 'preparing', 'device', 'compiling'] as const;
export type PhaseName = (typeof phases)[number];

/** Supervisor → trainer. The signs of life go another way: a byte a second on a pipe that the trainer's watchdog thread reads. */
export const toTrainerSchema = v.variant('type', [
  v.object({
    type: v.literal('train'),
    /** The run's directory; holds experiment.json and status.json already. */
    directory: v.string(),
    /** Absolute path of the data file, for `data.source` "file". */
    dataFile: v.optional(v.string()),
    /** Where the shipped data sets lie. */
    dataSets: v.string(),
    device: v.picklist(['auto', ...deviceIds]),
    /** Where the calibration is remembered; absent: nowhere. */
    cache: v.optional(v.string()),
    /** Continue from the last checkpoint. */
    resume: v.boolean(),
    /** Highest resident size in bytes before the run is ended for memory. */
    memoryLimit: v.optional(v.number()),
    /** Threads that a device on the processor may compute with; absent: the trainer decides. */
    threads: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  }),
  v.object({
    type: v.literal('predict'),
    directory: v.string(),
    /** Rows as text cells by column name, or a CSV file and where the answers go. */
    rows: v.optional(v.array(v.record(v.string(), v.string()))),
    file: v.optional(v.object({ from: v.string(), to: v.string() })),
  }),
  v.object({
    type: v.literal('look'),
    /** Absolute path of a data file, or of a folder of images by class. */
    path: v.string(),
  }),
  v.object({ type: v.literal('pause') }),
  v.object({ type: v.literal('resume') }),
  v.object({ type: v.literal('stop') }),
]);
export type ToTrainer = v.InferOutput<typeof toTrainerSchema>;

/** A message with its arguments, and where. */
const problemSchema = v.object({
  message: messageSchema,
  where: v.exactOptional(
    v.object({
      file: v.exactOptional(v.string()),
      row: v.exactOptional(v.number()),
      column: v.exactOptional(v.union([v.string(), v.number()])),
      path: v.exactOptional(v.string()),
    }),
  ),
});

const linesSchema = v.pipe(
  v.custom<readonly unknown[]>(Array.isArray),
  v.rawTransform(({ dataset, addIssue, NEVER }): MetricsLine[] => {
    const lines: MetricsLine[] = [];
    for (const value of dataset.value) {
      const line = readLine(value);
      if (line === undefined) {
        addIssue({ message: 'Invalid line of a log' });
        return NEVER;
      }
      lines.push(line);
    }
    return lines;
  }),
);

/** Trainer → supervisor. Batches come 20–30 times a second at most. */
export const fromTrainerSchema = v.variant('type', [
  v.object({ type: v.literal('hello'), protocol: v.literal(trainerProtocol), pid: v.number() }),
  /** What happens before the first step, with a share 0…1 where it is known. */
  v.object({
    type: v.literal('phase'),
    phase: v.picklist(phases),
    share: v.optional(v.number()),
  }),
  /** The whole status, whenever something but the step changed. */
  v.object({ type: v.literal('status'), status: statusSchema }),
  /** New points since the last batch; `status` as of its last point. */
  v.object({ type: v.literal('batch'), lines: linesSchema, status: statusSchema }),
  v.object({
    type: v.literal('predicted'),
    answers: v.array(v.record(v.string(), v.union([v.string(), v.number()]))),
    rows: v.number(),
  }),
  v.object({ type: v.literal('looked'), look: lookSchema, warnings: v.array(problemSchema) }),
  v.object({ type: v.literal('problems'), problems: v.array(problemSchema) }),
  v.object({ type: v.literal('heartbeat'), resident: v.number() }),
  v.object({
    type: v.literal('log'),
    level: v.picklist(['debug', 'info', 'warn', 'error']),
    text: v.string(),
  }),
]);
export type FromTrainer = v.InferOutput<typeof fromTrainerSchema>;
