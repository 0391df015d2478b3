import { describe, expect, it } from 'vitest';
import {
  completionsAt,
  findSite,
  type CompletionRequest,
  type LossCompletion,
} from '../../../src/core/code/completion.ts';
import { shortName } from '../../../src/core/code/shortName.ts';
import { parseSyntax } from '../../../src/core/code/syntax.ts';
import type { Language } from '../../../src/core/code/tree.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { atOnce, type Sliced } from '../../../src/core/slices.ts';

/** All completions at a place, none where there is none. */
function* completed(request: CompletionRequest): Sliced<LossCompletion[]> {
  const site = yield* findSite(request);
  return site === undefined ? [] : yield* completionsAt(site, losses());
}

/** `‸` marks the cursor. */
function complete(marked: string, language: Language = 'python') {
  const source = marked.replace('‸', '');
  return {
    source,
    items: atOnce(completed({ source, language, offset: marked.indexOf('‸') })),
  };
}
const labels = (marked: string, language: Language = 'python') =>
  complete(marked, language).items.map(({ label }) => label);

describe('completions', () => {
  it('have short names of their own, which one types', () => {
    const names = losses().map(shortName);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    for (const usual of [
      ...['mse', 'mae', 'rmse', 'mape', 'huber', 'smooth-l1', 'quantile', 'poisson', 'cosine'],
      ...[
        'bce',
        'cross-entropy',
        'nll',
        'kl',
        'focal',
        'hinge',
        'triplet',
        'info-nce',
        'dice',
        'ctc',
        'elbo',
      ],
    ])
      expect(names).toContain(usual);
    // An id that is another loss's short name would be offered under both.
    for (const { id, short } of losses())
      if (short !== undefined)
        expect(losses().some((other) => other.id === short && other.id !== id)).toBe(false);
  });

  it('are offered for a word at the left edge that begins with loss', () => {
    expect(labels('loss‸')).toEqual(losses().map((loss) => `loss-${shortName(loss)}`));
    expect(labels('import numpy as np\n\nloss-‸\nx = 1\n')).toHaveLength(losses().length);
  });

  it.each<[string, string]>([
    ['loss-hub', 'loss-huber'],
    ['loss-mse', 'loss-mse'],
    ['loss-ridge', 'loss-l2-penalty'],
    ['loss-charbonnier', 'loss-pseudo-huber'],
    ['loss-simclr', 'loss-nt-xent'],
    ['loss-pinball', 'loss-quantile'],
    ['loss-kld', 'loss-kl'],
  ])('are found by every name: %s', (typed, label) => {
    expect(labels(`import numpy as np\n\n${typed}‸`)).toContain(label);
    expect(labels(`const a = 1;\n${typed}‸\n`, 'typescript')).toContain(label);
  });

  it('print only what matches, in steps that can be interleaved', () => {
    const source = 'import torch\n\nloss-charbonnier';
    const site = atOnce(findSite({ source, language: 'python', offset: source.length }));
    const work = completionsAt(site!, losses());
    let steps = 0;
    let step = work.next();
    for (; step.done !== true; step = work.next()) steps += 1;
    expect(step.value.map(({ label }) => label)).toContain('loss-pseudo-huber');
    // One before each loss that is printed.
    expect(steps).toBe(step.value.length);
    expect(steps).toBeLessThan(10);
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
    const item = items.find(({ loss }) => loss.id === 'huber');
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
