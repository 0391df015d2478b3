import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { taskOf, type Task } from '../../../src/core/losses/task.ts';
import { english } from '../../../src/core/messages/message.ts';
import { parseExperiment, type Experiment } from '../../../src/core/training/experiment.ts';
import {
  batchField,
  epochsField,
  hiddenField,
  isRefusal,
  parameterField,
  patienceField,
  rateField,
  seedField,
  validationField,
} from '../../../src/extension/train/fields.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { TrainFlow } from '../../../src/extension/train/flow.ts';
import { dataChoices, exampleId, fileId, loadData } from '../../../src/extension/train/sources.ts';

const folder = path.resolve(import.meta.dirname, '../../../media/datasets');
const files = [{ path: '/projects/a.csv', label: 'a.csv' }];

const idsOf = (task: Task) =>
  losses()
    .filter((loss) => taskOf(loss) === task)
    .map(({ id }) => id);

async function data(id: string) {
  const loaded = await loadData(id, folder, () => Promise.reject(new Error('no file to look at')));
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => english(message)).join());
  return loaded.value;
}

function begin(last?: string): TrainFlow {
  return new TrainFlow({ choices: dataChoices(files, last), losses: losses(), preferred: last });
}

/** Accepts every screen as it stands; returns what the steps were and what came out. */
async function acceptAll(flow: TrainFlow) {
  const seen: string[] = [];
  for (let i = 0; i < 20; i++) {
    const screen = flow.screen();
    seen.push(`${screen.step} ${screen.number}/${screen.total}`);
    const effect = flow.pick(screen.active);
    if (effect.type === 'load') flow.setData(await data(effect.id));
    else if (effect.type !== 'none') return { seen, effect };
  }
  throw new Error('the conversation does not end');
}

describe('Train Model', () => {
  it('trains iris with softmax cross-entropy when every default is accepted', async () => {
    const { seen, effect } = await acceptAll(begin());
    expect(seen).toEqual(['data 1/5', 'target 2/5', 'model 3/5', 'loss 4/5', 'training 5/5']);
    expect(effect).toMatchObject({
      type: 'start',
      experiment: {
        data: { source: 'builtin', name: 'iris', target: 'species' },
        loss: { id: 'softmax-cross-entropy' },
      },
    });
  });

  it('produces an experiment that its own parser accepts, for every shipped and generated set', async () => {
    const ids = dataChoices([], undefined)
      .map(({ id }) => id)
      .filter((id) => !id.startsWith('browse'));
    expect(ids.length).toBeGreaterThanOrEqual(11);
    for (const id of ids) {
      const flow = begin();
      flow.pick(id);
      flow.setData(await data(id));
      const { effect } = await acceptAll(flow);
      if (effect.type !== 'start') throw new Error(id);
      expect(parseExperiment(JSON.parse(JSON.stringify(effect.experiment))), id).toMatchObject({ ok: true });
    }
  });

  it('has no target step where there is nothing to choose', async () => {
    const flow = begin();
    flow.pick('generated:spiral');
    flow.setData(await data('generated:spiral'));
    expect(flow.screen()).toMatchObject({ step: 'model', number: 2, total: 4 });
    flow.back();
    expect(flow.screen().step).toBe('data');
  });

  it('goes back step by step, keeps what was chosen, and stops at the first', async () => {
    const flow = begin();
    flow.pick(exampleId);
    flow.setData(await data(exampleId));
    flow.pick('species');
    flow.pick('line');
    expect(flow.screen().step).toBe('loss');
    expect(flow.back()).toBe(true);
    expect(flow.screen()).toMatchObject({ step: 'model', active: 'line' });
    flow.back();
    expect(flow.screen()).toMatchObject({ step: 'target', active: 'species' });
    flow.back();
    expect(flow.screen()).toMatchObject({ step: 'data', active: exampleId, canGoBack: false });
    expect(flow.back()).toBe(false);
  });

  it('offers only losses that fit the target', async () => {
    const flow = begin();
    flow.setData(await data(exampleId));
    flow.pick('species');
    flow.pick('mlp-small');
    const offered = () => flow.screen().rows.map(({ value }) => value);
    expect(offered()).toEqual(idsOf('classes'));
    expect(flow.screen().active).toBe('softmax-cross-entropy');
    flow.back();
    flow.back();
    const number = flow.screen().rows.find(({ value }) => value !== 'species')!.value;
    flow.pick(number);
    flow.pick('mlp-small');
    expect(offered()).toEqual(idsOf('regression'));
  });

  it('offers all classification losses for two classes, the binary ones first', async () => {
    const flow = begin();
    flow.setData(await data('builtin:breast-cancer'));
    flow.pick('diagnosis');
    flow.pick('mlp-small');
    expect(flow.screen()).toMatchObject({ active: 'binary-cross-entropy-logits' });
    expect(flow.screen().rows.map(({ value }) => value)).toEqual([...idsOf('binary'), ...idsOf('classes')]);
  });

  it('keeps the definition that a link asks for, says whose it is, and drops it with the loss', async () => {
    const loss = { id: 'binary-focal', convention: 'keras', parameters: { applyClassBalancing: 1 } };
    const flow = new TrainFlow({ choices: [], losses: losses(), loss });
    flow.setData(await data('builtin:breast-cancer'));
    expect(flow.experiment?.loss).toEqual(loss);
    flow.pick('diagnosis');
    flow.pick('mlp-small');
    const row = flow.screen().rows.find(({ value }) => value === 'binary-focal');
    expect(row?.description === undefined ? '' : english(row.description)).toMatch(/^as in Keras/);
    flow.pick('binary-focal');
    expect(flow.experiment?.loss).toEqual(loss);
    // A field for each parameter of that definition.
    expect(flow.screen().rows.map(({ value }) => value)).toContain('loss.applyClassBalancing');
    flow.back();
    flow.pick('brier');
    expect(flow.experiment?.loss).toEqual({ id: 'brier', parameters: {} });
  });

  it('offers a loss whose other definition alone fits the target', async () => {
    const flow = new TrainFlow({
      choices: [],
      losses: losses(),
      loss: { id: 'perceptron', convention: 'multiclass', parameters: {} },
    });
    flow.setData(await data(exampleId));
    expect(flow.experiment?.loss.id).toBe('perceptron');
    flow.pick('species');
    flow.pick('mlp-small');
    expect(flow.screen()).toMatchObject({ active: 'perceptron' });
    // A definition that is not known is not trained with.
    const other = new TrainFlow({
      choices: [],
      losses: losses(),
      loss: { id: 'perceptron', convention: 'no such', parameters: {} },
    });
    other.setData(await data(exampleId));
    expect(other.experiment?.loss.id).toBe('softmax-cross-entropy');
  });

  it('starts without the data step when the data is given', async () => {
    const flow = new TrainFlow({ choices: [], losses: losses(), data: await data(exampleId) });
    expect(flow.screen()).toMatchObject({ step: 'target', number: 1, total: 4, canGoBack: false });
  });

  it('gives convolutions smaller steps, and the usual ones back with another model, but keeps a chosen rate', async () => {
    const flow = begin();
    flow.setData(await data('builtin:digits'));
    flow.pick('digit');
    const rateWith = (model: string) => {
      flow.pick(model);
      const { rate } = flow.experiment!.optimizer;
      flow.back();
      return rate;
    };
    expect(['line', 'cnn-small', 'mlp-small'].map(rateWith)).toEqual([0.01, 0.001, 0.01]);
    flow.setExperiment({
      ...flow.experiment!,
      optimizer: { ...flow.experiment!.optimizer, rate: 0.02 },
    });
    expect(rateWith('cnn-small')).toBe(0.02);
  });

  it('remembers an experiment that still fits, and drops one that does not', async () => {
    const iris = await data(exampleId);
    const remembered: Experiment = {
      ...iris.suggest('species'),
      training: { ...iris.suggest('species').training, epochs: 7 },
    };
    const flow = new TrainFlow({ choices: [], losses: losses(), data: iris, experiment: remembered });
    expect(flow.experiment?.training.epochs).toBe(7);
    const wrong: Experiment = { ...remembered, loss: { id: 'huber', parameters: {} } };
    expect(
      new TrainFlow({ choices: [], losses: losses(), data: iris, experiment: wrong }).experiment?.loss.id,
    ).toBe('softmax-cross-entropy');
  });

  it('puts what was used last on top', () => {
    expect(dataChoices(files, 'builtin:wine')[0]).toMatchObject({ id: 'builtin:wine', group: 'recent' });
    expect(begin('builtin:wine').screen().active).toBe('builtin:wine');
    expect(dataChoices(files, fileId('/gone.csv'))[0]).toMatchObject({ id: exampleId });
  });

  it('changes values on the last step and returns to the same row', async () => {
    const flow = begin();
    flow.setData(await data(exampleId));
    flow.pick('species');
    flow.pick('mlp-small');
    flow.pick('softmax-cross-entropy');
    expect(flow.screen().active).toBe('start');
    const effect = flow.pick('epochs');
    if (effect.type !== 'edit') throw new Error(effect.type);
    const changed = effect.field.change(flow.experiment!, '12');
    if (isRefusal(changed)) throw new Error(english(changed));
    flow.setExperiment(changed);
    expect(flow.screen().active).toBe('epochs');
    expect(flow.pick('optimizer')).toEqual({ type: 'none' });
    expect(flow.screen()).toMatchObject({ step: 'optimizer', active: 'adam', canGoBack: true });
    expect(flow.back()).toBe(true);
    expect(flow.screen().active).toBe('optimizer');
    flow.pick('optimizer');
    expect(flow.pick('sgd')).toEqual({ type: 'none' });
    expect(flow.screen()).toMatchObject({ step: 'training', active: 'optimizer' });
    expect(flow.experiment).toMatchObject({
      optimizer: { type: 'sgd', momentum: 0.9 },
      training: { epochs: 12 },
    });
    expect(flow.screen().rows.map(({ value }) => value)).toContain('momentum');
    flow.pick('classWeights');
    expect(flow.experiment!.loss).toMatchObject({ classWeights: 'balanced' });
    flow.pick('classWeights');
    expect(flow.experiment!.loss).not.toHaveProperty('classWeights');
    expect(flow.pick('save')).toMatchObject({ type: 'save', experiment: { training: { epochs: 12 } } });
  });

  it('lets the parameters of a loss be changed, within their range', async () => {
    const flow = begin();
    flow.setData(await data('builtin:diabetes'));
    flow.pick('progression');
    flow.pick('line');
    flow.pick('huber');
    const effect = flow.pick('loss.delta');
    if (effect.type !== 'edit') throw new Error(effect.type);
    expect(isRefusal(effect.field.change(flow.experiment!, '0'))).toBe(true);
    expect(effect.field.change(flow.experiment!, '2.5')).toMatchObject({
      loss: { id: 'huber', parameters: { delta: 2.5 } },
    });
  });
});

describe('fields', async () => {
  const experiment = (await data(exampleId)).suggest('species');

  it.each([
    [rateField, ['0.1', ' 1e-3 ', '0,05', '.5'], ['0', '-1', 'fast', '', '1e999', 'NaN', '0x10', '1 2']],
    [epochsField, ['1', '10000000'], ['0', '1.5', '-3', '10000001']],
    [seedField, ['0', '42'], ['-1', '0.5']],
    [validationField, ['0', '20', '99.5'], ['100', '-1', '20%']],
    [patienceField, ['', '1', '20'], ['0', '1.5', 'x']],
    [batchField, ['1', '32', 'full', ' FULL '], ['0', 'half', '1.5', '']],
    [hiddenField, ['', '16', '64, 32', '8 8 8'], ['0', '5000', '16, x', '1,1,1,1,1,1,1,1,1', '2.5']],
  ])('%# accepts what is valid and says what is not', (field, good, bad) => {
    for (const text of good) {
      const changed = field.change(experiment, text);
      expect(isRefusal(changed), text).toBe(false);
      if (!isRefusal(changed))
        expect(parseExperiment(JSON.parse(JSON.stringify(changed)))).toMatchObject({ ok: true });
    }
    for (const text of bad) {
      const changed = field.change(experiment, text);
      expect(isRefusal(changed), text).toBe(true);
      if (isRefusal(changed)) expect(english(changed)).toMatch(/^Enter /);
    }
  });

  it('offers its own text as a valid value', () => {
    for (const field of [
      rateField,
      epochsField,
      patienceField,
      seedField,
      validationField,
      batchField,
      hiddenField,
    ]) {
      expect(field.change(experiment, field.text(experiment))).toEqual(experiment);
    }
  });

  it('takes a choice by its name or its number', async () => {
    const start = (await data('builtin:breast-cancer')).suggest('diagnosis');
    const full = parameterField(loadLoss('poisson-nll')!.parameters.find(({ id }) => id === 'full')!);
    expect(full.text(start)).toBe('no');
    for (const [text, value] of [
      ['yes', 1],
      [' No', 0],
      ['1', 1],
    ] as const) {
      const changed = full.change(start, text);
      if (isRefusal(changed)) throw new Error(english(changed));
      expect(changed.loss.parameters['full']).toBe(value);
    }
    const refused = full.change(start, '0.5');
    expect(isRefusal(refused) && english(refused)).toBe('Enter one of: no, yes.');
  });
});
