import * as v from 'valibot';

const windowSchema = v.object({
  steps: v.number(),
  milliseconds: v.number(),
  /** Of these, milliseconds in which the device was fed its next rows. */
  feeding: v.optional(v.number()),
});

const outcome = {
  /** Why it was not measured. */
  absent: v.optional(v.string()),
  /** The greatest difference of its losses (or outputs) from Loss Lab's, as a share; `unchecked` says why it is not known. */
  difference: v.optional(v.number()),
  /** How many losses were compared. */
  compared: v.optional(v.number()),
  unchecked: v.optional(v.string()),
  windows: v.optional(v.array(windowSchema)),
};

/** What came of a contender on a task. */
export type Measured =
  | { readonly absent: string }
  | {
      readonly difference: number;
      readonly compared?: number;
      readonly windows: v.InferOutput<typeof windowSchema>[];
    }
  | { readonly unchecked: string; readonly windows: v.InferOutput<typeof windowSchema>[] };

const rowSchema = v.object({
  task: v.string(),
  title: v.string(),
  contenders: v.array(
    v.object({
      id: v.string(),
      name: v.string(),
      threads: v.number(),
      differs: v.optional(v.string()),
      ...outcome,
    }),
  ),
});
export type RowResult = v.InferOutput<typeof rowSchema>;
export type ContenderResult = RowResult['contenders'][number];

/** Where and when something was measured. */
const settingSchema = v.object({
  date: v.string(),
  command: v.string(),
  /** Of the source, as git names it; with "+" where files differ from it. */
  commit: v.string(),
  machine: v.object({
    processor: v.string(),
    cores: v.number(),
    memoryGiB: v.number(),
    system: v.string(),
    /** Load average of the last minute when it began and when it ended: near 0 on a machine that does nothing else. */
    load: v.tuple([v.number(), v.number()]),
  }),
  node: v.string(),
  editorNode: v.boolean(),
});
export type Setting = v.InferOutput<typeof settingSchema>;

/** A file of bench/results about steps against peers. */
export const stepsFileSchema = v.object({
  kind: v.literal('steps'),
  setting: settingSchema,
  versions: v.record(v.string(), v.record(v.string(), v.string())),
  rows: v.array(rowSchema),
});
export type StepsFile = v.InferOutput<typeof stepsFileSchema>;

const curveSchema = v.object({
  axis: v.string(),
  title: v.string(),
  sizes: v.array(v.number()),
  /** Milliseconds of a step by device, the best of the windows; null where it was not measured. */
  devices: v.record(v.string(), v.array(v.nullable(v.number()))),
});
export type Curve = v.InferOutput<typeof curveSchema>;

/** A file of bench/results about how cost grows. */
export const growthFileSchema = v.object({
  kind: v.literal('growth'),
  setting: settingSchema,
  /** What each device calls itself, or why it takes no part. */
  devices: v.record(v.string(), v.object({ label: v.optional(v.string()), absent: v.optional(v.string()) })),
  curves: v.array(curveSchema),
});
export type GrowthFile = v.InferOutput<typeof growthFileSchema>;

/** Milliseconds per step of each window of a contender; empty where it was not measured. */
export function stepTimes({ windows = [] }: ContenderResult): number[] {
  return windows.map(({ steps, milliseconds }) => milliseconds / steps);
}
