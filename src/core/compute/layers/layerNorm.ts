import { gradientName, parameterShape } from '../../network/parameterShape.ts';
import { placesOf, sizeOf, type RowShape } from '../../network/rowShape.ts';
import { literal } from '../kernelText.ts';
import { inputGradientName, join, outputName, piece, type Forward, type Layer } from './layer.ts';

/**
 * Layer normalisation over the channels of each place, a flat row as a whole (J. Ba, J. Kiros, G. Hinton, 2016), as
 * torch.nn.LayerNorm over the last axis defines it: (x − mean)/√(biased variance + ε) · gain + shift.
 */
export function layerNorm(
  name: string,
  input: RowShape,
  { epsilon }: { readonly epsilon: number },
  path: string,
): Layer {
  const { places, channels, width } = placesOf(input);
  const gain = parameterShape(name, 'gain', [channels], { kind: 'constant', value: 1 }, [width]);
  const shift = parameterShape(name, 'shift', [channels], { kind: 'constant', value: 0 }, [width]);

  const forward: Layer['forward'] = (from, { batch }): Forward => {
    const own = (text: string) => `${name}.${text}`;
    const count = batch * places;
    const all = [width, count] as const;
    const here = `[this.thread.y * ${width} + this.thread.x]`;
    const x = '[this.thread.x]';
    /** The mean of a term over the channels of the place that `this.thread.x` counts. */
    const meanOf = (target: string, reads: Readonly<Record<string, string>>, term: string, finish: string) =>
      piece(
        own(target),
        [count],
        reads,
        `const first = this.thread.x * ${width};
let sum = 0.0;
for (let c = 0; c < ${channels}; c++) { sum += ${term}; }
const mean = sum * ${literal(1 / channels)};
return ${finish};`,
      );
    const statistics = join(
      meanOf('mean', { image: from }, 'image[first + c]', 'mean'),
      meanOf(
        'scale',
        { image: from, middle: own('mean') },
        '(image[first + c] - middle[this.thread.x]) * (image[first + c] - middle[this.thread.x])',
        `1.0 / Math.sqrt(mean + ${literal(epsilon)})`,
      ),
    );
    const masked = (value: string) =>
      channels === width
        ? `return ${value};`
        : `let value = 0.0;\nif (this.thread.x < ${channels}) { value = ${value}; }\nreturn value;`;
    const normalised = piece(
      own('normalised'),
      all,
      { image: from, mean: own('mean'), scale: own('scale') },
      masked(`(image${here} - mean[this.thread.y]) * scale[this.thread.y]`),
    );
    const output = piece(
      outputName(name),
      all,
      { normalised: own('normalised'), gain: gain.name, shift: shift.name },
      `return normalised${here} * gain${x} + shift${x};`,
    );
    return {
      part: join(statistics, normalised, output),
      output: outputName(name),
      backward(gradient, wantsInput) {
        const reads = { delta: gradient, normalised: own('normalised') };
        const total = (target: string, given: Readonly<Record<string, string>>, term: string) =>
          join(
            piece(
              `${target}.rows`,
              [width, batch],
              given,
              `let sum = 0.0;
for (let p = 0; p < ${places}; p++) { sum += ${term.replaceAll('this.thread.y', `(this.thread.y * ${places} + p)`)}; }
return sum;`,
            ),
            piece(
              target,
              [width],
              { rows: `${target}.rows` },
              `let sum = 0.0;
for (let n = 0; n < ${batch}; n++) { sum += rows[n * ${width} + this.thread.x]; }
return sum;`,
            ),
          );
        const parameters = join(
          total(gradientName(gain.name), reads, `delta${here} * normalised${here}`),
          total(gradientName(shift.name), { delta: gradient }, `delta${here}`),
        );
        if (!wantsInput) return { part: parameters };
        const back = inputGradientName(name);
        const term = 'delta[first + c] * gain[c]';
        const image = join(
          meanOf('deltaMean', { delta: gradient, gain: gain.name }, term, 'mean'),
          meanOf('deltaProduct', { ...reads, gain: gain.name }, `${term} * normalised[first + c]`, 'mean'),
          piece(
            back,
            all,
            {
              ...reads,
              gain: gain.name,
              scale: own('scale'),
              mean: own('deltaMean'),
              product: own('deltaProduct'),
            },
            masked(
              `scale[this.thread.y] * (delta${here} * gain${x} - mean[this.thread.y] - normalised${here} * product[this.thread.y])`,
            ),
          ),
        );
        return { part: join(parameters, image), input: back };
      },
    };
  };

  return {
    name,
    path,
    input,
    output: input,
    parameters: [gain, shift],
    multiplyAdds: 0,
    widest: sizeOf(input.stored),
    forward,
  };
}
