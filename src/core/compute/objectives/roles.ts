import { gradient } from '../../expression/differentiate.ts';
import { input, type Axis } from '../../expression/expression.ts';
import { compileKernels, type Layout } from '../../expression/kernels.ts';
import { substitute } from '../../expression/rewrite.ts';
import { predictionFrom } from '../../losses/column.ts';
import { decided } from '../../losses/decided.ts';
import { predictionsOf, targetsOf, type Loss, type LossInput } from '../../losses/loss.ts';
import { weightedMean } from '../../losses/reduce.ts';
import { gradientName, parameterShape } from '../../network/parameterShape.ts';
import { sizeOf } from '../../network/rowShape.ts';
import type { PlanPart } from '../../optimizers/rule.ts';
import { padded } from '../kernelText.ts';
import { join, nothing, piece } from '../layers/layer.ts';
import type { Objective } from '../objective.ts';

/** Extents of the axes of a loss's inputs other than `sample`: `{ feature: 16 }`, `{ output: 1 }`, `{ negative: 10 }`. */
type Sizes = Readonly<Record<Axis, number>>;

/**
 * The objective of a loss whose predictions are the network's outputs for several rows of a sample: anchor, positive and
 * negative, or the scores of a chosen and of another item. Roles are numbered in the order of the loss's predictions. A
 * prediction with the axes (sample, feature), (sample, output) or (sample) is one role; one with another axis, as WARP's
 * negatives (sample, negative) or a list of items, has a role of one output for each position there. A prediction without
 * samples, as the centres of classes, is a parameter that is trained along: `loss.ID.weight`.
 *
 * The target, if there is one, is fed as the loss defines it: one number a sample, or one for each position of its other
 * axis. Throws a RangeError for a loss with several targets and for an axis without a size.
 */
export function rolesObjective(
  original: Loss,
  parameters: Readonly<Record<string, number>>,
  sizes: Sizes,
): Objective {
  const loss = decided(original, parameters);
  const predictions = predictionsOf(loss);
  const [target, another] = targetsOf(loss);
  if (another !== undefined) throw new RangeError(`${loss.id} has more than one target`);
  const extents = (axes: readonly Axis[]) =>
    axes.flatMap((axis) => (axis === 'sample' ? [] : [extentOf(axis, sizes)]));
  const mean = substitute(
    weightedMean(loss, parameters),
    Object.fromEntries(predictions.map((made) => [made.id, predictionFrom(made, input(made.id, made.axes))])),
  );
  const targets = target === undefined ? 0 : sizeOf(extents(target.axes));
  const played: Played[] = [];
  let roles = 0;
  for (const made of predictions.filter(({ axes }) => axes.includes('sample'))) {
    const count = isOneRow(made) ? 1 : sizeOf(extents(made.axes));
    played.push({ input: made, first: roles, count });
    roles += count;
  }
  const own = predictions
    .filter(({ axes }) => !axes.includes('sample'))
    .map(({ id, axes }) => {
      const shape = extents(axes);
      // Of length about 1, in any direction.
      const start = { kind: 'normal', deviation: shape.at(-1)! ** -0.5 } as const;
      const parameter = parameterShape(`loss.${id}`, 'weight', shape, start);
      return {
        id,
        parameter,
        layout: { axes, strides: parameter.stored.map((_, i) => sizeOf(parameter.stored.slice(i + 1))) },
      };
    });

  return {
    roles,
    targets,
    parameters: own.map(({ parameter }) => parameter),
    kernels(samples, outputs, buffers) {
      const batch = { samples, width: padded(outputs), roles };
      const placed = played.map((one) => place(one, buffers.prediction, batch));
      const isAlone = placed.length === 1 && isOneRow(played[0]!.input);
      const gradients = [
        ...placed.map(({ id, layout }) => ({
          id,
          layout,
          buffer: isAlone ? (buffers.gradient ?? '') : gradientName(`loss.${id}`),
        })),
        ...own.map(({ id, layout, parameter }) => ({ id, layout, buffer: gradientName(parameter.name) })),
      ];
      const isTraining = buffers.gradient !== undefined;
      const compiled = compileKernels({
        roots: [
          { buffer: buffers.value, expr: mean, layout: { axes: [], strides: [] } },
          ...(isTraining ? gradients : []).map(({ id, buffer, layout }) => ({
            buffer,
            expr: gradient(mean, id),
            layout,
          })),
        ],
        inputs: {
          weight: { buffer: buffers.weight, layout: { axes: ['sample'], strides: [1] } },
          ...Object.fromEntries(placed.map(({ id, buffer, layout }) => [id, { buffer, layout }])),
          ...Object.fromEntries(
            own.map(({ id, parameter, layout }) => [id, { buffer: parameter.name, layout }]),
          ),
          ...(target === undefined
            ? {}
            : {
                [target.id]: {
                  buffer: buffers.target,
                  layout: rowLayout(target.axes, targets),
                },
              }),
        },
        sizes: { ...sizes, sample: samples },
        parameters,
        prefix: 'loss',
      });
      return join(
        ...placed.map(({ part }) => part),
        { ...compiled, carry: [] },
        buffers.gradient === undefined || isAlone ? nothing : stacked(placed, batch, buffers.gradient),
      );
    },
  };
}

/** A prediction that is the network's outputs for the rows of `count` roles from `first` on. */
interface Played {
  readonly input: LossInput;
  readonly first: number;
  readonly count: number;
}

/** The same as the loss reads it. */
interface Placed extends Played {
  readonly id: string;
  readonly part: PlanPart;
  readonly buffer: string;
  /** Of the prediction, and of its gradient. */
  readonly layout: Layout;
}

/** The network's outputs: roles × samples rows of `width`. */
interface Batch {
  readonly samples: number;
  readonly width: number;
  readonly roles: number;
}

/** Whether a prediction is what the network makes of one row. */
function isOneRow({ axes }: LossInput): boolean {
  return axes.every((axis) => axis === 'sample' || axis === 'feature' || axis === 'output');
}

function extentOf(axis: Axis, sizes: Sizes): number {
  const extent = sizes[axis];
  if (extent === undefined) throw new RangeError(`the size of axis ${axis} is not given`);
  return extent;
}

/** Rows of samples, their values one after another. */
function rowLayout(axes: readonly Axis[], row: number): Layout {
  return { axes, strides: axes.map((axis) => (axis === 'sample' ? row : 1)) };
}

/** Puts a prediction where the loss can read it: the rows of the first role lie there already. */
function place(played: Played, outputs: string, { samples, width }: Batch): Placed {
  const { input: made, first, count } = played;
  const { id, axes } = made;
  const isVector = isOneRow(made);
  const row = isVector ? width : padded(count);
  const placed = { ...played, id, layout: rowLayout(axes, row) };
  if (isVector && first === 0) return { ...placed, part: nothing, buffer: outputs };
  const from = isVector
    ? `return from[(this.thread.y + ${first * samples}) * ${width} + this.thread.x];`
    : `let v = 0.0;
if (this.thread.x < ${count}) { v = from[((this.thread.x + ${first}) * ${samples} + this.thread.y) * ${width}]; }
return v;`;
  const buffer = `loss.${id}`;
  return { ...placed, part: piece(buffer, [row, samples], { from: outputs }, from), buffer };
}

/** The gradients in all predictions as one in the network's outputs. */
function stacked(placed: readonly Placed[], { samples, width, roles }: Batch, to: string): PlanPart {
  const lines = placed.map(({ input: made, first, count }, i) => {
    const [start, end] = [first * samples, (first + count) * samples];
    const within = `(this.thread.y - ${start})`;
    const take = isOneRow(made)
      ? `v = g${i}[${within} * ${width} + this.thread.x];`
      : `if (this.thread.x < 1) { v = g${i}[(${within} % ${samples}) * ${padded(count)} + ((${within} / ${samples}) | 0)]; }`;
    return `if (this.thread.y >= ${start} && this.thread.y < ${end}) { ${take} }`;
  });
  return piece(
    to,
    [width, roles * samples],
    Object.fromEntries(placed.map(({ id }, i) => [`g${i}`, gradientName(`loss.${id}`)])),
    `let v = 0.0;\n${lines.join('\n')}\nreturn v;`,
  );
}
