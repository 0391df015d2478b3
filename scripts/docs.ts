import { lossTex } from '../src/core/expression/print/tex.ts';
import { composePage } from '../src/core/figures/compose.ts';
import { lossPlot } from '../src/core/figures/lossPlot.ts';
import { palettes } from '../src/core/figures/theme.ts';
import { namesByFramework } from '../src/core/losses/apiNames.ts';
import { familyNames } from '../src/core/losses/families.ts';
import {
  families,
  type CounterExample,
  type Framework,
  type Loss,
  type Properties,
} from '../src/core/losses/loss.ts';
import { english } from '../src/core/messages/message.ts';
import { Typesetter } from './typeset.ts';

const frameworks: Readonly<Record<Framework, string>> = {
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

/** The pages about losses by file name: the catalogue as `docs/losses.md`, and a picture of each loss. */
export async function lossPages(losses: readonly Loss[]): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const loss of losses) files[`docs/losses/${loss.id}.svg`] = await picture(loss);
  const own = (family: string) => losses.filter((loss) => loss.family === family);
  const sections = families
    .filter((family) => own(family).length > 0)
    .map((family) => `## ${english(familyNames[family])}\n\n${own(family).map(section).join('\n')}`);
  const contents = families
    .filter((family) => own(family).length > 0)
    .map(
      (family) =>
        `- **${english(familyNames[family])}**: ${own(family)
          .map(({ id, name }) => `[${name}](#${id})`)
          .join(' · ')}`,
    );
  files['docs/losses.md'] = [
    '<!-- Written by npm run generate from src/core/losses; do not edit. -->',
    '# The losses',
    `${losses.length} losses. ℓ is the loss of one element and L its mean over n of them. Formulas, gradients and plots are computed from the same definitions as the printed code and the kernels.`,
    contents.join('\n'),
    ...sections,
  ]
    .join('\n\n')
    .concat('\n')
    .replace(/\n{3,}/g, '\n\n');
  return files;
}

async function picture(loss: Loss): Promise<string> {
  const tex = lossTex(loss);
  const typesetter = new Typesetter();
  const lines = [];
  for (const line of [tex.value, ...tex.lets, ...tex.gradients]) lines.push(await typesetter.typeset(line));
  const palette = palettes.light;
  const { svg, width, height } = composePage(
    lines,
    typesetter.table(),
    lossPlot(loss, {}, palette),
    palette,
    tex.spoken,
  );
  // A page may be dark: the picture brings its own paper.
  return `${svg.replace('</title>', `</title><rect width="${width}" height="${height}" fill="#fff"/>`)}\n`;
}

function section(loss: Loss): string {
  const names = [...loss.synonyms, ...loss.chinese].join(', ');
  const parts = [
    `### <a id="${loss.id}"></a>${loss.name}`,
    `\`${loss.id}\`${names === '' ? '' : ` · ${names}`}`,
    loss.meaning,
    `![Formula, gradient and plot of ${loss.name}](losses/${loss.id}.svg)`,
    `**Use when** ${lowerFirst(loss.useWhen)}`,
    `**Avoid when** ${lowerFirst(loss.avoidWhen)}`,
    table(
      ['Input', 'Shape', 'Kind', 'What it is'],
      loss.inputs.map(({ id, axes, kind, meaning }) => [
        `\`${id}\``,
        axes.join(' × ') || 'scalar',
        kind,
        meaning,
      ]),
    ),
    table(
      ['Parameter', 'Default', 'Range', 'What it does'],
      loss.parameters.map((p) => [
        `\`${p.id}\``,
        p.choices?.find(({ value }) => value === p.default)?.name ?? String(p.default),
        p.choices?.map(({ name }) => name).join(', ') ??
          `${p.minExclusive === true ? '>' : '≥'} ${p.min}, ${p.maxExclusive === true ? '<' : '≤'} ${p.max}`,
        p.meaning,
      ]),
    ),
    table(['Property', ''], propertyRows(loss)),
    table(
      ['Framework', 'Name'],
      [...namesByFramework(loss)].map(([framework, own]) => [
        frameworks[framework],
        own.map((name) => `\`${name}\``).join(', '),
      ]),
    ),
    table(
      [
        `Other definitions${loss.convention === undefined ? '' : ` (the default is ${loss.convention}’s)`}`,
        'Used by',
        'Difference',
      ],
      (loss.conventions ?? []).map(({ id, users, differs }) => [`\`${id}\``, users, differs]),
    ),
    loss.pitfalls.map((text) => `- ${text}`).join('\n'),
    `Source: ${loss.source}`,
  ];
  return `${parts
    .filter((part) => part !== '')
    .map(escapeHtml)
    .join('\n\n')}\n`;
}

/** Angle brackets of prose are no tags; our anchors are. */
function escapeHtml(text: string): string {
  return text.startsWith('### <a id') ? text : text.replace(/<(?=[a-z/!])/gi, '&lt;');
}

function propertyRows(loss: Loss): string[][] {
  const p = loss.properties;
  const holds = (value: Properties['convex'] | undefined) =>
    value === undefined ? undefined : value === true ? 'yes' : 'no';
  const size = (value: number | CounterExample | ((...args: never[]) => unknown)) =>
    typeof value === 'number'
      ? `yes (${Number(value.toPrecision(4))})`
      : typeof value === 'function'
        ? 'yes'
        : 'no';
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Convex in the prediction', holds(p.convex)],
    ['Bounded below', size(p.boundedBelow)],
    ['Bounded above', size(p.boundedAbove)],
    ['Symmetric', holds(p.symmetric)],
    ['Lipschitz gradient', size(p.lipschitzGradient)],
    ['Bounded influence of an outlier', size(p.boundedInfluence)],
    ['Strictly proper', holds(p.strictlyProper)],
    ['Best constant', loss.bestConstant?.words],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function lowerFirst(text: string): string {
  // Names and abbreviations keep their capital.
  return /^[A-Z][a-z]+ /.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
