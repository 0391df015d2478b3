import { placesOf, shapeText, sizeOf, type RowShape } from '../../network/rowShape.ts';
import { bad, message, ok, type Result } from '../../messages/message.ts';
import {
  chain,
  inputGradientName,
  join,
  nothing,
  outputName,
  piece,
  type Forward,
  type Layer,
} from './layer.ts';

/** A block of layers whose input is added to its output (K. He et al., 2016); both have the same shape. */
export function residual(
  name: string,
  input: RowShape,
  block: readonly Layer[],
  path: string,
): Result<Layer> {
  const output = block.at(-1)?.output ?? input;
  if (shapeText(output.shape) !== shapeText(input.shape)) {
    return bad(
      message(
        'The input of a residual block is added to its output, but its rows are {input} going in and {output} coming out. Make both the same.',
        { input: shapeText(input.shape), output: shapeText(output.shape) },
      ),
      { path },
    );
  }
  const { places, channels, width } = placesOf(output);
  const inputWidth = input.stored.at(-1)!;

  const forward: Layer['forward'] = (from, step): Forward => {
    const { batch } = step;
    const inner = chain(block, from, step);
    const row = sizeOf(output.stored);
    const here = `[this.thread.y * ${row} + this.thread.x]`;
    // The data may lie without padding where the block's output has some.
    const sum =
      inputWidth === width
        ? piece(
            outputName(name),
            [row, batch],
            { image: from, change: inner.output },
            `return image${here} + change${here};`,
          )
        : piece(
            outputName(name),
            [width, batch * places],
            { image: from, change: inner.output },
            `let value = 0.0;
if (this.thread.x < ${channels}) { value = image[this.thread.y * ${inputWidth} + this.thread.x] + change[this.thread.y * ${width} + this.thread.x]; }
return value;`,
          );
    return {
      part: join(inner.part, sum),
      output: outputName(name),
      backward(gradient, wantsInput) {
        const through = inner.backward(gradient, wantsInput);
        if (!wantsInput) return { part: through.part };
        const back = inputGradientName(name);
        const added =
          through.input === undefined
            ? nothing
            : piece(
                back,
                [inputWidth, batch * places],
                { delta: gradient, through: through.input },
                `return delta[this.thread.y * ${width} + this.thread.x] + through[this.thread.y * ${inputWidth} + this.thread.x];`,
              );
        return { part: join(through.part, added), input: back };
      },
    };
  };

  return ok({
    name,
    path,
    input,
    output,
    parameters: block.flatMap((layer) => layer.parameters),
    multiplyAdds: block.reduce((sum, layer) => sum + layer.multiplyAdds, 0),
    draws: block.flatMap((layer) => layer.draws ?? []),
    widest: Math.max(sizeOf(input.stored), ...block.map((layer) => layer.widest)),
    forward,
  });
}
