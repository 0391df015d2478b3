import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cancelSigns, splitArguments, wrapWords } from '../../../src/core/expression/print/layout.ts';
import { Names, pythonName, snake, typescriptName } from '../../../src/core/expression/print/names.ts';
import { blackLines, breaksWell } from '../../../src/core/expression/print/pythonLines.ts';
import { rangeWords } from '../../../src/core/expression/print/printable.ts';
import {
  mannersOf,
  printLoss,
  pythonImports,
  type Language,
} from '../../../src/core/expression/print/snippet.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';
import type { Loss } from '../../../src/core/losses/loss.ts';

const huber = loadLoss('huber')!;
const python = ['numpy', 'torch', 'keras', 'jax'] as const satisfies readonly Language[];

describe('names', () => {
  it('say that they are losses', () => {
    const named = (id: string) => ({ ...huber, id }) as Loss;
    expect(pythonName(named('huber'))).toBe('huber_loss');
    expect(pythonName(named('log-cosh'))).toBe('log_cosh_loss');
    expect(pythonName(named('mean-squared-error'))).toBe('mean_squared_error');
    expect(typescriptName(named('softmax-cross-entropy'))).toBe('softmaxCrossEntropy');
    expect(typescriptName(named('huber'))).toBe('huberLoss');
  });

  it('are given once and are never reserved', () => {
    const names = new Names('python', ['pred']);
    expect(['pred', 'lambda', 'pred', 'class', 'lambda'].map((wish) => names.take(wish))).toEqual([
      'pred2',
      'lambda_',
      'pred3',
      'class_',
      'lambda_2',
    ]);
    expect(new Names('typescript', []).take('class')).toBe('class_');
  });

  it('change their case', () => {
    expect(snake('labelSmoothing')).toBe('label_smoothing');
  });
});

describe('layout', () => {
  it('breaks a long call inside its brackets: on one line, or one argument a line', () => {
    expect(blackLines('loss = ', 'np.where(a <= b, f(c, d), g)', 26)).toEqual([
      'loss = np.where(',
      '    a <= b, f(c, d), g',
      ')',
    ]);
    expect(blackLines('loss = ', 'np.where(a <= b, f(c, d), g)', 20)).toEqual([
      'loss = np.where(',
      '    a <= b,',
      '    f(c, d),',
      '    g,',
      ')',
    ]);
  });

  it('breaks operands before their operators, the weakest first', () => {
    const sum = 'a * (b + c) - f(d - e) + g';
    expect(blackLines('total = ', sum, 31)).toEqual(['total = (', `    ${sum}`, ')'].slice(0, 3));
    expect(blackLines('total = ', sum, 20)).toEqual([
      'total = (',
      '    a * (b + c)',
      '    - f(d - e)',
      '    + g',
      ')',
    ]);
    expect(blackLines('m = ', 'aaaa < bbbb & cccc', 12)).toEqual([
      'm = (',
      '    aaaa',
      '    < bbbb',
      '    & cccc',
      ')',
    ]);
    expect(blackLines('y = ', 'np.einsum("nd,md->nm", first, second)', 30)).toEqual([
      'y = np.einsum(',
      '    "nd,md->nm", first, second',
      ')',
    ]);
  });

  it('leaves what fits, and what it cannot break', () => {
    expect(blackLines('loss = ', 'f(a)', 11)).toEqual(['loss = f(a)']);
    expect(blackLines('loss = ', 'aaaaaaaaaa', 4)).toEqual(['loss = aaaaaaaaaa']);
  });

  it('tells what reads well on several lines', () => {
    expect(['f(a, b)', 'a + b + c', '-np.maximum(a, b)'].map(breaksWell)).toEqual([true, true, true]);
    expect(['a * f(b)', '(a + b) / c', 'a'].map(breaksWell)).toEqual([false, false, false]);
  });

  it('never loses a word or exceeds the width', () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 12, max: 60 }), (words, width) => {
        const lines = wrapWords(words.join(' '), width);
        expect(lines.join(' ').split(' ')).toEqual(words);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('splits arguments outside brackets only', () => {
    expect(splitArguments('a, f(b, c), x[:, None], (d, e)')).toEqual([
      'a',
      'f(b, c)',
      'x[:, None]',
      '(d, e)',
    ]);
  });

  it('cancels double signs only where they are whole arguments', () => {
    expect(cancelSigns('f(0, -(-x))')).toBe('f(0, x)');
    for (const kept of ['a - (-x)', '-(-x) ** 2', '-(-x) * y', '-(-x + y)'])
      expect(cancelSigns(kept)).toBe(kept);
  });
});

describe('a snippet', () => {
  it('takes given values as defaults', () => {
    const parameters = { delta: 0.5 };
    expect(printLoss(huber, 'numpy', { parameters }).code).toContain('delta: float = 0.5,');
    expect(printLoss(huber, 'typescript', { parameters }).code).toContain('{ delta = 0.5, reduction');
    expect(printLoss(huber, 'torch').code).toContain('delta: float = 1.0,');
  });

  it('checks ranges of the mathematics, not those of a slider', () => {
    const parameter = huber.parameters[0]!;
    expect(rangeWords(parameter)).toBe('greater than 0');
    expect(rangeWords({ ...parameter, min: 0, minExclusive: false, max: 1, maxExclusive: true })).toBe(
      'at least 0 and less than 1',
    );
    expect(rangeWords({ ...parameter, min: -Infinity, max: Infinity })).toBe('');
  });

  it('is idiomatic where the framework has a function', () => {
    expect(mannersOf(huber, 'torch')).toEqual(['scratch', 'idiomatic']);
    expect(mannersOf(huber, 'numpy')).toEqual(['scratch']);
    expect(printLoss(huber, 'torch', { manner: 'idiomatic' }).code).toContain(
      'return F.huber_loss(pred, target, delta=delta, reduction=reduction)',
    );
    expect(() => printLoss(huber, 'numpy', { manner: 'idiomatic' })).toThrow(RangeError);
    expect(mannersOf({ ...huber, apis: [] }, 'torch')).toEqual(['scratch']);
  });

  it('imports what it uses and nothing else', () => {
    for (const loss of losses()) {
      for (const language of python) {
        for (const manner of mannersOf(loss, language)) {
          const { code: whole, imports } = printLoss(loss, language, { manner });
          const code = whole.replace(/"""[^]*?"""/g, '');
          for (const { module, name, alias } of imports) {
            expect(code, `${module} in ${loss.id}`).toMatch(new RegExp(`\\b${name ?? alias ?? module}\\b`));
          }
          const known = new Set(imports.map(({ module, name, alias }) => alias ?? name ?? module));
          for (const used of [
            'np',
            'torch',
            'F',
            'jax',
            'jnp',
            'keras',
            'ops',
            'math',
            'Literal',
            'ArrayLike',
          ]) {
            if (new RegExp(`(?<![\\w.])${used}(?:\\.|\\b(?=\\[|,))`).test(code))
              expect(known.has(used), used).toBe(true);
          }
        }
      }
      expect(printLoss(loss, 'typescript').imports).toEqual([]);
    }
    expect(
      pythonImports([
        { module: 'numpy', alias: 'np' },
        { module: 'typing', name: 'Literal' },
        { module: 'a', name: 'b', alias: 'c' },
      ]),
    ).toBe('import numpy as np\nfrom typing import Literal\nfrom a import b as c');
  });

  it('keeps its lines short and its end clean', () => {
    for (const loss of losses()) {
      for (const language of [...python, 'typescript'] as const) {
        const { code } = printLoss(loss, language);
        expect(code.endsWith('\n') && !code.endsWith('\n\n')).toBe(true);
        for (const line of code.split('\n')) {
          expect(line, loss.id).toBe(line.trimEnd());
          if (language !== 'typescript') expect(line.length, line).toBeLessThanOrEqual(88);
        }
      }
    }
  });
});
