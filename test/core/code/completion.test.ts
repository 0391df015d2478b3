import { describe, expect, it } from 'vitest';
import { completeLosses } from '../../../src/core/code/completion.ts';
import { shortName } from '../../../src/core/code/shortName.ts';
import { parseSyntax } from '../../../src/core/code/syntax.ts';
import type { Language } from '../../../src/core/code/tree.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';

/** `‸` marks the cursor. */
function complete(marked: string, language: Language = 'python') {
  const source = marked.replace('‸', '');
  return {
    source,
    items: completeLosses({ source, language, offset: marked.indexOf('‸'), losses: losses() }),
  };
}
const labels = (marked: string, language: Language = 'python') =>
  complete(marked, language).items.map(({ label }) => label);

describe('completions', () => {
  it('have short names of their own', () => {
    expect(losses().map(shortName)).toEqual(['mse', 'mae', 'huber', 'bce', 'cross-entropy']);
  });

  it('are offered for a word at the left edge that begins with loss', () => {
    expect(labels('loss‸')).toHaveLength(losses().length);
    expect(labels('import numpy as np\n\nloss-hu‸')).toEqual(['loss-huber']);
    expect(labels('import numpy as np\n\nloss-‸\nx = 1\n')).toHaveLength(losses().length);
    expect(labels('const a = 1;\nloss-hu‸\n', 'typescript')).toEqual(['loss-huber']);
  });

  it.each([
    ['inside a function', 'def f():\n    loss-‸'],
    ['inside a string', 's = """\nloss-‸\n"""'],
    ['inside a bracket', 'x = (\nloss‸\n)'],
    ['in a comment', '# loss-‸'],
    ['after a continued line', 'x = \\\nloss‸'],
    ['before other code', 'loss‸ = 1'],
    ['for another word', 'closs‸'],
    ['above the imports', 'loss‸\nimport os\n'],
    ['in the middle of a line', 'x = loss‸'],
  ])('are not offered %s', (_, marked) => {
    expect(labels(marked)).toEqual([]);
  });

  it('are not offered in a block comment of TypeScript', () => {
    expect(labels('/*\nloss-‸\n*/\n', 'typescript')).toEqual([]);
  });

  it('replace the word by the implementation, and add imports elsewhere', () => {
    const { source, items } = complete('import numpy as npy\n\nloss-hub‸\nx = 1\n');
    const [item] = items;
    expect(source.slice(item!.range.from, item!.range.to)).toBe('loss-hub');
    const edits = [...item!.others, { ...item!.range, text: item!.text }].sort((a, b) => b.from - a.from);
    let text = source;
    for (const edit of edits) text = text.slice(0, edit.from) + edit.text + text.slice(edit.to);
    expect(text.startsWith('import numpy as npy\nfrom typing import Literal\n')).toBe(true);
    expect(text).toContain('\n\n\ndef huber_loss(');
    expect(text).toContain('npy.where');
    expect(text).not.toContain('loss-hub');
    expect(text).toMatch(/\n\n\nx = 1\n$/);
    expect(parseSyntax(text, 'python').clean).toBe(true);
  });
});
