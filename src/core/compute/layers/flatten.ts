import { paddedShape, placesOf, sizeOf, type RowShape } from '../../network/rowShape.ts';
import { inputGradientName, nothing, outputName, piece, type Forward, type Layer } from './layer.ts';

/** Rows as flat rows, in the order in which values lie: row by row, place by place, channel by channel. */
export function flatten(name: string, input: RowShape, path: string): Layer {
  const { places, channels, width } = placesOf(input);
  const output = paddedShape([places * channels]);
  const [from, to] = [sizeOf(input.stored), sizeOf(output.stored)];
  // Without padding between the channels there is nothing to move.
  const isSame = from === to && (channels === width || places === 1);

  const forward: Layer['forward'] = (source, { batch }): Forward => {
    if (isSame) {
      return { part: nothing, output: source, backward: (gradient) => ({ part: nothing, input: gradient }) };
    }
    const compact = `const k = this.thread.x;
const place = ((k / ${channels}) | 0);
let value = 0.0;
if (k < ${places * channels}) { value = image[this.thread.y * ${from} + place * ${width} + (k - place * ${channels})]; }
return value;`;
    const spread = `const k = this.thread.x;
const place = ((k / ${width}) | 0);
const c = k - place * ${width};
let value = 0.0;
if (c < ${channels}) { value = delta[this.thread.y * ${to} + place * ${channels} + c]; }
return value;`;
    return {
      part: piece(outputName(name), [to, batch], { image: source }, compact),
      output: outputName(name),
      backward(gradient) {
        const back = inputGradientName(name);
        return { part: piece(back, [from, batch], { delta: gradient }, spread), input: back };
      },
    };
  };

  return { name, path, input, output, parameters: [], multiplyAdds: 0, widest: Math.max(from, to), forward };
}
