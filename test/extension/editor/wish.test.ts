import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { readWish } from '../../../src/extension/editor/wish.ts';
import { TrainFlow } from '../../../src/extension/train/flow.ts';
import { dataChoices, exampleFor, loadData } from '../../../src/extension/train/sources.ts';
import { taskOf } from '../../../src/core/losses/task.ts';

const folder = path.resolve(import.meta.dirname, '../../../media/datasets');

/** Shipped data sets need nobody to look at them. */
const noFile = () => Promise.reject(new Error('no file to look at'));

describe('the argument of a link', () => {
  it('is read as far as it fits', () => {
    expect(
      readWish({
        loss: 'huber',
        parameters: { delta: 0.5, gamma: 1, nan: NaN },
        uri: 'file:///a.py',
        line: 3,
      }),
    ).toMatchObject({
      loss: { id: 'huber' },
      parameters: { delta: 0.5 },
      uri: 'file:///a.py',
      line: 3,
    });
    expect(
      readWish({
        loss: 'softmax-cross-entropy',
        parameters: { labelSmoothing: 0.1, ignoreIndex: 0, classWeight: 2 },
      }),
    ).toMatchObject({ parameters: { labelSmoothing: 0.1, ignoreIndex: 0 } });
    expect(
      readWish({ loss: 'poisson-nll', parameters: { logInput: 2, full: 1, eps: -1 } }).parameters,
    ).toEqual({ full: 1 });
    expect(
      readWish({ loss: 'binary-focal', convention: 'keras', parameters: { applyClassBalancing: 1 } }),
    ).toMatchObject({
      convention: 'keras',
      parameters: { applyClassBalancing: 1 },
    });
    for (const convention of ['no such', 1, {}, null])
      expect(readWish({ loss: 'binary-focal', convention }).convention).toBeUndefined();
    for (const other of [
      undefined,
      null,
      'huber',
      3,
      [],
      { loss: 'no such loss' },
      { loss: 1, line: -1, uri: {}, parameters: 'x' },
    ])
      expect(readWish(other)).toEqual({
        loss: undefined,
        convention: undefined,
        parameters: {},
        uri: undefined,
        line: undefined,
      });
  });
});

describe('Train with this', () => {
  it.each(losses().filter((loss) => taskOf(loss) !== undefined))(
    'leads to $id when every screen is accepted',
    async (loss) => {
      const flow = new TrainFlow({
        choices: dataChoices([], undefined),
        losses: losses(),
        preferred: exampleFor(taskOf(loss)!),
        loss: { id: loss.id, parameters: {} },
      });
      for (let i = 0; i < 10; i++) {
        const effect = flow.pick(flow.screen().active);
        if (effect.type === 'load') {
          const data = await loadData(effect.id, folder, noFile);
          if (!data.ok) throw new Error('no data');
          flow.setData(data.value);
        } else if (effect.type === 'start') {
          expect(effect.experiment.loss).toEqual({ id: loss.id, parameters: {} });
          return;
        }
      }
      throw new Error('the conversation does not end');
    },
  );

  it('keeps what suits the data where the wanted loss does not', async () => {
    const flow = new TrainFlow({ choices: [], losses: losses(), loss: { id: 'huber', parameters: {} } });
    const data = await loadData('builtin:iris', folder, noFile);
    if (!data.ok) throw new Error('no data');
    flow.setData(data.value);
    expect(flow.experiment?.loss.id).toBe('softmax-cross-entropy');
  });
});
