import type { FeatureEncoding, Part, Table } from '../../data/dataset.ts';
import { encodedWidth } from '../../data/encode.ts';
import { encodeRowsOf, fitFeatures, type Warn } from '../../data/features.ts';
import {
  chooseColumns,
  completeRows,
  heldOut,
  noteFilled,
  ownTarget,
  someReasons,
  tooFewRows,
  usableFeatures,
  type Prepared,
} from '../../data/prepare.ts';
import { randomStream } from '../../data/random.ts';
import { splitRows } from '../../data/split.ts';
import { bad, message, ok, type Message, type Problem, type Result } from '../../messages/message.ts';
import type { Sliced } from '../../slices.ts';
import type { Experiment } from '../../training/experiment.ts';

/**
 * Makes the rows that a generator is to imitate ready: all columns but the target, where the experiment or its data set names
 * one. They are encoded and scaled like the features of any table and become the *targets* of a data set whose features, the
 * noise, are drawn in training: `width` is the latent size, `outputs` the width of an encoded row.
 */
export function* preparingRows(
  table: Table,
  experiment: Experiment,
  latent: number,
): Sliced<Result<Prepared>> {
  const { data, split, training, scaling } = experiment;
  const notes: Message[] = [];
  const warnings: Problem[] = [];
  const warn: Warn = (text, where) => {
    notes.push(text);
    warnings.push(where === undefined ? { message: text } : { message: text, where });
  };
  const named = data.source === 'file' || data.source === 'builtin' ? data.target : undefined;
  const hasTarget = named !== undefined || ownTarget(data) !== undefined;
  const chosen = chooseColumns(table, data, undefined, hasTarget ? undefined : []);
  if (!chosen.ok) return chosen;
  const usable = yield* usableFeatures(table, chosen.value.features, warn);
  if (!usable.ok) return usable;
  const array = usable.value.map((index) => table.columns[index]!).find(({ kind }) => kind === 'array');
  if (array !== undefined) {
    return bad(
      message('"{name}" has several values in a row. A GAN learns columns of single values; exclude it.', {
        name: array.name,
      }),
      { path: 'data', column: array.name },
    );
  }
  const filling = data.source === 'file' && data.missing === 'mean';
  const rows = yield* completeRows(table, undefined, filling ? [] : usable.value, notes);
  if (rows.length < 4) return tooFewRows(table, rows.length, notes);
  if (filling) yield* noteFilled(table, usable.value, rows, notes);
  const parts =
    table.validationFrom === undefined
      ? yield* splitRows(rows, split.validation, randomStream(training.seed, 'split'))
      : heldOut(rows, table.validationFrom);
  const fitted = yield* fitFeatures(
    table,
    usable.value,
    parts.training,
    { scaling: scaling.features, filling, shape: undefined },
    warn,
  );
  if (!fitted.ok) return fitted;
  const features = fitted.value;
  const columns = features.flatMap(({ encodings }) => encodings);
  if (columns.length === 0) {
    return bad(
      message('No column is left to learn from. {reasons}', {
        reasons: someReasons(notes, message('All columns are excluded or absent.')),
      }),
    );
  }
  const width = encodedWidth(columns);
  function* part(of: Uint32Array): Sliced<Part> {
    const encoded = yield* encodeRowsOf(table, features, of, width);
    return { rows: of.length, features: new Float64Array(0), targets: Float64Array.from(encoded) };
  }
  const validation = parts.validation.length === 0 ? undefined : yield* part(parts.validation);
  return ok(
    {
      preprocessing: {
        task: 'regression',
        features: [],
        target: { kind: 'rows', name: namesOf(columns), columns },
      },
      width: latent,
      outputs: width,
      training: yield* part(parts.training),
      validation,
      notes: [summary(columns, parts.training.length, parts.validation.length), ...notes],
    },
    warnings,
  );
}

function namesOf(columns: readonly FeatureEncoding[]): string {
  return columns.map(({ name }) => name).join(', ');
}

/** What is imitated, in one sentence. */
function summary(columns: readonly FeatureEncoding[], training: number, validation: number): Message {
  const rows = (count: number) => message(count === 1 ? '{count} row' : '{count} rows', { count });
  const args = { names: namesOf(columns), training: rows(training) };
  return validation === 0
    ? message('Learns to draw rows of {names} like those given; {training}, none held out.', args)
    : message('Learns to draw rows of {names} like those given; {training} for training, {held} held out.', {
        ...args,
        held: rows(validation),
      });
}
