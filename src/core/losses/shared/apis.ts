/** Short ways to say how a framework writes a loss, where it has several names for one definition. */
import type { Api } from '../loss.ts';

type Details = Omit<Api, 'framework' | 'name' | 'form'>;

/** PyTorch: the module in `torch.nn` and the function in `torch.nn.functional`. */
export function torchApis(className: string, functionName: string, details: Details = {}): readonly Api[] {
  return [
    { framework: 'torch', name: `torch.nn.${className}`, form: 'class', ...details },
    { framework: 'torch', name: `torch.nn.functional.${functionName}`, form: 'function', ...details },
  ];
}

/**
 * Keras: the class, the function, and the strings that `compile(loss=…)` takes, which include both their names. All in
 * the convention `keras`, which averages over the last axis first.
 */
export function kerasApis(
  className: string,
  functionName: string,
  { aliases = [], ...details }: Details & { readonly aliases?: readonly string[] } = {},
): readonly Api[] {
  const common: Omit<Api, 'name' | 'form'> = {
    framework: 'keras',
    convention: 'keras',
    targetFirst: true,
    ...details,
  };
  const rows = 'Averages over the last axis only: one value a row.';
  const text = details.note;
  return [
    { ...common, name: `keras.losses.${className}`, form: 'class' },
    {
      ...common,
      name: `keras.losses.${functionName}`,
      form: 'function',
      note: text === undefined ? rows : `${rows} ${text}`,
    },
    ...[...aliases, functionName, className].map((name): Api => ({
      framework: 'keras',
      name,
      form: 'string',
      convention: 'keras',
      ...(text === undefined ? {} : { note: text }),
    })),
  ];
}

/** Optax: the function in `optax.losses`, and its alias in `optax` where it has one. */
export function optaxApis(
  functionName: string,
  { note, ...details }: Details = {},
  names: readonly string[] = ['optax.losses', 'optax'],
): readonly Api[] {
  const elementwise = 'Elementwise: reduce it yourself.';
  return names.map((module) => ({
    framework: 'optax',
    name: `${module}.${functionName}`,
    form: 'function',
    note: note === undefined ? elementwise : `${note} ${elementwise}`,
    ...details,
  }));
}

/** LightGBM: an objective and its other names. */
export function lightgbmApis(
  objective: string,
  { aliases = [], note, ...details }: Details & { readonly aliases?: readonly string[] } = {},
): readonly Api[] {
  const other = `Another name of ${objective}.`;
  return [
    {
      framework: 'lightgbm',
      name: objective,
      form: 'string',
      ...details,
      ...(note === undefined ? {} : { note }),
    },
    ...aliases.map((name): Api => ({
      framework: 'lightgbm',
      name,
      form: 'string',
      ...details,
      note: note === undefined ? other : `${other} ${note}`,
    })),
  ];
}
