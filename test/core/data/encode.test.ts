import { describe, expect, it } from 'vitest';
import { createAnswerWriter, safeCell } from '../../../src/core/data/answers.ts';
import type { Preprocessing } from '../../../src/core/data/dataset.ts';
import { answerFields, createRowEncoder, decodeOutput, encodeRows } from '../../../src/core/data/encode.ts';
import { english } from '../../../src/core/messages/message.ts';

const regression: Preprocessing = {
  task: 'regression',
  features: [
    { kind: 'number', name: 'size', mean: 10, scale: 2, fill: null },
    { kind: 'one-hot', name: 'kind', categories: ['a', 'b'] },
    { kind: 'number', name: 'age', mean: 30, scale: 10, fill: 40 },
  ],
  target: { kind: 'number', name: 'price', mean: 100, scale: 50 },
};

describe('rows to predict', () => {
  it('are encoded as the training part was', () => {
    const result = encodeRows(regression, [
      { size: '14', kind: 'b', age: '20', price: 'ignored' },
      { size: ' 9 ', kind: '', age: 'NaN' },
    ]);
    expect(result.ok && [...result.value]).toEqual([2, 0, 1, -1, -0.5, 0, 0, 1]);
    expect(result.ok && result.warnings).toEqual([]);
  });

  it('name what is wrong with each row', () => {
    const result = encodeRows(regression, [
      { size: '', kind: 'a', age: '1' },
      { size: 'big', kind: 'a', age: '1' },
      { size: '1', kind: 'a', age: '1' },
      { size: '1e999', kind: 'a', age: '1' },
    ]);
    expect(!result.ok && result.problems.map(({ message }) => english(message))).toEqual([
      'Row 1: "size" is missing; the model needs a number there.',
      'Row 2: "size" is "big", which is no finite number.',
      'Row 4: "size" is "1e999", which is no finite number.',
    ]);
    expect(!result.ok && result.problems[1]!.where).toEqual({ row: 2, column: 'size' });
  });

  it('warn of categories that training never saw', () => {
    const result = encodeRows(regression, [{ size: '10', kind: 'zebra', age: '30' }]);
    expect(result.ok && [...result.value]).toEqual([0, 0, 0, 0]);
    expect(result.ok && result.warnings.map(({ message }) => english(message))).toEqual([
      '"kind" has values that the training data never had, such as "zebra"; they count as none.',
    ]);
  });

  it('read columns of a file by name, in any order, with a decimal comma', () => {
    const encoder = createRowEncoder(regression, ['age', 'note', 'size', 'kind'], ',');
    if (!encoder.ok) throw new Error('no encoder');
    const into = new Float64Array(8).fill(9);
    expect(encoder.value.encode(['35', 'x', '11,5', 'a'], 7, into, 4)).toBe(undefined);
    expect([...into]).toEqual([9, 9, 9, 9, 0.75, 1, 0, 0.5]);
  });

  it('without a column that the model needs are refused', () => {
    const encoder = createRowEncoder(regression, ['age', 'size']);
    expect(!encoder.ok && english(encoder.problems[0]!.message)).toBe(
      'Columns are missing: "kind". The model needs "size", "kind", "age".',
    );
  });

  it('may have columns called __proto__ and constructor', () => {
    const odd: Preprocessing = {
      ...regression,
      features: [
        { kind: 'number', name: '__proto__', mean: 0, scale: 1, fill: null },
        { kind: 'number', name: 'constructor', mean: 0, scale: 1, fill: null },
      ],
    };
    const row = JSON.parse('{"__proto__": "3", "constructor": "4"}') as Record<string, string>;
    const result = encodeRows(odd, [row]);
    expect(result.ok && [...result.value]).toEqual([3, 4]);
    expect(encodeRows(odd, [{}]).ok).toBe(false);
  });
});

describe('answers', () => {
  const classes = (task: 'binary' | 'classes', names: string[]): Preprocessing => ({
    task,
    features: [],
    target: { kind: 'classes', name: 'k', classes: names },
  });

  it('are in the units of the target', () => {
    expect(decodeOutput(regression, [-0.5])).toEqual({ prediction: 75 });
    expect(answerFields(regression)).toEqual(['prediction']);
  });

  it('of two classes: the logit of the second', () => {
    const binary = classes('binary', ['no', 'yes']);
    // σ(ln 3) = 3/4.
    const answer = decodeOutput(binary, [Math.log(3)]);
    expect(answer['prediction']).toBe('yes');
    expect(answer['probability(yes)']).toBeCloseTo(0.75, 15);
    expect(answer['probability(no)']).toBeCloseTo(0.25, 15);
    expect(Object.keys(answer)).toEqual(answerFields(binary));
    expect(decodeOutput(binary, [-800])).toEqual({
      prediction: 'no',
      'probability(no)': 1,
      'probability(yes)': 0,
    });
    expect(decodeOutput(binary, [800])).toEqual({
      prediction: 'yes',
      'probability(no)': 0,
      'probability(yes)': 1,
    });
  });

  it('of several classes: softmax', () => {
    const several = classes('classes', ['a', 'b', 'c']);
    const answer = decodeOutput(several, [1000 + Math.log(1), 1000 + Math.log(2), 1000 + Math.log(5)]);
    expect(answer['prediction']).toBe('c');
    expect(answer['probability(a)']).toBeCloseTo(1 / 8, 12);
    expect(answer['probability(b)']).toBeCloseTo(2 / 8, 12);
    expect(answer['probability(c)']).toBeCloseTo(5 / 8, 12);
  });

  it('are written beside the columns, quoted where needed, under names of their own', () => {
    const writer = createAnswerWriter(['x', 'prediction'], ['prediction', 'probability(a)']);
    expect(writer.header).toBe('x,prediction,prediction (2),probability(a)\n');
    expect(writer.row(['1', 'say "hi", twice'], ['a', 0.25])).toBe('1,"say ""hi"", twice",a,0.25\n');
    expect(createAnswerWriter(['x'], ['y'], ';').row(['1,5'], [2])).toBe('1,5;2\n');
    expect(createAnswerWriter(['x'], ['y', 'z'], ';', ',').row(['1,5'], [-2.25, '1.2.3'])).toBe(
      '1,5;-2,25;1.2.3\n',
    );
  });

  it('never become formulas of a spreadsheet; numbers stay numbers', () => {
    for (const text of ['=1+1', '+cmd', '-x', '@SUM(A1)', '\tx', '\rx', "=cmd|' /C calc'!A0"]) {
      expect(safeCell(text)).toBe(`'${text}`);
    }
    for (const cell of ['-0.3', '+1', '-1,5', '-2e-5', 'a=b', '', "'", -0.3])
      expect(safeCell(cell)).toBe(cell);
    const writer = createAnswerWriter(['=evil'], ['prediction']);
    expect(writer.header).toBe("'=evil,prediction\n");
    expect(writer.row(['-0.3'], ['=class'])).toBe("-0.3,'=class\n");
  });
});
