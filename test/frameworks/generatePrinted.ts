/**
 * Prints, as JSON for test_printed.py, the code of every loss in every Python language and manner, and with each of
 * its scalar options, each with the golden cases that it must meet and the misuse that it must refuse.
 */
import { mannersOf, printLoss, pythonImports } from '../../src/core/expression/print/snippet.ts';
import { losses } from '../../src/core/losses/catalogue.ts';
import type { Loss } from '../../src/core/losses/loss.ts';
import { casesFor, misuseOf } from '../core/print/printedCases.ts';

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
process.stdout.write(JSON.stringify({ functions }));
