import { describe, expect, it } from 'vitest';
import { english } from '../../../src/core/messages/message.ts';
import { parseExperiment } from '../../../src/core/training/experiment.ts';

const iris = { version: 1, data: { source: 'builtin', name: 'iris' }, loss: { id: 'softmax-cross-entropy' } };

describe('an experiment with a mistake', () => {
  it.each([
    [{ ...iris, epochs: 3 }, 'Unknown key "epochs". Remove it, or check its spelling.'],
    [{ version: 1, data: iris.data }, 'The key "loss" is missing.'],
    [
      { ...iris, optimizer: { type: 'adam', rate: -0.1 } },
      '"optimizer.rate" must be greater than 0, but is -0.1.',
    ],
    [
      { ...iris, optimizer: { type: 'sgd', rate: Infinity } },
      '"optimizer.rate" must be a finite number, but is Infinity.',
    ],
    [{ ...iris, training: { epochs: 2.5 } }, '"training.epochs" must be a whole number, but is 2.5.'],
    [{ ...iris, training: { epochs: 0 } }, '"training.epochs" must be at least 1, but is 0.'],
    [
      { ...iris, training: { epochs: 1e9 } },
      '"training.epochs" must be at most 10000000, but is 1000000000.',
    ],
    [{ ...iris, split: { validation: 1 } }, '"split.validation" must be less than 1, but is 1.'],
    [{ ...iris, training: { shuffle: 'no' } }, 'At "training.shuffle": expected boolean, found "no".'],
    [3, 'The document: expected Object, found 3.'],
  ])('%j is told what is wrong and what would be right', (value, sentence) => {
    const parsed = parseExperiment(value);
    expect(parsed.ok ? [] : parsed.problems.map(({ message }) => english(message))).toEqual([sentence]);
  });

  it('of another version is refused', () => {
    const parsed = parseExperiment({ ...iris, version: 2 });
    expect(parsed.ok ? '' : english(parsed.problems[0]!.message)).toContain(
      'has version 2; this Loss Lab reads version 1',
    );
  });
});
