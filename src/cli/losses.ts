import { parseArgs } from 'node:util';
import { lossTex } from '../core/expression/print/tex.ts';
import { unicodeOf } from '../core/expression/print/unicode.ts';
import { namesByFramework } from '../core/losses/apiNames.ts';
import { loadLoss, losses } from '../core/losses/catalogue.ts';
import { familyNames } from '../core/losses/families.ts';
import { families, type Loss, type Parameter } from '../core/losses/loss.ts';
import { english } from '../core/messages/message.ts';
import { unknownLoss } from './lossId.ts';
import { exitCodes, type Terminal } from './output.ts';

const help = `Usage: loss-lab losses [--json]
       loss-lab losses ID [--json]

Lists the losses by family with their parameters, or explains one: formula, gradient, when to use it, and what each
framework calls it. With --json an array of objects, or one object.
`;

/** `loss-lab losses`: the catalogue, or one loss of it. */
export function showLosses(args: string[], to: Terminal): number {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help === true) {
    to.out(help);
    return exitCodes.done;
  }
  const [id, ...more] = positionals;
  if (more.length > 0) {
    to.err(`loss-lab: Expected one loss, found ${positionals.length}: ${positionals.join(', ')}.\n`);
    return exitCodes.badInput;
  }
  if (id === undefined) {
    to.out(values.json === true ? json(losses().map(described)) : listed());
    return exitCodes.done;
  }
  const loss = loadLoss(id);
  if (loss === undefined) return unknownLoss(id, to);
  to.out(
    values.json === true ? json({ ...described(loss), ...explained(loss) }) : explanation(loss, to.columns),
  );
  return exitCodes.done;
}

function json(value: unknown): string {
  // JSON lacks infinities (the limit of a parameter may be one): they are written as their names.
  const text = JSON.stringify(
    value,
    (_, v: unknown) => (typeof v === 'number' && !Number.isFinite(v) ? String(v) : v),
    2,
  );
  return `${text}\n`;
}

function described(loss: Loss) {
  return {
    id: loss.id,
    name: loss.name,
    synonyms: loss.synonyms,
    chinese: loss.chinese,
    family: loss.family,
    parameters: loss.parameters.map(({ id, default: usual, min, max, choices, meaning }) => ({
      id,
      default: usual,
      min,
      max,
      ...(choices === undefined ? {} : { choices }),
      meaning,
    })),
    conventions: (loss.conventions ?? []).map(({ id, users, differs }) => ({ id, users, differs })),
    frameworks: Object.fromEntries([...namesByFramework(loss)]),
  };
}

function explained(loss: Loss) {
  const { value, gradients, lets } = lossTex(loss);
  return {
    formula: unicodeOf(value),
    where: lets.map(unicodeOf),
    gradients: gradients.map(unicodeOf),
    tex: { value, where: lets, gradients },
    inputs: loss.inputs.map(({ id, kind, role, axes, meaning }) => ({ id, kind, role, axes, meaning })),
    meaning: loss.meaning,
    useWhen: loss.useWhen,
    avoidWhen: loss.avoidWhen,
    pitfalls: loss.pitfalls,
    source: loss.source,
  };
}

function listed(): string {
  const width = Math.max(...losses().map(({ id }) => id.length));
  return families
    .map((family) => {
      const own = losses().filter((loss) => loss.family === family);
      const lines = own.map(({ id, name, parameters }) => {
        const options = parameters.map(setting).join(', ');
        return `  ${id.padEnd(width)}  ${name}${options === '' ? '' : ` (${options})`}\n`;
      });
      return own.length === 0 ? '' : `${english(familyNames[family])}\n${lines.join('')}`;
    })
    .filter((text) => text !== '')
    .join('\n');
}

function setting({ id, default: usual, choices }: Parameter): string {
  return `${id}=${choices?.find(({ value }) => value === usual)?.name ?? usual}`;
}

function explanation(loss: Loss, columns: number): string {
  const { value, gradients, lets } = lossTex(loss);
  const paragraph = (text: string, indent = '  ') => wrapped(text, columns, indent);
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ['', [`${loss.name} (${loss.id}) · ${english(familyNames[loss.family])}`]],
    ['', [[...loss.synonyms, ...loss.chinese].join(', ')]],
    ['', paragraph(loss.meaning, '')],
    ['Formula', [value, ...lets].map((tex) => `  ${unicodeOf(tex)}`)],
    ['Gradient', gradients.map((tex) => `  ${unicodeOf(tex)}`)],
    [
      'Inputs',
      loss.inputs.flatMap((i) => paragraph(`${i.id} (${i.axes.join(' × ') || 'scalar'}): ${i.meaning}`)),
    ],
    ['Parameters', loss.parameters.flatMap((p) => paragraph(`${setting(p)}: ${p.meaning}${choicesOf(p)}`))],
    ['Use when', paragraph(loss.useWhen)],
    ['Avoid when', paragraph(loss.avoidWhen)],
    ['Pitfalls', loss.pitfalls.flatMap((text) => paragraph(`- ${text}`))],
    [
      'Other definitions',
      (loss.conventions ?? []).flatMap(({ id, users, differs }) => paragraph(`${id} (${users}): ${differs}`)),
    ],
    [
      'Names',
      [...namesByFramework(loss)].flatMap(([framework, names]) =>
        paragraph(`${framework}: ${names.join(', ')}`),
      ),
    ],
    ['Source', paragraph(loss.source)],
  ];
  return `${sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [...(title === '' ? [] : [title]), ...lines].join('\n'))
    .join('\n\n')}\n`;
}

function choicesOf({ choices }: Parameter): string {
  return choices === undefined
    ? ''
    : ` One of ${choices.map(({ value, name }) => `${value} (${name})`).join(', ')}.`;
}

/** Words in lines of the terminal's width; further lines stand a little further in. */
function wrapped(text: string, columns: number, indent: string): string[] {
  const width = Math.max(40, Math.min(columns, 100));
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    const first = line.trim() === '';
    if (!first && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}  ${word}`;
    } else line += first ? word : ` ${word}`;
  }
  return [...lines, line];
}
