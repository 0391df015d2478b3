import { gradientName, parameterShape, type ParameterShape } from '../../network/parameterShape.ts';
import { paddedShape, sizeOf, type RowShape } from '../../network/rowShape.ts';
import { padded, sumOfProducts } from '../kernelText.ts';
import type { PlanPart } from '../../optimizers/rule.ts';
import { join, nothing, outputName, piece, type Forward, type Layer } from './layer.ts';

/** Standard deviation of the factors at the start: small, so that all scores begin close to 0. */
const deviation = 0.1;

/** One of the two tables: a vector for each of its things, and what finds the rows of a batch that name it. */
interface Side {
  /** Column of the row that names the thing. */
  readonly column: number;
  readonly count: number;
  readonly weight: ParameterShape;
}

/**
 * Matrix factorisation (Y. Koren, R. Bell, C. Volinsky, "Matrix factorization techniques for recommender systems", 2009):
 * a row [user, item] of whole numbers becomes the score uᵀv + b, of the user's and the item's factors and, where there are
 * biases, the item's. A user's bias would add the same to all scores of that user, and rankings compare only those.
 * Parameters: `users.weight` [users × factors], `items.weight` [items × factors], `items.bias` [items].
 */
export function factorisation(
  name: string,
  input: RowShape,
  spec: {
    readonly users: number;
    readonly items: number;
    readonly factors: number;
    readonly biases: boolean;
  },
  path: string,
): Layer {
  const { factors } = spec;
  const start = { kind: 'normal', deviation } as const;
  const side = (what: string, column: number, count: number): Side => ({
    column,
    count,
    weight: parameterShape(what, 'weight', [count, factors], start),
  });
  const users = side('users', 0, spec.users);
  const items = side('items', 1, spec.items);
  const bias = spec.biases
    ? parameterShape('items', 'bias', [spec.items], { kind: 'constant', value: 0 })
    : undefined;
  const row = sizeOf(input.stored);
  const width = padded(factors);
  const output = paddedShape([1]);
  const stride = sizeOf(output.stored);

  const forward: Layer['forward'] = (from, { batch }): Forward => {
    const of = (what: string) => `${name}.${what}`;
    const gathered = ({ column, count, weight }: Side): PlanPart =>
      join(
        piece(
          of(`${weight.layer}.index`),
          [sizeOf(stretchesOf(batch, count))],
          { numbers: from },
          `let k = -1.0;
if (this.thread.x < ${batch}) {
k = Math.max(Math.min(numbers[this.thread.x * ${row} + ${column}], ${count - 1}.0), 0.0);
}
return k;`,
        ),
        piece(
          of(`${weight.layer}.rows`),
          [width, batch],
          { index: of(`${weight.layer}.index`), weight: weight.name },
          `const k = (index[this.thread.y] + 0.5) | 0;\nreturn weight[k * ${width} + this.thread.x];`,
        ),
      );
    const product = sumOfProducts(width, [
      { parameter: 'u', start: `this.thread.y * ${width}`, stride: 1 },
      { parameter: 'v', start: `this.thread.y * ${width}`, stride: 1 },
    ]);
    const biased =
      bias === undefined
        ? { reads: {}, text: '' }
        : {
            reads: { index: of('items.index'), bias: bias.name },
            text: ' + bias[(index[this.thread.y] + 0.5) | 0]',
          };

    return {
      part: join(
        gathered(users),
        gathered(items),
        piece(
          outputName(name),
          [stride, batch],
          { u: of('users.rows'), v: of('items.rows'), ...biased.reads },
          `let score = 0.0;
if (this.thread.x < 1) {
${product.statements}
score = ${product.value}${biased.text};
}
return score;`,
        ),
      ),
      output: outputName(name),
      backward: (delta) => ({
        part: join(
          occurrences(of('users'), batch, spec.users),
          occurrences(of('items'), batch, spec.items),
          ...[[users, 'items'] as const, [items, 'users'] as const].map(([{ weight, count }, other]) =>
            piece(
              gradientName(weight.name),
              [width, count],
              {
                last: of(`${weight.layer}.last`),
                before: of(`${weight.layer}.before`),
                delta,
                other: of(`${other}.rows`),
              },
              overOccurrences(
                batch,
                count,
                'y',
                `delta[n * ${stride}] * other[n * ${width} + this.thread.x]`,
              ),
            ),
          ),
          bias === undefined
            ? nothing
            : piece(
                gradientName(bias.name),
                [padded(spec.items)],
                { last: of('items.last'), before: of('items.before'), delta },
                overOccurrences(batch, spec.items, 'x', `delta[n * ${stride}]`),
              ),
        ),
      }),
    };
  };

  return {
    name,
    path,
    input,
    output,
    parameters: [users.weight, items.weight, ...(bias === undefined ? [] : [bias])],
    multiplyAdds: factors,
    widest: Math.max(row, width),
    forward,
  };
}

/**
 * Stretches of a batch, [rows of each, how many], in which the rows that name a thing are looked for: no row looks at all
 * others. They are longer for many things, so that what is kept for each thing and stretch stays small.
 */
function stretchesOf(batch: number, things: number): readonly [length: number, count: number] {
  const length = padded(Math.ceil(Math.max(Math.min(batch, 128), (batch * things) / 2 ** 22)));
  return [length, Math.ceil(batch / length)];
}

/**
 * The rows of each stretch that name each thing of a table, as a chain: `last`, for each stretch and thing the last such
 * row, and `before`, for each row the one before it in its stretch; −1 where there is none. Following it costs a visit for
 * each row that counts, where every thing looking at every row for every factor would cost their product.
 */
function occurrences(prefix: string, batch: number, things: number): PlanPart {
  const [length, count] = stretchesOf(batch, things);
  const find = (where: string, own: string) => `let at = -1.0;
for (let m = 0; m < ${length}; m++) {
if (${where}Math.abs(index[first + m] - ${own}) < 0.5) { at = first + m; }
}
return at;`;
  const first = `const first = this.thread.y * ${length};`;
  return join(
    piece(
      `${prefix}.last`,
      [padded(things), count],
      { index: `${prefix}.index` },
      `${first}\n${find('', 'this.thread.x')}`,
    ),
    piece(
      `${prefix}.before`,
      [length, count],
      { index: `${prefix}.index` },
      `${first}\nconst own = index[first + this.thread.x];\n${find('m < this.thread.x && ', 'own')}`,
    ),
  );
}

/** The body that sums `term` over the rows `n` of the thing that a thread is for. */
function overOccurrences(batch: number, things: number, axis: 'x' | 'y', term: string): string {
  const [length, count] = stretchesOf(batch, things);
  return `let sum = 0.0;
for (let s = 0; s < ${count}; s++) {
let at = last[s * ${padded(things)} + this.thread.${axis}];
for (let visit = 0; visit < ${length}; visit++) {
if (at < 0.0) { break; }
const n = (at + 0.5) | 0;
sum += ${term};
at = before[n];
}
}
return sum;`;
}
