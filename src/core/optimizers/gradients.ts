import { literal } from '../compute/kernelText.ts';
import { elementwise, limited, type Piece, type Scope } from './elementwise.ts';
import { penaltyFormula, penaltyGradient, penaltyOf, optimizerFor } from './penalties.ts';
import { partial, whole } from './reduction.ts';
import { slotName, type Optimizer, type PlanPart, type UpdateTarget } from './rule.ts';

/** Names in formulas of the numbers that open every row of the schedule. */
export const closes = 'closes';
export const continues = 'continues';

/** What stands between the gradients and the rule. */
export interface Prepared extends PlanPart {
  /** What the names `old` (the parameter before the step) and `gradient` mean, one scope per target. */
  readonly scopes: readonly Scope[];
  /** Buffer of the number that is minimised: the loss, or the loss with the penalties. */
  readonly report: string;
}

/** Slot of the gradients' running mean over the batches of one update. */
export const accumulated = 'accumulated';

/**
 * The gradients as a rule sees them. In this order: the mean over the batches of an update; plus the gradient of the
 * penalties; clipped (by value, or by the norm of all parameters together). Nothing of this takes a pass of its own
 * over memory but the accumulation and the norm: the rest is text in the kernels of the rule.
 * @param row what the names of the schedule's numbers mean
 * @param loss buffer of the loss
 */
export function preparedGradients(
  optimizer: Optimizer,
  targets: readonly UpdateTarget[],
  row: Scope,
  loss: string,
): Prepared {
  const pieces: Piece[] = [];
  const state: PlanPart[] = [];
  const batches = optimizer.accumulate ?? 1;
  const penalties = targets.map((target) => penaltyOf(optimizerFor(optimizer, target), target.parameter));
  const summed = targets.map((target, i): Scope => {
    const extra = penaltyGradient(penalties[i]!);
    let raw = target.gradient;
    if (batches > 1) {
      const slot = slotName(target.parameter, accumulated);
      raw = `${slot}.next`;
      const scope = { ...row, mean: { buffer: slot }, batch: { buffer: target.gradient } };
      const piece = elementwise(
        raw,
        sizeOf(target),
        scope,
        `${continues} * mean + ${literal(1 / batches)} * batch`,
      );
      pieces.push(piece);
      state.push(carried(slot, piece));
    }
    return {
      ...row,
      old: { buffer: target.parameter },
      raw: { buffer: raw },
      gradient: { formula: extra === undefined ? 'raw' : `raw + ${extra}` },
    };
  });
  const scopes = clipped(optimizer.clip, targets, summed, pieces);
  const report = reported(targets, summed, penalties.map(penaltyFormula), loss, pieces);
  return {
    buffers: [...state.flatMap((part) => part.buffers), ...pieces.map((piece) => piece.buffer)],
    kernels: pieces.map((piece) => piece.kernel),
    carry: state.flatMap((part) => part.carry),
    scopes,
    report,
  };
}

/** Elements of a target's buffers. */
export function sizeOf({ output: [width, height = 1] }: UpdateTarget): number {
  return width * height;
}

/** The state buffer that a kernel's result becomes in the next step. */
export function carried(state: string, { buffer }: Piece): PlanPart {
  return {
    buffers: [{ name: state, size: buffer.size, role: 'state' }],
    kernels: [],
    carry: [{ from: buffer.name, to: state }],
  };
}

/**
 * Gradients limited as torch.nn.utils.clip_grad_value_ and clip_grad_norm_ do: the latter multiplies all by
 * min(1, max/(norm + 10⁻⁶)). NaN passes through, as there.
 */
function clipped(
  clip: Optimizer['clip'],
  targets: readonly UpdateTarget[],
  scopes: readonly Scope[],
  pieces: Piece[],
): readonly Scope[] {
  if (clip === undefined) return scopes;
  const limit = literal(clip.max);
  const unclipped = scopes.map((scope): Scope => ({ ...scope, unclipped: scope['gradient']! }));
  if (clip.by === 'value') {
    return unclipped.map((scope) => ({ ...scope, gradient: { formula: limited('unclipped', limit) } }));
  }
  const { order } = clip;
  const how = order === 'infinity' ? 'max' : 'sum';
  const share = order === 2 ? 'unclipped * unclipped' : 'Math.abs(unclipped)';
  const partials = targets.map((target, i) =>
    partial(`${target.gradient}.norm`, sizeOf(target), unclipped[i]!, share, how),
  );
  const ratio = `${limit} / (${order === 2 ? 'Math.sqrt(total)' : 'total'} + 0.000001)`;
  const coefficient = whole(
    'clip',
    partials.map((of) => of.at(-1)!.buffer),
    how,
    `(${ratio} > 1.0 ? 1.0 : ${ratio})`,
  );
  pieces.push(...partials.flat(), ...coefficient);
  return unclipped.map((scope) => ({
    ...scope,
    clip: { buffer: 'clip', element: 0 },
    gradient: { formula: 'unclipped * clip' },
  }));
}

/** The loss plus the penalties at the parameters before the step, in a buffer of its own where there are any. */
function reported(
  targets: readonly UpdateTarget[],
  scopes: readonly Scope[],
  formulas: readonly (string | undefined)[],
  loss: string,
  pieces: Piece[],
): string {
  const partials = targets.flatMap((target, i) => {
    const formula = formulas[i];
    if (formula === undefined) return [];
    return [partial(`${target.parameter}.penalty`, sizeOf(target), scopes[i]!, formula, 'sum')];
  });
  if (partials.length === 0) return loss;
  const parts = [{ name: loss, size: 1 }, ...partials.map((of) => of.at(-1)!.buffer)];
  pieces.push(...partials.flat(), ...whole('objective', parts, 'sum', 'total'));
  return 'objective';
}
