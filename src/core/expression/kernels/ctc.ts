/**
 * CTC as kernels, one for each step in time. Everything is on the logarithmic scale; at every step the largest value is
 * taken out, so that values stay near 0, where float32 is exact enough for the posterior. What is impossible has the
 * lowest number in place of −∞.
 */
import { literal } from '../../compute/kernelText.ts';
import type { Kernel } from '../../compute/plan.ts';
import type { Apply, Axis } from '../expression.ts';
import type { Storage } from '../loops.ts';
import { mostReads } from './crowding.ts';
import { lowest as lowestNumber } from './lowest.ts';

/** Makes a kernel that fills a new buffer from others; gives the buffer's name. */
export type Emit = (
  what: string,
  output: Kernel['output'],
  reads: Readonly<Record<string, string>>,
  body: string,
) => string;

/** One batch of sequences. The code is that of flat indices, for a sequence `n`. */
interface CtcBatch {
  /** Number of sequences. */
  readonly items: number;
  readonly time: number;
  readonly label: number;
  readonly buffers: {
    readonly scores: string;
    readonly labels: string;
    readonly frames: string;
    readonly counts: string;
  };
  /** Index of a log-probability, given the code of time and class. */
  readonly scoreAt: (time: string, label: string) => string;
  readonly labelAt: (label: string) => string;
  readonly framesAt: string;
  readonly countsAt: string;
  /** Statements that define the parts of `n`. */
  readonly unpack: string;
}

const lowest = literal(lowestNumber);
const impossible = literal(lowestNumber / 2);

/** Parameters of the buffers that a kernel reads. */
const all = ({ buffers }: CtcBatch) => ({
  scores: buffers.scores,
  labels: buffers.labels,
  frames: buffers.frames,
  counts: buffers.counts,
});

const start = (batch: CtcBatch) => `const s = this.thread.x;
const n = this.thread.y;
${batch.unpack}
const frames = frames_[${batch.framesAt}];
const count = counts_[${batch.countsAt}];`;

/** The class of a state: a blank for even ones, else a label. Padding behind the labels counts as a blank. */
const classOf = (batch: CtcBatch, name: string, state: string) => `let ${name} = 0;
if (${state} % 2 === 1) {
const k${name} = ((${state} - 1) / 2) | 0;
if (k${name} < count) { ${name} = labels_[${batch.labelAt(`k${name}`)}] | 0; }
}`;

const named = (reads: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(reads).map(([name, buffer]) => [`${name}_`, buffer]));

/** The forward recursion: a buffer for each time; the last column holds what was taken out so far. */
function forward(batch: CtcBatch, emit: Emit): readonly string[] {
  const states = 2 * batch.label + 1;
  const width = states + 1;
  const output = [width, batch.items] as const;
  const slices: string[] = [];
  for (let t = 0; t < batch.time; t++) {
    const own = `${classOf(batch, 'c', 's')}
const score = Math.max(scores_[${batch.scoreAt(String(t), 'c')}], ${lowest});`;
    const first = `let result = 0.0;
if (s < ${states}) {
result = ${lowest};
if (frames < 1) {
if (s < 1) { result = 0.0; }
} else {
if (s < 2) {
if (s <= count + count) {
${own}
result = score;
}
}
}
}`;
    const next = `let result = before_[n * ${width} + s];
if (frames > ${t}) {
let top = ${lowest};
for (let q = 0; q < ${states}; q++) { top = Math.max(top, before_[n * ${width} + q]); }
if (top > ${impossible}) {
if (s === ${states}) {
result = result + top;
} else {
${own}
const same = before_[n * ${width} + s];
let one = ${lowest};
let two = ${lowest};
if (s > 0) { one = before_[n * ${width} + s - 1]; }
if (s > 1) {
if (c > 0) {
${classOf(batch, 'd', '(s - 2)')}
if (c !== d) { two = before_[n * ${width} + s - 2]; }
}
}
const m = Math.max(Math.max(same, one), two);
result = ${lowest};
if (m > ${impossible}) {
result = Math.max((m - top) + Math.log(Math.exp(same - m) + Math.exp(one - m) + Math.exp(two - m)) + score, ${lowest});
}
}
}
}`;
    const before = slices.at(-1);
    const reads = before === undefined ? all(batch) : { ...all(batch), before };
    const body = `${start(batch)}\n${before === undefined ? first : next}\nreturn result;`;
    slices.push(emit('alpha', output, named(reads), body));
  }
  return slices;
}

/** The backward recursion: a buffer for each time, in the order of time. */
function backward(batch: CtcBatch, emit: Emit): readonly string[] {
  const states = 2 * batch.label + 1;
  const output = [states, batch.items] as const;
  const slices: string[] = [];
  for (let t = batch.time - 1; t >= 0; t--) {
    const end = `if (s === count + count) { result = 0.0; }
if (s === count + count - 1) { result = 0.0; }`;
    const value = (state: string, name: string) => `${classOf(batch, `c${name}`, state)}
${name} = Math.max(after_[n * ${states} + ${state}] + Math.max(scores_[${batch.scoreAt(String(t + 1), `c${name}`)}], ${lowest}), ${lowest});`;
    const inner = `let top = ${lowest};
for (let q = 0; q < ${states}; q++) {
let v = ${lowest};
${value('q', 'v')}
top = Math.max(top, v);
}
if (top > ${impossible}) {
let same = ${lowest};
let one = ${lowest};
let two = ${lowest};
${value('s', 'same')}
if (s + 1 < ${states}) {
${value('(s + 1)', 'one')}
}
if (s + 2 < ${states}) {
${value('(s + 2)', 'two')}
if (ctwo < 1) { two = ${lowest}; }
if (ctwo === csame) { two = ${lowest}; }
}
const m = Math.max(Math.max(same, one), two);
if (m > ${impossible}) {
result = Math.max((m - top) + Math.log(Math.exp(same - m) + Math.exp(one - m) + Math.exp(two - m)), ${lowest});
}
}`;
    const after = slices.at(-1);
    const isLast = after === undefined;
    const body = `${start(batch)}
let result = ${lowest};
${isLast ? end : `if (frames < ${t + 2}) {\n${end}\n} else {\n${inner}\n}`}
return result;`;
    const { frames, counts } = batch.buffers;
    slices.push(emit('beta', output, named(isLast ? { frames, counts } : { ...all(batch), after }), body));
  }
  return slices.reverse();
}

/** One buffer of several of equal width, one behind the other. */
function joined(slices: readonly string[], width: number, rows: number, emit: Emit): string {
  let level = slices.map((buffer) => ({ buffer, rows }));
  while (level.length > 1) {
    const next: typeof level = [];
    for (let i = 0; i < level.length; i += mostReads) {
      const group = level.slice(i, i + mostReads);
      if (group.length === 1) next.push(group[0]!);
      else next.push(joinedOnce(group, width, emit));
    }
    level = next;
  }
  return level[0]!.buffer;
}

function joinedOnce(
  group: readonly { readonly buffer: string; readonly rows: number }[],
  width: number,
  emit: Emit,
): { readonly buffer: string; readonly rows: number } {
  let from = 0;
  const parts = group.map((part, i) => {
    const start = from;
    from += part.rows;
    return `if (this.thread.y >= ${start}) { if (this.thread.y < ${from}) { result = part${i}[(this.thread.y - ${start}) * ${width} + this.thread.x]; } }`;
  });
  const reads = Object.fromEntries(group.map((part, i) => [`part${i}`, part.buffer]));
  const body = `let result = 0.0;\n${parts.join('\n')}\nreturn result;`;
  return { buffer: emit('slices', [width, from], reads, body), rows: from };
}

/** Statements and the value of the log-likelihood of sequence `n`, from the last slice of the forward recursion. */
function likelihood(batch: CtcBatch): { readonly reads: readonly string[]; readonly body: string } {
  const width = 2 * batch.label + 2;
  return {
    reads: ['last', 'counts'],
    body: `${batch.unpack}
const count = counts_[${batch.countsAt}];
const end = n * ${width} + ((count + count) | 0);
const blank = last_[end];
let label = ${lowest};
if (count > 0) { label = last_[end - 1]; }
const m = Math.max(blank, label);
let result = ${lowest};
if (m > ${impossible}) {
result = last_[n * ${width} + ${width - 1}] + (m + Math.log(Math.exp(blank - m) + Math.exp(label - m)));
}
return result;`,
  };
}

/** Statements and the value of the posterior of class `c` at time `t` of sequence `n`, from all slices. */
function posterior(batch: CtcBatch): { readonly reads: readonly string[]; readonly body: string } {
  const states = 2 * batch.label + 1;
  const at = (buffer: string, width: number) => `${buffer}_[(t * ${batch.items} + n) * ${width} + q]`;
  const both = `${at('alpha', states + 1)} + ${at('beta', states)}`;
  return {
    reads: ['alpha', 'beta', 'labels', 'frames', 'counts'],
    body: `${batch.unpack}
const frames = frames_[${batch.framesAt}];
const count = counts_[${batch.countsAt}];
let result = 0.0;
if (t < frames) {
let top = ${lowest};
for (let q = 0; q < ${states}; q++) { top = Math.max(top, Math.max(${both}, ${lowest})); }
if (top > ${impossible}) {
let share = 0.0;
let whole = 0.0;
for (let q = 0; q < ${states}; q++) {
const p = Math.exp(Math.max(${both}, ${lowest}) - top);
whole += p;
${classOf(batch, 'd', 'q')}
if (d === c) { share += p; }
}
result = share / whole;
}
}
return result;`,
  };
}

/** An argument: where it lies, and the buffer that it lies in. */
export interface CtcArgument {
  readonly storage: Storage;
  readonly buffer: string;
}

/** The kernels of the rows `ctc` and `ctcPosterior`; what both need of the same arguments is made once. */
export class CtcKernels {
  readonly #extent: (axis: Axis) => number;
  readonly #forward = new Map<string, readonly string[]>();

  constructor(extent: (axis: Axis) => number) {
    this.#extent = extent;
  }

  /** The last kernel of a row, whose threads stand at `positions`; what goes before it is emitted. */
  value(
    node: Apply,
    args: readonly CtcArgument[],
    positions: ReadonlyMap<Axis, string>,
    emit: Emit,
  ): { readonly reads: Readonly<Record<string, string>>; readonly body: string } {
    const { time, class: classes } = node.attributes;
    const outer = node.axes.filter((axis) => axis !== time && axis !== classes);
    const batch = this.#batch(node, args, outer);
    const key = node.args.map(({ id }) => id).join();
    const slices = this.#forward.get(key) ?? forward(batch, emit);
    this.#forward.set(key, slices);
    const at = (axis: Axis) => positions.get(axis) ?? '0';
    const item =
      outer.map((axis, i) => `${at(axis)} * ${this.#count(outer.slice(i + 1))}`).join(' + ') || '0';
    const n = `const n = ${item};`;
    const buffers = { ...batch.buffers, last: slices.at(-1)! };
    if (node.op === 'ctc') return finished(likelihood(batch), buffers, n);
    const states = 2 * batch.label + 1;
    const alpha = joined(slices, states + 1, batch.items, emit);
    const beta = joined(backward(batch, emit), states, batch.items, emit);
    const place = `${n}\nconst t = ${at(time!)};\nconst c = ${at(classes!)};`;
    return finished(posterior(batch), { ...buffers, alpha, beta }, place);
  }

  #count(axes: readonly Axis[]): number {
    return axes.reduce((product, axis) => product * this.#extent(axis), 1);
  }

  #batch(node: Apply, args: readonly CtcArgument[], outer: readonly Axis[]): CtcBatch {
    const { time, label, class: classes } = node.attributes;
    const [scores, labels, frames, counts] = args as readonly [
      CtcArgument,
      CtcArgument,
      CtcArgument,
      CtcArgument,
    ];
    const part = new Map(outer.map((axis, i) => [axis, `n${i}`]));
    const unpack = outer.map((axis, i) => {
      const behind = this.#count(outer.slice(i + 1));
      const quotient = behind === 1 ? 'n' : `((n / ${behind}) | 0)`;
      return `const n${i} = ${i === 0 ? quotient : `${quotient} % ${this.#extent(axis)}`};`;
    });
    const offset = ({ storage }: CtcArgument, own: ReadonlyMap<Axis, string> = new Map()) =>
      storage.axes
        .map((axis, i) => `${own.get(axis) ?? part.get(axis) ?? '0'} * ${storage.strides[i]!}`)
        .join(' + ') || '0';
    return {
      items: this.#count(outer),
      time: this.#extent(time!),
      label: this.#extent(label!),
      buffers: { scores: scores.buffer, labels: labels.buffer, frames: frames.buffer, counts: counts.buffer },
      scoreAt: (t, c) =>
        offset(
          scores,
          new Map([
            [time!, t],
            [classes!, c],
          ]),
        ),
      labelAt: (k) => offset(labels, new Map([[label!, k]])),
      framesAt: offset(frames),
      countsAt: offset(counts),
      unpack: unpack.join('\n'),
    };
  }
}

function finished(
  { reads, body }: { readonly reads: readonly string[]; readonly body: string },
  buffers: Readonly<Record<string, string>>,
  place: string,
): { readonly reads: Readonly<Record<string, string>>; readonly body: string } {
  return {
    reads: Object.fromEntries(reads.map((name) => [`${name}_`, buffers[name]!])),
    body: `${place}\n${body}`,
  };
}
