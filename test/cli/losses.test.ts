import { describe, expect, it } from 'vitest';
import { showLosses } from '../../src/cli/losses.ts';
import type { Terminal } from '../../src/cli/output.ts';
import { printCode } from '../../src/cli/print.ts';
import { languages, mannersOf } from '../../src/core/expression/print/snippet.ts';
import { loadLoss, losses } from '../../src/core/losses/catalogue.ts';

function run(command: (args: string[], to: Terminal) => number, ...args: string[]) {
  let [out, err] = ['', ''];
  const code = command(args, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    live: false,
    columns: 80,
  });
  return { code, out, err };
}

describe('loss-lab losses', () => {
  it('lists every loss under its family', () => {
    const { code, out, err } = run(showLosses);
    expect([code, err]).toEqual([0, '']);
    for (const { id, name } of losses()) expect(out).toMatch(new RegExp(`^  ${id} +${escape(name)}`, 'm'));
    expect(out.indexOf('Regression')).toBeLessThan(out.indexOf('Classification'));
  });

  it('prints one array of objects with --json', () => {
    const { code, out } = run(showLosses, '--json');
    const listed = JSON.parse(out) as Record<string, unknown>[];
    expect(code).toBe(0);
    expect(listed.map(({ id }) => id)).toEqual(losses().map(({ id }) => id));
    for (const key of ['id', 'name', 'family', 'parameters', 'frameworks'])
      for (const loss of listed) expect(loss, String(loss['id'])).toHaveProperty(key);
    const huber = listed.find(({ id }) => id === 'huber')!;
    expect(huber['parameters']).toMatchObject([{ id: 'delta', default: 1 }]);
    expect((huber['frameworks'] as Record<string, string[]>)['torch']).toContain('torch.nn.HuberLoss');
  });

  it('explains one: formula, gradient, names', () => {
    const { code, out } = run(showLosses, 'mean-squared-error');
    expect(code).toBe(0);
    for (const text of [
      'ℓ(ŷ, y) = (ŷ − y)²',
      '∂L/∂ŷᵢ = 2/n (ŷᵢ − yᵢ)',
      'torch.nn.MSELoss',
      'keras.losses.MeanSquaredError',
      '均方误差',
    ])
      expect(out).toContain(text);
    // Nothing is wider than the terminal but a formula or a name.
    for (const line of out.split('\n'))
      if (/\w \w/.test(line) && !/[=∂]/.test(line)) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it.each(losses().map(({ id }) => id))('explains %s, also as JSON', (id) => {
    expect(run(showLosses, id)).toMatchObject({ code: 0, err: '' });
    const { out } = run(showLosses, id, '--json');
    expect(JSON.parse(out)).toMatchObject({ id, gradients: expect.any(Array) as unknown });
  });

  it('says what comes close to an id that it does not know', () => {
    const { code, out, err } = run(showLosses, 'hubber-loss-huber');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('There is no loss "hubber-loss-huber". Did you mean');
    expect(err).toContain('huber');
    expect(run(showLosses, 'a', 'b')).toMatchObject({ code: 2 });
  });
});

describe('loss-lab print', () => {
  it('prints a file of its own', () => {
    const { code, out } = run(
      printCode,
      'huber',
      '--language',
      'torch',
      '--manner',
      'scratch',
      '--set',
      'delta=2',
    );
    expect(code).toBe(0);
    expect(out.startsWith('import torch\nfrom typing import Literal\n\n\ndef huber_loss(')).toBe(true);
    expect(out).toContain('delta: float = 2.0');
  });

  it.each(languages)('prints or refuses every loss in %s', (language) => {
    for (const loss of losses()) {
      const printed = run(printCode, loss.id, '--language', language);
      const isOffered = mannersOf(loss, language).includes('scratch');
      expect(printed.code, `${loss.id}: ${printed.err}`).toBe(isOffered ? 0 : 2);
      expect(isOffered ? printed.out : printed.err, loss.id).not.toBe('');
    }
  });

  it.each([
    [['no-such-loss', '--language', 'torch'], 'There is no loss "no-such-loss"'],
    [['huber'], '--language must be one of numpy, torch, keras, jax, tfjs, typescript, found none'],
    [['huber', '--language', 'cobol'], 'found cobol'],
    [['huber', '--language', 'torch', '--manner', 'fancy'], '--manner must be one of scratch, idiomatic'],
    [['huber', '--language', 'torch', '--set', 'delta'], '--set expects NAME=NUMBER, found "delta"'],
    [['huber', '--language', 'torch', '--set', 'delta=-1'], 'must be greater than 0'],
    [['huber', '--language', 'torch', '--set', 'gamma=1'], 'has no parameter "gamma"'],
    [['huber', '--language', 'torch', '--convention', 'mine'], 'huber has no convention "mine"; it has'],
    [[], 'Expected the id of one loss'],
  ] as const)('refuses %j', (args, reason) => {
    const { code, out, err } = run(printCode, ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(reason);
  });

  it('prints another definition', () => {
    const convention = loadLoss('mean-squared-error')!.conventions![0]!.id;
    const { code, out } = run(
      printCode,
      'mean-squared-error',
      '--language',
      'numpy',
      '--convention',
      convention,
    );
    expect(code).toBe(0);
    expect(out).toContain('def mean_squared_error');
  });
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
