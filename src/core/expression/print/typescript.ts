import { pairOf, type InputKind, type LossInput } from '../../losses/loss.ts';
import { gradient as gradientOf } from '../differentiate.ts';
import { input, type Axis, type Expr, type Named } from '../expression.ts';
import { precedence, wrap } from '../fragment.ts';
import { substitute } from '../rewrite.ts';
import { breakStatement, indent, lineWidth, wrapWords } from './layout.ts';
import { printLoops } from './loops.ts';
import { camel, Names, typescriptName } from './names.ts';
import {
  isElementwise,
  rangeOf,
  rangeSentence,
  rangeWords,
  sentence,
  type PrintableLoss,
  type PrintableParameter,
} from './printable.ts';
import type { Snippet } from './snippet.ts';

const tab = '  ';

/** Value and gradient in plain TypeScript: functions over arrays of numbers, without dependencies. */
export function typescriptLoss(loss: PrintableLoss): Snippet {
  const name = typescriptName(loss);
  const gradientName = `${name}Gradient`;
  const lines = [
    ...optionsType(loss, name),
    '',
    ...valueFunction(loss, name),
    '',
    ...gradientFunction(loss, name, gradientName),
  ];
  return { code: `${lines.join('\n')}\n`, imports: [], name, gradientName };
}

function optionsType(loss: PrintableLoss, name: string): string[] {
  return [
    `/** Options of {@link ${name}}. */`,
    `export interface ${optionsName(name)} {`,
    ...indent(
      [
        ...loss.parameters.flatMap((p) => [
          ...comment(`${sentence(p.meaning)} ${rangeSentence(p)} Default: ${p.default}.`),
          `${camel(p.id.split('_'))}?: number;`,
        ]),
        ...comment('Mean or sum of all values, or each of them. Default: mean.'),
        "reduction?: 'mean' | 'sum' | 'none';",
      ],
      tab,
    ),
    '}',
  ];
}

function valueFunction(loss: PrintableLoss, name: string): string[] {
  const { prediction, target } = pairOf(loss);
  const given = [prediction, target].map((i) => `${i.id}: ${arrayType(loss, i)},`);
  const options = optionsName(name);
  const body = printLoops({
    ...plan(loss, flat(loss, loss.expression()), [prediction.axes[0] ?? 'sample']),
    around: (_, inside, loop) => [`${loop} {`, ...indent(inside, tab), '}'],
    consume: (value) =>
      breakStatement(`losses.push(${value.text});`, tab, lineWidth - 2 * tab.length, 'trailing'),
  });
  return [
    ...comment(
      `${loss.name}: ${sentence(lower(loss.meaning))}`,
      '',
      ...documented(loss),
      "@returns The loss; with `reduction: 'none'` one value for each " +
        (isElementwise(loss) ? 'element.' : `row of \`${prediction.id}\`.`),
      `@throws RangeError ${raised(loss)}`,
      `@see ${sentence(loss.source)}`,
    ),
    `export function ${name}(`,
    ...indent([...given, `options: ${options} & { reduction: 'none' },`], tab),
    '): number[];',
    `export function ${name}(`,
    ...indent([...given, `options?: ${options} & { reduction?: 'mean' | 'sum' },`], tab),
    '): number;',
    `export function ${name}(`,
    ...indent([...given, `${destructured(loss)}: ${options} = {},`], tab),
    '): number | number[] {',
    ...indent(
      [
        ...checks(loss, name),
        'const losses: number[] = [];',
        ...body,
        "if (reduction === 'none') return losses;",
        'const sum = losses.reduce((a, b) => a + b, 0);',
        "return reduction === 'mean' ? sum / losses.length : sum;",
      ],
      tab,
    ),
    '}',
  ];
}

function gradientFunction(loss: PrintableLoss, name: string, gradientName: string): string[] {
  const { prediction, target } = pairOf(loss);
  const axes = isElementwise(loss) ? prediction.axes.slice(0, 1) : prediction.axes;
  const expr = flat(loss, gradientOf(loss.expression(), prediction.id));
  const rows = axes.length > 1;
  const array = rows ? 'rowGradient' : 'gradient';
  const body = printLoops({
    ...plan(loss, expr, axes),
    around: (level, inside, loop) => {
      const lines = [`${loop} {`, ...indent(inside, tab), '}'];
      return level === 0 ? lines : [`const ${array}: number[] = [];`, ...lines, `gradient.push(${array});`];
    },
    consume: (value) =>
      breakStatement(
        `${array}.push(${wrap(value, precedence.unary)} / count);`,
        tab,
        lineWidth - (axes.length + 1) * tab.length,
        'trailing',
      ),
  });
  return [
    ...comment(
      `Gradient of {@link ${name}} with respect to \`${prediction.id}\`.`,
      '',
      ...documented(loss),
      `@returns For each element of \`${prediction.id}\` the derivative of the mean or the sum; with ` +
        "`reduction: 'none'` that of the sum.",
      `@throws RangeError ${raised(loss)}`,
    ),
    `export function ${gradientName}(`,
    ...indent(
      [
        ...[prediction, target].map((i) => `${i.id}: ${arrayType(loss, i)},`),
        `${destructured(loss)}: ${optionsName(name)} = {},`,
      ],
      tab,
    ),
    `): ${rows ? 'number[][]' : 'number[]'} {`,
    ...indent(
      [
        ...checks(loss, gradientName),
        `const count = reduction === 'mean' ? ${prediction.id}.length : 1;`,
        `const gradient: ${rows ? 'number[][]' : 'number[]'} = [];`,
        ...body,
        'return gradient;',
      ],
      tab,
    ),
    '}',
  ];
}

/** What value and gradient share: names and lets. */
function plan(loss: PrintableLoss, root: Expr, axes: readonly Axis[]) {
  const { prediction, target } = pairOf(loss);
  const taken = [prediction.id, target.id, ...loss.parameters.map((p) => camel(p.id.split('_')))];
  const words: Partial<Record<InputKind, string>> = {
    logit: 'logit',
    'class-index': 'label',
    'binary-label': 'label',
  };
  const named: Named[] = (loss.named?.() ?? []).map((n) => ({ ...n, expr: flat(loss, n.expr) }));
  return {
    root,
    axes,
    lead: prediction.id,
    named,
    names: new Names('typescript', [
      ...taken,
      'reduction',
      'losses',
      'sum',
      'gradient',
      'rowGradient',
      'count',
    ]),
    elementName: ({ name }: { name: string }) =>
      words[(name === target.id ? target : prediction).kind] ?? 'value',
  };
}

/** An elementwise loss runs over flat arrays, whatever its axes. */
function flat(loss: PrintableLoss, expr: Expr): Expr {
  if (!isElementwise(loss)) return expr;
  const { prediction, target } = pairOf(loss);
  const axes = prediction.axes.slice(0, 1);
  return substitute(expr, {
    [prediction.id]: input(prediction.id, axes),
    [target.id]: input(target.id, axes),
  });
}

function optionsName(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Options`;
}

function destructured(loss: PrintableLoss): string {
  const options = loss.parameters.map((p) => `${camel(p.id.split('_'))} = ${p.default}`);
  return `{ ${[...options, "reduction = 'mean'"].join(', ')} }`;
}

function arrayType(loss: PrintableLoss, { axes }: LossInput): string {
  return !isElementwise(loss) && axes.length === 2 ? 'readonly ArrayLike<number>[]' : 'ArrayLike<number>';
}

function documented(loss: PrintableLoss): string[] {
  const { prediction, target } = pairOf(loss);
  const shape = ({ axes }: LossInput) =>
    isElementwise(loss)
      ? ''
      : axes.length === 2
        ? ' One row a sample, one number a class.'
        : ' One a sample.';
  return [
    `@param ${prediction.id} ${sentence(prediction.meaning)}${shape(prediction)}`,
    `@param ${target.id} ${sentence(target.meaning)}${isElementwise(loss) ? ` As many as in \`${prediction.id}\`.` : shape(target)}`,
  ];
}

function raised(loss: PrintableLoss): string {
  const reasons = ['the lengths differ'];
  if (pairOf(loss).target.kind === 'class-index') reasons.push('a target is not a class index');
  if (loss.parameters.some((p) => rangeWords(p) !== '')) reasons.push('an option is out of range');
  const last = reasons.length > 1 ? ` or ${reasons.pop() ?? ''}` : '';
  return `If ${reasons.join(', ')}${last}.`;
}

function checks(loss: PrintableLoss, name: string): string[] {
  const { prediction, target } = pairOf(loss);
  const [p, t] = [prediction.id, target.id];
  const fail = (condition: string, text: string) => {
    const whole = `throw new RangeError(${text});`;
    const thrown =
      whole.length <= lineWidth - 2 * tab.length
        ? [whole]
        : ['throw new RangeError(', `${tab}${text},`, ');'];
    return [`if (${condition}) {`, ...indent(thrown, tab), '}'];
  };
  const unit = isElementwise(loss) ? 'values' : 'rows';
  const lines = fail(
    `${p}.length !== ${t}.length`,
    `\`${name}: \${${p}.length} ${unit} in ${p}, \${${t}.length} in ${t}\``,
  );
  if (!isElementwise(loss)) {
    lines.push(
      ...fail(
        `${p}.some((row) => row.length !== ${p}[0]!.length)`,
        `'${name}: the rows of ${p} differ in length'`,
      ),
    );
  }
  if (target.kind === 'class-index') {
    lines.push(
      `const classes = ${p}[0]?.length ?? 0;`,
      'const isClass = (x: number) => Number.isInteger(x) && x >= 0 && x < classes;',
      ...fail(
        `!Array.from(${t}).every(isClass)`,
        `\`${name}: a target is not a class index from 0 to \${classes - 1}\``,
      ),
    );
  }
  for (const parameter of loss.parameters) lines.push(...rangeCheck(name, parameter, fail));
  return lines;
}

function rangeCheck(
  name: string,
  p: PrintableParameter,
  fail: (condition: string, text: string) => string[],
): string[] {
  const id = camel(p.id.split('_'));
  const { low, high } = rangeOf(p);
  const conditions = [
    ...(low === undefined ? [] : [`${id} ${low.exclusive ? '>' : '>='} ${low.bound}`]),
    ...(high === undefined ? [] : [`${id} ${high.exclusive ? '<' : '<='} ${high.bound}`]),
  ];
  if (conditions.length === 0) return [];
  return fail(
    `!(${conditions.join(' && ')})`,
    `\`${name}: ${id} must be ${rangeWords(p)}, received \${${id}}\``,
  );
}

/** A documentation comment; further lines of a wrapped tag are indented. */
function comment(...paragraphs: readonly string[]): string[] {
  const width = lineWidth - 3;
  const lines = paragraphs.flatMap((text) =>
    text === '' ? [''] : wrapWords(text, width, text.startsWith('@') ? tab : ''),
  );
  if (lines.length === 1 && (lines[0]?.length ?? 0) + 7 <= lineWidth) return [`/** ${lines[0] ?? ''} */`];
  return ['/**', ...lines.map((line) => (line === '' ? ' *' : ` * ${line}`)), ' */'];
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
