import { pairOf } from '../../../src/core/losses/loss.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { evaluate } from '../../../src/core/expression/evaluate.ts';
import { inputsOf, parametersOf } from '../../../src/core/expression/expression.ts';
import { english } from '../../../src/core/messages/message.ts';
import { loadLoss, losses, lossIds } from '../../../src/core/losses/catalogue.ts';
import { checkParameters } from '../../../src/core/losses/parameters.ts';
import { reduce, weightedMean } from '../../../src/core/losses/reduce.ts';
import { taskOf } from '../../../src/core/losses/task.ts';

describe('the catalogue', () => {
  beforeEach(() => {
    vi.resetModules();
  });
  it('builds no expression when it is imported', async () => {
    await import('../../../src/core/losses/catalogue.ts');
    const { constant } = await import('../../../src/core/expression/expression.ts');
    expect(constant(0).id).toBe(0);
  });
  it('finds losses by ids that never change', () => {
    expect(lossIds).toEqual([
      'mean-squared-error',
      'mean-absolute-error',
      'huber',
      'binary-cross-entropy-logits',
      'softmax-cross-entropy',
    ]);
    for (const id of lossIds) expect(loadLoss(id)?.id).toBe(id);
    expect(loadLoss('toString')).toBeUndefined();
  });
  it('names each way to write a loss once', () => {
    const names = losses().flatMap((loss) =>
      loss.apis.map((api) => `${api.framework} ${api.form} ${api.name}`),
    );
    expect(new Set(names).size).toBe(names.length);
  });
});

describe.each(losses().map((loss) => [loss.id, loss] as const))('%s', (_, loss) => {
  it('says what people need to know', () => {
    for (const text of [
      loss.name,
      loss.meaning,
      loss.useWhen,
      loss.avoidWhen,
      loss.source,
      ...loss.synonyms,
      ...loss.pitfalls,
    ]) {
      expect(text.trim()).toBe(text);
      expect(text.length).toBeGreaterThan(1);
    }
    expect(loss.pitfalls.length).toBeGreaterThanOrEqual(3);
    expect(loss.plot.from).toBeLessThan(loss.plot.to);
  });
  it('reads exactly its inputs and parameters, and no option unless asked', () => {
    const expr = loss.expression();
    const inputs = [pairOf(loss).prediction, pairOf(loss).target];
    expect(
      inputsOf(expr)
        .map((node) => node.name)
        .sort(),
    ).toEqual(inputs.map((i) => i.id).sort());
    for (const node of inputsOf(expr))
      expect(node.axes).toEqual(inputs.find((i) => i.id === node.name)?.axes);
    expect(
      parametersOf(expr)
        .map((node) => node.name)
        .sort(),
    ).toEqual(loss.parameters.map((p) => p.id).sort());
    expect(loss.expression()).toBe(expr);
    for (const option of loss.options ?? []) {
      const names = (e: typeof expr) => [...inputsOf(e), ...parametersOf(e)].map((node) => node.name);
      const kept = loss.expression([option.id]);
      const used = [...names(kept), ...(loss.divisor === undefined ? [] : names(loss.divisor([option.id])))];
      expect(used).toContain(option.id);
    }
  });
  it('has names only for what occurs in it', () => {
    const named = loss.named?.() ?? [];
    expect(new Set(named.map((n) => n.name)).size).toBe(named.length);
    const text = JSON.stringify(loss.expression());
    for (const { expr } of named) expect(text).toContain(JSON.stringify(expr));
  });
  it('maps framework keywords to parameters and options that exist', () => {
    const known = [...loss.parameters.map((p) => p.id), ...(loss.options ?? []).map((o) => o.id)];
    for (const api of loss.apis) {
      for (const { parameter } of Object.values(api.keywords ?? {})) expect(known).toContain(parameter);
    }
  });
  it('has defaults within its ranges', () => {
    expect(checkParameters(loss, {}).ok).toBe(true);
  });
});

describe('the numbers in pitfalls', () => {
  const value = (id: string, pred: number[], target: number[]) => {
    const loss = loadLoss(id)!;
    const sizes = { sample: target.length, class: pred.length / target.length, output: 1 };
    return evaluate(reduce(loss, 'mean'), { sizes, inputs: { pred, target }, parameters: { delta: 1e9 } })
      .data[0]!;
  };
  it('a softmax before softmax cross-entropy: 1.461 at best for 10 classes', () => {
    expect(value('softmax-cross-entropy', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0])).toBeCloseTo(1.461, 3);
  });
  it('a sigmoid before binary cross-entropy: 0.313 and 0.693 at best', () => {
    expect(value('binary-cross-entropy-logits', [1], [1])).toBeCloseTo(0.313, 3);
    expect(value('binary-cross-entropy-logits', [0], [0])).toBeCloseTo(0.693, 3);
  });
  it('one output unit: always 0', () => {
    expect(value('softmax-cross-entropy', [3.7, -2], [0, 0])).toBe(0);
  });
  it('Huber with a large delta: half the squared error', () => {
    expect(value('huber', [3, 1], [0, 0])).toBeCloseTo(value('mean-squared-error', [3, 1], [0, 0]) / 2, 12);
  });
});

describe('checkParameters', () => {
  const huber = loadLoss('huber')!;
  const texts = (given: Record<string, number>, loss = huber) => {
    const result = checkParameters(loss, given);
    return result.ok ? [] : result.problems.map((p) => `${p.where?.path ?? ''}: ${english(p.message)}`);
  };
  it('fills in defaults', () => {
    const filled = checkParameters(huber, {});
    expect(filled.ok && filled.value).toEqual({ delta: 1 });
    const smoothed = checkParameters(loadLoss('softmax-cross-entropy')!, { labelSmoothing: 0.1 });
    expect(smoothed.ok && smoothed.value).toEqual({ labelSmoothing: 0.1 });
  });
  it.each([0, -1, NaN, Infinity, 1e7])('refuses delta = %d', (delta) => {
    expect(texts({ delta })).toEqual([
      expect.stringContaining(
        'loss.parameters.delta: Parameter "delta" of Huber loss must be greater than 0',
      ) as string,
    ]);
  });
  it('refuses names that do not exist, and says which do', () => {
    expect(texts({ beta: 1 })).toEqual([
      'loss.parameters.beta: Huber loss has no parameter "beta"; it has: delta.',
    ]);
    expect(texts({ toString: 1 })).toHaveLength(1);
    expect(texts({ delta: 1 }, loadLoss('mean-squared-error'))[0]).toContain('none at all');
  });
  it('refuses a smoothing of 1, where nothing of the label is left', () => {
    expect(texts({ labelSmoothing: 1 }, loadLoss('softmax-cross-entropy'))).toHaveLength(1);
  });
});

describe('reductions', () => {
  it('weightedMean with weights 0 on padding is the mean of the rest', () => {
    for (const loss of losses()) {
      const environment = (rows: number) => ({
        sizes: { sample: rows, class: 2, output: 2 },
        inputs: {
          pred: [0.5, -1, 2, 0.25, 9, 9].slice(
            0,
            pairOf(loss).prediction.axes.length === 2 ? rows * 2 : rows,
          ),
          target: [1, 0, 0.5, 1, 7, 7]
            .map((y) => (taskOf(loss) === 'classes' ? Math.trunc(y) % 2 : y))
            .slice(0, pairOf(loss).target.axes.length === 2 ? rows * 2 : rows),
          weight: [1, 1, 0].slice(0, rows),
        },
        parameters: { delta: 0.7 },
      });
      const padded = evaluate(weightedMean(loss), environment(3)).data[0];
      const plain = evaluate(reduce(loss, 'mean'), environment(2)).data[0]!;
      expect(padded, loss.id).toBeCloseTo(plain, 14);
    }
  });
  it('weightedMean takes in the options that are set', () => {
    const loss = loadLoss('softmax-cross-entropy')!;
    expect(parametersOf(weightedMean(loss, { labelSmoothing: 0 }))).toEqual([]);
    expect(parametersOf(weightedMean(loss, { labelSmoothing: 0.1 })).map((p) => p.name)).toEqual([
      'labelSmoothing',
    ]);
  });
});
