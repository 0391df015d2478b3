import { gradientName, parameterShape } from '../../network/parameterShape.ts';
import { placesOf, sizeOf, type RowShape } from '../../network/rowShape.ts';
import type { PlanPart } from '../../optimizers/rule.ts';
import { literal } from '../kernelText.ts';
import {
  inputGradientName,
  join,
  nothing,
  outputName,
  piece,
  type Forward,
  type Layer,
  type Step,
} from './layer.ts';

/**
 * Batch normalisation of each channel over rows and places (S. Ioffe, C. Szegedy, 2015), as torch.nn.BatchNorm1d and 2d
 * define it: (x − mean)/√(variance + ε) · gain + shift with the batch's own mean and biased variance in training, and
 * running ones otherwise, which move by `momentum` towards the batch's mean and unbiased variance at every step. Rows of
 * weight 0, as those that fill a short batch, are not part of a batch's statistics. A single value has variance 0 here;
 * PyTorch refuses it.
 */
export function batchNorm(
  name: string,
  input: RowShape,
  { epsilon, momentum }: { readonly epsilon: number; readonly momentum: number },
  path: string,
): Layer {
  const { places, channels, width } = placesOf(input);
  const constant = (value: number) => ({ kind: 'constant', value }) as const;
  const shape = (role: 'gain' | 'shift' | 'mean' | 'variance', start: number) =>
    parameterShape(name, role, [channels], constant(start), [width]);
  const gain = shape('gain', 1);
  const shift = shape('shift', 0);
  const mean = shape('mean', 0);
  const variance = shape('variance', 1);

  const forward: Layer['forward'] = (from, step): Forward => {
    const { batch, isTraining, weight } = step;
    const all = [width, batch * places] as const;
    const here = `[this.thread.y * ${width} + this.thread.x]`;
    const x = '[this.thread.x]';
    const to = outputName(name);
    if (!isTraining) {
      const body = `return (image${here} - mean${x}) / Math.sqrt(variance${x} + ${literal(epsilon)}) * gain${x} + shift${x};`;
      return {
        part: piece(
          to,
          all,
          { image: from, mean: mean.name, variance: variance.name, gain: gain.name, shift: shift.name },
          body,
        ),
        output: to,
        backward: () => {
          throw new RangeError('batchNorm: an evaluation has no gradient');
        },
      };
    }
    const own = (text: string) => `${name}.${text}`;
    const sums = { width, places, step, count: own('count') };
    // Statistics in two stages, of rows and of the batch: sums stay short, and devices have more to do at once.
    const total = (target: string, term: string, reads: Readonly<Record<string, string>>, scale: string) =>
      batchSum(own(target), sums, term, reads, scale);
    const statistics = join(
      countOf(own('count'), places, step),
      total('batchMean', `image${here}`, { image: from }, ' / Math.max(count[0], 1.0)'),
      total(
        'batchVariance',
        `(image${here} - mean${x}) * (image${here} - mean${x})`,
        { image: from, mean: own('batchMean') },
        ' / Math.max(count[0], 1.0)',
      ),
    );
    const normalised = piece(
      own('normalised'),
      all,
      { image: from, mean: own('batchMean'), variance: own('batchVariance') },
      `return (image${here} - mean${x}) / Math.sqrt(variance${x} + ${literal(epsilon)});`,
    );
    const output = piece(
      to,
      all,
      { normalised: own('normalised'), gain: gain.name, shift: shift.name },
      `return normalised${here} * gain${x} + shift${x};`,
    );
    const [keep, take] = [literal(1 - momentum), literal(momentum)];
    const running = join(
      piece(
        `${mean.name}.next`,
        [width],
        { mean: mean.name, batchMean: own('batchMean') },
        `return ${keep} * mean${x} + ${take} * batchMean${x};`,
      ),
      piece(
        `${variance.name}.next`,
        [width],
        { variance: variance.name, batchVariance: own('batchVariance'), count: own('count') },
        `return ${keep} * variance${x} + ${take} * batchVariance${x} * count[0] / Math.max(count[0] - 1.0, 1.0);`,
      ),
      {
        ...nothing,
        carry: [mean, variance].map((parameter) => ({ from: `${parameter.name}.next`, to: parameter.name })),
      },
    );
    return {
      part: join(statistics, normalised, output, running),
      output: to,
      backward(gradient, wantsInput) {
        const reads = { delta: gradient, normalised: own('normalised') };
        const gains = batchSum(gradientName(gain.name), sums, `delta${here} * normalised${here}`, reads, '');
        const shifts = batchSum(gradientName(shift.name), sums, `delta${here}`, { delta: gradient }, '');
        if (!wantsInput) return { part: join(gains, shifts) };
        const back = inputGradientName(name);
        const factor = piece(
          own('factor'),
          [width],
          { gain: gain.name, variance: own('batchVariance') },
          `return gain${x} / Math.sqrt(variance${x} + ${literal(epsilon)});`,
        );
        const body = `let value = 0.0;
if (weight[((this.thread.y / ${places}) | 0)] !== 0.0) {
value = factor${x} * (delta${here} - (shifts${x} + normalised${here} * gains${x}) / Math.max(count[0], 1.0));
}
return value;`;
        const image = piece(
          back,
          all,
          {
            ...reads,
            factor: own('factor'),
            gains: gradientName(gain.name),
            shifts: gradientName(shift.name),
            count: own('count'),
            weight,
          },
          body,
        );
        return { part: join(gains, shifts, factor, image), input: back };
      },
    };
  };

  return {
    name,
    path,
    input,
    output: input,
    parameters: [gain, shift, mean, variance],
    multiplyAdds: 0,
    widest: sizeOf(input.stored),
    forward,
  };
}

/** Values of a channel that belong to the batch: places of the rows whose weight is not 0. All four lanes hold it. */
function countOf(name: string, places: number, { batch, weight }: Step): PlanPart {
  return piece(
    name,
    [4],
    { weight },
    `let rows = 0.0;
for (let n = 0; n < ${batch}; n++) { if (weight[n] !== 0.0) { rows += 1.0; } }
return ${places}.0 * rows;`,
  );
}

interface Sums {
  readonly width: number;
  readonly places: number;
  readonly step: Step;
  /** Buffer of {@link countOf}. */
  readonly count: string;
}

/**
 * Sums of a term over places and rows of the batch, per channel: `term` is an expression at `this.thread`, and `scale` is
 * put after the sum (it may use `count`).
 */
function batchSum(
  name: string,
  { width, places, step, count }: Sums,
  term: string,
  reads: Readonly<Record<string, string>>,
  scale: string,
): PlanPart {
  const rows = `${name}.rows`;
  const at = term.replaceAll('this.thread.y', `(this.thread.y * ${places} + p)`);
  return join(
    piece(
      rows,
      [width, step.batch],
      { ...reads, weight: step.weight },
      `let sum = 0.0;
if (weight[this.thread.y] !== 0.0) {
for (let p = 0; p < ${places}; p++) { sum += ${at}; }
}
return sum;`,
    ),
    piece(
      name,
      [width],
      { rows, ...(scale === '' ? {} : { count }) },
      `let sum = 0.0;
for (let n = 0; n < ${step.batch}; n++) { sum += rows[n * ${width} + this.thread.x]; }
return sum${scale};`,
    ),
  );
}
