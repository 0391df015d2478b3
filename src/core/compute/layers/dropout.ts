import type { RandomStream } from '../../data/random.ts';
import { sizeOf, type RowShape } from '../../network/rowShape.ts';
import { literal } from '../kernelText.ts';
import { inputGradientName, join, nothing, outputName, piece, type Forward, type Layer } from './layer.ts';

/** Numbers of a step that make its mask, drawn by the host: the keys of the rounds, each 0 … 4095. */
export const dropoutKeys = 6;

/** The keys of one step of one layer. */
export function drawKeys(random: RandomStream): readonly number[] {
  return Array.from({ length: dropoutKeys }, () => random.below(halfSize));
}

const halfSize = 4096;

/**
 * Dropout: in training each value is 0 with probability `rate` and else divided by 1 − rate (N. Srivastava et al., 2014, in
 * the inverted form of torch.nn.Dropout); otherwise nothing happens.
 *
 * The mask is a function of the step's keys and of a value's place: a Feistel network over the 24 bits of the place (M. Luby, C.
 * Rackoff, 1988) with middle squares as its rounds. All products stay below 2²⁴, so that every device computes the same
 * mask to the bit.
 */
export function dropout(
  name: string,
  input: RowShape,
  { rate }: { readonly rate: number },
  path: string,
): Layer {
  const width = sizeOf(input.stored);

  const forward: Layer['forward'] = (from, { batch, isTraining, keysOf }): Forward => {
    if (!isTraining || rate === 0) {
      return { part: nothing, output: from, backward: (gradient) => ({ part: nothing, input: gradient }) };
    }
    const all = [width, batch] as const;
    const here = `[this.thread.y * ${width} + this.thread.x]`;
    const mask = `${name}.mask`;
    const { reads, first } = keysOf(name);
    const rounds = Array.from(
      { length: dropoutKeys },
      (_, round) => `t = right + keys[first + ${round}];
t = t - Math.floor(t / ${halfSize}.0) * ${halfSize}.0;
t = left + Math.floor(t * (4095.0 - t + right) / 256.0);
t = t - Math.floor(t / ${halfSize}.0) * ${halfSize}.0;
left = right;
right = t;`,
    ).join('\n');
    const body = `const first = ${first};
const place = this.thread.y * ${width} + this.thread.x;
let left = Math.floor(place / ${halfSize}.0);
let right = place - left * ${halfSize}.0;
let t = 0.0;
${rounds}
let kept = 0.0;
if (left * ${halfSize}.0 + right >= ${literal(Math.round(rate * halfSize * halfSize))}) { kept = ${literal(1 / (1 - rate))}; }
return kept;`;
    return {
      part: join(
        piece(mask, all, reads, body),
        piece(outputName(name), all, { image: from, mask }, `return image${here} * mask${here};`),
      ),
      output: outputName(name),
      backward(gradient) {
        const back = inputGradientName(name);
        return {
          part: piece(back, all, { delta: gradient, mask }, `return delta${here} * mask${here};`),
          input: back,
        };
      },
    };
  };

  return {
    name,
    path,
    input,
    output: input,
    parameters: [],
    multiplyAdds: 0,
    widest: width,
    draws: rate === 0 ? [] : [name],
    forward,
  };
}
