import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { checkInputs } from '../../../src/core/losses/checkInputs.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import type { InputKind, Loss, LossInput, Sample } from '../../../src/core/losses/loss.ts';
import { sampleBatch } from '../../../src/core/losses/sample.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { english } from '../../../src/core/messages/message.ts';
import { Skip } from '../../golden/entry.ts';
import { prepare } from '../../golden/prepare.ts';
import { parseFile } from '../../golden/run.ts';
import { lossCaseSchema } from '../../golden/types.ts';

/** The sentences about one input of a kind: two samples, three classes. */
function problems(kind: InputKind, data: readonly number[], sample: Partial<Sample> = {}): string[] {
  const axes = kind === 'distribution' || kind === 'label-set' ? ['sample', 'class'] : ['sample'];
  const input: LossInput = {
    id: 'x',
    symbol: 'x',
    kind,
    role: 'target',
    axes,
    meaning: '',
    ...(kind === 'length' ? { of: 'time' } : {}),
  };
  const loss: Pick<Loss, 'name' | 'inputs'> = { name: 'Loss', inputs: [input] };
  const sizes = { sample: axes.length === 2 ? data.length / 3 : data.length, class: 3, time: 4 };
  return checkInputs(loss, { sizes, inputs: { x: data }, ...sample }).map((p) => english(p.message));
}

describe('the check of a loss’s inputs', () => {
  const refused: readonly (readonly [InputKind, readonly number[], readonly number[], string])[] = [
    ['value', [-1e9, 0], [0, Number.NaN], 'finite numbers'],
    ['logit', [200], [Infinity], 'finite numbers'],
    ['positive', [1e-30], [1, 0], 'numbers above 0'],
    ['nonnegative', [0], [1, -0.5], 'numbers that are at least 0'],
    ['weight', [0, 2], [-1], 'numbers that are at least 0'],
    ['probability', [0, 1], [0.5, 1.5], 'numbers between 0 and 1'],
    ['binary-label', [0, 0.5, 1], [2], 'numbers between 0 and 1'],
    ['log-distribution', [-Infinity, 0], [0.5], 'logarithms of probabilities, at most 0'],
    ['class-index', [0, 2], [0, 3], 'class indices from 0 to 2'],
    ['class-index', [1], [0.5], 'class indices from 0 to 2'],
    ['label-sequence', [0, 2], [-1], 'labels from 0 to 2'],
    ['label-set', [0, 2, -1], [0, -1, -2], 'class indices from 0 to 2, or −1 after the last one'],
    ['sign-label', [-1, 1], [1, 0], 'labels −1 and +1'],
    ['event', [0, 1], [0.5], '0 or 1'],
    ['length', [0, 4], [5], 'whole numbers from 0 to 4'],
  ];
  it.each(refused)('%s: takes %j, refuses %j', (kind, good, bad, words) => {
    expect(problems(kind, good)).toEqual([]);
    const [said] = problems(kind, bad);
    expect(said).toContain(`but Loss needs ${words}.`);
    expect(said).toMatch(/^Value \d+ of "x" is /);
  });

  it('follows the parameters: from power 2 on an amount of 0 has no Tweedie deviance, as in scikit-learn', () => {
    const loss = losses().find(({ id }) => id === 'tweedie')!;
    const said = (power: number, amount: number) =>
      checkInputs(loss, {
        sizes: { sample: 2, output: 1 },
        inputs: { pred: [1, 2], target: [1, amount] },
        parameters: { power },
      }).map((p) => english(p.message));
    expect(said(1.5, 0)).toEqual([]);
    expect(said(2, 0.1)).toEqual([]);
    expect(said(2, 0)).toEqual([expect.stringContaining('needs numbers above 0')]);
    expect(said(3, 0)).toEqual([expect.stringContaining('needs numbers above 0')]);
    expect(said(1.5, -1)).toEqual([expect.stringContaining('needs numbers that are at least 0')]);
  });

  it('wants probabilities that sum to 1', () => {
    expect(problems('distribution', [0.2, 0.3, 0.5, 0, 1, 0])).toEqual([]);
    expect(problems('distribution', [0.2, 0.3, 0.5, 0.5, 1, 0])).toEqual([
      'Row 1 of "x" sums to 1.5, but Loss needs probabilities that sum to 1.',
    ]);
  });

  it('takes the label that is ignored', () => {
    expect(problems('class-index', [-100, 1], { parameters: { ignoreIndex: -100 } })).toEqual([]);
    expect(problems('class-index', [-100, 1])).toHaveLength(1);
  });

  it('takes any class where none are compared with each other', () => {
    expect(problems('class-index', [0, 17], { sizes: { sample: 2 } })).toEqual([]);
    expect(problems('class-index', [0, -1], { sizes: { sample: 2 } })).toEqual([
      'Value 1 of "x" is -1, but Loss needs class indices: whole numbers from 0.',
    ]);
  });

  it('wants as many values as the axes say, and at least one', () => {
    expect(problems('value', [1], { sizes: { sample: 2 } })).toEqual([
      'Loss needs 2 values of "x", found 1.',
    ]);
    expect(problems('value', [1], { inputs: {} })).toEqual(['Loss needs 1 values of "x", found 0.']);
    expect(problems('value', [])).toEqual(['Loss needs at least one value of "x".']);
  });

  it.each(losses().map((loss) => [loss.id, loss] as const))('takes random batches of %s', (_, loss) => {
    for (const convention of [undefined, ...(loss.conventions ?? []).map(({ id }) => id)]) {
      const one = inConvention(loss, convention);
      expect(checkInputs(one, sampleBatch(one, randomStream(7, loss.id)))).toEqual([]);
    }
  });

  it('takes the random golden cases that frameworks take', () => {
    const folder = path.resolve(import.meta.dirname, '../../fixtures/golden');
    let taken = 0;
    for (const name of fs.readdirSync(folder).filter((file) => file.endsWith('.json'))) {
      for (const raw of parseFile(name, fs.readFileSync(path.join(folder, name), 'utf8')).cases) {
        const parsed = v.safeParse(lossCaseSchema, raw);
        if (!parsed.success || !parsed.output.tags.includes('random')) continue;
        // Labels that TensorFlow.js takes and should not.
        if (parsed.output.params['labels'] === '0/1-unconverted') continue;
        try {
          const { loss, environment } = prepare(parsed.output);
          const inputs = Object.fromEntries(
            Object.entries(environment.inputs).map(([id, data]) => [id, Array.from(data)]),
          );
          const found = checkInputs(loss, { ...environment, inputs });
          expect([raw.id, found.map(({ message }) => english(message))]).toEqual([raw.id, []]);
          taken++;
        } catch (error) {
          if (!(error instanceof Skip)) throw error;
        }
      }
    }
    expect(taken).toBeGreaterThan(900);
  });
});
