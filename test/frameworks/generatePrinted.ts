/**
 * Prints, as JSON for test_printed.py, the code of every loss in every Python language and manner, and with each of
 * its scalar options, each with the golden cases that it must meet and the misuse that it must refuse.
 */
import { baseAxis, inputsOf } from '../../src/core/expression/expression.ts';
import { Names } from '../../src/core/expression/print/names.ts';
import { numpyDialect } from '../../src/core/expression/print/numpy.ts';
import { mannersOf, printLoss, pythonImports } from '../../src/core/expression/print/snippet.ts';
import { printTensor } from '../../src/core/expression/print/tensor.ts';
import { torchDialect } from '../../src/core/expression/print/torch.ts';
import { losses } from '../../src/core/losses/catalogue.ts';
import type { Loss } from '../../src/core/losses/loss.ts';
import { casesFor, misuseOf } from '../core/print/printedCases.ts';
import { expected, samples, type Sample } from '../core/print/samples.ts';

/** No option, and each that an experiment may set by itself; values other than the neutral one come with the cases. */
function variants(loss: Loss): readonly (readonly string[])[] {
  const scalar = (loss.options ?? []).filter((o) => o.axes.length === 0 && o.range !== undefined);
  return [[], ...scalar.map((o) => [o.id])];
}

const functions = losses().flatMap((loss) =>
  variants(loss).flatMap((options) => {
    const parameters = Object.fromEntries(
      (loss.options ?? []).filter((o) => options.includes(o.id)).map((o) => [o.id, o.neutral]),
    );
    return (['numpy', 'torch'] as const).flatMap((language) =>
      mannersOf(loss, language, parameters).map((manner) => {
        const printed = printLoss(loss, language, { manner, parameters });
        return {
          loss: [loss.id, ...options].join('+'),
          language,
          manner,
          name: printed.name,
          gradient: printed.gradientName ?? null,
          code: `${pythonImports(printed.imports)}\n\n\n${printed.code}`,
          parameters: [...loss.parameters.map((p) => p.id), ...options],
          cases: casesFor(loss, options),
          misuse: misuseOf(loss),
        };
      }),
    );
  }),
);
/** A sample expression as a function of all inputs. */
function expression(sample: Sample, language: 'numpy' | 'torch') {
  const dialect = language === 'numpy' ? numpyDialect : torchDialect;
  const inputs = inputsOf(sample.expr);
  const taken = [...inputs.map((i) => i.name), 'p'];
  const { lets, result } = printTensor(sample.expr, [], () => new Names('python', taken), dialect, 80);
  return {
    name: sample.name,
    language,
    code: [
      'import numpy as np\nimport torch\nimport torch.nn.functional as F\n',
      `def f(${taken.join(', ')}):`,
      ...lets.map((line) => `    ${line.name} = ${line.text}`),
      `    return ${result.text}\n`,
    ].join('\n'),
    inputs: inputs.map((i) => ({
      name: i.name,
      data: Array.from(sample.environment.inputs[i.name]!),
      shape: i.axes.map((axis) => sample.environment.sizes[axis]),
      index: i.dtype === 'index',
    })),
    p: sample.environment.parameters?.['p'],
    shape: sample.expr.axes.map((axis) => sample.environment.sizes[baseAxis(axis)]),
    expected: Array.from(expected(sample)),
  };
}

const expressions = samples.flatMap((sample) =>
  (['numpy', 'torch'] as const).map((language) => expression(sample, language)),
);

process.stdout.write(JSON.stringify({ functions, expressions }));
