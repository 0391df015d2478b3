import { strFromU8, strToU8 } from 'fflate';
import * as v from 'valibot';
import type { Preprocessing } from '../data/dataset.ts';
import { bad, message, ok, type Result } from '../messages/message.ts';
import { buildNetwork, type ModelOnData, type Parameters } from '../network/network.ts';
import type { PlateauState } from '../optimizers/plateau.ts';
import {
  metricsLineSchema,
  metricsSchema,
  jsonNumber,
  toJsonNumber,
  type Metrics,
  type MetricsLine,
} from '../runs/record.ts';
import { modelSchema } from './schema/model.ts';
import { sessionEnds, type StopState } from './stopRules.ts';

export type StepLine = Extract<MetricsLine, { type: 'step' }>;
export type EpochLine = Extract<MetricsLine, { type: 'epoch' }>;
export type SamplesLine = Extract<MetricsLine, { type: 'samples' }>;

/** Where a run stands: optimizer steps done and epochs closed, an epoch being closed after its evaluation. */
export interface Position {
  readonly step: number;
  readonly epoch: number;
}

/** The best epoch so far: lowest validation loss, or mean training loss where there is no validation part. */
export interface Best extends Position {
  /** The loss that was compared. */
  readonly loss: number;
  readonly validationLoss?: number;
  /** Metrics on the validation part. */
  readonly metrics?: Metrics;
}

/** What a run needs besides its parameters to continue as if it had never stopped. */
export interface Resume {
  readonly optimizer: string;
  /** Moments and velocities by name, shaped like their parameters. */
  readonly state: Parameters;
  /** Parameters of the best epoch. */
  readonly bestParameters?: Parameters;
  /** Rows of the training and of the validation part. */
  readonly rows: { readonly training: number; readonly validation: number };
  /** Σ loss · rows and Σ rows of the open epoch's batches, a weighted row counting by its weight. */
  readonly epochLoss: { readonly sum: number; readonly rows: number };
  /** Points held back by thinning, see thinning.ts. */
  readonly pending: { readonly steps: readonly StepLine[]; readonly epochs: readonly EpochLine[] };
  /** Newest lines that had been handed out. */
  readonly written: Position;
  /** Seconds of training so far. */
  readonly seconds: number;
  /** How far the rate is reduced on plateaus; absent: not yet. */
  readonly plateau?: PlateauState;
  /** What the stop rules know of the past. Absent where nothing has happened that they count. */
  readonly stop?: StopState;
}

/** A trained model: enough to predict with, and with `resume` enough to train on. */
export interface Checkpoint extends ModelOnData {
  readonly position: Position;
  readonly preprocessing: Preprocessing;
  readonly parameters: Parameters;
  readonly best?: Best;
  /** Absent in the checkpoint of the best epoch. */
  readonly resume?: Resume;
}

/**
 * Whether a line of a run's record is older than a checkpoint. A run that continues from the checkpoint writes the
 * others again, so they have to be dropped from the record first.
 */
export function keepsLine(checkpoint: Checkpoint, line: MetricsLine): boolean {
  if (line.type === 'samples') return line.epoch <= checkpoint.position.epoch;
  const { step, epoch } = checkpoint.resume?.written ?? checkpoint.position;
  return line.type === 'step' ? line.step <= step : line.epoch <= epoch;
}

/** Version of the file format. */
const version = 1;
/** "LOSSLAB" and a zero byte. */
const magic = [0x4c, 0x4f, 0x53, 0x53, 0x4c, 0x41, 0x42, 0];
const preamble = magic.length + 8;
const checksumSize = 4;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positionEntries = { step: count, epoch: count };
const tensorGroups = ['parameters', 'state', 'best'] as const;
const text = v.string();

const forecastSchema = v.object({
  window: v.pipe(count, v.minValue(1)),
  horizon: v.pipe(count, v.minValue(1)),
  quantiles: v.exactOptional(v.array(v.number())),
  time: v.exactOptional(text),
  series: v.exactOptional(text),
});

const featuresSchema = v.array(
  v.variant('kind', [
    v.object({
      kind: v.literal('number'),
      name: text,
      mean: v.number(),
      scale: v.number(),
      fill: v.nullable(v.number()),
    }),
    v.object({ kind: v.literal('one-hot'), name: text, categories: v.array(text) }),
    v.object({ kind: v.literal('index'), name: text, categories: v.array(text) }),
  ]),
);

const task = v.picklist(['regression', 'binary', 'classes']);
const columnEncodings = [
  v.object({
    kind: v.literal('number'),
    name: text,
    mean: v.number(),
    scale: v.number(),
    link: v.exactOptional(v.picklist(['identity', 'exp', 'softplus'])),
  }),
  v.object({ kind: v.literal('classes'), name: text, classes: v.array(text) }),
] as const;

const preprocessingSchema = v.object({
  forecast: v.exactOptional(forecastSchema),
  task,
  features: featuresSchema,
  target: v.variant('kind', [
    v.object({
      kind: v.literal('labels'),
      name: text,
      labels: v.array(text),
      ranked: v.exactOptional(v.literal(true)),
    }),
    v.object({
      kind: v.literal('outputs'),
      name: text,
      targets: v.array(v.object({ task, target: v.variant('kind', columnEncodings) })),
    }),
    ...columnEncodings,
    v.object({ kind: v.literal('vector'), name: text, dimensions: v.pipe(count, v.minValue(1)) }),
    v.object({
      kind: v.literal('items'),
      name: text,
      items: v.array(text),
      known: v.array(v.array(count)),
      at: v.pipe(count, v.minValue(1)),
    }),
    v.object({ kind: v.literal('rows'), name: text, columns: featuresSchema }),
  ]),
});

const headerSchema = v.object({
  position: v.object(positionEntries),
  model: modelSchema,
  inputs: v.pipe(count, v.minValue(1)),
  shape: v.exactOptional(v.array(v.pipe(count, v.minValue(1)))),
  counts: v.exactOptional(v.array(v.pipe(count, v.minValue(1)))),
  outputs: v.pipe(count, v.minValue(1)),
  preprocessing: preprocessingSchema,
  best: v.optional(
    v.object({
      ...positionEntries,
      loss: jsonNumber,
      validationLoss: v.optional(jsonNumber),
      metrics: v.optional(metricsSchema),
    }),
  ),
  resume: v.optional(
    v.object({
      optimizer: text,
      rows: v.object({ training: count, validation: count }),
      epochLoss: v.object({ sum: jsonNumber, rows: v.number() }),
      pending: v.object({ steps: v.array(metricsLineSchema), epochs: v.array(metricsLineSchema) }),
      written: v.object(positionEntries),
      seconds: v.number(),
      plateau: v.exactOptional(
        v.object({ best: v.nullable(jsonNumber), bad: count, cooling: count, factor: v.number() }),
      ),
      stop: v.exactOptional(
        v.object({
          patience: v.exactOptional(v.object({ loss: jsonNumber, waited: count })),
          end: v.exactOptional(v.picklist(sessionEnds)),
        }),
      ),
    }),
  ),
  /** In the order of their data. */
  tensors: v.array(v.object({ group: v.picklist(tensorGroups), name: text, shape: v.array(count) })),
});

/**
 * A checkpoint as bytes: magic, version, length of the header (both 32 bits), a JSON header with the tensors' names
 * and shapes, zeros to a multiple of 8, the tensors in float64, and the CRC-32 of all this. Little-endian throughout.
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { parameters, resume, best, ...plain } = checkpoint;
  const network = buildNetwork(checkpoint);
  const shapes = new Map(network.ok ? network.value.parameters.map((p) => [p.name, p.shape]) : []);
  const groups: Record<(typeof tensorGroups)[number], Parameters> = {
    parameters,
    state: resume?.state ?? {},
    best: resume?.bestParameters ?? {},
  };
  const tensors = tensorGroups.flatMap((group) =>
    Object.entries(groups[group]).map(([name, values]) => ({
      group,
      name,
      values,
      // A state tensor is shaped like the parameter whose name it extends: `layers.0.weight.velocity`.
      shape: shapes.get(name) ?? shapes.get(name.slice(0, name.lastIndexOf('.'))) ?? [values.length],
    })),
  );
  const header = strToU8(
    JSON.stringify(
      {
        ...plain,
        best,
        resume: resume === undefined ? undefined : { ...resume, state: undefined, bestParameters: undefined },
        tensors: tensors.map(({ group, name, shape }) => ({ group, name, shape })),
      },
      (_, value: unknown) => (typeof value === 'number' ? toJsonNumber(value) : value),
    ),
  );
  const dataStart = dataOffset(header.length);
  const values = tensors.reduce((sum, tensor) => sum + tensor.values.length, 0);
  const bytes = new Uint8Array(dataStart + 8 * values + checksumSize);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint32(magic.length, version, true);
  view.setUint32(magic.length + 4, header.length, true);
  bytes.set(header, preamble);
  let at = dataStart;
  for (const tensor of tensors) {
    for (const value of tensor.values) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  }
  view.setUint32(at, crc32(bytes.subarray(0, at)), true);
  return bytes;
}

/** Reads {@link encodeCheckpoint}'s bytes back. Bad when they are not such a file, are damaged, or of another version. */
export function decodeCheckpoint(bytes: Uint8Array): Result<Checkpoint> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < preamble + checksumSize || magic.some((byte, i) => bytes[i] !== byte)) {
    return bad(message('This is not a Loss Lab checkpoint.'));
  }
  const found = view.getUint32(magic.length, true);
  if (found !== version) {
    return bad(
      message(
        'This checkpoint has version {found}; this Loss Lab reads version {expected}. Update Loss Lab, or train again.',
        {
          found,
          expected: version,
        },
      ),
    );
  }
  const end = bytes.length - checksumSize;
  if (view.getUint32(end, true) !== crc32(bytes.subarray(0, end))) return damaged();
  const headerLength = view.getUint32(magic.length + 4, true);
  if (preamble + headerLength > end) return damaged();
  const header = parseHeader(strFromU8(bytes.subarray(preamble, preamble + headerLength)));
  if (header === undefined) return damaged();

  const groups: Record<(typeof tensorGroups)[number], Record<string, Float64Array>> = {
    parameters: {},
    state: {},
    best: {},
  };
  let at = dataOffset(headerLength);
  for (const { group, name, shape } of header.tensors) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (at + 8 * size > end) return damaged();
    const values = new Float64Array(size);
    for (let i = 0; i < size; i++, at += 8) values[i] = view.getFloat64(at, true);
    groups[group][name] = values;
  }
  const network = buildNetwork(header);
  if (!network.ok) return damaged();
  const fits = (parameters: Parameters) =>
    network.value.parameters.every((p) => parameters[p.name]?.length === p.size);
  if (at !== end || !fits(groups.parameters)) return damaged();

  const { position, model, inputs, shape, counts, outputs, preprocessing, best, resume } = header;
  return ok({
    position,
    model,
    inputs,
    ...(shape === undefined ? {} : { shape }),
    ...(counts === undefined ? {} : { counts }),
    outputs,
    preprocessing,
    parameters: groups.parameters,
    ...(best === undefined ? {} : { best: withoutUndefined(best) }),
    ...(resume === undefined
      ? {}
      : {
          resume: {
            ...resume,
            pending: {
              steps: resume.pending.steps.filter((line) => line.type === 'step'),
              epochs: resume.pending.epochs.filter((line) => line.type === 'epoch'),
            },
            state: groups.state,
            ...(fits(groups.best) ? { bestParameters: groups.best } : {}),
          },
        }),
  });
}

/** Whether two encodings of data are the same, whatever the order of their keys. */
export function samePreprocessing(a: Preprocessing, b: Preprocessing): boolean {
  const canonical = (value: Preprocessing) => JSON.stringify(v.parse(preprocessingSchema, value));
  return canonical(a) === canonical(b);
}

function damaged(): Result<never> {
  return bad(message('The checkpoint is damaged: its contents do not fit its checksum or its header.'));
}

function parseHeader(json: string): v.InferOutput<typeof headerSchema> | undefined {
  try {
    const parsed = v.safeParse(headerSchema, JSON.parse(json));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Optional keys that are absent rather than undefined, as `exactOptionalPropertyTypes` wants them. */
function withoutUndefined({
  validationLoss,
  metrics,
  ...rest
}: NonNullable<v.InferOutput<typeof headerSchema>['best']>): Best {
  return {
    ...rest,
    ...(validationLoss === undefined ? {} : { validationLoss }),
    ...(metrics === undefined ? {} : { metrics }),
  };
}

function dataOffset(headerLength: number): number {
  return Math.ceil((preamble + headerLength) / 8) * 8;
}

/** CRC-32 as in zlib and PNG (ISO 3309): polynomial 0xEDB88320, reflected, all ones before and after. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = (c & 1) === 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});
