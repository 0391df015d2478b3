/** Short ways to say how a framework writes a loss that it offers under two or more names. */
import type { Api } from '../loss.ts';

type Details = Omit<Api, 'framework' | 'name' | 'form'>;

/** PyTorch: the class in `torch.nn` and the function in `torch.nn.functional`. */
export function torchApis(className: string, functionName: string, details: Details = {}): readonly Api[] {
  return [
    { framework: 'torch', name: `torch.nn.${className}`, form: 'class', ...details },
    { framework: 'torch', name: `torch.nn.functional.${functionName}`, form: 'function', ...details },
  ];
}

const eachRow = 'One value a row: reduce it yourself.';
const after = (note: string | undefined, first: string) => (note === undefined ? first : `${note} ${first}`);

/** Keras: class and function of a loss that has one value a row, and the strings that name it. */
export function kerasRowApis(
  className: string,
  functionName: string,
  { strings = [], note, ...details }: Details & { readonly strings?: readonly string[] } = {},
): readonly Api[] {
  const said = note === undefined ? {} : { note };
  const { convention } = details;
  return [
    {
      framework: 'keras',
      name: `keras.losses.${className}`,
      form: 'class',
      targetFirst: true,
      ...details,
      ...said,
    },
    {
      framework: 'keras',
      name: `keras.losses.${functionName}`,
      form: 'function',
      targetFirst: true,
      ...details,
      note: after(note, eachRow),
    },
    ...strings.map((name): Api => ({
      framework: 'keras',
      name,
      form: 'string',
      ...(convention === undefined ? {} : { convention }),
      ...said,
    })),
  ];
}

/** Optax: a function that has one value a row, in the modules that offer it. */
export function optaxRowApis(
  functionName: string,
  { note, ...details }: Details = {},
  modules: readonly string[] = ['optax.losses', 'optax'],
): readonly Api[] {
  return modules.map((module) => ({
    framework: 'optax',
    name: `${module}.${functionName}`,
    form: 'function',
    ...details,
    note: after(note, eachRow),
  }));
}
