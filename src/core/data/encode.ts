import { linked } from '../losses/column.ts';
import { bad, message, ok, type Problem, type Result } from '../messages/message.ts';
import { parseCell, type Decimal } from './cell.ts';
import type { FeatureEncoding, OutputEncoding, Preprocessing, TargetEncoding } from './dataset.ts';

/** Numbers that a feature becomes. */
export function widthOf(feature: FeatureEncoding): number {
  return feature.kind === 'one-hot' ? feature.categories.length : 1;
}

/** Numbers that a row becomes: the width of the network's input. */
export function encodedWidth(features: readonly FeatureEncoding[]): number {
  return features.reduce((sum, feature) => sum + widthOf(feature), 0);
}

/** Turns rows of text cells into network inputs, as the training part was. */
export interface RowEncoder {
  readonly width: number;
  /** Categories that training never saw, by column; such a cell becomes all zeros. */
  readonly unseen: ReadonlyMap<string, string>;
  /** Writes one row from `offset` on. Returns what is wrong with the row, if anything; it must not be used then. */
  encode(cells: readonly string[], row: number, into: Float64Array, offset: number): Problem | undefined;
}

/**
 * An encoder for rows whose cells are in the order of `names`. Fails if a feature has no column of its name; columns
 * that are no features, the target among them, are ignored. A missing number is an error unless training filled them
 * with the mean; missing text and unknown categories become no category.
 */
export function createRowEncoder(
  preprocessing: Preprocessing,
  names: readonly string[],
  decimal: Decimal = '.',
): Result<RowEncoder> {
  const absent = preprocessing.features.filter(({ name }) => !names.includes(name));
  if (absent.length > 0) {
    return bad(
      message('Columns are missing: {absent}. The model needs {needed}.', {
        absent: absent.map(({ name }) => `"${name}"`).join(', '),
        needed: preprocessing.features.map(({ name }) => `"${name}"`).join(', '),
      }),
    );
  }
  const unseen = new Map<string, string>();
  let at = 0;
  const features = preprocessing.features.map((feature) => {
    const offset = at;
    at += widthOf(feature);
    const places =
      feature.kind === 'index' ? new Map(feature.categories.map((name, i) => [name, i])) : undefined;
    return { feature, cell: names.indexOf(feature.name), offset, places };
  });

  const encode: RowEncoder['encode'] = (cells, row, into, offset) => {
    for (const { feature, cell, offset: within, places } of features) {
      const text = (cells[cell] ?? '').trim();
      const parsed = parseCell(text, decimal);
      if (feature.kind === 'one-hot') {
        into.fill(0, offset + within, offset + within + feature.categories.length);
        const code = feature.categories.indexOf(text);
        if (code >= 0) into[offset + within + code] = 1;
        else if (parsed !== 'missing') unseen.set(feature.name, text);
        continue;
      }
      if (feature.kind === 'index') {
        // A number may be written in several ways.
        const place = places?.get(text) ?? places?.get(String(parsed));
        if (place !== undefined) {
          into[offset + within] = place;
          continue;
        }
        const where = { row, column: feature.name };
        return {
          message: message('Row {row}: the training data never had "{text}" in "{column}".', {
            ...where,
            text,
          }),
          where,
        };
      }
      const value = parsed === 'missing' ? feature.fill : parsed;
      if (typeof value !== 'number' || !Number.isFinite(value)) {
        const where = { row, column: feature.name };
        return value === null
          ? {
              message: message('Row {row}: "{column}" is missing; the model needs a number there.', where),
              where,
            }
          : {
              message: message('Row {row}: "{column}" is "{text}", which is no finite number.', {
                ...where,
                text,
              }),
              where,
            };
      }
      into[offset + within] = (value - feature.mean) / feature.scale;
    }
    return undefined;
  };
  return ok({ width: at, unseen, encode });
}

/**
 * Encodes rows given as text cells by column name; the result is rows × width, row-major. Every row that cannot be
 * used is a problem, rows counted from 1; categories unknown to the model are warnings.
 */
export function encodeRows(
  preprocessing: Preprocessing,
  rows: readonly Readonly<Record<string, string>>[],
  decimal: Decimal = '.',
): Result<Float64Array> {
  const names = preprocessing.features.map(({ name }) => name);
  const encoder = createRowEncoder(preprocessing, names, decimal);
  if (!encoder.ok) return encoder;
  const { width, unseen } = encoder.value;
  const encoded = new Float64Array(rows.length * width);
  const problems: Problem[] = [];
  for (const [i, row] of rows.entries()) {
    // Own properties only: a column may be called `constructor`.
    const cells = names.map((name) => (Object.hasOwn(row, name) ? row[name]! : ''));
    const problem = encoder.value.encode(cells, i + 1, encoded, i * width);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) return { ok: false, problems };
  return ok(encoded, unseenWarnings(unseen));
}

/** One warning for each column with categories that training never saw. */
export function unseenWarnings(unseen: RowEncoder['unseen']): Problem[] {
  return [...unseen].map(([column, text]) => ({
    message: message(
      '"{column}" has values that the training data never had, such as "{text}"; they count as none.',
      {
        column,
        text,
      },
    ),
    where: { column },
  }));
}

/**
 * The answer to one row: `prediction` (a number in the target's own units, or the name of the class), and for classes
 * `probability(NAME)` of each. `output` is the network's output: a scaled number, one logit, or a logit per class. Of a
 * recommendation it is the score of one item. Of an embedding the answer is its coordinates, `e0`, `e1` and so on.
 */
export function decodeOutput(
  { task, target }: Preprocessing,
  output: ArrayLike<number>,
): Record<string, string | number> {
  if (target.kind === 'labels') return labelAnswers(target, output);
  if (target.kind === 'outputs') return outputAnswers(target.targets, output);
  if (target.kind === 'number') {
    return { prediction: linked(target.link ?? 'identity', output[0]!) * target.scale + target.mean };
  }
  if (target.kind === 'items') return { score: output[0]! };
  if (target.kind === 'rows') return decodeRow(target.columns, output);
  if (target.kind === 'vector')
    return Object.fromEntries(coordinateFields(target).map((field, i) => [field, output[i]!]));
  const probabilities = task === 'binary' ? sigmoidPair(output[0]!) : softmax(Array.from(output));
  let best = 0;
  for (const [k, p] of probabilities.entries()) if (p > probabilities[best]!) best = k;
  const answer: Record<string, string | number> = { prediction: target.classes[best]! };
  for (const [k, name] of target.classes.entries()) answer[probabilityField(name)] = probabilities[k]!;
  return answer;
}

/** A row in its own units from its encoded columns; of a column of text the category with the largest number. */
export function decodeRow(
  columns: readonly FeatureEncoding[],
  encoded: ArrayLike<number>,
): Record<string, string | number> {
  const row: Record<string, string | number> = {};
  let at = 0;
  for (const column of columns) {
    const width = widthOf(column);
    if (column.kind === 'number') row[column.name] = encoded[at]! * column.scale + column.mean;
    else {
      let best = 0;
      for (let k = 1; k < width; k++) if (encoded[at + k]! > encoded[at + best]!) best = k;
      row[column.name] = column.categories[best]!;
    }
    at += width;
  }
  return row;
}

/** The names of the fields of {@link decodeOutput}, in order. */
export function answerFields({ target }: Preprocessing): string[] {
  if (target.kind === 'labels')
    return ['prediction', ...target.labels.map(target.ranked ? scoreField : probabilityField)];
  if (target.kind === 'outputs') return target.targets.flatMap(columnFields);
  if (target.kind === 'items') return ['score'];
  if (target.kind === 'rows') return target.columns.map(({ name }) => name);
  if (target.kind === 'vector') return coordinateFields(target);
  return target.kind === 'number' ? ['prediction'] : ['prediction', ...target.classes.map(probabilityField)];
}

/** `prediction`: the labels more probable than not or, where outputs only order them, all of them, the first ones first. */
function labelAnswers(
  { labels, ranked }: Extract<TargetEncoding, { kind: 'labels' }>,
  output: ArrayLike<number>,
): Record<string, string | number> {
  const of = labels.map((name, k) => ({ name, score: output[k]! }));
  if (ranked) {
    const ordered = of.toSorted((a, b) => b.score - a.score);
    return {
      prediction: ordered.map(({ name }) => name).join(', '),
      ...Object.fromEntries(of.map(({ name, score }) => [scoreField(name), score])),
    };
  }
  return {
    prediction: of.flatMap(({ name, score }) => (score > 0 ? [name] : [])).join(', '),
    ...Object.fromEntries(of.map(({ name, score }) => [probabilityField(name), sigmoidPair(score)[1]!])),
  };
}

/** The network's outputs for a column. */
export function outputsOf({ task, target }: OutputEncoding): number {
  return task === 'classes' && target.kind === 'classes' ? target.classes.length : 1;
}

/** The answers of each column, one after another, each field with the name of its column. */
function outputAnswers(
  targets: readonly OutputEncoding[],
  output: ArrayLike<number>,
): Record<string, string | number> {
  const answers: Record<string, string | number> = {};
  let first = 0;
  for (const each of targets) {
    const count = outputsOf(each);
    const own = Array.from({ length: count }, (_, k) => output[first + k]!);
    first += count;
    const fields = columnFields(each);
    for (const [i, value] of Object.values(decodeOutput({ ...each, features: [] }, own)).entries())
      answers[fields[i]!] = value;
  }
  return answers;
}

/** `prediction(COLUMN)`, and for classes `probability(COLUMN = NAME)` of each. */
function columnFields({ target }: OutputEncoding): string[] {
  const classes = target.kind === 'classes' ? target.classes : [];
  return [
    `prediction(${target.name})`,
    ...classes.map((name) => probabilityField(`${target.name} = ${name}`)),
  ];
}

function scoreField(name: string): string {
  return `score(${name})`;
}

function coordinateFields({ dimensions }: Extract<TargetEncoding, { kind: 'vector' }>): string[] {
  return Array.from({ length: dimensions }, (_, i) => `e${i}`);
}

function probabilityField(name: string): string {
  return `probability(${name})`;
}

/** Probabilities of the classes 0 and 1 by the logit of class 1, without overflow. */
function sigmoidPair(logit: number): number[] {
  const small = Math.exp(-Math.abs(logit)) / (1 + Math.exp(-Math.abs(logit)));
  return logit >= 0 ? [small, 1 - small] : [1 - small, small];
}

function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
