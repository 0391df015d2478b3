/**
 * The schema of golden files (test/fixtures/golden/README.md) and what a runner of one family reports. Files come
 * from outside, so they are parsed; fields that a family alone knows are read by its own runner from the raw case.
 */
import * as v from 'valibot';

const number = v.pipe(
  v.union([v.number(), v.picklist(['NaN', 'Infinity', '-Infinity'])]),
  v.transform((value) => Number(value)),
);

/** Flat row-major data with its shape; `[]` is a scalar. Non-finite numbers arrive as strings. */
export const arraySchema = v.pipe(
  v.object({
    shape: v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
    data: v.array(number),
    dtype: v.optional(v.string()),
  }),
  v.check(
    ({ shape, data }) => data.length === shape.reduce((a, b) => a * b, 1),
    'data does not have as many values as its shape says',
  ),
);
export type GoldenArray = v.InferOutput<typeof arraySchema>;

const arrays = v.record(v.string(), arraySchema);

export const toleranceSchema = v.object({ rtol: v.number(), atol: v.number() });
export type Tolerance = v.InferOutput<typeof toleranceSchema>;

/** One case of a loss file. */
export const lossCaseSchema = v.object({
  id: v.string(),
  loss: v.string(),
  convention: v.string(),
  api: v.optional(v.string(), ''),
  tags: v.optional(v.array(v.string()), []),
  inputs: arrays,
  params: v.optional(v.record(v.string(), v.unknown()), {}),
  reduction: v.string(),
  wrt: v.optional(v.array(v.string()), []),
  expected: v.object({
    loss: v.optional(arraySchema),
    grad: v.optional(arrays),
    grad_left: v.optional(arrays),
    grad_right: v.optional(arrays),
    throws: v.optional(v.boolean()),
    error: v.optional(v.string()),
  }),
  grad_policy: v.optional(v.picklist(['kink', 'undefined'])),
  tol: v.optional(toleranceSchema),
});
export type LossCase = v.InferOutput<typeof lossCaseSchema>;

/** A case of any family: only what every case has is known. */
export type GoldenCase = Readonly<Record<string, unknown>> & { readonly id: string };

/** A golden file: its family, its cases, and whatever else the family keeps beside them. */
export const fileSchema = v.looseObject({
  family: v.string(),
  schema: v.literal(1),
  cases: v.optional(v.array(v.looseObject({ id: v.optional(v.string()) }))),
});
export interface GoldenFile {
  /** Name of the file, for messages. */
  readonly name: string;
  readonly family: string;
  readonly cases: readonly GoldenCase[];
  /** Further top-level fields, such as the tables of datasets.json. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** What became of one case. A skip says why; the same words group skips in the summary. */
export type CaseResult =
  | { readonly id: string; readonly outcome: 'passed' }
  | { readonly id: string; readonly outcome: 'failed' | 'skipped'; readonly reason: string };

/** What a runner of a family needs beside its file: the other files of the directory, by family. */
interface GoldenContext {
  readonly files: ReadonlyMap<string, GoldenFile>;
}

/** Runs the cases of one file; one result a case, in any order. */
export type CaseRunner = (
  file: GoldenFile,
  context: GoldenContext,
) => readonly CaseResult[] | Promise<readonly CaseResult[]>;

/** Within a tolerance: |actual − expected| ≤ atol + rtol·|expected|; NaN equals NaN, infinities equal themselves. */
export function isClose(actual: number, expected: number, { rtol, atol }: Tolerance): boolean {
  if (Object.is(actual, expected) || actual === expected) return true;
  return Math.abs(actual - expected) <= atol + rtol * Math.abs(expected);
}
