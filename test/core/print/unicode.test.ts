import { describe, expect, it } from 'vitest';
import { lossTex } from '../../../src/core/expression/print/tex.ts';
import { unicodeOf } from '../../../src/core/expression/print/unicode.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';

describe('TeX as Unicode text', () => {
  it.each([
    [
      String.raw`\frac{\partial L}{\partial \hat{y}_{i}} = \frac{2}{n} (\hat{y}_{i} - y_{i})`,
      '∂L/∂ŷᵢ = 2/n (ŷᵢ − yᵢ)',
    ],
    [String.raw`\log \sum_{c} e^{z_{c}} - z_{y}`, 'log Σ_c e^(z_c) − z_y'],
    [String.raw`\lvert \hat{y} - y \rvert \le \delta`, '|ŷ − y| ≤ δ'],
    [String.raw`\tfrac{1}{2} \, (\hat{y} - y)^{2}`, '½ (ŷ − y)²'],
    [String.raw`\frac{a + b}{2 n}`, '(a + b)/(2 n)'],
    [
      String.raw`\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}`,
      '{ x if x > 0; 0 otherwise }',
    ],
    [String.raw`\operatorname{softmax}(z_{i})_{c}`, 'softmax(zᵢ)_c'],
    [String.raw`\sqrt{x^{2} + 1}`, '√(x² + 1)'],
    [String.raw`\left\lVert u \right\rVert`, '‖u‖'],
    [String.raw`x_{1}^{-3}`, 'x₁⁻³'],
  ])('%s', (tex, text) => {
    expect(unicodeOf(tex)).toBe(text);
  });

  it.each(losses().map((loss) => [loss.id, loss] as const))('%s leaves no TeX behind', (_, loss) => {
    const { value, gradients, lets } = lossTex(loss);
    for (const tex of [value, ...gradients, ...lets]) {
      const text = unicodeOf(tex);
      expect(text).not.toMatch(/[\\&\uE000]|undefined|operatorname|[{}]{2}/);
      expect(text.split('(').length, text).toBe(text.split(')').length);
    }
  });
});
