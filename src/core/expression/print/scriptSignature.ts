/** Heads of printed functions, laid out as Prettier does. */
import { lineWidth } from './layout.ts';
import type { PrintableLoss } from './printable.ts';
import { optionsName, scriptName } from './scriptDoc.ts';
import { reads } from './scriptScope.ts';

const tab = '  ';

/** `export function name(a, b): type {`, on one line where it fits, else one argument a line. */
export function signature(name: string, args: readonly string[], returns: string): string[] {
  const last = `): ${returns}`;
  const whole = `export function ${name}(${args.join(', ')}${last}`;
  if (whole.length <= lineWidth) return [whole];
  const members = /^(.*)\{ (.*) \} \{$/.exec(last);
  return [
    `export function ${name}(`,
    ...args.flatMap((arg) => `${arg},`.split('\n')).map((line) => tab + line),
    ...(last.length <= lineWidth || members === null
      ? [last]
      : [`${members[1]!}{`, ...members[2]!.split('; ').map((member) => `${tab}${member};`), '} {']),
  ];
}

/** The options that some lines read, with their defaults, as an argument; empty where they read none. */
export function optionsArgument(
  loss: PrintableLoss,
  name: string,
  reduces: boolean,
  lines: readonly string[],
): string[] {
  const options = [
    ...loss.parameters.map((p) => ({ id: scriptName(p.id), text: `${scriptName(p.id)} = ${p.default}` })),
    ...(reduces ? [{ id: 'reduction', text: "reduction = 'mean'" }] : []),
  ];
  const read = options.filter(({ id }) => lines.some((line) => reads(line, id)));
  if (read.length === 0) return [];
  const type = `${optionsName(name)} = {}`;
  const whole = `{ ${read.map(({ text }) => text).join(', ')} }: ${type}`;
  if (tab.length + whole.length < lineWidth) return [whole];
  return [['{', ...read.map(({ text }) => `${tab}${text},`), `}: ${type}`].join('\n')];
}

/** The heads that tell a type checker what each reduction gives. */
export function overloads(name: string, inputs: readonly string[], each: string, reduced: string): string[] {
  const options = optionsName(name);
  return [
    ...signature(name, [...inputs, `options: ${options} & { reduction: 'none' }`], `${each};`),
    ...signature(name, [...inputs, `options?: ${options} & { reduction?: 'mean' | 'sum' }`], `${reduced};`),
  ];
}
