/** Golden cases that printed code must meet: the five losses in the convention of PyTorch, in plain form. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import type { Loss } from '../../../src/core/losses/loss.ts';
import { taskOf } from '../../../src/core/losses/task.ts';

const numbers = v.array(v.union([v.number(), v.picklist(['NaN', 'Infinity', '-Infinity'])]));
const array = v.object({ shape: v.array(v.number()), data: numbers, dtype: v.optional(v.string()) });
const goldenFile = v.object({
  cases: v.array(
    v.object({
      id: v.string(),
      loss: v.string(),
      convention: v.string(),
      tags: v.array(v.string()),
      inputs: v.record(v.string(), array),
      params: v.record(v.string(), v.unknown()),
      reduction: v.string(),
      expected: v.union([
        v.object({ loss: array, grad: v.optional(v.record(v.string(), array)) }),
        v.object({ throws: v.literal(true) }),
      ]),
      tol: v.optional(v.object({ rtol: v.number(), atol: v.number() })),
      grad_policy: v.optional(v.string()),
    }),
  ),
});

export type GoldenArray = v.InferOutput<typeof array>;

/** A golden case in our names. */
export interface PrintedCase {
  readonly id: string;
  readonly tags: readonly string[];
  readonly prediction: GoldenArray;
  readonly target: GoldenArray;
  readonly parameters: Readonly<Record<string, number>>;
  readonly reduction: 'mean' | 'sum' | 'none';
  readonly expected: { readonly loss: GoldenArray; readonly prediction?: GoldenArray };
  readonly tol: { readonly rtol: number; readonly atol: number };
  readonly grad_policy?: string;
}

const files: Readonly<Record<string, string>> = {
  'mean-squared-error': 'mse',
  'mean-absolute-error': 'mae',
  huber: 'huber',
  'binary-cross-entropy-logits': 'bce_with_logits',
  'softmax-cross-entropy': 'cross_entropy',
};
const parameterNames: Readonly<Record<string, string>> = {
  delta: 'delta',
  pos_weight: 'positiveWeight',
  label_smoothing: 'labelSmoothing',
};

/** Whether there are cases for a loss. */
export function hasCases(id: string): boolean {
  return id in files;
}

/**
 * The cases of a loss that its printed form takes: those whose parameters are the loss's own and the given options,
 * without weights, and with the classes in the last of two dimensions.
 */
export function casesFor(loss: Loss, options: readonly string[] = []): readonly PrintedCase[] {
  const file = files[loss.id];
  if (file === undefined) throw new Error(`no golden file is known for ${loss.id}`);
  const golden = path.resolve(import.meta.dirname, `../../fixtures/golden/${file}.json`);
  const { cases } = v.parse(goldenFile, JSON.parse(readFileSync(golden, 'utf8')));
  const wanted = [...loss.parameters.map((p) => p.id), ...options].sort().join();
  return cases.flatMap((c) => {
    const { pred, target, ...others } = c.inputs;
    const parameters = Object.entries(c.params).map(([name, value]) => [parameterNames[name] ?? name, value]);
    const names = parameters
      .map(([name]) => name)
      .sort()
      .join();
    if (c.convention !== 'torch' || 'throws' in c.expected || Object.keys(others).length > 0) return [];
    if (names !== wanted || pred === undefined || target === undefined || c.tol === undefined) return [];
    if (taskOf(loss) === 'classes' && pred.shape.length !== 2) return [];
    const gradient = c.expected.grad?.['pred'];
    return [
      {
        id: c.id,
        tags: c.tags,
        prediction: pred,
        target,
        parameters: v.parse(v.record(v.string(), v.number()), Object.fromEntries(parameters)),
        reduction: v.parse(v.picklist(['mean', 'sum', 'none']), c.reduction),
        expected: { loss: c.expected.loss, ...(gradient === undefined ? {} : { prediction: gradient }) },
        tol: c.tol,
        ...(c.grad_policy === undefined ? {} : { grad_policy: c.grad_policy }),
      },
    ];
  });
}
