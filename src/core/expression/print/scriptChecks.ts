/** Checks at the door of printed TypeScript: shapes, kinds of numbers, ranges of options. */
import { baseAxis, type Axis } from '../expression.ts';
import type { LossInput } from '../../losses/loss.ts';
import type { Names } from './names.ts';
import { rangeOf, rangeWords, type PrintableLoss, type PrintableParameter } from './printable.ts';
import { axisPlural, listed, scriptName } from './scriptDoc.ts';
import { reads } from './scriptScope.ts';

/** The extents of axes as code: the length of the first input that leads with an axis, else a constant of its own. */
export class Extents {
  readonly #code = new Map<Axis, string>();
  readonly #constants = new Map<string, string>();

  constructor(loss: PrintableLoss, names: Names) {
    const inputs = [...loss.inputs].sort(
      (a, b) => Number(b.role === 'prediction') - Number(a.role === 'prediction'),
    );
    for (const level of [0, 1, 2]) {
      for (const { id, axes } of inputs) {
        const axis = axes[level];
        if (axis === undefined || this.#code.has(axis)) continue;
        const code = `${scriptName(id)}${level === 0 ? '' : '[0]'}${level === 2 ? '?.[0]' : ''}`;
        if (level === 0) {
          this.#code.set(axis, `${code}.length`);
        } else {
          const name = names.take(axisPlural(axis));
          this.#code.set(axis, name);
          this.#constants.set(name, `const ${name} = ${code}?.length ?? 0;`);
        }
      }
    }
  }

  /** The extent of an axis; throws a RangeError for one that no input has. */
  of(axis: Axis): string {
    const code = this.#code.get(baseAxis(axis));
    if (code === undefined) throw new RangeError(`no input has the axis ${axis}`);
    return code;
  }

  /** The constants that some lines read. */
  constantsFor(lines: readonly string[]): string[] {
    return [...this.#constants]
      .filter(([name]) => lines.some((line) => reads(line, name)))
      .map(([, line]) => line);
  }
}

/** `if (condition) { throw … }`. */
export function throwIf(condition: string, message: string): string[] {
  return [`if (${condition}) {`, `  throw new RangeError(${message});`, '}'];
}

/** Lines that refuse inputs whose lengths do not go together. */
export function shapeChecks(loss: PrintableLoss, name: string, extents: Extents): string[] {
  const inputs = loss.inputs.filter(({ axes }) => axes.length > 0);
  if (inputs.every(({ axes }) => axes.length === 1)) {
    return inputs.slice(1).flatMap(({ id, axes }) => {
      const [own, wanted] = [`${scriptName(id)}.length`, extents.of(axes[0]!)];
      const [first] = wanted.split('.');
      const message = `\`${name}: \${${wanted}} values in ${first!}, \${${own}} in ${scriptName(id)}\``;
      return own === wanted ? [] : throwIf(`${own} !== ${wanted}`, message);
    });
  }
  const conditions = inputs.flatMap((input) => misfits(input, extents));
  if (conditions.length === 0) return [];
  const ids = listed(inputs.map(({ id }) => scriptName(id)));
  const words =
    inputs.length === 1 ? `the rows of ${ids} differ in length` : `the shapes of ${ids} do not fit`;
  return throwIf(conditions.join(' || '), `'${name}: ${words}'`);
}

function misfits({ id, axes }: LossInput, extents: Extents): string[] {
  const own = scriptName(id);
  const [first, second, third] = axes.map((axis) => extents.of(axis));
  const row = `row.length !== ${third ?? second ?? ''}`;
  return [
    ...(first === `${own}.length` ? [] : [`${own}.length !== ${first!}`]),
    ...(second === undefined
      ? []
      : third === undefined
        ? [`${own}.some((row) => ${row})`]
        : [`${own}.some((rows) => rows.length !== ${second} || rows.some((row) => ${row}))`]),
  ];
}

/** Lines that refuse numbers that are not of their kind, where the function would read outside an array. */
export function kindChecks(loss: PrintableLoss, name: string, extents: Extents): string[] {
  const hasClasses = loss.inputs.some(({ axes }) => axes.includes('class'));
  const tests = new Map<string, string>();
  const lines = loss.inputs.flatMap((input) => {
    const rule = ruleOf(loss, input, hasClasses ? extents.of('class') : undefined, extents);
    if (rule === undefined) return [];
    const { test, holds, words } = rule;
    const known = tests.has(test);
    tests.set(test, holds);
    return [
      ...(known ? [] : [`const ${test} = (x: number) => ${holds};`]),
      ...throwIf(`!${everyOf(scriptName(input.id), input.axes.length, test)}`, `\`${name}: ${words}\``),
    ];
  });
  return lines;
}

interface Rule {
  /** Name of the test. */
  readonly test: string;
  readonly holds: string;
  readonly words: string;
}

function ruleOf(
  loss: PrintableLoss,
  { id, kind, of }: LossInput,
  classes: string | undefined,
  extents: Extents,
): Rule | undefined {
  const whole = (low: number, beyond: string) => `Number.isInteger(x) && x >= ${low} && x < ${beyond}`;
  if (kind === 'length' && of !== undefined) {
    const most = extents.of(of);
    return {
      test: `fits${of.charAt(0).toUpperCase()}${of.slice(1)}`,
      holds: `Number.isInteger(x) && x >= 0 && x <= ${most}`,
      words: `${scriptName(id)} must hold whole numbers from 0 to \${${most}}`,
    };
  }
  if (classes === undefined) return undefined;
  switch (kind) {
    case 'class-index':
    case 'label-sequence': {
      const ignored = loss.parameters.some((p) => p.id === 'ignoreIndex');
      return {
        test: 'isClass',
        holds: ignored ? `x === ignoreIndex || (${whole(0, classes)})` : whole(0, classes),
        words: `a value of ${scriptName(id)} is not a class index from 0 to \${${classes} - 1}`,
      };
    }
    case 'label-set':
      return {
        test: 'isClassOrNone',
        holds: whole(-1, classes),
        words: `a value of ${scriptName(id)} is neither -1 nor a class index from 0 to \${${classes} - 1}`,
      };
    default:
      return undefined;
  }
}

function everyOf(variable: string, rank: number, test: string): string {
  if (rank === 0) return `${test}(${variable})`;
  const inner = rank === 1 ? test : `(row) => ${everyOf('row', rank - 1, test)}`;
  return rank === 1 ? `Array.from(${variable}).every(${inner})` : `${variable}.every(${inner})`;
}

/** Lines that refuse an option that is out of range. */
export function rangeChecks(loss: PrintableLoss, name: string): string[] {
  return loss.parameters.flatMap((parameter) => rangeCheck(name, parameter));
}

function rangeCheck(name: string, p: PrintableParameter): string[] {
  const id = scriptName(p.id);
  const { low, high } = rangeOf(p);
  const conditions = [
    ...(low === undefined ? [] : [`${id} ${low.exclusive ? '>' : '>='} ${low.bound}`]),
    ...(high === undefined ? [] : [`${id} ${high.exclusive ? '<' : '<='} ${high.bound}`]),
  ];
  if (conditions.length === 0) return [];
  return throwIf(
    `!(${conditions.join(' && ')})`,
    `\`${name}: ${id} must be ${rangeWords(p)}, received \${${id}}\``,
  );
}
