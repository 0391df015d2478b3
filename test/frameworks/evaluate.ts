/**
 * Answers questions about losses, a line of JSON each, until the input ends: tests of solvers and of pitfalls ask what
 * our definition says at numbers that they have only then. A question that cannot be answered is answered by `error`.
 */
import readline from 'node:readline';
import * as v from 'valibot';
import { loadLoss } from '../../src/core/losses/catalogue.ts';
import { inConvention } from '../../src/core/losses/conventions.ts';
import { reductions } from '../../src/core/losses/reduce.ts';
import { answer, type Answer } from './answer.ts';

const number = v.pipe(
  v.union([v.number(), v.picklist(['NaN', 'Infinity', '-Infinity'])]),
  v.transform((value) => Number(value)),
);
const questionSchema = v.object({
  loss: v.string(),
  convention: v.optional(v.string()),
  parameters: v.record(v.string(), number),
  inputs: v.record(v.string(), v.object({ shape: v.array(v.number()), data: v.array(number) })),
  reduction: v.picklist(reductions),
});

function answerTo(line: string): Answer {
  const { loss: id, convention, parameters, inputs, reduction } = v.parse(questionSchema, JSON.parse(line));
  const known = loadLoss(id);
  if (known === undefined) throw new RangeError(`there is no loss ${id}`);
  const loss = inConvention(known, convention);
  const sizes: Record<string, number> = {};
  for (const { id: name, axes } of loss.inputs) {
    const shape = inputs[name]?.shape;
    if (shape?.length !== axes.length)
      throw new RangeError(`${id} needs ${name} over ${axes.join(', ')}, received [${String(shape)}]`);
    axes.forEach((axis, d) => (sizes[axis] = shape[d]!));
  }
  const environment = {
    sizes,
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data])),
    parameters: { ...Object.fromEntries(loss.parameters.map((p) => [p.id, p.default])), ...parameters },
  };
  const keep = Object.keys(parameters).filter((name) => loss.options?.some((option) => option.id === name));
  return answer(loss, environment, { reduction, keep });
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  try {
    process.stdout.write(`${JSON.stringify(answerTo(line))}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
