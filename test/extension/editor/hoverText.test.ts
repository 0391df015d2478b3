import { describe, expect, it } from 'vitest';
import { findUses } from '../../../src/core/code/uses.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';
import { english } from '../../../src/core/messages/message.ts';
import { formulaOfChoices } from '../../../src/extension/editor/formulaText.ts';
import { escapeMarkdown, hoverText } from '../../../src/extension/editor/hoverText.ts';

function shown(
  source: string,
  role?: string,
  picture: string | undefined = '![f](data:image/svg+xml;base64,AA|width=1,height=1)',
  isTall = false,
): string {
  const uses = findUses(source).filter((use) => role === undefined || use.role === role);
  const use = uses.find((one) => one.role !== 'import');
  if (use === undefined) throw new Error('no use');
  return hoverText({
    use,
    lossOf: loadLoss,
    ...(picture === '' ? {} : { picture }),
    isTall,
    localise: english,
    definition: ({ definition }) => (definition === undefined ? undefined : 'built on line 2'),
    links: ['[Insert](command:a)', '[Train](command:b)'],
  });
}

describe('the text of a hover', () => {
  it('has title, picture, advice and links, in this order', () => {
    const text = shown('import torch.nn as nn\nc = nn.HuberLoss(delta=0.5)');
    const [top, rest] = text.split('\n\n');
    expect(top).toBe(
      '**Huber loss** · Regression · PyTorch `delta=0.5`  \n![f](data:image/svg+xml;base64,AA|width=1,height=1)',
    );
    expect(rest?.split('  \n').at(-1)).toBe('[Insert](command:a) · [Train](command:b)');
    expect(rest).toContain('outliers');
    expect(rest).toContain('⚠');
  });

  it('does without its picture', () => {
    const text = shown('import torch.nn as nn\nc = nn.HuberLoss()', undefined, '');
    expect(text.startsWith('**Huber loss** · Regression · PyTorch\n\n')).toBe(true);
  });

  it('has its links above a picture that fills the widget', () => {
    const text = shown('import torch.nn as nn\nc = nn.HuberLoss()', undefined, undefined, true);
    expect(text.split('\n\n')[0]).toBe(
      '**Huber loss** · Regression · PyTorch  \n[Insert](command:a) · [Train](command:b)  \n![f](data:image/svg+xml;base64,AA|width=1,height=1)',
    );
    expect(text.match(/command:a/g)).toHaveLength(1);
  });

  it('shows the formula of other choices in words', () => {
    const formula = (code: string): string | undefined => {
      const [use] = findUses(`import torch.nn as nn, keras\nc = ${code}`);
      const [candidate] = use!.candidates;
      return formulaOfChoices(loadLoss(candidate!.loss)!, candidate!);
    };
    expect(formula('nn.PoissonNLLLoss()')).toBeUndefined();
    expect(formula('nn.PoissonNLLLoss(log_input=True)')).toBeUndefined();
    expect(formula('nn.HuberLoss(delta=2)')).toBeUndefined();
    expect(formula('nn.PoissonNLLLoss(log_input=False)')).toMatch(/^`ℓ_ε\(.*\) = .* log\(.* \+ ε\)`$/);
    expect(formula('nn.TripletMarginLoss(swap=True)')).toContain('min(');
  });

  it('is short where a variable is used, and says where that was built', () => {
    const text = shown('import torch.nn as nn\nc = nn.MSELoss()\nc(a, b)', 'instance');
    expect(text).toContain('**Mean squared error** · Regression · PyTorch · built on line 2');
    expect(text).not.toContain('⚠');
  });

  it('shows all candidates and prefers none', () => {
    const text = shown('import torch.nn as nn\nc = nn.MSELoss() if x else nn.L1Loss()\nc(a, b)', 'instance');
    expect(text).toContain('- **Mean squared error** · Regression · PyTorch · built on line 2');
    expect(text).toContain('- **Mean absolute error** · Regression · PyTorch · built on line 2');
    expect(text).not.toContain('data:image');
  });

  it('is about probabilities until from_logits says otherwise', () => {
    const probabilities = shown('import keras\nc = keras.losses.BinaryCrossentropy()');
    expect(probabilities).toContain('**Binary cross\\-entropy** · Classification · Keras  \n');
    expect(probabilities).toContain('Keras: Probabilities are clipped');
    const logits = shown('import keras\nc = keras.losses.BinaryCrossentropy(from_logits=True)');
    expect(logits).toContain(
      '**Binary cross\\-entropy on logits** · Classification · Keras `from_logits=True`',
    );
    // What the keyword answers is not asked again.
    expect(logits).not.toMatch(/expects? probabilities|without a sigmoid/);
  });

  it('shows both losses where a variable decides, with what decides', () => {
    const text = shown('import keras\nc = keras.losses.BinaryCrossentropy(from_logits=flag)');
    expect(text).toContain(
      '- **Binary cross\\-entropy on logits** · Classification · Keras `from_logits=True`',
    );
    expect(text).toContain('- **Binary cross\\-entropy** · Classification · Keras `from_logits=False`');
    expect(text).not.toContain('flag');
  });

  it('says what decides where it is no keyword', () => {
    const text = shown('from sklearn.metrics import log_loss\nx = log_loss(y, p)', 'call');
    expect(text).toContain(
      '- **Categorical cross\\-entropy** · Classification · scikit\\-learn'.replace('\\-l', '-l'),
    );
    expect(text).toContain('⚠ A matrix of probabilities means several classes');
  });

  it('tells how the framework’s own definition differs, and only then', () => {
    const [keras, own] = [
      'import keras\nc = keras.losses.LogCosh()',
      'import optax\noptax.log_cosh(a, b)',
    ].map((code) => shown(code));
    expect(keras).toContain('Keras: The mean over the last axis is part of the function');
    expect(own).not.toContain('The mean over the last axis');
  });

  it('says first what goes wrong with this very call', () => {
    const text = shown('import torch.nn as nn\nc = nn.CrossEntropyLoss()');
    expect(/⚠ (.*)/.exec(text)?.[1]).toMatch(/softmax before PyTorch’s CrossEntropyLoss is applied twice/);
  });

  it('leaves no Markdown, HTML or link of the document alive', () => {
    for (const argument of ['"](command:x)"', '"`**b**`"', '"<b>|$(x)"', 'a[`x`]'])
      expect(shown(`import torch.nn as nn\nc = nn.HuberLoss(delta=${argument})`)).toMatch(
        // Inside one code span whose fence is longer than any run of the content.
        /PyTorch (`+) ?delta=(?:(?!\1)[^\n]|`(?!\1))*\1 {2}\n/,
      );
    expect(escapeMarkdown('[a](b) <i> *c* _d_ `e` # | ~ $x\n\ny')).toBe(
      '\\[a\\]\\(b\\) \\<i\\> \\*c\\* \\_d\\_ \\`e\\` \\# \\| \\~ \\$x y',
    );
  });

  it('leaves out long arguments and those that span lines', () => {
    const text = shown(
      'import torch.nn as nn\nc = nn.HuberLoss(delta=compute_the_threshold_from(data), weight=[\n1])',
    );
    expect(text.split('\n')[0]).toBe('**Huber loss** · Regression · PyTorch  ');
  });

  it('stays within the lines that the widget shows, for every Python name of every loss', () => {
    for (const loss of losses())
      for (const { framework, form, name, requires, secondary } of loss.apis) {
        if (form === 'string' || framework === 'tfjs' || secondary === true) continue;
        const given = Object.entries(requires ?? {}).map(
          ([key, value]) => `${key}=${value === true ? 'True' : 'False'}`,
        );
        const inputs = form === 'class' ? [] : ['a', 'b'];
        const text = shown(`import ${name.split('.')[0]!}\nx = ${name}(${[...inputs, ...given].join(', ')})`);
        if (text.includes('decides at run time')) continue;
        const lines = text.split('\n\n')[1]!.split('  \n').slice(0, -1);
        const plain = lines.map((line) => line.replace(/\\(.)/g, '$1').length);
        // Wrapped at 68 characters, four lines are left beside title, picture and links.
        expect(
          plain.reduce((sum, length) => sum + Math.ceil(length / 68), 0),
          name,
        ).toBeLessThanOrEqual(4);
        expect(lines.length, name).toBeGreaterThanOrEqual(1);
        expect(text, name).toContain(`**${escapeMarkdown(loss.name)}**`);
      }
  });

  it('has room for how each convention differs', () => {
    for (const loss of losses())
      for (const { framework, form, name, convention, requires } of loss.apis) {
        if (form === 'string' || framework === 'tfjs' || convention === undefined) continue;
        const given = Object.entries(requires ?? {}).map(
          ([key, value]) => `${key}=${value === true ? 'True' : 'False'}`,
        );
        const inputs = form === 'class' ? [] : ['a', 'b'];
        const text = shown(`import ${name.split('.')[0]!}\nx = ${name}(${[...inputs, ...given].join(', ')})`);
        if (text.includes('decides at run time')) continue;
        const { differs } = loss.conventions!.find(({ id }) => id === convention)!;
        const start = escapeMarkdown(differs.split(/[.:;] /)[0]!.replace(/[.:;]$/, ''));
        expect(text, name).toContain(`: ${start}`);
      }
  });
});
