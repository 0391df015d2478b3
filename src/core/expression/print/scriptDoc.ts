/** Documentation comments of printed TypeScript and TensorFlow.js. */
import type { InputKind } from '../../losses/loss.ts';
import type { Axis } from '../expression.ts';
import { lineWidth, wrapWords } from './layout.ts';
import { allowedName, camel } from './names.ts';
import { rangeSentence, rangeWords, sentence, type PrintableLoss } from './printable.ts';

const tab = '  ';

/** The variable of an input or option: `labelSmoothing`. */
export function scriptName(id: string): string {
  return allowedName(camel(id.split('_')), 'typescript');
}

/** A documentation comment within lines of the given width; further lines of a wrapped tag are indented. */
export function comment(paragraphs: readonly string[], width = lineWidth): string[] {
  const lines = paragraphs.flatMap((text) =>
    text === '' ? [''] : wrapWords(text, width - 3, text.startsWith('@') ? tab : ''),
  );
  if (lines.length === 1 && lines[0]!.length + 7 <= width) return [`/** ${lines[0]!} */`];
  return ['/**', ...lines.map((line) => (line === '' ? ' *' : ` * ${line}`)), ' */'];
}

/** Name of the type of a function's options: `HuberLossOptions`. */
export function optionsName(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Options`;
}

/** The type of a function's options, with their documentation; empty where there are none. */
export function optionsType(loss: PrintableLoss, name: string, reduces: boolean): string[] {
  const fields = [
    ...loss.parameters.flatMap((p) => [
      ...comment(
        [`${sentence(p.meaning)} ${rangeSentence(p)} Default: ${p.default}.`.replaceAll('  ', ' ')],
        lineWidth - tab.length,
      ),
      `${scriptName(p.id)}?: number;`,
    ]),
    ...(reduces
      ? [
          ...comment(['Mean or sum of all values, or each of them. Default: mean.'], lineWidth - tab.length),
          "reduction?: 'mean' | 'sum' | 'none';",
        ]
      : []),
  ];
  if (fields.length === 0) return [];
  return [
    `/** Options of {@link ${name}}. */`,
    `export interface ${optionsName(name)} {`,
    ...fields.map((line) => tab + line),
    '}',
    '',
  ];
}

/** First sentence of the documentation. */
export function scriptSummary(loss: PrintableLoss): string {
  return `${loss.name}: ${sentence(loss.meaning.charAt(0).toLowerCase() + loss.meaning.slice(1))}`;
}

/** Whose definition this is and how it differs; empty for the loss's own. */
export function conventionSentence({ conventionNote }: PrintableLoss): string[] {
  return conventionNote === undefined ? [] : [conventionNote];
}

/** An axis as it is counted: `a class`, `an item`, `a frame`. */
export function axisWord(axis: Axis): string {
  const word = axis === 'time' ? 'frame' : axis;
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
}

/** Many of an axis: `classes`, `frames`. */
export function axisPlural(axis: Axis): string {
  const word = axis === 'time' ? 'frame' : axis;
  return `${word}${word.endsWith('s') ? 'es' : 's'}`;
}

/** What a printed function refuses, as a tag of its documentation. */
export function thrown(loss: PrintableLoss): string[] {
  const kinds: readonly InputKind[] = ['class-index', 'label-set', 'label-sequence'];
  const { inputs, parameters } = loss;
  const hasClasses = inputs.some(({ axes }) => axes.includes('class'));
  const reasons = [
    ...(inputs.length > 1 || inputs.some(({ axes }) => axes.length > 1) ? ['the lengths differ'] : []),
    ...(hasClasses && inputs.some(({ kind }) => kinds.includes(kind))
      ? ['a label is not a class index']
      : []),
    ...(inputs.some(({ kind }) => kind === 'length') ? ['a length is out of range'] : []),
    ...(parameters.some((p) => rangeWords(p) !== '') ? ['an option is out of range'] : []),
  ];
  return reasons.length === 0 ? [] : [`@throws RangeError If ${listed(reasons, 'or')}.`];
}

/** Words in a row: `a, b and c`. */
export function listed(words: readonly string[], last = 'and'): string {
  const [only = '', ...more] = words;
  return more.length === 0 ? only : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)!}`;
}
