import { describe, expect, it } from 'vitest';
import { losses, loadLoss } from '../../../src/core/losses/catalogue.ts';
import type { Task } from '../../../src/core/losses/task.ts';
import { english, type Message } from '../../../src/core/messages/message.ts';
import { checkExperiment, checkFit } from '../../../src/core/training/check.ts';
import { experiment, line, randomDataset } from './datasets.ts';
import { taskOf } from '../../../src/core/losses/task.ts';

const problems = (result: {
  ok: boolean;
  problems?: readonly {
    message: Message;
    where?: { path?: string };
  }[];
}) => (result.problems ?? []).map((p) => [p.where?.path, english(p.message)] as const);

describe('an experiment', () => {
  it('needs a loss that exists', () => {
    const [[path, text]] = problems(checkExperiment(experiment({ loss: { id: 'hubert' } }))) as [
      [string, string],
    ];
    expect(path).toBe('loss.id');
    expect(text).toContain('"hubert"');
    expect(text).toContain('huber,');
  });

  it('needs parameters that the loss has, in range', () => {
    const check = (parameters: Record<string, number>) =>
      checkExperiment(experiment({ loss: { id: 'huber', parameters } }));
    expect(problems(check({ delta: -1 })).map(([path]) => path)).toEqual(['loss.parameters.delta']);
    expect(problems(check({ detla: 1 })).map(([path]) => path)).toEqual(['loss.parameters.detla']);
    const good = check({ delta: 2.5 });
    expect(good.ok && good.value.parameters['delta']).toBe(2.5);
  });

  it('has a target loss only on a part that is there', () => {
    const check = (on: 'training' | 'validation', validation: number) =>
      problems(
        checkExperiment(
          experiment({
            loss: { id: 'huber' },
            split: { validation },
            training: { target: { loss: 0.1, on } },
          }),
        ),
      ).map(([path]) => path);
    expect(check('validation', 0)).toEqual(['training.target.on']);
    expect([check('validation', 0.2), check('training', 0)]).toEqual([[], []]);
  });

  it('may want another definition of the loss, with that one’s parameters', () => {
    const check = (loss: object) => checkExperiment(experiment({ loss: { id: 'binary-focal', ...loss } }));
    const keras = check({ convention: 'keras', parameters: { applyClassBalancing: 1 } });
    expect(keras.ok && keras.value.loss.averaging).toEqual({ rowsFirst: true });
    expect(keras.ok && keras.value.parameters).toMatchObject({ applyClassBalancing: 1, gamma: 2 });
    expect(problems(check({ parameters: { applyClassBalancing: 1 } })).map(([path]) => path)).toEqual([
      'loss.parameters.applyClassBalancing',
    ]);
    const [[path, text]] = problems(check({ convention: 'kerass' })) as [[string, string]];
    expect(path).toBe('loss.convention');
    expect(text).toContain('keras-probabilities');
    expect(problems(checkExperiment(experiment({ loss: { id: 'fair', convention: 'keras' } })))).toEqual([
      ['loss.convention', 'Fair loss has no definition "keras"; it has only its own. Remove it.'],
    ]);
  });

  it('needs a momentum for Nesterov', () => {
    const check = (optimizer: object) =>
      problems(
        checkExperiment(
          experiment({ loss: { id: 'huber' }, optimizer: { type: 'sgd', nesterov: true, ...optimizer } }),
        ),
      );
    expect(check({}).map(([path]) => path)).toEqual(['optimizer.nesterov']);
    expect(check({ momentum: 0.9, dampening: 0.5 }).map(([path]) => path)).toEqual(['optimizer.nesterov']);
    expect(check({ momentum: 0.9 })).toEqual([]);
  });
});

describe('a loss and data', () => {
  const tasks: readonly Task[] = ['regression', 'binary', 'classes'];

  it.each(losses().map((loss) => [loss.id, loss] as const))(
    '%s fits its own task only, and says why',
    (_, loss) => {
      for (const task of tasks) {
        const result = checkFit(loss, randomDataset(task, { width: 2, training: 5 }));
        expect(result.ok).toBe(task === taskOf(loss));
        for (const [path, text] of problems(result)) {
          expect(path).toBe('loss.id');
          expect(text).toContain(loss.name);
          expect(text).not.toMatch(/[{}]/);
        }
      }
    },
  );

  it('need rows, and targets that the loss is defined for', () => {
    const classes = randomDataset('classes', { width: 2, training: 5 });
    const loss = loadLoss('softmax-cross-entropy')!;
    const targets = (...values: number[]) =>
      problems(
        checkFit(loss, { ...classes, training: { ...classes.training, targets: Float64Array.from(values) } }),
      ).length;
    expect(targets(0, 1, 2, 0, 1)).toBe(0);
    expect(targets(0, 1, 3, 0, 1)).toBe(1);
    expect(targets(0, 1, -1, 0, 1)).toBe(1);
    expect(targets(0, 1, 0.5, 0, 1)).toBe(1);
    const huber = loadLoss('huber')!;
    expect(
      checkFit(huber, { ...line, training: { ...line.training, targets: Float64Array.of(1, NaN, 2) } }).ok,
    ).toBe(false);
    expect(
      checkFit(huber, {
        ...line,
        training: { rows: 0, features: new Float64Array(), targets: new Float64Array() },
      }).ok,
    ).toBe(false);
  });
});
