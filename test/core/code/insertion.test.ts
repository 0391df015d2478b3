import { describe, expect, it } from 'vitest';
import { planInsertion, type InsertionRequest, type TextEdit } from '../../../src/core/code/insertion.ts';
import { parseSyntax } from '../../../src/core/code/syntax.ts';
import type { Language } from '../../../src/core/code/tree.ts';
import type { Snippet } from '../../../src/core/expression/print/snippet.ts';
import { english } from '../../../src/core/messages/message.ts';

const numpy: Snippet = {
  code: 'def f(a: ArrayLike) -> np.ndarray:\n    """f of np.ndarray."""\n    return np.abs(a)\n',
  imports: [
    { module: 'numpy', alias: 'np' },
    { module: 'numpy.typing', name: 'ArrayLike' },
  ],
  name: 'f',
};
const plain: Snippet = {
  code: 'def f(a):\n    if a:\n        return a\n    return 0\n',
  imports: [],
  name: 'f',
};
const torch: Snippet = {
  code: 'def f(a):\n    return torch.abs(a)\n',
  imports: [{ module: 'torch' }],
  name: 'f',
};
const pair: Snippet = {
  code: 'def fun(a):\n    """See ``fun_gradient``."""\n    return a.fun\n\n\ndef fun_gradient(a):\n    raise ValueError(f"fun_gradient: {a}, fun")\n',
  imports: [],
  name: 'fun',
  gradientName: 'fun_gradient',
};
const script: Snippet = {
  code: 'export interface FOptions {\n  /** x */\n  x?: number;\n}\n\nexport function f(a: number, { x = 1 }: FOptions = {}): number {\n  return a * x;\n}\n',
  imports: [],
  name: 'f',
};

function apply(source: string, edits: readonly TextEdit[]): string {
  let text = source;
  for (const { from, to, text: added } of [...edits].reverse())
    text = text.slice(0, from) + added + text.slice(to);
  return text;
}

/** `‸` marks the cursor. */
function plan(
  marked: string,
  snippet: Snippet,
  options: Partial<InsertionRequest> & { language?: Language } = {},
) {
  const offset = marked.indexOf('‸');
  const source = marked.replace('‸', '');
  const tree = parseSyntax(source, options.language ?? 'python');
  return { source, result: planInsertion({ tree, offset, snippet, ...options }) };
}

function insert(
  marked: string,
  snippet: Snippet,
  options: Partial<InsertionRequest> & { language?: Language } = {},
): string {
  const { source, result } = plan(marked, snippet, options);
  if (!result.ok) throw new Error(english(result.problems[0]!.message));
  const offsets = result.value.edits.map(({ from }) => from);
  expect(new Set(offsets).size, 'two edits at one offset').toBe(offsets.length);
  expect(result.value.edits).toContain(result.value.main);
  return apply(source, result.value.edits);
}

describe('the place of an inserted function', () => {
  const f = plain.code.trimEnd();

  it('is an empty file, which ends with a line end', () => {
    expect(insert('‸', plain)).toBe(`${f}\n`);
    expect(insert('\n‸\n', plain)).toBe(`\n${f}\n\n`);
  });

  it('is the blank line of the cursor, two blank lines from what is around', () => {
    expect(insert('x = 1\n‸\ny = 2\n', plain)).toBe(`x = 1\n\n\n${f}\n\n\ny = 2\n`);
    expect(insert('x = 1\n\n\n‸\n\ny = 2\n', plain)).toBe(`x = 1\n\n\n${f}\n\n\ny = 2\n`);
  });

  it('keeps blank lines that are already more than enough', () => {
    expect(insert('x = 1\n\n\n\n‸\n\n\n\ny = 2\n', plain)).toBe(`x = 1\n\n\n\n${f}\n\n\n\n\ny = 2\n`);
  });

  it('is the end of a file', () => {
    expect(insert('x = 1\n‸', plain)).toBe(`x = 1\n\n\n${f}\n`);
    expect(insert('import os‸', plain)).toBe(`import os\n\n\n${f}\n`);
  });

  it('is before the statement of the cursor, with its decorators', () => {
    expect(insert('x = 1\n\n\n@a\n@b\ndef g():\n    for i in x:\n        pass‸\n', plain)).toBe(
      `x = 1\n\n\n${f}\n\n\n@a\n@b\ndef g():\n    for i in x:\n        pass\n`,
    );
    expect(insert('y = 2\nx = [\n    1,‸\n]\n', plain)).toBe(`y = 2\n\n\n${f}\n\n\nx = [\n    1,\n]\n`);
    expect(insert('def g():\n    a = 1\n‸\n    return a\n', plain)).toBe(
      `${f}\n\n\ndef g():\n    a = 1\n\n    return a\n`,
    );
  });

  it('is before the comments directly above that statement', () => {
    expect(insert('x = 1\n\n# one\n# two\ny = ‸2\n', plain)).toBe(
      `x = 1\n\n\n${f}\n\n\n# one\n# two\ny = 2\n`,
    );
    expect(insert('x = 1\n\n# one‸\n# two\ny = 2\n', plain)).toBe(
      `x = 1\n\n\n${f}\n\n\n# one\n# two\ny = 2\n`,
    );
  });

  it('is not between a function and a comment at the end of its body', () => {
    expect(insert('def g():\n    return 1\n    # done‸\nx = 1\n', plain)).toBe(
      `${f}\n\n\ndef g():\n    return 1\n    # done\nx = 1\n`,
    );
  });

  it('is never inside a string or a bracket that spans lines', () => {
    const before = 's = """\n\n\n"""\nt = (\n\n    1,\n)\n';
    for (const at of [5, 6, before.indexOf('\n    1'), before.indexOf(')')]) {
      const marked = `${before.slice(0, at)}‸${before.slice(at)}`;
      const text = insert(marked, plain);
      expect(text).toContain('s = """\n\n\n"""\n');
      expect(text).toContain('t = (\n\n    1,\n)\n');
      expect(parseSyntax(text, 'python').clean).toBe(true);
    }
  });

  it('is after docstring, __future__ and the imports, however high the cursor', () => {
    const head = '"""doc"""\nfrom __future__ import annotations\n\nimport os\n';
    expect(insert(`‸${head}\nx = 1\n`, plain)).toBe(`${head}\n\n${f}\n\n\nx = 1\n`);
    expect(insert(`${head.replace('import os', 'import o‸s')}\nx = 1\n`, plain)).toBe(
      `${head}\n\n${f}\n\n\nx = 1\n`,
    );
  });

  it('is after imports that a few statements or a try interrupt', () => {
    const head =
      'import os\nos.environ["A"] = "1"\nimport torch\ntry:\n    import x\nexcept ImportError:\n    x = None\n';
    expect(insert(`${head.replace('environ', 'env‸iron')}y = 1\n`, plain)).toBe(
      `${head}\n\n${f}\n\n\ny = 1\n`,
    );
  });

  it('is below shebang and licence, above other comments', () => {
    const head = '#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n# Copyright someone\n';
    expect(insert(`${head}x = 1‸\n`, plain)).toBe(`${head}\n\n${f}\n\n\nx = 1\n`);
    expect(insert('# about x\nx = 1‸\n', plain)).toBe(`${f}\n\n\n# about x\nx = 1\n`);
  });

  it('is a sensible one in half-typed code', () => {
    const text = insert('import os\n\n\ndef g(:\n    return 1\n\n\nx = (‸\ny = 2\n', plain);
    expect(text.startsWith(`import os\n\n\n`)).toBe(true);
    expect(text).toContain(`\n\n\n${f}\n\n\n`);
    expect(text.replace(`${f}\n\n\n`, '')).toBe('import os\n\n\ndef g(:\n    return 1\n\n\nx = (\ny = 2\n');
  });
});

describe('the imports of an inserted function', () => {
  const f = 'def f(a: ArrayLike) -> np.ndarray:\n    """f of np.ndarray."""\n    return np.abs(a)';

  it('head an empty file', () => {
    expect(insert('‸', numpy)).toBe(`import numpy as np\nfrom numpy.typing import ArrayLike\n\n\n${f}\n`);
  });

  it('follow the last import', () => {
    expect(insert('import os\nimport sys\n\nx = 1‸\n', numpy)).toBe(
      `import os\nimport sys\nimport numpy as np\nfrom numpy.typing import ArrayLike\n\n\n${f}\n\n\nx = 1\n`,
    );
  });

  it('follow docstring and __future__', () => {
    expect(insert('"""doc"""\n\nfrom __future__ import annotations\n\nx = 1‸\n', torch)).toBe(
      '"""doc"""\n\nfrom __future__ import annotations\nimport torch\n\n\ndef f(a):\n    return torch.abs(a)\n\n\nx = 1\n',
    );
    expect(insert('"""doc"""\nx = 1\ny = 2‸\n', torch)).toBe(
      '"""doc"""\n\nimport torch\n\nx = 1\n\n\ndef f(a):\n    return torch.abs(a)\n\n\ny = 2\n',
    );
    expect(insert('"""doc"""\n\n\n‸', torch)).toBe(
      '"""doc"""\n\n\nimport torch\n\n\ndef f(a):\n    return torch.abs(a)\n',
    );
  });

  it('follow shebang and licence', () => {
    expect(insert('#!/usr/bin/python\n# Copyright\n\nx = 1\ny = 2‸\n', torch)).toBe(
      '#!/usr/bin/python\n# Copyright\n\nimport torch\n\nx = 1\n\n\ndef f(a):\n    return torch.abs(a)\n\n\ny = 2\n',
    );
  });

  it('are not repeated', () => {
    expect(insert('import numpy as np\nfrom numpy.typing import ArrayLike, NDArray\n\n\n‸', numpy)).toBe(
      `import numpy as np\nfrom numpy.typing import ArrayLike, NDArray\n\n\n${f}\n`,
    );
    expect(insert('import torch.nn as nn, torch\n‸', torch)).toBe(
      'import torch.nn as nn, torch\n\n\ndef f(a):\n    return torch.abs(a)\n',
    );
    expect(insert('import torch.nn\n‸', torch)).toBe(
      'import torch.nn\n\n\ndef f(a):\n    return torch.abs(a)\n',
    );
    expect(insert('try:\n    import torch\nexcept ImportError:\n    pass\n‸', torch)).toBe(
      'try:\n    import torch\nexcept ImportError:\n    pass\n\n\ndef f(a):\n    return torch.abs(a)\n',
    );
  });

  it('join an import of the same module', () => {
    expect(insert('import numpy as np\nfrom numpy.typing import NDArray\n‸', numpy)).toContain(
      'from numpy.typing import NDArray, ArrayLike\n\n\n',
    );
    expect(insert('import numpy as np\nfrom numpy.typing import (NDArray,)\n‸', numpy)).toContain(
      'from numpy.typing import (NDArray, ArrayLike,)\n\n\n',
    );
    expect(
      insert('import numpy as np\nfrom numpy.typing import (\n    NDArray as N,\n)\n‸', numpy),
    ).toContain('from numpy.typing import (\n    NDArray as N,\n    ArrayLike,\n)\n\n\n');
  });

  it('take the names that the file uses', () => {
    expect(insert('import numpy as npy\nfrom numpy.typing import ArrayLike as AL\n‸', numpy)).toBe(
      'import numpy as npy\nfrom numpy.typing import ArrayLike as AL\n\n\ndef f(a: AL) -> npy.ndarray:\n    """f of npy.ndarray."""\n    return npy.abs(a)\n',
    );
    expect(insert('import numpy\nimport numpy.typing as npt\n‸', numpy)).toContain(
      'def f(a: npt.ArrayLike) -> numpy.ndarray:',
    );
    expect(insert('import torch as T\n‸', torch)).toContain('return T.abs(a)');
  });

  it('give way to other things of that name', () => {
    expect(insert('np = 3\n‸', numpy)).toContain('import numpy\nfrom numpy.typing import ArrayLike\n');
    expect(insert('np = 3\n‸', numpy)).toContain('return numpy.abs(a)');
    expect(insert('import other as np\nnumpy = 1\n‸', numpy)).toContain('import numpy as np_2\n');
    expect(insert('class ArrayLike: pass\n‸', numpy)).toContain(
      'from numpy.typing import ArrayLike as ArrayLike_2\n',
    );
  });

  it('count only where they run before: not below, not for type checkers, not relative', () => {
    expect(insert('x = 1‸\ny = 1\nz = 1\nw = 1\nv = 1\nimport torch\n', torch)).toBe(
      'import torch\n\n\ndef f(a):\n    return torch.abs(a)\n\n\nx = 1\ny = 1\nz = 1\nw = 1\nv = 1\nimport torch\n',
    );
    expect(
      insert('from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\n‸', {
        ...torch,
        imports: [{ module: 'torch', alias: 'th' }],
      }),
    ).toContain('from typing import TYPE_CHECKING\nimport torch as th\nif TYPE_CHECKING:');
    expect(insert('from . import torch\n‸', torch)).toContain('import torch as torch_2\n');
  });
});

describe('style', () => {
  it('keeps tabs, two blanks and four blanks', () => {
    expect(insert('def g():\n\treturn 1\n‸', plain)).toContain(
      'def f(a):\n\tif a:\n\t\treturn a\n\treturn 0\n',
    );
    expect(insert('class A:\n  def g():\n    return 1\n‸', plain)).toContain(
      'def f(a):\n  if a:\n    return a\n  return 0\n',
    );
    expect(insert('x = [\n  1\n]\nif x:\n    pass\n‸', plain)).toContain(
      'def f(a):\n    if a:\n        return a\n',
    );
  });

  it('uses the wish of the editor where the file shows nothing', () => {
    expect(insert('x = 1\n‸', plain, { indent: '\t' })).toContain('def f(a):\n\tif a:\n\t\treturn a\n');
    expect(insert('def g():\n    pass\n‸', plain, { indent: '\t' })).toContain('def f(a):\n    if a:\n');
  });

  it('keeps CRLF everywhere', () => {
    const text = insert(
      'import os\r\nfrom numpy.typing import (\r\n    NDArray,\r\n)\r\n\r\nx = 1‸\r\n',
      numpy,
    );
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(text).toBe(
      'import os\r\nfrom numpy.typing import (\r\n    NDArray,\r\n    ArrayLike,\r\n)\r\nimport numpy as np\r\n\r\n\r\n' +
        'def f(a: ArrayLike) -> np.ndarray:\r\n    """f of np.ndarray."""\r\n    return np.abs(a)\r\n\r\n\r\nx = 1\r\n',
    );
    expect(insert('‸', plain, { eol: '\r\n' })).toBe(plain.code.replaceAll('\n', '\r\n'));
  });

  it('works beyond the basic plane', () => {
    expect(insert('s = "🙂"  # ŷ🙂\n‸\nt = "🙂"\n', plain)).toBe(
      `s = "🙂"  # ŷ🙂\n\n\n${plain.code}\n\nt = "🙂"\n`,
    );
  });
});

describe('names', () => {
  it('get a suffix where they are taken, all of them, and the plan says so', () => {
    const { source, result } = plan('def fun_gradient():\n    pass\n‸', pair);
    if (!result.ok) throw new Error('refused');
    const text = apply(source, result.value.edits);
    expect(text).toContain('def fun_2(a):\n    """See ``fun_gradient_2``."""\n    return a.fun\n');
    expect(text).toContain('def fun_gradient_2(a):\n    raise ValueError(f"fun_gradient_2: {a}, fun_2")\n');
    expect(result.value.name).toBe('fun_2');
    expect(result.value.notes.map(english)).toEqual(['fun is taken in this file: inserted as fun_2.']);
  });

  it('are free although they are used or bound elsewhere', () => {
    expect(insert('x = f(1)\n‸', plain)).toContain('def f(a):');
    expect(insert('def g():\n    f = 1\n    return f\n‸', plain)).toContain('def f(a):');
  });

  it('clash with imports and with several former copies', () => {
    expect(insert('from m import f\nf_2 = 1\n‸', plain)).toContain('def f_3(a):');
  });

  it('are those of functions that another loss has brought along', () => {
    const helper = 'def helper(x):\n    return x\n';
    const with_ = (name: string): Snippet => ({
      code: `def ${name}(a):\n    return helper(a)\n\n\n${helper}`,
      imports: [],
      name,
    });
    const once = insert('‸', with_('one'));
    const { source, result } = plan(`${once}‸`, with_('two'));
    if (!result.ok) throw new Error('refused');
    expect(result.value.name).toBe('two');
    expect(apply(source, result.value.edits)).toBe(`${once}\n\ndef two(a):\n    return helper(a)\n`);
    // Something else of that name does not serve.
    expect(insert('helper = 1\n‸', with_('one'))).toContain('def one_2(a):\n    return helper_2(a)\n');
  });

  it('says so where the same code is already there', () => {
    const { result } = plan(`${plain.code}‸`, plain);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(english(result.problems[0]!.message)).toBe('f is already in this file.');
  });
});

describe('notebooks', () => {
  const others = [parseSyntax('import numpy as npy', 'python'), parseSyntax('def f(): pass', 'python')];

  it('use what other cells import and avoid what they define', () => {
    expect(insert('‸', numpy, { others })).toBe(
      'from numpy.typing import ArrayLike\n\n\ndef f_2(a: ArrayLike) -> npy.ndarray:\n    """f_2 of npy.ndarray."""\n    return npy.abs(a)\n',
    );
  });

  it('leave a cell magic on the first line', () => {
    expect(insert('%%time\nx = 1‸\n', torch)).toBe(
      '%%time\nimport torch\n\n\ndef f(a):\n    return torch.abs(a)\n\n\nx = 1\n',
    );
  });
});

describe('TypeScript', () => {
  const language = 'typescript';

  it('puts the function below the imports, one blank line from what is around', () => {
    expect(insert("import a from 'a';\nimport './b';\nconst x = ‸1;\n", script, { language })).toBe(
      `import a from 'a';\nimport './b';\n\n${script.code}\nconst x = 1;\n`,
    );
    expect(insert("'use strict';\n‸", script, { language })).toBe(`'use strict';\n\n${script.code}`);
    expect(insert('#!/usr/bin/env node\n‸', script, { language })).toBe(
      `#!/usr/bin/env node\n\n${script.code}`,
    );
  });

  it('puts it before the documentation of the statement', () => {
    expect(
      insert('const x = 1;\n\n/**\n * Doc.\n */\nexport class A {\n  m() {‸}\n}\n', script, { language }),
    ).toBe(`const x = 1;\n\n${script.code}\n/**\n * Doc.\n */\nexport class A {\n  m() {}\n}\n`);
  });

  it('keeps indentation, and adds a suffix to types and functions', () => {
    const text = insert('function f() {\n\treturn 1;\n}\n‸', script, { language });
    expect(text).toContain('export interface FOptions2 {\n\t/** x */\n\tx?: number;\n}');
    expect(text).toContain(
      'export function f2(a: number, { x = 1 }: FOptions2 = {}): number {\n\treturn a * x;\n}',
    );
  });
});

describe('JavaScript', () => {
  const tfjs: Snippet = {
    code: 'export function f(a) {\n  return tf.tidy(() => tf.abs(a));\n}\n',
    imports: [{ module: '@tensorflow/tfjs', alias: 'tf' }],
    name: 'f',
  };
  const body = (tf: string) => tfjs.code.replaceAll('tf.', `${tf}.`);

  it.each([
    ["import * as tf from '@tensorflow/tfjs';\n", 'tf'],
    ["import * as tfc from '@tensorflow/tfjs-node';\n", 'tfc'],
    ["import tf from '@tensorflow/tfjs-node-gpu';\n", 'tf'],
    ["const tensors = require('@tensorflow/tfjs-node');\n", 'tensors'],
  ])('uses what is imported: %s', (head, alias) => {
    for (const language of ['javascript', 'typescript'] as const)
      expect(insert(`${head}‸`, tfjs, { language })).toBe(`${head}\n${body(alias)}`);
  });

  it('imports the package from which names are imported', () => {
    const head = "import { tensor } from '@tensorflow/tfjs-node';\nimport x from './x.js';\n";
    expect(insert(`${head}‸`, tfjs, { language: 'javascript' })).toBe(
      `${head}import * as tf from '@tensorflow/tfjs-node';\n\n${tfjs.code}`,
    );
    expect(insert('‸', tfjs, { language: 'typescript' })).toBe(
      `import * as tf from '@tensorflow/tfjs';\n\n${tfjs.code}`,
    );
  });

  it('requires in a file that requires', () => {
    const head =
      "'use strict';\nconst fs = require('fs');\nconst { tensor } = require('@tensorflow/tfjs');\n";
    expect(insert(`${head}\nconst a = ‸1;\n`, tfjs, { language: 'javascript' })).toBe(
      `${head}const tf = require('@tensorflow/tfjs');\n\n${tfjs.code}\nconst a = 1;\n`,
    );
  });

  it('avoids a name that is something else', () => {
    expect(insert('const tf = 1;\n‸', tfjs, { language: 'javascript' })).toContain(
      "import * as tf_2 from '@tensorflow/tfjs';",
    );
  });

  it('does not count an import of types', () => {
    const head = "import type * as tf from '@tensorflow/tfjs';\n";
    expect(insert(`${head}‸`, tfjs, { language: 'typescript' })).toContain(
      "import * as tf_2 from '@tensorflow/tfjs';",
    );
  });
});
