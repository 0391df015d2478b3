/** Functions that printed Python code calls where one line does not say it: CTC's dynamic programme, log Φ in Keras. */
import type { TensorDialect } from './tensor.ts';

type Language = TensorDialect['language'];

/** How a library writes what the dynamic programme of CTC is made of. */
interface Spelling {
  readonly type: string;
  readonly where: string;
  readonly minusInfinity: string;
  readonly shape: (x: string) => string;
  readonly arange: (count: string, like: string) => string;
  readonly fullLike: (x: string, value: string) => string;
  readonly stack: (arrays: string, axis: number) => string;
  readonly join: (arrays: string, axis: number) => string;
  readonly reshape: (x: string, shape: string) => string;
  readonly takeAlong: (x: string, at: string, axis: number) => string;
  readonly logsumexp: (x: string, axis: number) => string;
  readonly larger: (x: string, y: number) => string;
}

/** A library whose operations are functions that take `axis`. */
function spelling(module: string, type: string, changes: Partial<Spelling> = {}): Spelling {
  return {
    type,
    where: `${module}.where`,
    minusInfinity: `-${module}.inf`,
    shape: (x) => `${x}.shape`,
    arange: (count) => `${module}.arange(${count})`,
    fullLike: (x, value) => `${module}.full_like(${x}, ${value})`,
    stack: (arrays, axis) => `${module}.stack(${arrays}, axis=${axis})`,
    join: (arrays, axis) => `${module}.concatenate(${arrays}, axis=${axis})`,
    reshape: (x, shape) => `${module}.reshape(${x}, (${shape}))`,
    takeAlong: (x, at, axis) => `${module}.take_along_axis(${x}, ${at}, axis=${axis})`,
    logsumexp: (x, axis) => `${module}.logsumexp(${x}, axis=${axis})`,
    larger: (x, y) => `${module}.maximum(${x}, ${y})`,
    ...changes,
  };
}

const spellings: Readonly<Record<Language, Spelling>> = {
  numpy: spelling('np', 'np.ndarray', {
    logsumexp: (x, axis) => `np.logaddexp.reduce(${x}, axis=${axis})`,
  }),
  torch: spelling('torch', 'torch.Tensor', {
    arange: (count, like) => `torch.arange(${count}, device=${like}.device)`,
    stack: (arrays, axis) => `torch.stack(${arrays}, dim=${axis})`,
    join: (arrays, axis) => `torch.cat(${arrays}, dim=${axis})`,
    takeAlong: (x, at, axis) => `torch.take_along_dim(${x}, ${at}, dim=${axis})`,
    logsumexp: (x, axis) => `torch.logsumexp(${x}, dim=${axis})`,
    larger: (x, y) => `torch.clamp(${x}, min=${y})`,
  }),
  keras: spelling('ops', 'keras.KerasTensor', {
    minusInfinity: '-math.inf',
    shape: (x) => `ops.shape(${x})`,
  }),
  jax: spelling('jnp', 'jax.Array', {
    logsumexp: (x, axis) => `jax.nn.logsumexp(${x}, axis=${axis})`,
  }),
};

/** The first lines of both functions: what each state of an alignment shows, and at what log-probability. */
function preparation(s: Spelling): string[] {
  return [
    `samples, frames = ${s.shape('log_probs')}[:2]`,
    '# What lies behind the end of a sequence becomes blank; it is never read.',
    `places = ${s.arange(`${s.shape('labels')}[1]`, 'labels')}`,
    `labels = ${s.where}(places < label_lengths[:, None], labels, 0)`,
    '# The states of an alignment: a blank, then each label with a blank behind it.',
    `blank = ${s.fullLike('labels', '0')}`,
    `pairs = ${s.reshape(s.stack('[labels, blank]', -1), 'samples, -1')}`,
    `first = ${s.fullLike('label_lengths[:, None]', '0')}`,
    `states = ${s.join('[first, pairs]', 1)}  # (N, S)`,
    `shown = ${s.takeAlong('log_probs', 'states[:, None, :]', 2)}  # (N, T, S)`,
    '# A label may follow the one before the last blank, unless both are the same.',
    'skips = (states[:, 2:] != 0) & (states[:, 2:] != states[:, :-2])',
  ];
}

function signature(name: string, s: Spelling): string[] {
  return [
    `def ${name}(`,
    `    log_probs: ${s.type},`,
    `    labels: ${s.type},`,
    `    input_lengths: ${s.type},`,
    `    label_lengths: ${s.type},`,
    `) -> ${s.type}:`,
  ];
}

const indented = (lines: readonly string[]) => lines.map((line) => (line === '' ? '' : `    ${line}`));

/**
 * The forward pass over the frames. A very low number stands for log 0, because the derivative of a log-sum-exp of
 * infinities is NaN; NumPy derives nothing and takes −∞.
 */
function logLikelihood(language: Language): string {
  const s = spellings[language];
  const exact = language === 'numpy';
  const never = exact ? s.minusInfinity : 'never';
  const total = [
    `last = ${s.takeAlong('alpha', '2 * label_lengths[:, None]', 1)}[:, 0]`,
    `ends = ${s.larger('2 * label_lengths - 1', 0)}[:, None]`,
    `label_last = ${s.takeAlong('alpha', 'ends', 1)}[:, 0]`,
    `label_last = ${s.where}(label_lengths > 0, label_last, ${never})`,
    `total = ${s.logsumexp('xs', 0).replace('xs', s.stack('[last, label_last]', 0))}`,
    exact ? 'return total' : `return ${s.where}(total > never / 2, total, ${s.minusInfinity})`,
  ];
  return [
    ...signature('ctc_log_likelihood', s),
    ...indented([
      '"""Log-probability of all alignments of the labels with the frames.',
      '',
      'An alignment shows each label for one or more frames in a row, with blanks',
      '(class 0) in between, which are needed between equal labels.',
      '"""',
      ...preparation(s),
      ...(exact ? [] : ['never = -1e30  # stands for log 0, whose derivative would be NaN']),
      '# alpha: the log-probability of all beginnings that are in a state by now.',
      `starts = ${s.arange(`${s.shape('states')}[1]`, 'states')} == 0`,
      `alpha = ${s.where}(starts, 0.0, ${never}) + 0 * shown[:, 0]  # (N, S)`,
      `gap = ${s.fullLike('alpha[:, :1]', never)}`,
      'for t in range(frames):',
      `    step = ${s.join('[gap, alpha[:, :-1]]', 1)}`,
      `    skip = ${s.where}(skips, alpha[:, :-2], ${never})`,
      `    skip = ${s.join('[gap, gap, skip]', 1)}`,
      `    reached = ${s.logsumexp('xs', 0).replace('xs', s.stack('[alpha, step, skip]', 0))}`,
      '    inside = t < input_lengths[:, None]',
      `    alpha = ${s.where}(inside, reached + shown[:, t], alpha)`,
      ...total,
    ]),
    '',
  ].join('\n');
}

/** Forward and backward pass, in NumPy. */
function posterior(): string {
  const s = spellings.numpy;
  return [
    ...signature('ctc_posterior', s),
    ...indented([
      '"""Probability that an alignment of the labels passes through a class at a time.',
      '',
      'It is the derivative of ``ctc_log_likelihood`` by the log-probabilities; 0 behind',
      'the end of a sequence, and where there is no alignment.',
      '"""',
      ...preparation(s),
      'count = states.shape[1]',
      'gap = np.full((samples, 1), -np.inf)',
      'alpha = np.where(np.arange(count) == 0, 0.0, -np.inf) + 0 * shown[:, 0]',
      '# By frame: all beginnings that are in a state by then, its frame included.',
      'beginnings = np.empty_like(shown)  # (N, T, S)',
      'for t in range(frames):',
      '    step = np.concatenate([gap, alpha[:, :-1]], axis=1)',
      '    skip = np.where(skips, alpha[:, :-2], -np.inf)',
      '    skip = np.concatenate([gap, gap, skip], axis=1)',
      '    reached = np.logaddexp.reduce(np.stack([alpha, step, skip]), axis=0)',
      '    inside = t < input_lengths[:, None]',
      '    alpha = np.where(inside, reached + shown[:, t], alpha)',
      '    beginnings[:, t] = alpha',
      '# An alignment ends in the last label or in the blank behind it.',
      'behind = 2 * label_lengths[:, None] - np.arange(count)',
      'end = np.where((behind == 0) | (behind == 1), 0.0, -np.inf)',
      'total = np.logaddexp.reduce(alpha + end, axis=1)[:, None]',
      'total = np.where(total == -np.inf, 0.0, total)',
      '# beta: the log-probability of all ends after a state, its frame not included.',
      'beta = end',
      'passing = np.zeros_like(shown)  # (N, T, S)',
      'for t in reversed(range(frames)):',
      '    inside = t < input_lengths[:, None]',
      '    passing[:, t] = np.where(inside, np.exp(beginnings[:, t] + beta - total), 0.0)',
      '    after = beta + shown[:, t]',
      '    step = np.concatenate([after[:, 1:], gap], axis=1)',
      '    skip = np.where(skips, after[:, 2:], -np.inf)',
      '    skip = np.concatenate([skip, gap, gap], axis=1)',
      '    before = np.logaddexp.reduce(np.stack([after, step, skip]), axis=0)',
      '    beta = np.where(inside, before, beta)',
      'shows = states[:, :, None] == np.arange(log_probs.shape[2])  # (N, S, C)',
      'return passing @ shows.astype(float)  # (N, T, C)',
    ]),
    '',
  ].join('\n');
}

/** log Φ where the library has no function for it: near 0 by erf, far out by a continued fraction for the tail. */
function logNdtr(): string {
  return [
    'def log_ndtr(x: keras.KerasTensor) -> keras.KerasTensor:',
    ...indented([
      '"""Logarithm of the standard normal distribution function, precise in both tails."""',
      'is_far = ops.abs(x) > 3',
      'far = ops.where(is_far, ops.abs(x), 3.0)',
      '# The probability of the tail is the density divided by a continued fraction.',
      'fraction = far',
      'for k in range(40, 0, -1):',
      '    fraction = far + k / fraction',
      'log_density = -0.5 * far**2 - 0.5 * math.log(2 * math.pi)',
      'log_tail = log_density - ops.log(fraction)',
      'near = ops.where(is_far, 0.0, x)',
      'middle = ops.log(0.5 * (1 + ops.erf(near / math.sqrt(2))))',
      'right = ops.where(is_far, ops.log1p(-ops.exp(log_tail)), middle)',
      'return ops.where(x < -3, log_tail, right)',
    ]),
    '',
  ].join('\n');
}

const helpers: readonly {
  readonly called: RegExp;
  readonly source: (language: Language) => string | undefined;
}[] = [
  { called: /\bctc_log_likelihood\(/, source: logLikelihood },
  { called: /\bctc_posterior\(/, source: (language) => (language === 'numpy' ? posterior() : undefined) },
  { called: /(?<![.\w])log_ndtr\(/, source: (language) => (language === 'keras' ? logNdtr() : undefined) },
];

/** The code with the helper functions that it calls behind it. */
export function withHelpers(code: string, language: Language): string {
  const needed = helpers.flatMap(({ called, source }) => (called.test(code) ? (source(language) ?? []) : []));
  return [code, ...needed].join('\n\n');
}
