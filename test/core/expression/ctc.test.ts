import { describe, expect, it } from 'vitest';
import * as b from '../../../src/core/expression/build.ts';
import { compileFunction } from '../../../src/core/expression/compile.ts';
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate, type Environment } from '../../../src/core/expression/evaluate.ts';
import { constant, input } from '../../../src/core/expression/expression.ts';
import { random } from './randomTrees.ts';

const logits = input('logits', ['sample', 'time', 'class']);
const labels = input('labels', ['sample', 'label'], 'index');
const frames = input('frames', ['sample'], 'index');
const counts = input('counts', ['sample'], 'index');
const logs = b.logsoftmax(logits, 'class');
const likelihood = b.ctc(logs, labels, frames, counts);
const posterior = b.ctcPosterior(logs, labels, frames, counts);

/** What a path of classes says: repeats are merged, then blanks (class 0) dropped. */
function collapse(path: readonly number[]): readonly number[] {
  return path.filter((c, t) => c !== 0 && c !== path[t - 1]);
}

/** By enumerating all paths: the likelihood, and the probability of each class at each time given the labels. */
function enumerate(probabilities: readonly (readonly number[])[], wanted: readonly number[]) {
  const classes = probabilities[0]?.length ?? 0;
  let total = 0;
  const through = probabilities.map((row) => row.map(() => 0));
  const visit = (path: readonly number[], weight: number): void => {
    const row = probabilities[path.length];
    if (row === undefined) {
      if (collapse(path).join() !== wanted.join()) return;
      total += weight;
      path.forEach((c, t) => (through[t]![c]! += weight));
      return;
    }
    for (let c = 0; c < classes; c++) visit([...path, c], weight * row[c]!);
  };
  visit([], 1);
  return { total, posterior: through.map((row) => row.map((w) => w / total)) };
}

function environmentOf(
  values: Float64Array,
  wanted: readonly number[],
  sizes: { readonly time: number; readonly class: number; readonly label: number },
  length = sizes.time,
): Environment {
  // Behind the sequence's length stands what must not be read.
  const padded = Float64Array.from({ length: sizes.label }, (_, i) => wanted[i] ?? -1);
  return {
    sizes: { sample: 1, ...sizes },
    inputs: { logits: values, labels: padded, frames: [length], counts: [wanted.length] },
  };
}

describe('CTC', () => {
  const cases: readonly (readonly [string, number, number, readonly number[]])[] = [
    ['one label', 3, 3, [2]],
    ['two labels', 4, 3, [1, 2]],
    ['a repeat, which needs a blank between', 4, 3, [1, 1]],
    ['a repeat that just fits', 3, 2, [1, 1]],
    ['three labels with a repeat', 6, 3, [2, 2, 1]],
    ['there and back', 5, 3, [1, 2, 1]],
    ['as many labels as frames', 3, 4, [3, 1, 2]],
    ['no label', 4, 3, []],
    ['one frame', 1, 3, [1]],
  ];
  it.each(cases)('%s: the sum over all alignments, and their shares', (_, time, classes, wanted) => {
    const next = random(time * 10 + classes);
    const values = Float64Array.from({ length: time * classes }, () => 4 * next() - 2);
    const environment = environmentOf(values, wanted, { time, class: classes, label: 4 });
    const probabilities = Array.from({ length: time }, (__, t) => {
      const row = [...values.subarray(t * classes, (t + 1) * classes)].map(Math.exp);
      return row.map((x) => x / row.reduce((sum, y) => sum + y));
    });
    const expected = enumerate(probabilities, wanted);
    expect(evaluate(likelihood, environment).data[0]).toBeCloseTo(Math.log(expected.total), 12);
    expected.posterior.flat().forEach((share, i) => {
      expect(evaluate(posterior, environment).data[i]).toBeCloseTo(share, 12);
    });
    // With a softmax in front the slope is the difference of two distributions.
    const slope = evaluate(gradient(b.neg(likelihood), 'logits'), environment).data;
    probabilities.flat().forEach((p, i) => {
      expect(slope[i]).toBeCloseTo(p - expected.posterior.flat()[i]!, 12);
    });
  });
  it('is −∞ where the frames are too few, without a derivative', () => {
    const values = Float64Array.from({ length: 6 }, (_, i) => i / 3);
    for (const wanted of [
      [1, 1, 2],
      [1, 1],
    ]) {
      const environment = environmentOf(values, wanted, { time: 2, class: 3, label: 3 });
      expect(evaluate(likelihood, environment).data[0]).toBe(-Infinity);
      expect(evaluate(posterior, environment).data[0]).toBeNaN();
      // A guard keeps it out of the gradient.
      const guarded = b.where(b.gt(likelihood, -Infinity), b.neg(likelihood), 0);
      expect([...evaluate(gradient(guarded, 'logits'), environment).data]).toEqual([0, 0, 0, 0, 0, 0]);
    }
  });
  it('reads no frame and no label behind the lengths', () => {
    const values = Float64Array.from({ length: 12 }, (_, i) => (i < 6 ? Math.sin(i) : NaN));
    const environment = environmentOf(values, [2], { time: 4, class: 3, label: 2 }, 2);
    const short = environmentOf(values.slice(0, 6), [2], { time: 2, class: 3, label: 2 });
    expect(evaluate(likelihood, environment).data).toEqual(evaluate(likelihood, short).data);
    const [long, exact] = [environment, short].map((e) => evaluate(posterior, e).data);
    expect([...long!]).toEqual([...exact!, 0, 0, 0, 0, 0, 0]);
  });
  it('says nothing with certainty where there are no frames', () => {
    const sizes = { time: 2, class: 3, label: 1 };
    const values = new Float64Array(6);
    expect(evaluate(likelihood, environmentOf(values, [], sizes, 0)).data[0]).toBe(0);
    expect(evaluate(likelihood, environmentOf(values, [1], sizes, 0)).data[0]).toBe(-Infinity);
  });
  it('stays finite where probabilities underflow', () => {
    const values = Float64Array.from({ length: 40 * 3 }, (_, i) => (i % 3 === 0 ? 200 : -200));
    const environment = environmentOf(values, [1, 2, 1], { time: 40, class: 3, label: 3 });
    const value = evaluate(likelihood, environment).data[0]!;
    // Three labels cost 400 each; there are C(40, 3) ways to place them among blanks.
    expect(value).toBeCloseTo(-1200 + Math.log(9880), 9);
  });
  it('runs over samples, and compiled as interpreted', () => {
    const next = random(8);
    const environment = {
      sizes: { sample: 3, time: 5, class: 4, label: 3 },
      inputs: {
        logits: Float64Array.from({ length: 60 }, () => 3 * next() - 1.5),
        labels: [1, 2, 3, 3, 3, 0, 2, 0, 0],
        frames: [5, 4, 2],
        counts: [3, 2, 1],
      },
    };
    const roots = [likelihood, gradient(b.mean(b.neg(likelihood), 'sample'), 'logits')];
    const compiled = compileFunction(roots)(environment);
    roots.forEach((root, r) => {
      const expected = broadcast(evaluate(root, environment), root.axes, environment.sizes);
      expected.forEach((value, i) => {
        expect(compiled[r]![i]).toBeCloseTo(value, 12);
      });
    });
  });
  it('names lengths and labels that cannot be, and missing axes', () => {
    const environment = environmentOf(new Float64Array(6), [1], { time: 2, class: 3, label: 1 });
    const changed = (inputs: Environment['inputs']) =>
      evaluate(likelihood, { ...environment, inputs: { ...environment.inputs, ...inputs } });
    expect(() => changed({ labels: [3] })).toThrow('label 3');
    expect(() => changed({ frames: [3] })).toThrow('length 3');
    expect(() => changed({ counts: [0.5] })).toThrow('length 0.5');
    expect(() => b.ctc(input('p', ['sample', 'class']), labels, frames, counts)).toThrow('no axis time');
    expect(() => b.ctc(logs, input('l', ['sample']), constant(1), counts)).toThrow('no axis label');
  });
});
