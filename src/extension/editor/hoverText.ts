import type { Candidate, Use } from '../../core/code/uses.ts';
import { familyNames } from '../../core/losses/families.ts';
import type { Framework, Loss } from '../../core/losses/loss.ts';
import { message, type Message } from '../../core/messages/message.ts';

/** What the text of a hover is made of; free of VS Code, so that it can be tested alone. */
export interface HoverParts {
  readonly use: Use;
  readonly lossOf: (id: string) => Loss | undefined;
  /** Markdown of the picture, or of formulas in its place; absent while it is not there. */
  readonly picture?: string;
  /** The picture fills the widget: below it one has to scroll. */
  readonly isTall?: boolean;
  readonly localise: (message: Message) => string;
  /** Where a variable was built, in words, perhaps as a link. */
  readonly definition: (candidate: Candidate) => string | undefined;
  /** Links below the text, ready-made Markdown. */
  readonly links: readonly string[];
}

const frameworkNames: Readonly<Record<Framework, string>> = {
  numpy: 'NumPy',
  torch: 'PyTorch',
  keras: 'Keras',
  tf: 'TensorFlow',
  jax: 'JAX',
  optax: 'Optax',
  sklearn: 'scikit-learn',
  tfjs: 'TensorFlow.js',
  typescript: 'TypeScript',
  xgboost: 'XGBoost',
  lightgbm: 'LightGBM',
};

/**
 * The widget shows 250 px before it scrolls. Beside title, an ordinary picture (110 px) and links there is room for these
 * lines, at this many characters a line of ordinary text. Formulas that need more room than that scroll.
 */
const mostLines = 4;
const lineLength = 68;
/** Beside the lines of losses among which the code decides. */
const mostNotes = 2;

/** Markdown of a hover. Everything that comes from the document is escaped; the picture and the links are trusted. */
export function hoverText(parts: HoverParts): string {
  const { use, lossOf, picture, isTall = false, localise, definition, links } = parts;
  const known = use.candidates.flatMap((candidate) => {
    const loss = lossOf(candidate.loss);
    return loss === undefined ? [] : [{ candidate, loss }];
  });
  const first = known[0];
  if (first === undefined) return '';
  if (known.length > 1) return choice(known, definition, localise);
  const { candidate, loss } = first;
  const built = definition(candidate);
  const head = [title(candidate, loss, localise), ...(built === undefined ? [] : [built])].join(' · ');
  const below = links.join(' · ');
  // What can be clicked is not behind a tall picture.
  const top = [head, ...(isTall ? [below] : []), ...(picture === undefined ? [] : [picture])].join('  \n');
  // Where a variable is used, the short form: the rest is told where it was built.
  const body = use.role === 'instance' ? [] : advice(candidate, loss, localise);
  const rest = [...body, ...(isTall ? [] : [below])].join('  \n');
  return rest === '' ? top : `${top}\n\n${rest}`;
}

interface Known {
  readonly candidate: Candidate;
  readonly loss: Loss;
}

/** Several losses, of which none is preferred: a line for each, then what decides. */
function choice(
  known: readonly Known[],
  definition: HoverParts['definition'],
  localise: HoverParts['localise'],
): string {
  const lines = known.map(({ candidate, loss }) => {
    const built = definition(candidate);
    const required = Object.entries(candidate.api.requires ?? {});
    const others = candidate.arguments.filter(({ name }) => required.every(([keyword]) => keyword !== name));
    const needed = required.map(([name, value]) => ({ name, text: pythonText(value) }));
    const line = title({ ...candidate, arguments: [...others, ...needed] }, loss, localise);
    return `- ${line}${built === undefined ? '' : ` · ${built}`}`;
  });
  // Where keywords decide they stand in the lines.
  const notes = known.flatMap(({ candidate: { api } }) =>
    api.requires === undefined && api.note !== undefined ? [`⚠ ${escapeMarkdown(api.note)}`] : [],
  );
  return [
    localise(message('The code decides at run time which loss this is:')),
    lines.join('\n'),
    ...(notes.length === 0 ? [] : [[...new Set(notes)].slice(0, mostNotes).join('  \n')]),
  ].join('\n\n');
}

function title(candidate: Candidate, loss: Loss, localise: HoverParts['localise']): string {
  const given = candidate.arguments
    .filter(({ text }) => text.length <= 24 && !/[\r\n]/.test(text))
    .map(({ name, text }) => codeSpan(name === '' ? text : `${name}=${text}`));
  return [
    `**${escapeMarkdown(loss.name)}**`,
    localise(familyNames[loss.family]),
    [frameworkNames[candidate.framework], ...given].join(' '),
  ].join(' · ');
}

/** When to use it, how the framework's definition differs, then what goes wrong, as far as there is room. */
function advice(candidate: Candidate, loss: Loss, localise: HoverParts['localise']): string[] {
  const use = loss.useWhen;
  const lines = [escapeMarkdown(use)];
  let room = mostLines - linesOf(use);
  const add = (texts: readonly string[]): void => {
    const text = texts.find((one) => linesOf(one) <= room);
    if (text === undefined) return;
    lines.push(escapeMarkdown(text));
    room -= linesOf(text);
  };
  const other = loss.conventions?.find(({ id }) => id === candidate.api.convention);
  if (other !== undefined) {
    const framework = frameworkNames[candidate.framework];
    const said = [other.differs, ...shorter(other.differs)].map((text) =>
      localise(message('{framework}: {text}', { framework, text })),
    );
    // In one line if it can be said in one, so that a warning has room too.
    add([...said.filter((text) => linesOf(text) === 1), ...said]);
  }
  for (const pitfall of pitfallsFor(candidate, loss))
    add([pitfall, ...shorter(pitfall)].map((text) => `⚠ ${text}`));
  return lines;
}

function linesOf(text: string): number {
  return Math.ceil(text.length / lineLength);
}

/** The same cut after its first sentences, then after its first clause. */
function shorter(text: string): string[] {
  const ends = [...text.matchAll(/[.:;] /g)].map(({ index }) => index).reverse();
  return ends.map((end) => `${text.slice(0, end)}.`);
}

/**
 * What goes wrong with this very call first: pitfalls that name it, what the framework does differently, pitfalls that
 * name the framework, then those that name none. What a keyword of the call answers is left out.
 */
function pitfallsFor({ api, framework, arguments: given }: Candidate, loss: Loss): string[] {
  const own = frameworkNames[framework];
  const called = api.form === 'string' ? `"${api.name}"` : api.name.split('.').at(-1)!;
  const answered = Object.entries(api.requires ?? {})
    .filter(([keyword, wanted]) => wanted !== false || given.some(({ name }) => name === keyword))
    .map(([keyword]) => keyword);
  const isOpen = (text: string): boolean => !answered.some((keyword) => text.includes(keyword));
  const open = loss.pitfalls.filter(isOpen);
  const note = sentencesOf(api.note ?? '')
    .filter(isOpen)
    .join(' ');
  const naming = open.filter((text) => text.includes(called));
  const ofFramework = open.filter((text) => text.includes(own));
  const names = Object.values(frameworkNames);
  const neutral = open.filter((text) => !names.some((name) => text.includes(name)));
  return [...new Set([...naming, ...(note === '' ? [] : [note]), ...ofFramework, ...neutral])];
}

function sentencesOf(text: string): string[] {
  return text.split(/(?<=\.) /).filter((sentence) => sentence !== '');
}

function pythonText(value: boolean | number | string): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
}

/** Text as Markdown that shows just this text. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|~<>&$]/g, '\\$&').replace(/\s+/g, ' ');
}

/** Text as a code span, whatever it holds. */
export function codeSpan(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return `${fence}${pad}${text.replace(/\s+/g, ' ')}${pad}${fence}`;
}
