import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { eraseTypes } from '../../../src/core/code/eraseTypes.ts';
import {
  editionFile,
  editionOf,
  editions,
  fittingOf,
  keepEdition,
  snippetLanguage,
} from '../../../src/core/code/fitting.ts';
import { planInsertion, type TextEdit } from '../../../src/core/code/insertion.ts';
import { parseSyntax } from '../../../src/core/code/syntax.ts';
import type { Language } from '../../../src/core/code/tree.ts';
import { printLoss, refusalOf, type Snippet } from '../../../src/core/expression/print/snippet.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';
import type { Loss } from '../../../src/core/losses/loss.ts';
import { english } from '../../../src/core/messages/message.ts';

function apply(source: string, edits: readonly TextEdit[]): string {
  let text = source;
  for (const { from, to, text: added } of [...edits].reverse())
    text = text.slice(0, from) + added + text.slice(to);
  return text;
}

function fitted(source: string, language: Language, loss: Loss): Snippet {
  const printed = fittingOf([parseSyntax(source, language)])(loss);
  if (!printed.ok) throw new Error(english(printed.problems[0]!.message));
  return printed.value;
}

describe('the language of a file', () => {
  const of = (...sources: string[]) =>
    snippetLanguage(sources.map((source) => parseSyntax(source, 'python')));

  it('is that of its imports', () => {
    expect(of('import torch.nn as nn')).toBe('torch');
    expect(of('from torch import nn\nimport numpy as np')).toBe('torch');
    expect(of('x = 1', 'try:\n    import torch\nexcept: pass')).toBe('torch');
    expect(of('import keras')).toBe('keras');
    expect(of('from tensorflow.keras import layers')).toBe('keras');
    expect(of('import tensorflow as tf')).toBe('keras');
    expect(of('import jax.numpy as jnp')).toBe('jax');
    expect(of('from flax import linen')).toBe('jax');
    expect(of('import optax')).toBe('jax');
  });

  it('is NumPy without a framework', () => {
    expect(of('import numpy as np')).toBe('numpy');
    expect(of('')).toBe('numpy');
    expect(of('import torchvision\nfrom .torch import x\n# import torch')).toBe('numpy');
  });

  it.each([
    "import * as tf from '@tensorflow/tfjs';",
    "import { tensor } from '@tensorflow/tfjs-core';",
    "import '@tensorflow/tfjs-backend-webgl';\nimport * as tf from '@tensorflow/tfjs-node';",
    "const tf = require('@tensorflow/tfjs-node');",
  ])('is TensorFlow.js for %s', (source) => {
    expect(snippetLanguage([parseSyntax(source, 'typescript')])).toBe('tfjs');
    expect(snippetLanguage([parseSyntax(source, 'jsx')])).toBe('tfjs');
  });

  it('is plain TypeScript without it', () => {
    expect(snippetLanguage([parseSyntax("import x from './tfjs.js';", 'tsx')])).toBe('typescript');
    expect(snippetLanguage([parseSyntax('', 'javascript')])).toBe('typescript');
  });
});

describe('the definition that is asked for', () => {
  const fitting = fittingOf([parseSyntax('import numpy as np', 'python')]);
  const huber = loadLoss('huber')!;

  it('is printed with its parameters, and kept only where it is the usual one', () => {
    expect(fitting(huber)).toEqual(fitting(huber));
    const given = fitting(huber, { parameters: { delta: 0.25 } });
    expect(given.ok && given.value.code).toContain('delta: float = 0.25');
    const usual = fitting(huber);
    expect(usual.ok && usual.value.code).toContain('delta: float = 1.0');
  });

  it('is that of the convention', () => {
    const focal = loadLoss('binary-focal')!;
    const [own, keras] = [fitting(focal), fitting(focal, { convention: 'keras-probabilities' })];
    expect(own.ok && keras.ok && own.value.code !== keras.value.code).toBe(true);
    expect(keras.ok && keras.value.code).toMatch(/Keras/);
  });

  it('falls back to the plain language, and says why where that fails too', () => {
    const refused = {
      ...huber,
      expression: () => {
        throw new RangeError('it has no formula');
      },
    };
    const found = fitting(refused);
    expect(found.ok).toBe(false);
    if (!found.ok)
      expect(english(found.problems[0]!.message)).toBe(
        'Huber loss cannot be written here: it has no formula.',
      );
    for (const loss of losses()) {
      const reason = refusalOf(loss, 'torch');
      const printed = fittingOf([parseSyntax('import torch', 'python')])(loss);
      expect(printed.ok, reason).toBe(true);
      if (printed.ok && reason !== undefined) expect(printed.value).toEqual(printLoss(loss, 'numpy'));
    }
  });
});

describe('JavaScript', () => {
  const target = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true };
  const plain = (code: string) => ts.transpileModule(code, { compilerOptions: target }).outputText;

  it.each(losses())('$id without types is what TypeScript makes of it', (loss) => {
    const { code } = printLoss(loss, 'typescript');
    const erased = eraseTypes(code);
    expect(parseSyntax(erased, 'javascript').clean).toBe(true);
    expect(plain(erased)).toBe(plain(code));
    expect(erased).toContain('/**');
  });

  it('has no exports where a file requires', () => {
    const code = (source: string) => fitted(source, 'javascript', loadLoss('huber')!).code;
    expect(code("import x from './x.js';")).toContain('\nexport function huberLoss(');
    expect(code("const x = require('./x');")).toContain('\nfunction huberLoss(');
    expect(code("const x = require('./x');")).not.toContain('export');
  });
});

describe('an edition that was printed before', () => {
  it('is the one of the file', () => {
    const of = (source: string, language: Language) =>
      editionFile(editionOf([parseSyntax(source, language)]));
    expect(of('import torch', 'python')).toBe('editions/torch.json');
    expect(of('', 'typescript')).toBe('editions/typescript.json');
    expect(of("const x = require('x');", 'jsx')).toBe('editions/typescript-erased.json');
    const files = editions.map(editionFile);
    expect(new Set(files).size).toBe(files.length);
    for (const [source, language] of [
      ['import jax', 'python'],
      ["import * as tf from '@tensorflow/tfjs';", 'javascript'],
      ["import * as tf from '@tensorflow/tfjs';", 'tsx'],
    ] as const)
      expect(files).toContain(of(source, language));
  });

  it('is taken as it is, and only for the catalogue’s own losses', () => {
    const wing = loadLoss('wing')!;
    const edition = { language: 'keras', erased: false } as const;
    const snippet: Snippet = { code: 'def wing():\n    pass\n', imports: [], name: 'wing' };
    keepEdition(edition, { wing: snippet, cauchy: 'a reason', 'no such loss': 'x' });
    const fitting = fittingOf([parseSyntax('import keras', 'python')]);
    expect(fitting(wing)).toMatchObject({ ok: true, value: snippet });
    expect(fitting({ ...wing })).not.toMatchObject({ ok: true, value: snippet });
    expect(fitting(wing, { parameters: { width: 3 } })).not.toMatchObject({ ok: true, value: snippet });
    // What Keras cannot write is written in NumPy.
    const cauchy = fitting(loadLoss('cauchy')!);
    expect(cauchy.ok && cauchy.value.imports.some(({ module }) => module === 'numpy')).toBe(true);
    for (const loss of losses())
      if (loss.id === 'wing' || loss.id === 'cauchy')
        keepEdition(edition, { [loss.id]: printLoss(loss, 'keras') });
  });
});

describe('every loss', () => {
  const files: readonly (readonly [Language, string])[] = [
    ['python', '"""doc"""\nimport numpy as npy\n\n\nclass A:\n\tdef m(self):\n\t\treturn npy‸.pi\n'],
    ['python', 'import torch as th\nfrom typing import Any\n\nif th:\n  pass\n‸'],
    ['python', 'import keras as k\nfrom keras import layers\n\nmodel = None\n‸'],
    ['python', 'from jax import numpy as jax_numpy\nimport jax as j\n\n‸\n'],
    ['typescript', "import x from 'x';\n\nconst y = () => {\n    return x‸;\n};\n"],
    ['typescript', "import * as tensors from '@tensorflow/tfjs';\n\n‸\nconst y = 1;\n"],
    ['javascript', "const x = require('x');\n\n‸\nmodule.exports = { x };\n"],
  ];
  const cases = losses().flatMap((loss) =>
    files.map(([language, file]) => ({
      id: loss.id,
      loss,
      language,
      file,
      head: file.split('\n', 2).join(' '),
    })),
  );

  it.each(cases)(
    '$id after $head: reads well, and a second one has other names',
    ({ loss, language, file }) => {
      const source = file.replace('‸', '');
      const offset = file.indexOf('‸');
      const snippet = fitted(source, language, loss);
      const place = (text: string, at: number) =>
        planInsertion({ tree: parseSyntax(text, language), offset: at, snippet });

      const first = place(source, offset);
      if (!first.ok) throw new Error(english(first.problems[0]!.message));
      const once = apply(source, first.value.edits);
      expect(parseSyntax(once, language).clean).toBe(true);
      // The file's own names for its modules.
      const code = once.replace(/^(?:import|from) .*|".*"|'.*'/gm, '');
      if (/^import (?:numpy|torch|keras|\* as tensors)|from jax import numpy/m.test(source))
        expect(code).not.toMatch(/(?<![\w.])(?:np|torch|ops|jnp|tf)\.\w+\(/);

      const again = place(once, once.length);
      expect(again.ok).toBe(false);
      const changed = once.replace(/def |function /, (word) => `${word} `);
      const second = place(changed, changed.length);
      if (!second.ok) throw new Error(english(second.problems[0]!.message));
      expect(second.value.name).toBe(`${snippet.name}${language === 'python' ? '_2' : '2'}`);
      expect(parseSyntax(apply(changed, second.value.edits), language).clean).toBe(true);
    },
  );
});
