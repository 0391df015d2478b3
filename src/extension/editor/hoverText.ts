import type { Candidate, Use } from '../../core/code/uses.ts';
import { familyNames } from '../../core/losses/families.ts';
import type { Framework, Loss } from '../../core/losses/loss.ts';
import { message, type Message } from '../../core/messages/message.ts';

/** What the text of a hover is made of; free of VS Code, so that it can be tested alone. */
export interface HoverParts {
  readonly use: Use;
  readonly lossOf: (id: string) => Loss | undefined;
  /** Markdown of the picture; absent while it is not there. */
  readonly picture?: string;
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
 * The widget shows 250 px before it scrolls. Beside title, picture (110 px) and links there is room for these lines, at
 * this many characters a line of ordinary text.
 */
const mostLines = 4;
const lineLength = 68;

/** Markdown of a hover. Everything that comes from the document is escaped; the picture and the links are trusted. */
export function hoverText({ use, lossOf, picture, localise, definition, links }: HoverParts): string {
  const known = use.candidates.flatMap((candidate) => {
    const loss = lossOf(candidate.loss);
    return loss === undefined ? [] : [{ candidate, loss }];
  });
  const first = known[0];
  if (first === undefined) return '';
  if (known.length > 1) {
    const lines = known.map(({ candidate, loss }) => {
      const built = definition(candidate);
      return `- ${title(candidate, loss, localise)}${built === undefined ? '' : ` · ${built}`}`;
    });
    return `${localise(message('The code decides at run time which loss this is:'))}\n\n${lines.join('\n')}`;
  }
  const { candidate, loss } = first;
  const built = definition(candidate);
  const head = [title(candidate, loss, localise), ...(built === undefined ? [] : [built])].join(' · ');
  const top = picture === undefined ? head : `${head}  \n${picture}`;
  // Where a variable is used, the short form: the rest is told where it was built.
  const body = use.role === 'instance' ? [] : advice(candidate, loss);
  return [top, [...body, links.join(' · ')].join('  \n')].join('\n\n');
}

function title(candidate: Candidate, loss: Loss, localise: (message: Message) => string): string {
  const given = candidate.arguments
    .filter(({ text }) => text.length <= 24 && !/[\r\n]/.test(text))
    .map(({ name, text }) => code(name === '' ? text : `${name}=${text}`));
  return [
    `**${escapeMarkdown(loss.name)}**`,
    localise(familyNames[loss.family]),
    [frameworkNames[candidate.framework], ...given].join(' '),
  ].join(' · ');
}

/** When to use it, then what goes wrong, most pressing first, as far as there is room. */
function advice(candidate: Candidate, loss: Loss): string[] {
  const use = loss.useWhen;
  let room = mostLines - linesOf(use);
  const lines = [escapeMarkdown(use)];
  for (const pitfall of pitfallsFor(candidate, loss)) {
    const text = [pitfall, ...shorter(pitfall)].find((one) => linesOf(`⚠ ${one}`) <= room);
    if (text === undefined) continue;
    lines.push(`⚠ ${escapeMarkdown(text)}`);
    room -= linesOf(`⚠ ${text}`);
    if (room <= 0) break;
  }
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
 * name the framework, then those that name none.
 */
function pitfallsFor(candidate: Candidate, loss: Loss): string[] {
  const { api, expectsProbabilities } = candidate;
  const own = frameworkNames[candidate.framework];
  const called = api.form === 'string' ? `"${api.name}"` : api.name.split('.').at(-1)!;
  const note = api.note === undefined ? [] : [api.note];
  // Advice on logits does not hold for a call that takes probabilities; the note says so.
  if (expectsProbabilities) return note;
  // With `from_logits=True` the remark on probabilities is answered.
  const keywords = Object.keys(api.requires ?? {});
  const open = loss.pitfalls.filter((text) => !keywords.some((keyword) => text.includes(keyword)));
  const naming = open.filter((text) => text.includes(called));
  const ofFramework = open.filter((text) => text.includes(own));
  const names = Object.values(frameworkNames);
  const neutral = open.filter((text) => !names.some((name) => text.includes(name)));
  const notes = keywords.length > 0 ? [] : note;
  return [...new Set([...naming, ...notes, ...ofFramework, ...neutral])];
}

/** Text as Markdown that shows just this text. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|~<>&$]/g, '\\$&').replace(/\s+/g, ' ');
}

/** Text as a code span, whatever it holds. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return `${fence}${pad}${text.replace(/\s+/g, ' ')}${pad}${fence}`;
}
