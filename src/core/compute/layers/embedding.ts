import { weightStart, type Initialiser } from '../../network/initialisers.ts';
import { gradientName, parameterShape } from '../../network/parameterShape.ts';
import { paddedShape, shapeText, sizeOf, type RowShape } from '../../network/rowShape.ts';
import { bad, message, ok, type Result } from '../../messages/message.ts';
import { outputName, piece, type Forward, type Layer } from './layer.ts';

/**
 * A vector for each whole number 0 … count − 1, as torch.nn.Embedding: a row of numbers becomes [numbers, units]. It is
 * the first layer, for no gradient passes through it. Numbers beyond the ends are taken for the nearest.
 */
export function embedding(
  name: string,
  input: RowShape,
  spec: { readonly count: number; readonly units: number; readonly initialiser: Initialiser },
  place: { readonly path: string; readonly isFirst: boolean },
): Result<Layer> {
  const { path, isFirst } = place;
  if (!isFirst) {
    return bad(
      message('An embedding turns the numbers of the data into vectors, so it can only come first.'),
      {
        path,
      },
    );
  }
  const [length = 1, channels = 1, ...rest] = input.shape;
  if (channels !== 1 || rest.length > 0) {
    return bad(
      message('An embedding takes rows of whole numbers, but here rows are {shape}.', {
        shape: shapeText(input.shape),
      }),
      { path },
    );
  }
  const { count, units, initialiser } = spec;
  const output = paddedShape([length, units]);
  const row = sizeOf(input.stored);
  const width = output.stored.at(-1)!;
  const start =
    initialiser === 'default'
      ? ({ kind: 'normal', deviation: 1 } as const)
      : weightStart(initialiser, { in: count, out: units });
  const weight = parameterShape(name, 'weight', [count, units], start);
  const nearest = (number: string) => `(Math.max(Math.min(${number}, ${count - 1}.0), 0.0) + 0.5)`;

  const forward: Layer['forward'] = (from, { batch }): Forward => ({
    part: piece(
      outputName(name),
      [width, batch * length],
      { numbers: from, weight: weight.name },
      `const n = ((this.thread.y / ${length}) | 0);
const t = this.thread.y - n * ${length};
const k = ${nearest(`numbers[n * ${row} + t]`)} | 0;
return weight[k * ${width} + this.thread.x];`,
    ),
    output: outputName(name),
    backward: (gradient) => ({
      part: piece(
        gradientName(weight.name),
        [width, count],
        { numbers: from, delta: gradient },
        `let sum = 0.0;
for (let n = 0; n < ${batch}; n++) {
for (let t = 0; t < ${length}; t++) {
const k = ${nearest(`numbers[n * ${row} + t]`)} | 0;
if (k === this.thread.y) { sum += delta[(n * ${length} + t) * ${width} + this.thread.x]; }
}
}
return sum;`,
      ),
    }),
  });

  return ok({
    name,
    path,
    input,
    output,
    parameters: [weight],
    multiplyAdds: 0,
    takes: count,
    widest: Math.max(row, sizeOf(output.stored)),
    forward,
  });
}
