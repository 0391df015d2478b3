import { describe, expect, it } from 'vitest';
import { builtinIds, generatedIds } from '../../../src/core/data/catalogue.ts';
import { sniff, type Sniffed } from '../../../src/core/data/csv.ts';
import { suggestExperiment, suggestTask } from '../../../src/core/data/suggest.ts';
import { parseExperiment } from '../../../src/core/training/experiment.ts';

function seen(csv: string, totalSize?: number): Sniffed {
  const content = new TextEncoder().encode(csv);
  const result = sniff(content, totalSize ?? content.length);
  if (!result.ok) throw new Error('not readable');
  return result.value;
}
const file = (csv: string, target?: string) =>
  suggestExperiment({ source: 'file', path: 'x.csv', target }, seen(csv));
const lines = (n: number, row: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => `${row(i)}\n`).join('');

describe('suggested experiments', () => {
  it('are valid for every shipped and generated data set', () => {
    for (const name of builtinIds) {
      expect(parseExperiment(suggestExperiment({ source: 'builtin', name }))).toMatchObject({ ok: true });
    }
    for (const name of generatedIds) {
      expect(parseExperiment(suggestExperiment({ source: 'generated', name }))).toMatchObject({ ok: true });
    }
  });

  it('of the three-point line are the linear regression of the textbooks', () => {
    expect(suggestExperiment({ source: 'builtin', name: 'line' })).toEqual({
      version: 1,
      data: { source: 'builtin', name: 'line' },
      split: { validation: 0 },
      scaling: { features: 'none', target: 'none' },
      model: { type: 'mlp', hidden: [] },
      loss: { id: 'mean-squared-error' },
      optimizer: { type: 'sgd', rate: 0.01 },
      training: { epochs: 1000, batch: 'full', shuffle: false },
    });
  });

  it('keep what was chosen of a generated set', () => {
    const suggested = suggestExperiment({
      source: 'generated',
      name: 'blobs',
      noise: 3,
      samples: 50,
      seed: 9,
    });
    expect(suggested.data).toEqual({ source: 'generated', name: 'blobs', noise: 3, samples: 50, seed: 9 });
  });

  it('follow another target of a shipped set', () => {
    const other = suggestExperiment({ source: 'builtin', name: 'iris', target: 'petal width (cm)' });
    expect(other.loss.id).toBe('mean-squared-error');
    expect(suggestExperiment({ source: 'builtin', name: 'iris', target: 'species' }).loss.id).toBe(
      'softmax-cross-entropy',
    );
  });

  it('follow the target of a file: text, a few whole numbers, a quantity', () => {
    expect(file('x,k\n1,a\n2,b\n3,a\n').loss.id).toBe('binary-cross-entropy-logits');
    expect(file('x,k\n1,a\n2,b\n3,c\n').loss.id).toBe('softmax-cross-entropy');
    expect(file(`x,k\n${lines(30, (i) => `${i / 7},${i % 3}`)}`).loss.id).toBe('softmax-cross-entropy');
    expect(file(`x,k\n${lines(30, (i) => `${i / 7},${i % 2}`)}`).loss.id).toBe('binary-cross-entropy-logits');
    expect(file(`x,y\n${lines(30, (i) => `${i / 7},${i}`)}`).loss.id).toBe('mean-squared-error');
    expect(file(`x,y\n${lines(30, (i) => `${i / 7},${(i % 3) + 0.5}`)}`).loss.id).toBe('mean-squared-error');
    expect(file(`k,y\n${lines(30, (i) => `${i % 3},${i}`)}`, 'k').loss.id).toBe('softmax-cross-entropy');
  });

  it('take no two classes for granted in a file of which only the beginning was seen', () => {
    const part = seen('x,k\n1,a\n2,b\n3,a\n', 1_000_000);
    expect(suggestTask(part, 'k')).toBe('classes');
  });

  it('leave out a column that only numbers the rows', () => {
    const suggested = file(`,x,y\n${lines(20, (i) => `${i},${i * i},${i % 7}`)}`);
    expect(suggested.data).toEqual({ source: 'file', path: 'x.csv', target: 'y', exclude: ['column 1'] });
    const kept = file(`year,x,y\n${lines(20, (i) => `${1990 + i},${i * i},${i % 7}`)}`);
    expect(kept.data).toEqual({ source: 'file', path: 'x.csv', target: 'y' });
  });

  it('make fewer passes over more rows', () => {
    const epochs = (totalSize: number) =>
      suggestExperiment({ source: 'file', path: 'x' }, seen('x,y\n1,2\n3,4\n', totalSize)).training?.epochs;
    expect(epochs(12)).toBe(100);
    expect(epochs(200_000_000)).toBe(3);
  });
});

describe('an experiment on a shipped data set', () => {
  it('has the split and scaling of the data set unless it says otherwise', () => {
    const parse = (more: object) =>
      parseExperiment({
        version: 1,
        loss: { id: 'huber' },
        data: { source: 'builtin', name: 'line' },
        ...more,
      });
    expect(parse({})).toMatchObject({
      ok: true,
      value: { split: { validation: 0, stratify: true }, scaling: { features: 'none', target: 'none' } },
    });
    expect(parse({ split: { validation: 0.4 }, scaling: { target: 'standard' } })).toMatchObject({
      ok: true,
      value: { split: { validation: 0.4 }, scaling: { features: 'none', target: 'standard' } },
    });
    expect(parse({ split: 5 })).toMatchObject({ ok: false });
    expect(parse({ data: { source: 'builtin', name: 'iris' } })).toMatchObject({
      ok: true,
      value: { split: { validation: 0.2 }, scaling: { features: 'standard' } },
    });
  });
});
