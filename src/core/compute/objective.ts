import type { Loss } from '../losses/loss.ts';
import type { Parameters } from '../network/network.ts';
import { gradientName, scalarShape, type ParameterShape } from '../network/parameterShape.ts';
import type { Metrics } from '../runs/record.ts';
import { join, piece } from './layers/layer.ts';
import { literal, padded } from './kernelText.ts';
import { lossKernels, type LossBuffers, type LossExtras } from './lossKernels.ts';
import type { PlanPart } from '../optimizers/rule.ts';

/** What a run minimises: kernels from the network's outputs to one number and its gradient in them. */
export interface Objective {
  /** Rows of the network's batch for a sample of the loss: 3 where a sample is a triplet. */
  readonly roles: number;
  /** Numbers of a sample's target; 0 where the loss compares outputs with each other. */
  readonly targets: number;
  /** Numbers of its own that are trained with the network, or stay as they are. */
  readonly parameters: readonly ParameterShape[];
  /**
   * The kernels for a batch of `samples`. The network's outputs are roles × samples rows of padded columns, all samples of
   * a role one after another. Where a gradient is asked for, that in each parameter is written too, to `gradientName`.
   */
  kernels(samples: number, outputs: number, buffers: LossBuffers): PlanPart;
  /** Those of its parameters that people want to see, by the names of metrics, as the loss means them. */
  readonly shown?: (parameters: Parameters) => Metrics;
}

/**
 * A loss that compares all outputs with the target of their row.
 * @param targets numbers of a row's target
 */
export function lossObjective(
  loss: Loss,
  parameters: Readonly<Record<string, number>>,
  targets = 1,
  extras: LossExtras = {},
): Objective {
  return {
    roles: 1,
    targets,
    parameters: [],
    kernels: (samples, outputs, buffers) => ({
      ...lossKernels(loss, parameters, samples, outputs, buffers, 'loss', extras),
      carry: [],
    }),
  };
}

/** Some of the columns of outputs or targets: `count` from `first` on. */
export interface Columns {
  readonly first: number;
  readonly count: number;
}

/** A loss on some of the outputs. */
export interface Term {
  readonly loss: Loss;
  readonly parameters: Readonly<Record<string, number>>;
  readonly outputs: Columns;
  readonly targets: Columns;
  /** Its factor in the sum. */
  readonly weight: number;
  /**
   * Given where the term is weighed by its own trained uncertainty: with s the logarithm of its variance, from 0 on, a term L
   * becomes ½·exp(−s)·L + ½·s, of classes exp(−s)·L + ½·s (Kendall, Gal, Cipolla 2018, arXiv 1705.07115, eq. 7 and 10).
   */
  readonly uncertainty?: 'regression' | 'classification';
}

/** The parameter that is the logarithm of the variance of a term. */
export function logVarianceName(term: number): string {
  return `loss.${term}.logVariance`;
}

/** Terms that a kernel adds up at once: with the sum so far it stays within the buffers that WebGPU lets a kernel read. */
const mostRead = 6;

/**
 * The weighted sum of losses on parts of the outputs. Several terms may read the same targets (quantiles), none the same
 * outputs.
 * @param targets numbers of a row's target
 */
export function sumObjective(terms: readonly Term[], targets: number): Objective {
  return {
    roles: 1,
    targets,
    parameters: terms.flatMap(({ uncertainty }, i) =>
      uncertainty === undefined ? [] : [scalarShape(logVarianceName(i), 0)],
    ),
    kernels(samples, outputs, buffers) {
      const parts: PlanPart[] = [];
      const slice = (name: string, from: string, width: number, { first, count }: Columns, to: number) => {
        if (first === 0 && width === to) return from;
        parts.push(
          piece(
            name,
            [to, samples],
            { from },
            `let v = 0.0;\nif (this.thread.x < ${count}) { v = from[this.thread.y * ${width} + ${first} + this.thread.x]; }\nreturn v;`,
          ),
        );
        return name;
      };
      const values: { value: string; weight: number }[] = [];
      const gradients: { gradient: string; term: Term }[] = [];
      for (const [i, term] of terms.entries()) {
        const prefix = `loss.${i}`;
        const own = {
          prediction: slice(
            `${prefix}.outputs`,
            buffers.prediction,
            padded(outputs),
            term.outputs,
            padded(term.outputs.count),
          ),
          target: slice(`${prefix}.targets`, buffers.target, targets, term.targets, term.targets.count),
          weight: buffers.weight,
          value: `${prefix}.value`,
          ...(buffers.gradient === undefined ? {} : { gradient: `${prefix}.gradient` }),
        };
        parts.push({
          ...lossKernels(term.loss, term.parameters, samples, term.outputs.count, own, prefix),
          carry: [],
        });
        if (term.uncertainty === undefined) {
          values.push({ value: own.value, weight: term.weight });
          if (own.gradient !== undefined) gradients.push({ gradient: own.gradient, term });
          continue;
        }
        const weighed = weighedByUncertainty(term, logVarianceName(i), own, samples);
        parts.push(weighed.part);
        values.push({ value: weighed.value, weight: 1 });
        if (weighed.gradient !== undefined)
          gradients.push({ gradient: weighed.gradient, term: { ...term, weight: 1 } });
      }
      parts.push(weightedSum(values, buffers.value));
      if (buffers.gradient !== undefined)
        parts.push(joinedGradient(gradients, samples, outputs, buffers.gradient));
      return join(...parts);
    },
  };
}

/** A term times its trained precision, plus half its log variance; and the gradients of this. */
function weighedByUncertainty(
  { weight, uncertainty, outputs }: Term,
  logVariance: string,
  { value, gradient }: { readonly value: string; readonly gradient?: string },
  samples: number,
): { readonly part: PlanPart; readonly value: string; readonly gradient?: string } {
  const precision = `${literal(weight * (uncertainty === 'regression' ? 0.5 : 1))} * Math.exp(0.0 - s[0])`;
  const half = literal(weight / 2);
  const weighed = `${value}.weighed`;
  const reads = { loss: value, s: logVariance };
  const sum = piece(weighed, [1], reads, `return ${precision} * loss[0] + ${half} * s[0];`);
  if (gradient === undefined) return { part: sum, value: weighed };
  const width = padded(outputs.count);
  const scaled = `${gradient}.weighed`;
  return {
    value: weighed,
    gradient: scaled,
    part: join(
      sum,
      piece(gradientName(logVariance), [1], reads, `return ${half} - ${precision} * loss[0];`),
      piece(
        scaled,
        [width, samples],
        { g: gradient, s: logVariance },
        `return ${precision} * g[this.thread.y * ${width} + this.thread.x];`,
      ),
    ),
  };
}

/** Σ weight · value, in as many kernels as it takes. */
function weightedSum(
  values: readonly { readonly value: string; readonly weight: number }[],
  to: string,
): PlanPart {
  const parts: PlanPart[] = [];
  let sum: string | undefined;
  for (let start = 0; start < values.length; start += mostRead) {
    const some = values.slice(start, start + mostRead);
    const name = start + mostRead >= values.length ? to : `${to}.sum${start}`;
    const reads = Object.fromEntries(some.map(({ value }, i) => [`v${i}`, value]));
    const terms = some.map(({ weight }, i) => `${literal(weight)} * v${i}[0]`);
    parts.push(
      piece(
        name,
        [1],
        sum === undefined ? reads : { ...reads, sum },
        `return ${[...(sum === undefined ? [] : ['sum[0]']), ...terms].join(' + ')};`,
      ),
    );
    sum = name;
  }
  return join(...parts);
}

/** The gradients of all terms side by side, each times its weight; 0 for outputs that no term reads. */
function joinedGradient(
  gradients: readonly { readonly gradient: string; readonly term: Term }[],
  samples: number,
  outputs: number,
  to: string,
): PlanPart {
  const parts: PlanPart[] = [];
  const width = padded(outputs);
  let before: string | undefined;
  for (let start = 0; start < gradients.length; start += mostRead) {
    const some = gradients.slice(start, start + mostRead);
    const name = start + mostRead >= gradients.length ? to : `${to}.joined${start}`;
    const reads = Object.fromEntries(some.map(({ gradient }, i) => [`g${i}`, gradient]));
    const lines = some.map(({ term: { outputs: at, weight } }, i) => {
      const own = `g${i}[this.thread.y * ${padded(at.count)} + this.thread.x - ${at.first}]`;
      return `if (this.thread.x >= ${at.first} && this.thread.x < ${at.first + at.count}) { v = ${literal(weight)} * ${own}; }`;
    });
    const from = before === undefined ? '0.0' : `before[this.thread.y * ${width} + this.thread.x]`;
    parts.push(
      piece(
        name,
        [width, samples],
        before === undefined ? reads : { ...reads, before },
        `let v = ${from};\n${lines.join('\n')}\nreturn v;`,
      ),
    );
    before = name;
  }
  return join(...parts);
}
