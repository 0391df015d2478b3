import * as vscode from 'vscode';
import { mayUseLosses } from '../../core/code/filter.ts';
import type { Tree } from '../../core/code/tree.ts';
import type { Candidate, Use } from '../../core/code/uses.ts';
import { commands } from '../contributions.ts';
import { localise } from '../localise.ts';
import { hoverText } from './hoverText.ts';
import { pauses } from './pauses.ts';
import { pictureMarkdown, pictureOf } from './pictures.ts';
import { sourcesOf, type Sources } from './source.ts';

/** How long a hover waits for its picture, ms; without it the text comes alone and the next hover has the picture. */
const patience = 400;

/** Height of a picture beside which text and links have room, px. */
const ordinaryHeight = 120;

interface Analysis {
  /** Versions of all documents that were read. */
  readonly key: string;
  readonly uses: readonly Use[];
}
const analyses = new WeakMap<vscode.TextDocument, Analysis>();

/** The hover over a use of a loss in Python; undefined everywhere else. */
export async function provideHover(
  document: vscode.TextDocument,
  position: vscode.Position,
  token: vscode.CancellationToken,
): Promise<vscode.Hover | undefined> {
  const cancelled = (): boolean => token.isCancellationRequested;
  const sources = sourcesOf(document);
  const analysis = await analyse(sources, cancelled);
  if (analysis === undefined || analysis.uses.length === 0 || cancelled()) return undefined;
  const { pick } = await import('../../core/code/uses.ts');
  const use = pick(analysis.uses, document.offsetAt(position), sources.index);
  if (use === undefined) return undefined;
  const contents = await render(use, sources, position);
  if (cancelled()) return undefined;
  return new vscode.Hover(
    contents,
    new vscode.Range(document.positionAt(use.from), document.positionAt(use.to)),
  );
}

/** Does everything for the first use of a loss in a document but show it. False where it has none. */
export async function prepareHover(document: vscode.TextDocument): Promise<boolean> {
  const sources = sourcesOf(document);
  const use = (await analyse(sources, () => document.isClosed))?.uses[0];
  if (use === undefined) return false;
  await render(use, sources, document.positionAt(use.from));
  return true;
}

async function analyse(
  { documents, index, notebook }: Sources,
  cancelled: () => boolean,
): Promise<Analysis | undefined> {
  const owner = documents[index]!;
  const key = documents.map(({ uri, version }) => `${uri.toString()} ${version}`).join('\n');
  const kept = analyses.get(owner);
  if (kept?.key === key) return kept;
  const texts = documents.map((document) => document.getText());
  let uses: readonly Use[] = [];
  if (mayUseLosses(texts.join('\n'))) {
    const [{ startSyntax }, { usesIn }, { isForeignCell }] = await Promise.all([
      import('../../core/code/syntax.ts'),
      import('../../core/code/uses.ts'),
      import('../../core/code/mask.ts'),
    ]);
    const trees: Tree[] = [];
    const pause = pauses(cancelled);
    for (const text of texts) {
      const parse = startSyntax(notebook && isForeignCell(text) ? '' : text, 'python', { notebook });
      let tree = parse.advance();
      for (; tree === undefined; tree = parse.advance()) if ((await pause()) === 'give up') return undefined;
      trees.push(tree);
    }
    uses = usesIn(trees);
  }
  const analysis = { key, uses };
  // What was read may be outdated by now; the key says of what it is.
  analyses.set(owner, analysis);
  return analysis;
}

async function render(use: Use, sources: Sources, position: vscode.Position): Promise<vscode.MarkdownString> {
  const [{ loadLoss }, { formulaOfChoices }] = await Promise.all([
    import('../../core/losses/catalogue.ts'),
    import('./formulaText.ts'),
  ]);
  const only = use.candidates.length === 1 ? use.candidates[0] : undefined;
  const loss = only === undefined ? undefined : loadLoss(only.loss);
  const formula = only === undefined || loss === undefined ? undefined : formulaOfChoices(loss, only);
  const figure =
    only === undefined || formula !== undefined
      ? undefined
      : await withinPatience(pictureOf(only.loss, only.parameters));
  const picture = figure === undefined ? formula : pictureMarkdown(figure);
  const markdown = new vscode.MarkdownString(
    hoverText({
      use,
      lossOf: loadLoss,
      ...(picture === undefined ? {} : { picture }),
      isTall: figure !== undefined && figure.height > ordinaryHeight,
      localise,
      definition: (candidate) => definitionOf(candidate, sources),
      links: only === undefined ? [] : await linksFor(only, sources.documents[sources.index]!, position),
    }),
  );
  markdown.isTrusted = { enabledCommands: [commands.insertLoss, commands.train] };
  return markdown;
}

/** The picture, unless it takes too long or cannot be drawn. */
async function withinPatience<T>(picture: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience);
  });
  try {
    return await Promise.race([picture, late]);
  } catch {
    // Without a picture the text still helps.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function definitionOf({ definition }: Candidate, { documents, notebook }: Sources): string | undefined {
  const document = definition === undefined ? undefined : documents[definition.cell];
  if (definition === undefined || document === undefined) return undefined;
  const line = document.positionAt(definition.from).line + 1;
  const words = notebook
    ? vscode.l10n.t('built in cell {0}, line {1}', definition.cell + 1, line)
    : vscode.l10n.t('built on line {0}', line);
  if (document.uri.scheme !== 'file') return words;
  const target = document.uri
    .with({ fragment: `L${line}` })
    .toString()
    .replace(/[()]/g, encodeURIComponent);
  return `[${words}](${target})`;
}

async function linksFor(
  { loss: id, parameters, api: { convention } }: Candidate,
  document: vscode.TextDocument,
  position: vscode.Position,
): Promise<string[]> {
  const [{ loadLoss }, { inConvention }, { taskOf }] = await Promise.all([
    import('../../core/losses/catalogue.ts'),
    import('../../core/losses/conventions.ts'),
    import('../../core/losses/task.ts'),
  ]);
  const loss = loadLoss(id);
  if (loss === undefined) return [];
  const link = (words: string, command: string, argument: unknown): string =>
    `[${words}](command:${command}?${encodeURIComponent(JSON.stringify([argument]))})`;
  const wish = { loss: id, parameters, convention };
  const place = { uri: document.uri.toString(), line: position.line };
  return [
    link(vscode.l10n.t('Insert'), commands.insertLoss, { ...wish, ...place }),
    // A loss that takes more than a column of a table has no data set here.
    ...(taskOf(inConvention(loss, convention)) === undefined
      ? []
      : [link(vscode.l10n.t('Train with this'), commands.train, wish)]),
  ];
}
