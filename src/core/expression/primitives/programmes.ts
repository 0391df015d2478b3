import * as b from '../build.ts';
import { addCtcPosterior, ctcLogLikelihood, type CtcSequence } from '../ctc.ts';
import { axisOrder, type Axis, type Expr } from '../expression.ts';
import { atom } from '../fragment.ts';
import { times } from '../guarded.ts';
import {
  argument,
  axisOf,
  need,
  type Primitive,
  type Printing,
  type Programme,
  type ProgrammeItem,
  real,
  union,
} from './row.ts';

/** The axes that the items of a batch have: all but those that CTC runs over. */
function outer(args: readonly Expr[], attributes: Readonly<Record<string, Axis>>): readonly Axis[] {
  const own = Object.values(attributes);
  return union(args).filter((axis) => !own.includes(axis));
}

const ctcArguments: Programme['own'] = (attributes) => [
  [axisOf(attributes, 'time'), axisOf(attributes, 'class')],
  [axisOf(attributes, 'label')],
  [],
  [],
];

function sequence({ args, extents }: ProgrammeItem): CtcSequence {
  const [frames, labelCount] = [length(args, 2, extents, 'time'), length(args, 3, extents, 'label')];
  return {
    logProbabilities: need(args, 0),
    classes: extents['class']!,
    labels: need(args, 1),
    frames,
    labelCount,
  };
}

function length(
  args: readonly Float64Array[],
  at: number,
  extents: Readonly<Record<string, number>>,
  name: string,
): number {
  const value = need(args, at)[0]!;
  const most = extents[name]!;
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new RangeError(`ctc: length ${value} is not between 0 and ${most}`);
}

const listed = (args: readonly { readonly text: string }[]) => args.map(({ text }) => text).join(', ');

/** A helper function of the same name and arguments in every language. */
const helper = (tex: string, python: string, script: string, spoken: string): Printing => ({
  tex: (args) => atom(`${tex}\\left(${listed(args)}\\right)`),
  numpy: (args) => atom(`${python}(${listed(args)})`),
  torch: (args) => atom(`${python}(${listed(args)})`),
  typescript: (args) => atom(`${script}(${listed(args)})`),
  spoken: (args) => `${spoken} ${args.join(', ')}`,
});

/** What needs a table filled step by step. */
export const programmes = {
  ctc: {
    kind: 'programme',
    arity: 4,
    axes: outer,
    own: ctcArguments,
    dtype: real,
    inner: () => [],
    value: (item) => Float64Array.of(ctcLogLikelihood(sequence(item))),
    vjp: (g, out) => {
      const [scores, labels, frames, lengths] = out.args as readonly [Expr, Expr, Expr, Expr];
      return times(g, b.ctcPosterior(scores, labels, frames, lengths));
    },
    print: helper(
      '\\operatorname{ctc}',
      'ctc_log_likelihood',
      'ctcLogLikelihood',
      'the CTC log-likelihood of',
    ),
  } satisfies Programme,
  ctcPosterior: {
    kind: 'programme',
    arity: 4,
    axes: (args, attributes) =>
      axisOrder([...outer(args, attributes), axisOf(attributes, 'time'), axisOf(attributes, 'class')]),
    dtype: real,
    own: ctcArguments,
    inner: (attributes) => [axisOf(attributes, 'time'), axisOf(attributes, 'class')],
    value: (item) => {
      const posterior = new Float64Array(item.args[0]!.length);
      addCtcPosterior(sequence(item), posterior);
      return posterior;
    },
    vjp: (_, out) => {
      throw new RangeError(
        `${out.op} of ${argument(out).axes.join(', ')} has no derivative in this language`,
      );
    },
    kink: 'no derivative: the second derivative of CTC is not part of the language',
    print: helper(
      '\\operatorname{posterior}',
      'ctc_posterior',
      'ctcPosterior',
      'the CTC alignment probabilities of',
    ),
  } satisfies Programme,
} satisfies Record<string, Primitive>;
