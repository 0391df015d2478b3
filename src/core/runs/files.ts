import * as v from 'valibot';

/** What lies in a run's directory. */
export const runFiles = {
  experiment: 'experiment.json',
  /** Where the data came from, see {@link sourceSchema}; only for data from a file. */
  source: 'source.json',
  status: 'status.json',
  metrics: 'metrics.jsonl',
  last: 'last.ckpt',
  /** The checkpoint before `last`, in case that one is damaged. */
  previous: 'previous.ckpt',
  best: 'best.ckpt',
  /** Who trains the run now, see {@link lockSchema}. Its time of change is renewed every few seconds. */
  lock: 'lock.json',
  /** A new name for a run that is being trained; the trainer takes it into the status. */
  rename: 'rename.json',
} as const;

/** The data file of a run, so that resuming finds it and notices when it has changed. */
export const sourceSchema = v.object({
  /** Absolute. */
  path: v.string(),
  /** As of the first reading: bytes and SHA-256 in hex. */
  size: v.optional(v.number()),
  sha256: v.optional(v.string()),
});
export type Source = v.InferOutput<typeof sourceSchema>;

/** The process that owns a run. */
export const lockSchema = v.object({
  pid: v.number(),
  /** When the process started, as its system tells it, so that a reused pid is not taken for it. */
  started: v.optional(v.string()),
  host: v.string(),
});
export type Lock = v.InferOutput<typeof lockSchema>;

/** The content of `rename.json`. */
export const renameSchema = v.object({ name: v.pipe(v.string(), v.minLength(1)) });

/** Ids of runs: when they were created (UTC), from what, and something random: `20261120-153012-iris-7f3a9c`. */
export const runId = /^\d{8}-\d{6}-[a-z0-9-]+-[0-9a-f]{6}$/;

/** Parses JSON text by a schema; undefined where either does not fit. */
export function parseJson<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(schema, value);
  return parsed.success ? parsed.output : undefined;
}
