import { scaledErfcTerms } from '../../expression/normal.ts';
import { placesOf, sizeOf, type RowShape } from '../../network/rowShape.ts';
import { literal } from '../kernelText.ts';
import { inputGradientName, outputName, piece, type Forward, type Layer, type Step } from './layer.ts';

/**
 * Activations by name, as PyTorch defines them: leaky ReLU with slope 0.01, ELU with α = 1, `gelu` x·Φ(x) with the error
 * function and `geluTanh` its approximation (D. Hendrycks, K. Gimpel, 2016), SiLU x·σ(x), softplus log(1 + eˣ).
 */
export const activationNames = [
  'relu',
  'leakyRelu',
  'elu',
  'gelu',
  'geluTanh',
  'silu',
  'tanh',
  'sigmoid',
  'softplus',
] as const;
export type ActivationName = (typeof activationNames)[number];
export type Activation = ActivationName | 'none';

interface Formula {
  /** Statements that define `a`, the activation of `z`. */
  readonly value: string;
  /** Statements that define `g`, its derivative times `d`, from its own value `a` or from `z`. */
  readonly derivative: { readonly of: 'a' | 'z'; readonly text: string };
  /** Whether the activation of 0 is not 0, so that padding has to be kept at 0. */
  readonly liftsZero?: true;
}

/** σ(z); the exponential of −|z| cannot overflow. */
const sigmoid =
  'const e = Math.exp(-Math.abs(z));\nlet s = 1.0 / (1.0 + e);\nif (z < 0.0) { s = e / (1.0 + e); }\n';

/**
 * Φ(z) through e^{t²}·erfc(t) with t = |z|/√2. Beyond ±40 nothing changes, not even in float64, and nothing may overflow.
 */
const normalCdf = [
  'const c = Math.max(Math.min(z, 40.0), -40.0);',
  `const t = Math.abs(c) * ${literal(Math.SQRT1_2)};`,
  'const y = (t - 3.5) / (t + 3.5);',
  `let p = ${literal(scaledErfcTerms.at(-1)!)};`,
  ...scaledErfcTerms
    .slice(0, -1)
    .toReversed()
    .map((term) => `p = p * y + ${literal(term)};`),
  'const bell = Math.exp(-0.5 * c * c);',
  'const tail = 0.5 * p * bell / (1.0 + 2.0 * t);',
  'let cdf = 1.0 - tail;',
  'if (z < 0.0) { cdf = tail; }\n',
].join('\n');

/** tanh(√(2/π)·(z + 0.044715 z³)); tanh is ±1 beyond 20 even in float64, and a cube may overflow. */
const gauss = literal(Math.sqrt(2 / Math.PI));
const geluTanh = [
  'const c = Math.max(Math.min(z, 20.0), -20.0);',
  `const u = ${gauss} * (c + 0.044715 * c * c * c);`,
  'const h = Math.tanh(Math.max(Math.min(u, 20.0), -20.0));\n',
].join('\n');

const formulas: Readonly<Record<ActivationName, Formula>> = {
  relu: {
    value: 'const a = Math.max(z, 0.0);',
    derivative: { of: 'a', text: 'let g = 0.0;\nif (a > 0.0) { g = d; }' },
  },
  leakyRelu: {
    value: 'let a = z;\nif (z < 0.0) { a = 0.01 * z; }',
    derivative: { of: 'a', text: 'let g = 0.01 * d;\nif (a > 0.0) { g = d; }' },
  },
  elu: {
    // The exponential minus one: near zero with the rounding error of the exponential divided out (Kahan's correction).
    value: [
      'const m = Math.min(z, 0.0);',
      'const e = Math.exp(m);',
      'let a = e - 1.0;',
      'if (m > -1.0) { a = m; if (e !== 1.0) { a = (e - 1.0) * m / Math.log(e); } }',
      'if (z > 0.0) { a = z; }',
    ].join('\n'),
    derivative: { of: 'z', text: 'let g = d * Math.exp(Math.min(z, 0.0));\nif (z > 0.0) { g = d; }' },
  },
  gelu: {
    value: `${normalCdf}const a = z * cdf;`,
    derivative: {
      of: 'z',
      text: `${normalCdf}const g = d * (cdf + c * bell * ${literal(1 / Math.sqrt(2 * Math.PI))});`,
    },
  },
  geluTanh: {
    value: `${geluTanh}const a = 0.5 * z * (1.0 + h);`,
    derivative: {
      of: 'z',
      text: `${geluTanh}const g = d * (0.5 * (1.0 + h) + 0.5 * c * (1.0 - h * h) * ${gauss} * (1.0 + 0.134145 * c * c));`,
    },
  },
  silu: {
    value: `${sigmoid}const a = z * s;`,
    derivative: { of: 'z', text: `${sigmoid}const g = d * s * (1.0 + z * (1.0 - s));` },
  },
  tanh: {
    // tanh is ±1 beyond 20 even in float64; some GPUs form it from exponentials that overflow near 44.
    value: 'const a = Math.tanh(Math.max(Math.min(z, 20.0), -20.0));',
    derivative: { of: 'a', text: 'const g = d * (1.0 - a * a);' },
  },
  sigmoid: {
    value: `${sigmoid}const a = s;`,
    derivative: { of: 'a', text: 'const g = d * a * (1.0 - a);' },
    liftsZero: true,
  },
  softplus: {
    // max(z, 0) + log(1 + e^{−|z|}), the logarithm with the rounding error of the sum divided out.
    value: [
      'const e = Math.exp(-Math.abs(z));',
      'const u = 1.0 + e;',
      'let l = e;',
      'if (u !== 1.0) { l = Math.log(u) * e / (u - 1.0); }',
      'const a = Math.max(z, 0.0) + l;',
    ].join('\n'),
    derivative: { of: 'z', text: `${sigmoid}const g = d * s;` },
    liftsZero: true,
  },
};

/**
 * Statements that return the activation of `z`; where that is not 0 at 0, `channel` (an expression) says which values are
 * padding.
 */
export function activated(
  activation: Activation,
  padding?: { readonly channel: string; readonly channels: number },
): string {
  if (activation === 'none') return 'return z;';
  const { value, liftsZero } = formulas[activation];
  if (liftsZero === undefined || padding === undefined) return `${value}\nreturn a;`;
  return `${value}\nlet kept = a;\nif (${padding.channel} >= ${padding.channels}) { kept = 0.0; }\nreturn kept;`;
}

/** Whether the derivative needs what the activation was applied to; else its own value is enough. */
export function needsSum(activation: ActivationName): boolean {
  return formulas[activation].derivative.of === 'z';
}

/** A kernel of its own that applies an activation to the buffer `sum`. */
export function activate(
  activation: ActivationName,
  row: RowShape,
  names: { readonly sum: string; readonly output: string },
  batch: number,
) {
  const { places, channels, width } = placesOf(row);
  const hasPadding = formulas[activation].liftsZero === true && channels < width;
  // Padding is told from its place on the fastest axis.
  const output = hasPadding ? ([width, places * batch] as const) : ([places * width, batch] as const);
  const body = `const z = sum[this.thread.y * ${output[0]} + this.thread.x];\n${activated(
    activation,
    hasPadding ? { channel: 'this.thread.x', channels } : undefined,
  )}`;
  return piece(names.output, output, { sum: names.sum }, body);
}

/** The gradient in what an activation was applied to, from that in its value. */
export function derive(
  activation: ActivationName,
  row: RowShape,
  names: { readonly gradient: string; readonly sum: string; readonly output: string; readonly delta: string },
  batch: number,
) {
  const { of, text } = formulas[activation].derivative;
  const width = sizeOf(row.stored);
  const at = `[this.thread.y * ${width} + this.thread.x]`;
  return piece(
    names.delta,
    [width, batch],
    { gradient: names.gradient, [of === 'a' ? 'value' : 'sum']: of === 'a' ? names.output : names.sum },
    `const d = gradient${at};\nconst ${of} = ${of === 'a' ? 'value' : 'sum'}${at};\n${text}\nreturn g;`,
  );
}

/** An activation as a layer of its own. */
export function activationLayer(
  name: string,
  input: RowShape,
  activation: ActivationName,
  path: string,
): Layer {
  return {
    name,
    path,
    input,
    output: input,
    parameters: [],
    multiplyAdds: 0,
    widest: sizeOf(input.stored),
    forward(from: string, { batch }: Step): Forward {
      const names = { sum: from, output: outputName(name) };
      return {
        part: activate(activation, input, names, batch),
        output: names.output,
        backward(gradient) {
          const delta = inputGradientName(name);
          return { part: derive(activation, input, { ...names, gradient, delta }, batch), input: delta };
        },
      };
    },
  };
}
