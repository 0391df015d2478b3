import { describe, expect, it } from 'vitest';
import { losses } from '../../../src/core/losses/catalogue.ts';
import type { Framework } from '../../../src/core/losses/loss.ts';
import { isForeignCell } from '../../../src/core/code/mask.ts';
import { mayUseLosses } from '../../../src/core/code/filter.ts';
import { parseSyntax } from '../../../src/core/code/syntax.ts';
import { findUses, pick, useAt, usesIn, type Candidate, type Use } from '../../../src/core/code/uses.ts';

const short: Record<string, string> = {
  'mean-squared-error': 'mse',
  'mean-absolute-error': 'mae',
  huber: 'huber',
  'binary-cross-entropy-logits': 'bce',
  'binary-cross-entropy': 'bce on probabilities',
  'softmax-cross-entropy': 'ce',
  'sparse-categorical-cross-entropy': 'sparse ce on probabilities',
  'categorical-cross-entropy': 'ce on probabilities',
  'softmax-cross-entropy-distribution': 'soft ce',
};

/** `role loss(arguments)@framework`, alternatives separated by `|`. */
function say(use: Use): string {
  const one = (candidate: Candidate): string => {
    const given = candidate.arguments
      .map(({ name, text }) => (name === '' ? text : `${name}=${text}`))
      .join(', ');
    const loss = short[candidate.loss] ?? candidate.loss;
    return `${loss}${given === '' ? '' : `(${given})`}@${candidate.framework}`;
  };
  return `${use.role} ${use.candidates.map(one).join(' | ')}`;
}

/** The text with `«…»` around the uses that are expected, which are removed before reading it. */
function check(marked: string, expected: readonly string[]): void {
  const source = marked.replace(/[«»]/g, '');
  const found = findUses(source).filter(({ role }) => role !== 'import');
  let shown = source;
  for (const { from, to } of [...found].reverse())
    shown = `${shown.slice(0, from)}«${shown.slice(from, to)}»${shown.slice(to)}`;
  expect(shown).toBe(marked);
  expect(found.map(say)).toEqual(expected);
}

const hits: readonly (readonly [name: string, code: string, ...expected: string[]])[] = [
  ['module alias', 'import torch.nn as nn\nc = «nn.MSELoss»()', 'construction mse@torch'],
  ['from torch import nn', 'from torch import nn\nc = «nn.L1Loss»()', 'construction mae@torch'],
  ['full path', 'import torch\nc = «torch.nn.HuberLoss»(delta=0.5)', 'construction huber(delta=0.5)@torch'],
  ['dotted import', 'import torch.nn\nc = «torch.nn.MSELoss»()', 'construction mse@torch'],
  ['imported name', 'from torch.nn import MSELoss\nc = «MSELoss»()', 'construction mse@torch'],
  ['imported under another name', 'from torch.nn import MSELoss as L\nc = «L»()', 'construction mse@torch'],
  ['functional alias', 'import torch.nn.functional as F\nx = «F.mse_loss»(a, b)', 'call mse@torch'],
  ['functional from', 'from torch.nn import functional as F\nx = «F.l1_loss»(a, b)', 'call mae@torch'],
  ['functional in full', 'import torch\nx = «torch.nn.functional.mse_loss»(a, b)', 'call mse@torch'],
  [
    'functional name',
    'from torch.nn.functional import cross_entropy\nx = «cross_entropy»(a, b, label_smoothing=.1)',
    'call ce(label_smoothing=.1)@torch',
  ],
  [
    'private module',
    'from torch.nn.modules.loss import BCEWithLogitsLoss\nc = «BCEWithLogitsLoss»(pos_weight=w)',
    'construction bce(pos_weight=w)@torch',
  ],
  ['alias of an alias', 'import torch.nn as nn\nN = nn\nc = «N.MSELoss»()', 'construction mse@torch'],
  [
    'class kept in a variable',
    'import torch.nn as nn\nCls = «nn.MSELoss»\nc = «Cls»()',
    'reference mse@torch',
    'construction mse@torch',
  ],
  [
    'import inside a function',
    'def f():\n    import torch.nn as nn\n    return «nn.MSELoss»()',
    'construction mse@torch',
  ],
  [
    'import in try',
    'try:\n    from torch.nn import MSELoss\nexcept ImportError:\n    MSELoss = None\nc = «MSELoss»()',
    'construction mse@torch',
  ],
  ['import on one line', 'import os, torch.nn as nn; c = «nn.MSELoss»()', 'construction mse@torch'],
  [
    'parenthesised import',
    'from torch.nn import (\n    Linear,\n    MSELoss as M,\n)\nc = «M»()',
    'construction mse@torch',
  ],
  ['star import of the library', 'from torch.nn import *\nc = «MSELoss»()', 'construction mse@torch'],
  [
    'star import of a harmless module',
    'from torch.nn import MSELoss\nfrom math import *\nc = «MSELoss»()',
    'construction mse@torch',
  ],
  [
    'module alias before an unknown star',
    'import torch.nn as nn\nfrom utils import *\nc = «nn.MSELoss»()',
    'construction mse@torch',
  ],
  [
    'explicit import after an unknown star',
    'from utils import *\nfrom torch.nn import MSELoss\nc = «MSELoss»()',
    'construction mse@torch',
  ],
  [
    'keras.losses',
    'from keras import losses\nc = «losses.Huber»(delta=2.)',
    'construction huber(delta=2.)@keras',
  ],
  ['tf.keras', 'import tensorflow as tf\nc = «tf.keras.losses.Huber»()', 'construction huber@keras'],
  [
    'tensorflow.keras',
    'from tensorflow.keras.losses import MeanSquaredError\nc = «MeanSquaredError»()',
    'construction mse@keras',
  ],
  [
    'tensorflow.keras.losses as',
    'import tensorflow.keras.losses as kl\nc = «kl.MeanAbsoluteError»()',
    'construction mae@keras',
  ],
  ['tf_keras', 'import tf_keras as keras\nc = «keras.losses.Huber»()', 'construction huber@keras'],
  ['keras.src', 'from keras.src.losses import Huber\nc = «Huber»()', 'construction huber@keras'],
  [
    'tensorflow.python.keras',
    'from tensorflow.python.keras import losses\nc = «losses.Huber»()',
    'construction huber@keras',
  ],
  ['tf.losses classes', 'import tensorflow as tf\nc = «tf.losses.Huber»()', 'construction huber@keras'],
  [
    'tf.compat',
    'import tensorflow.compat.v1 as tf\nx = «tf.nn.sigmoid_cross_entropy_with_logits»(labels=y, logits=z)',
    'call bce@tf',
  ],
  [
    'tf.nn',
    'import tensorflow as tf\nx = «tf.nn.sparse_softmax_cross_entropy_with_logits»(labels=y, logits=z)',
    'call ce@tf',
  ],
  ['short function of keras', 'import keras\nx = «keras.losses.mse»(a, b)', 'call mse@keras'],
  [
    'probabilities by default',
    'import keras\nc = «keras.losses.BinaryCrossentropy»()',
    'construction bce on probabilities@keras',
  ],
  [
    'from_logits',
    'import keras\nc = «keras.losses.BinaryCrossentropy»(from_logits=True)',
    'construction bce(from_logits=True)@keras',
  ],
  [
    'from_logits by position',
    'import keras\nc = «keras.losses.SparseCategoricalCrossentropy»(True)',
    'construction ce(True)@keras',
  ],
  [
    'from_logits that says what is the default',
    'import keras\nc = «keras.losses.CategoricalCrossentropy»(from_logits=False, label_smoothing=0.1)',
    'construction ce on probabilities(from_logits=False, label_smoothing=0.1)@keras',
  ],
  [
    'from_logits of the function',
    'import keras\nx = «keras.losses.categorical_crossentropy»(y, z, from_logits=True)',
    'call soft ce(from_logits=True)@keras',
  ],
  [
    'from_logits that is decided at run time',
    'import keras\nc = «keras.losses.BinaryCrossentropy»(from_logits=flag)',
    'construction bce(from_logits=flag)@keras | bce on probabilities(from_logits=flag)@keras',
  ],
  [
    'from_logits by position, decided at run time',
    'import keras\nc = «keras.losses.BinaryCrossentropy»(flag)',
    'construction bce(flag)@keras | bce on probabilities(flag)@keras',
  ],
  [
    'from_logits of a partial',
    'import keras\nfrom functools import partial\nf = partial(«keras.losses.binary_crossentropy», from_logits=True)\nx = «f»(y, z)',
    // The name alone is the usual one; what is made of it is on logits.
    'reference bce on probabilities@keras',
    'call bce(from_logits=True)@keras',
  ],
  [
    'targets decide, and usually they are class indices',
    'import torch.nn as nn\nc = «nn.CrossEntropyLoss»()',
    'construction ce@torch',
  ],
  [
    'the shape of the scores decides',
    'from sklearn.metrics import log_loss\nx = «log_loss»(y, p)',
    'call bce on probabilities@sklearn | ce on probabilities@sklearn',
  ],
  [
    'strings of Keras are on probabilities',
    'import keras\nm.compile(loss=["«binary_crossentropy»", "«sparse_categorical_crossentropy»"])',
    'string bce on probabilities@keras',
    'string sparse ce on probabilities@keras',
  ],
  [
    'inputs by name',
    'import torch.nn.functional as F\nx = «F.triplet_margin_loss»(anchor=a, positive=p, negative=n, margin=2)',
    'call triplet-margin(margin=2)@torch',
  ],
  [
    'more inputs than two',
    'import torch.nn.functional as F\nx = «F.ctc_loss»(z, y, n, m, 0)',
    'call ctc(0)@torch',
  ],
  [
    'penalties',
    'import keras\nr = «keras.regularizers.L1L2»(0.1, 0.2)',
    'construction elastic-net(0.1, 0.2)@keras',
  ],
  ['one name in two modules', 'import optax\nx = «optax.losses.log_cosh»(a, b)', 'call log-cosh@optax'],
  ['string in compile', 'import keras\nmodel.compile(optimizer="adam", loss="«mse»")', 'string mse@keras'],
  [
    'string in compile, second argument',
    "from tensorflow import keras\nmodel.compile('adam', '«mae»')",
    'string mae@keras',
  ],
  [
    'strings of several outputs',
    'import keras\nm.compile(loss={"a": "«mse»", "b": "«huber»"})',
    'string mse@keras',
    'string huber@keras',
  ],
  [
    'compile of an own Keras model',
    'import keras\nclass M(keras.Model):\n    pass\nm = M()\nm.compile(loss="«mse»")',
    'string mse@keras',
  ],
  [
    'compile on the constructor',
    'from keras import Sequential\nSequential([]).compile(loss="«mse»")',
    'string mse@keras',
  ],
  ['keras.losses.get', 'import keras\nc = keras.losses.get("«mse»")', 'string mse@keras'],
  [
    'compile with an object',
    'import keras\nm.compile(loss=«keras.losses.Huber»(0.5))',
    'construction huber(0.5)@keras',
  ],
  ['optax', 'import optax\nx = «optax.l2_loss»(p, y)', 'call half-squared-error@optax'],
  ['optax.losses', 'from optax import losses\nx = «losses.huber_loss»(p, y, 2.0)', 'call huber(2.0)@optax'],
  [
    'sklearn metric',
    'from sklearn.metrics import mean_squared_error\nx = «mean_squared_error»(y, p)',
    'call mse@sklearn',
  ],
  [
    'sklearn string',
    'from sklearn.linear_model import SGDRegressor\nm = SGDRegressor(loss="«huber»")',
    'string huber@sklearn',
  ],
  [
    'xgboost string',
    'import xgboost as xgb\nm = xgb.XGBRegressor(objective="«reg:squarederror»")',
    'string mse@xgboost',
  ],
  [
    'lightgbm string',
    'from lightgbm import LGBMRegressor\nm = LGBMRegressor(objective="«huber»")',
    'string huber@lightgbm',
  ],
  [
    'variable',
    'import torch.nn as nn\nc = «nn.MSELoss»()\nx = «c»(a, b)',
    'construction mse@torch',
    'instance mse@torch',
  ],
  [
    'variable with arguments',
    'import torch.nn as nn\nc = «nn.HuberLoss»(delta=2)\nx = «c»(a, b)',
    'construction huber(delta=2)@torch',
    'instance huber(delta=2)@torch',
  ],
  [
    'moved to a device',
    'import torch.nn as nn\nc = «nn.MSELoss»().to(device)\nc = «c».cuda()\nx = «c»(a, b)',
    'construction mse@torch',
    'instance mse@torch',
    'instance mse@torch',
  ],
  [
    'attribute of self',
    'import torch.nn as nn\nclass M(nn.Module):\n    def __init__(self):\n        self.criterion = «nn.L1Loss»()\n    def step(self, a, b):\n        return self.«criterion»(a, b)',
    'construction mae@torch',
    'instance mae@torch',
  ],
  [
    'attribute that begins as None',
    'import torch.nn as nn\nclass M:\n    loss = None\n    def setup(self):\n        self.loss = «nn.L1Loss»()\n    def step(self, a, b):\n        return self.«loss»(a, b)',
    'construction mae@torch',
    'instance mae@torch',
  ],
  [
    'inherited within the file',
    'import torch.nn as nn\nclass A:\n    def __init__(self):\n        self.c = «nn.L1Loss»()\nclass B(A):\n    def step(self, a, b):\n        return self.«c»(a, b)',
    'construction mae@torch',
    'instance mae@torch',
  ],
  ['built and called', 'import torch.nn as nn\nx = «nn.CrossEntropyLoss»()(a, b)', 'construction ce@torch'],
  [
    'global in a function',
    'import torch.nn as nn\nc = «nn.MSELoss»()\ndef f(a, b):\n    return «c»(a, b)',
    'construction mse@torch',
    'instance mse@torch',
  ],
  [
    'partial',
    'from functools import partial\nimport torch.nn.functional as F\nf = partial(«F.huber_loss», delta=3)\nx = «f»(a, b)',
    'reference huber@torch',
    'call huber(delta=3)@torch',
  ],
  [
    'two candidates',
    'import torch.nn as nn\nc = «nn.MSELoss»() if n > 1 else «nn.L1Loss»()\nx = «c»(a, b)',
    'construction mse@torch',
    'construction mae@torch',
    'instance mse@torch | mae@torch',
  ],
  [
    'two branches',
    'import torch.nn as nn\nif n:\n    c = «nn.MSELoss»()\nelse:\n    c = «nn.L1Loss»()\nx = «c»(a, b)',
    'construction mse@torch',
    'construction mae@torch',
    'instance mse@torch | mae@torch',
  ],
  [
    'the last assignment counts',
    'import torch.nn as nn\nc = «nn.MSELoss»()\nc = «nn.L1Loss»()\nx = «c»(a, b)',
    'construction mse@torch',
    'construction mae@torch',
    'instance mae@torch',
  ],
  [
    'each branch has its own',
    'import torch.nn as nn\nif n:\n    c = «nn.MSELoss»()\n    x = «c»(a, b)\nelse:\n    c = «nn.L1Loss»()\n    x = «c»(a, b)',
    'construction mse@torch',
    'instance mse@torch',
    'construction mae@torch',
    'instance mae@torch',
  ],
  ['base class', 'import torch.nn as nn\nclass W(«nn.MSELoss»):\n    pass', 'reference mse@torch'],
  ['isinstance', 'import torch.nn as nn\nok = isinstance(c, «nn.MSELoss»)', 'reference mse@torch'],
  [
    'annotation',
    'import torch.nn as nn\ndef f(c: «nn.MSELoss» | None = None) -> «nn.L1Loss»:\n    return c',
    'reference mse@torch',
    'reference mae@torch',
  ],
  ['passed as a value', 'import torch.nn.functional as F\ntrain(model, «F.mse_loss»)', 'reference mse@torch'],
  [
    'walrus',
    'import torch.nn as nn\nif (c := «nn.MSELoss»()):\n    x = «c»(a, b)',
    'construction mse@torch',
    'instance mse@torch',
  ],
  [
    'inside an f-string',
    'import torch.nn.functional as F\nprint(f"{«F.mse_loss»(a, b):.2f}")',
    'call mse@torch',
  ],
  [
    'inside a lambda and a comprehension',
    'import torch.nn.functional as F\nf = lambda a, b: «F.mse_loss»(a, b)\ng = [«F.l1_loss»(a, b) for a, b in z]',
    'call mse@torch',
    'call mae@torch',
  ],
  [
    'beside half-typed code',
    'import torch.nn as nn\nc = «nn.MSELoss»()\nx = nn.\ny = «nn.L1Loss»()\nz = (',
    'construction mse@torch',
    'construction mae@torch',
  ],
  [
    'beyond the basic plane',
    'import torch.nn as nn\ns = "🙂🙂"; ŷ = 1.; c = «nn.MSELoss»()  # 🙂\nx = «c»(ŷ, "🙂")',
    'construction mse@torch',
    'instance mse@torch',
  ],
  [
    'Windows line ends and tabs',
    'import torch.nn as nn\r\ndef f():\r\n\tc = «nn.MSELoss»()\r\n\treturn c\r\n'.replace(
      'return c',
      'return «c»',
    ),
    'construction mse@torch',
    'instance mse@torch',
  ],
  [
    'class attribute by another method',
    'import torch.nn as nn\nclass A:\n    L = «nn.MSELoss»\n    def f(self):\n        return self.«L»()'.replace(
      'self.«L»',
      '«self.L»',
    ),
    'reference mse@torch',
    'construction mse@torch',
  ],
  [
    'shadowed only elsewhere',
    'from torch.nn import MSELoss\ndef f(MSELoss):\n    return MSELoss()\nc = «MSELoss»()',
    'construction mse@torch',
  ],
];

const misses: readonly (readonly [name: string, code: string])[] = [
  ['no import', 'c = nn.MSELoss()  # torch'],
  ['own class after the import', 'from torch.nn import MSELoss\nclass MSELoss:\n    pass\nc = MSELoss()'],
  ['own function', 'import torch\ndef mse_loss(a, b):\n    return ((a - b) ** 2).mean()\nx = mse_loss(a, b)'],
  [
    'own function after the import',
    'from torch.nn.functional import mse_loss\ndef mse_loss(a, b):\n    return 0\nx = mse_loss(a, b)',
  ],
  ['assignment', 'from torch.nn import MSELoss\nMSELoss = make()\nc = MSELoss()'],
  ['assignment of the module name', 'import torch.nn as nn\nnn = other\nc = nn.MSELoss()'],
  ['parameter', 'import torch.nn as nn\ndef f(nn):\n    return nn.MSELoss()'],
  ['parameter of a lambda', 'import torch.nn as nn\nf = lambda nn: nn.MSELoss()'],
  ['for target', 'import torch.nn as nn\nfor nn in things:\n    nn.MSELoss()'],
  ['with target', 'import torch.nn as nn\nwith open(x) as nn:\n    nn.MSELoss()'],
  ['except name', 'import torch.nn as nn\ntry:\n    pass\nexcept ValueError as nn:\n    nn.MSELoss()'],
  ['comprehension target', 'import torch.nn as nn\nx = [nn.MSELoss() for nn in things]'],
  ['walrus', 'import torch.nn as nn\nif (nn := things):\n    nn.MSELoss()'],
  ['match capture', 'import torch.nn as nn\nmatch x:\n    case [nn]:\n        nn.MSELoss()'],
  ['del', 'import torch.nn as nn\ndel nn\nnn.MSELoss()'],
  ['unknown star import', 'from torch.nn import MSELoss\nfrom mylosses import *\nc = MSELoss()'],
  ['only an unknown star import', 'import torch\nfrom mylosses import *\nc = MSELoss()'],
  ['import from another module', 'import torch\nfrom mylosses import MSELoss\nc = MSELoss()'],
  [
    'relative import',
    'import torch\nfrom .nn import MSELoss\nfrom .torch.nn import L1Loss\nc = MSELoss(); d = L1Loss()',
  ],
  [
    'either the library or an own class',
    'try:\n    from torch.nn import HuberLoss\nexcept ImportError:\n    class HuberLoss:\n        pass\nc = HuberLoss()',
  ],
  [
    'local variable of a function',
    'from torch.nn import MSELoss\ndef f():\n    MSELoss = make()\n    return MSELoss()',
  ],
  [
    'local that is not yet bound',
    'from torch.nn import MSELoss\ndef f():\n    x = MSELoss()\n    MSELoss = 1',
  ],
  [
    'global rebound by a function',
    'from torch.nn import MSELoss\ndef g():\n    global MSELoss\n    MSELoss = 1\ndef f():\n    return MSELoss()',
  ],
  [
    'class body is not seen from methods',
    'import torch\nclass A:\n    from torch.nn import MSELoss\n    def f(self):\n        return MSELoss()',
  ],
  [
    'look-alike metrics',
    'import keras\na = keras.metrics.MeanSquaredError()\nb = keras.metrics.MeanAbsoluteError()',
  ],
  [
    'look-alike metrics, imported',
    'from tensorflow.keras.metrics import MeanSquaredError\na = MeanSquaredError()',
  ],
  ['metric string', 'import keras\nm.compile(optimizer="adam", metrics=["mse", "mae"], loss=my_loss)'],
  ['loss string without Keras', 'import torch\nm.compile(loss="mse")'],
  ['torch.compile', 'import torch, keras\nf = torch.compile(m, loss="mse")'],
  ['re.compile', 'import re, keras\nr = re.compile("loss", "mse")'],
  [
    'compile of an own class',
    'import keras\nclass Compiler:\n    def compile(self, loss): pass\nc = Compiler()\nc.compile(loss="mse")',
  ],
  ['function called compile', 'import keras\ncompile(loss="mse")'],
  ['string elsewhere', 'import keras\nconfig = dict(loss="mse")\nname = "mse"\nfit(loss="mse")'],
  [
    'string of another estimator option',
    'from sklearn.tree import DecisionTreeRegressor\nm = DecisionTreeRegressor(criterion="squared_error")  # loss',
  ],
  ['unknown loss string', 'import keras\nm.compile(loss="my_loss")'],
  [
    'comment and string',
    'import torch.nn as nn\n# c = nn.MSELoss()\ns = "nn.MSELoss()"\n"""\nc = nn.MSELoss()\n"""',
  ],
  [
    'other members of the library',
    'import torch.nn as nn\na = nn.Linear(1, 1)\nb = nn.MSELossy()\nc = nn.modules  # loss',
  ],
  [
    'criterion from a parameter',
    'import torch.nn as nn\ndef train(model, criterion):\n    loss = criterion(a, b)',
  ],
  [
    'criterion from a factory',
    'import torch\nfrom lib import make_loss\ncriterion = make_loss()\nloss = criterion(a, b)',
  ],
  [
    'self of a static method',
    'import torch\nclass A:\n    @staticmethod\n    def f(self):\n        return self.mse_loss(a, b)',
  ],
  [
    'attribute assigned from outside',
    'import torch.nn as nn\nclass A:\n    def __init__(self, c):\n        self.c = c\n    def f(self):\n        return self.c(a, b)  # loss',
  ],
  [
    'estimator of scikit-learn as a variable',
    'from sklearn.linear_model import LinearRegression as R\nm = R()\nm.fit(x, y)  # loss',
  ],
  ['a member of the result', 'import torch.nn.functional as F\nx = other.F.mse_loss(a, b)'],
  ['getattr', 'import torch.nn as nn\nc = getattr(nn, "MSELoss")()'],
];

describe('uses of losses', () => {
  it.each(hits)('finds: %s', (_, code, ...expected) => check(code, expected));
  it.each(misses)('is silent: %s', (_, code) => {
    // Silence must come from understanding the code, not from the quick look at its words.
    expect(mayUseLosses(code)).toBe(true);
    check(code, []);
  });

  it('has at least 60 cases', () => {
    expect(hits.length + misses.length).toBeGreaterThanOrEqual(60);
  });

  it('a foreign assignment makes an attribute unknown', () => {
    check(
      'import torch.nn as nn\nclass A:\n    def __init__(self):\n        self.c = «nn.MSELoss»()\n    def f(self):\n        return self.c(a, b)\nm.c = other',
      ['construction mse@torch'],
    );
  });

  it('finds every class and function of the catalogue that Python has, by its own name', () => {
    for (const loss of losses())
      for (const { framework, name, form, requires, secondary } of loss.apis) {
        if (form === 'string' || framework === 'tfjs' || secondary === true) continue;
        const python = (value: boolean | number | string) => (value === true ? 'True' : String(value));
        const given = Object.entries(requires ?? {})
          .filter(([, value]) => value !== false)
          .map(([keyword, value]) => `, ${keyword}=${python(value)}`);
        const source = `import ${name.split('.')[0]!}\nx = ${name}(a, b${given.join('')})\n`;
        expect(mayUseLosses(source), name).toBe(true);
        const [use] = findUses(source);
        expect(
          use?.candidates.map((candidate) => candidate.loss),
          name,
        ).toContain(loss.id);
      }
  });

  it('finds every string of the catalogue where its library takes it', () => {
    const places: Partial<Record<Framework, (text: string) => string>> = {
      keras: (text) => `import keras\nmodel.compile(loss="${text}")`,
      sklearn: (text) => `from sklearn.linear_model import SGDRegressor as R\nR(loss="${text}")`,
      xgboost: (text) => `import xgboost\nxgboost.XGBModel(objective="${text}")`,
      lightgbm: (text) => `import lightgbm\nlightgbm.LGBMModel(objective="${text}")`,
    };
    for (const loss of losses())
      for (const { framework, name, form } of loss.apis) {
        const place = form === 'string' ? places[framework] : undefined;
        if (place === undefined) continue;
        const found = findUses(place(name)).filter(({ role }) => role === 'string');
        expect(
          found.flatMap(({ candidates }) => candidates.map((candidate) => candidate.loss)),
          name,
        ).toEqual([loss.id]);
      }
  });

  it('names of several losses are decided by keywords, or are known to be ambiguous', () => {
    const ambiguous = new Set<string>();
    for (const { apis } of losses())
      for (const { framework, name, form } of apis) {
        if (form === 'string' || framework === 'tfjs') continue;
        const inputs = form === 'class' ? '' : 'a, b';
        const [use] = findUses(`import ${name.split('.')[0]!}\nx = ${name}(${inputs})\n`);
        if (use !== undefined && use.candidates.length > 1) ambiguous.add(name);
      }
    // One name, whatever the shape of the scores.
    expect([...ambiguous].sort()).toEqual(['sklearn.metrics.hinge_loss', 'sklearn.metrics.log_loss']);
  });

  it('reads the number that a parameter is given, by keyword or by position', () => {
    const parameters = (code: string) =>
      findUses(`import torch.nn as nn, keras, optax\n${code}`)[0]?.candidates[0]?.parameters;
    expect(parameters('nn.HuberLoss(delta=0.5)')).toEqual({ delta: 0.5 });
    expect(parameters('nn.HuberLoss("mean", 2.)')).toEqual({ delta: 2 });
    expect(parameters('keras.losses.Huber(1_0)')).toEqual({ delta: 10 });
    expect(parameters('nn.functional.huber_loss(1, 2, "mean", 3)')).toEqual({ delta: 3 });
    expect(parameters('optax.huber_loss(1, 2, delta=3)')).toEqual({ delta: 3 });
    expect(parameters('optax.huber_loss(1, 2)')).toEqual({});
    expect(parameters('nn.HuberLoss(delta=d)')).toEqual({});
    expect(parameters('nn.HuberLoss(**options)')).toEqual({});
    expect(parameters('nn.TripletMarginLoss(0.3)')).toEqual({ margin: 0.3 });
    expect(parameters('nn.CosineSimilarity(1, 1e-6)')).toEqual({ eps: 1e-6 });
    expect(parameters('keras.losses.BinaryFocalCrossentropy(True, 0.4, 3.0)')).toEqual({
      applyClassBalancing: 1,
      alpha: 0.4,
      gamma: 3,
    });
    expect(parameters('keras.losses.Tversky(0.3, beta=0.7)')).toEqual({ alpha: 0.3, beta: 0.7 });
    expect(parameters('nn.CrossEntropyLoss(weights, label_smoothing=0.1)')).toEqual({ labelSmoothing: 0.1 });
  });

  it('reads switches and choices, and leaves out what is not allowed', () => {
    const parameters = (code: string) =>
      findUses(`import torch.nn as nn, keras, optax\n${code}`)[0]?.candidates[0]?.parameters;
    expect(parameters('nn.PoissonNLLLoss(log_input=False, full=True)')).toEqual({ logInput: 0, full: 1 });
    expect(parameters('nn.PoissonNLLLoss(False)')).toEqual({ logInput: 0 });
    expect(parameters('nn.PoissonNLLLoss(log_input=True)')).toEqual({});
    expect(parameters('nn.TripletMarginLoss(p=1, swap=True)')).toEqual({ p: 1, swap: 1 });
    expect(parameters('nn.TripletMarginLoss(p=7)')).toEqual({});
    expect(parameters('nn.HuberLoss(delta=-1)')).toEqual({});
    expect(parameters('nn.HuberLoss(delta="1")')).toEqual({});
    expect(parameters('nn.HuberLoss(delta=True)')).toEqual({});
  });

  it('knows where a framework’s own default is not ours', () => {
    const candidate = (code: string) =>
      findUses(`import optax, sklearn.linear_model\n${code}`)[0]?.candidates[0];
    expect(candidate('optax.sigmoid_focal_loss(z, y)')?.parameters).toEqual({ alpha: -1 });
    expect(candidate('optax.sigmoid_focal_loss(z, y, alpha=0.3)')?.parameters).toEqual({ alpha: 0.3 });
    expect(candidate('sklearn.linear_model.HuberRegressor()')?.parameters).toEqual({ delta: 1.35 });
  });

  it('tells where a variable was built', () => {
    const source = 'import torch.nn as nn\nc = nn.HuberLoss(delta=2)\nx = c(a, b)\n';
    const use = useAt(source, source.lastIndexOf('c('));
    expect(use?.role).toBe('instance');
    const { definition } = use!.candidates[0]!;
    expect(source.slice(definition!.from, definition!.to)).toBe('nn.HuberLoss(delta=2)');
  });

  it('answers by offset: over the whole dotted name, not over the arguments', () => {
    const source = 'import torch.nn as nn\nc = nn.HuberLoss(delta=2)\n';
    const from = source.indexOf('nn.Huber');
    for (const offset of [from, from + 1, from + 5]) expect(useAt(source, offset)?.role).toBe('construction');
    expect(useAt(source, source.indexOf('delta'))).toBeUndefined();
    expect(useAt(source, 3)).toBeUndefined();
  });

  it('knows the names in import statements', () => {
    const source = 'from torch.nn import MSELoss as L, Linear\n';
    expect(useAt(source, source.indexOf('MSE'))?.role).toBe('import');
    expect(useAt(source, source.indexOf('Linear') + 1)).toBeUndefined();
  });

  it('reads other languages than Python as having none', () => {
    expect(findUses('import torch.nn as nn\nnn.MSELoss()', 'typescript')).toEqual([]);
  });
});

describe('notebooks', () => {
  const cells = (...sources: string[]) =>
    usesIn(sources.map((source) => parseSyntax(source, 'python', { notebook: true }))).filter(
      ({ role }) => role !== 'import',
    );

  it('share names in cell order, and magics are no code', () => {
    const found = cells(
      '%matplotlib inline\n!pip install torch\nimport torch.nn as nn',
      'c = nn.MSELoss()',
      '%%time\nx = c(a, b)',
    );
    expect(found.map((use) => [use.cell, say(use)])).toEqual([
      [1, 'construction mse@torch'],
      [2, 'instance mse@torch'],
    ]);
    expect(found[1]?.candidates[0]?.definition?.cell).toBe(1);
    expect(pick(found, 8, 2)).toBeUndefined();
    expect(pick(found, 12, 2)?.role).toBe('instance');
  });

  it('may bind a name in a later cell when none before does', () => {
    expect(cells('c = nn.MSELoss()', 'import torch.nn as nn').map(say)).toEqual(['construction mse@torch']);
  });

  it('a broken cell hurts only itself', () => {
    expect(cells('import torch.nn as nn', 'for (', 'c = nn.MSELoss()').map(say)).toEqual([
      'construction mse@torch',
    ]);
  });

  it('cells of other languages are known by their magic', () => {
    expect(isForeignCell('%%bash\nls')).toBe(true);
    expect(isForeignCell('%%time\nx = 1')).toBe(false);
    expect(isForeignCell('x = 1')).toBe(false);
  });
});
