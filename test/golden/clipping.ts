import * as v from 'valibot';
import type { Device } from '../../src/core/compute/device.ts';
import { optimizerSchema } from '../../src/core/training/schema/optimizer.ts';
import {
  arraySchema,
  isClose,
  toleranceSchema,
  type CaseResult,
  type CaseRunner,
  type Tolerance,
} from './types.ts';
import { follow } from './updates.ts';

const caseSchema = v.object({
  id: v.string(),
  params: v.object({
    max: v.number(),
    norm_type: v.nullable(v.picklist([1, 2, 'Infinity'])),
  }),
  grads: v.array(arraySchema),
  clipped: v.array(arraySchema),
  tol: toleranceSchema,
});

/** Runs grad_clip.json: one step of plain gradient descent at rate 1 from 0, whose result is minus the clipped gradient. */
export const runClipping: CaseRunner = ({ cases }) => Promise.all(cases.map((raw) => runClippingCase(raw)));

/** One case on a device (absent: float64) at its own tolerance or another. */
export async function runClippingCase(
  raw: unknown,
  device?: Device,
  tolerance?: Tolerance,
): Promise<CaseResult> {
  const { id, params, grads, clipped, tol } = v.parse(caseSchema, raw);
  const { max, norm_type } = params;
  const optimizer = v.parse(optimizerSchema, {
    type: 'sgd',
    rate: 1,
    clip:
      norm_type === null
        ? { by: 'value', max }
        : { by: 'norm', max, order: norm_type === 'Infinity' ? 'infinity' : norm_type },
  });
  const gradients = Object.fromEntries(grads.map(({ data }, i) => [`p${i}`, data]));
  const zeros = Object.fromEntries(grads.map(({ data }, i) => [`p${i}`, data.map(() => 0)]));
  const [after] = await follow(optimizer, zeros, [gradients], device === undefined ? {} : { device });
  for (const [i, { data }] of clipped.entries()) {
    for (const [j, expected] of data.entries()) {
      const actual = 0 - (after?.parameters[`p${i}`]?.[j] ?? Number.NaN);
      if (!isClose(actual, expected, tolerance ?? tol))
        return { id, outcome: 'failed', reason: `gradient ${i}[${j}] is ${actual}, expected ${expected}` };
    }
  }
  return { id, outcome: 'passed' };
}
