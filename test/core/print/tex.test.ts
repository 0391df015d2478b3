import { describe, expect, it } from 'vitest';
import * as b from '../../../src/core/expression/build.ts';
import { index, input, param } from '../../../src/core/expression/expression.ts';
import { speak, spokenSymbol } from '../../../src/core/expression/print/spoken.ts';
import { lossTex, printTex } from '../../../src/core/expression/print/tex.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';

/** The formulas as a textbook has them. */
const textbook: Readonly<Record<string, readonly [value: string, ...gradients: string[]]>> = {
  'mean-squared-error': [
    String.raw`\ell(\hat{y}, y) = (\hat{y} - y)^{2}`,
    String.raw`\frac{\partial L}{\partial \hat{y}_{i}} = \frac{2}{n} (\hat{y}_{i} - y_{i})`,
  ],
  'mean-absolute-error': [
    String.raw`\ell(\hat{y}, y) = \lvert \hat{y} - y \rvert`,
    String.raw`\frac{\partial L}{\partial \hat{y}_{i}} = \frac{1}{n} \, \operatorname{sign}(\hat{y}_{i} - y_{i})`,
  ],
  huber: [
    String.raw`\ell_{\delta}(\hat{y}, y) = \begin{cases} \tfrac{1}{2} \, (\hat{y} - y)^{2} & \text{if } \lvert \hat{y} - y \rvert \le \delta \\ \delta \, \left(\lvert \hat{y} - y \rvert - \tfrac{1}{2} \, \delta\right) & \text{otherwise} \end{cases}`,
    String.raw`\frac{\partial L}{\partial \hat{y}_{i}} = \frac{1}{n} \, \begin{cases} \hat{y}_{i} - y_{i} & \text{if } \lvert \hat{y}_{i} - y_{i} \rvert \le \delta \\ \delta \, \operatorname{sign}(\hat{y}_{i} - y_{i}) & \text{otherwise} \end{cases}`,
  ],
  'binary-cross-entropy-logits': [
    String.raw`\ell(z, y) = y \, \log(1 + e^{-z}) + (1 - y) \, \log(1 + e^{z})`,
    String.raw`\frac{\partial L}{\partial z_{i}} = \frac{1}{n} (\sigma(z_{i}) - y_{i})`,
  ],
  'softmax-cross-entropy': [
    String.raw`\ell(z, y) = \log \sum_{c} e^{z_{c}} - z_{y}`,
    String.raw`\frac{\partial L}{\partial z_{i c}} = \frac{1}{n} (\operatorname{softmax}(z_{i})_{c} - [c = y_{i}])`,
  ],
  'log-cosh': [
    String.raw`\ell(\hat{y}, y) = \hat{y} - y + \log(1 + e^{-2 \, (\hat{y} - y)}) - \log 2`,
    String.raw`\frac{\partial L}{\partial \hat{y}_{i}} = \frac{1}{n} \, \tanh(\hat{y}_{i} - y_{i})`,
  ],
  'poisson-nll': [
    String.raw`\ell(\hat{z}, y) = e^{\hat{z}} - y \, \hat{z}`,
    String.raw`\frac{\partial L}{\partial \hat{z}_{i}} = \frac{1}{n} (e^{\hat{z}_{i}} - y_{i})`,
  ],
  logistic: [
    String.raw`\ell(f, y) = \log(1 + e^{-y \, f})`,
    String.raw`\frac{\partial L}{\partial f_{i}} = -\frac{1}{n} \, \sigma(-y_{i} \, f_{i}) \, y_{i}`,
  ],
  'softmax-cross-entropy-distribution': [
    String.raw`\ell(z, y) = -\left(\sum_{c} y_{c} \, \log \operatorname{softmax}(z)_{c}\right)`,
    String.raw`\frac{\partial L}{\partial z_{i c}} = \frac{1}{n} (\operatorname{softmax}(z_{i})_{c} - y_{i c})`,
  ],
  listnet: [
    String.raw`\ell(s, y) = -\left(\sum_{j} \operatorname{softmax}(y)_{j} \, \log \operatorname{softmax}(s)_{j}\right)`,
    String.raw`\frac{\partial L}{\partial s_{i j}} = \frac{1}{n} (\operatorname{softmax}(s_{i})_{j} - \operatorname{softmax}(y_{i})_{j})`,
  ],
  bpr: [
    String.raw`\ell(s^{+}, s^{-}) = \log(1 + e^{s^{-} - s^{+}})`,
    String.raw`\frac{\partial L}{\partial s^{+}_{i}} = -\frac{1}{n} \, \sigma(s^{-}_{i} - s^{+}_{i})`,
    String.raw`\frac{\partial L}{\partial s^{-}_{i}} = \frac{1}{n} \, \sigma(s^{-}_{i} - s^{+}_{i})`,
  ],
};

it.each(Object.keys(textbook))('%s reads as in a textbook', (id) => {
  const { value, gradients } = lossTex(loadLoss(id)!);
  expect([value, ...gradients]).toEqual(textbook[id]);
});

it.each(losses().map((loss) => loss.id))('%s can be said aloud', (id) => {
  const loss = loadLoss(id)!;
  const { spoken } = lossTex(loss);
  expect(spoken.startsWith(loss.name)).toBe(true);
  expect(spoken).toMatch(/Gradient (?:of the mean over n values )?by each/);
  // Words, digits and pauses only: nothing that a voice would spell or skip.
  expect(spoken).toMatch(/^[\p{L}\p{N} ,.:’–-]+$/u);
});

const x = input('x', ['sample', 'class']);
const v = input('v', ['sample']);
const y = input('y', ['sample'], 'index');
const symbols = new Map([
  ['x', 'x'],
  ['v', 'v'],
  ['y', 'y'],
  ['p', '\\rho'],
]);
const plain = new Map<string, string>();

describe('an expression in TeX', () => {
  it('indexes what is indexed where it stands', () => {
    const both = new Map([
      ['sample', 'i'],
      ['class', 'c'],
    ]);
    expect(printTex(b.sub(x, v), symbols, both).text).toBe('x_{i c} - v_{i}');
    expect(printTex(b.sum(x, 'class'), symbols, plain).text).toBe('\\sum_{c} x_{c}');
    // c is taken by the free index, so the sum runs over another letter.
    expect(printTex(b.sub(x, b.sum(x, 'class')), symbols, both).text).toContain('\\sum_{k} x_{i k}');
    expect(printTex(b.eq(index('class'), y), symbols, both).text).toBe('c = y_{i}');
    expect(printTex(b.gather(x, 'class', y), symbols, new Map([['sample', 'i']])).text).toBe('x_{i y_{i}}');
    expect(printTex(b.softmax(x, 'class'), symbols, both).text).toBe(
      '\\operatorname{softmax}\\left(x_{i}\\right)_{c}',
    );
    const pair = b.sub(v, b.rename(v, 'sample', 'sample′'));
    const pairs = new Map([
      ['sample', 'i'],
      ['sample′', 'j'],
    ]);
    expect(printTex(pair, symbols, pairs).text).toBe('v_{i} - v_{j}');
  });

  it('keeps brackets that change the meaning', () => {
    const difference = b.sub(v, param('p'));
    expect(printTex(b.sub(v, difference), symbols, plain).text).toBe('v - \\left(v - \\rho\\right)');
    expect(printTex(b.square(difference), symbols, plain).text).toBe('\\left(v - \\rho\\right)^{2}');
    expect(printTex(b.mul(b.log(v), v), symbols, plain).text).toBe('\\left(\\log v\\right) \\, v');
    expect(printTex(b.mul(v, b.log(v)), symbols, plain).text).toBe('v \\, \\log v');
  });
});

describe('an expression in words', () => {
  it('announces groups and ends them', () => {
    const difference = b.sub(v, param('p'));
    expect(speak(b.square(difference), symbols, plain)).toBe('the quantity v minus rho, squared');
    expect(speak(b.mul(2, difference), symbols, plain)).toBe('2 times the quantity v minus rho');
    expect(speak(b.sum(x, 'class'), symbols, plain)).toBe('the sum over c of x sub c');
  });

  it('names symbols', () => {
    expect(spokenSymbol('\\hat{y}')).toBe('y hat');
    expect(spokenSymbol('\\hat y')).toBe('y hat');
    expect(spokenSymbol('\\delta')).toBe('delta');
    expect(spokenSymbol('z', ['c'])).toBe('z sub c');
  });
});
