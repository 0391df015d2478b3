import { pairOf, type Loss, type Parameter } from '../../losses/loss.ts';

/** A parameter or a scalar option that the printed function takes. */
export interface PrintableParameter extends Parameter {
  readonly maxExclusive?: boolean;
}

/** A loss as it is printed: with the options that were asked for among its parameters, and given values as defaults. */
export interface PrintableLoss extends Loss {
  readonly parameters: readonly PrintableParameter[];
}

/** Adapts a loss to given values; an option of the loss that has a value becomes a parameter. */
export function printable(loss: Loss, given: Readonly<Record<string, number>> = {}): PrintableLoss {
  const options = (loss.options ?? []).filter((o) => o.axes.length === 0 && Object.hasOwn(given, o.id));
  const keep = options.map((option) => option.id);
  return {
    ...loss,
    expression: () => loss.expression(keep),
    parameters: [
      ...loss.parameters,
      ...options.map(({ id, symbol, meaning, neutral, range }) => ({
        id,
        symbol,
        meaning,
        default: neutral,
        ...(range ?? { min: -Infinity, max: Infinity }),
      })),
    ].map((p) => ({ ...p, default: given[p.id] ?? p.default })),
  };
}

/** Whether the loss pairs elements of equal position, whatever the number of axes. */
export function isElementwise(loss: Loss): boolean {
  return pairOf(loss).prediction.axes.join() === pairOf(loss).target.axes.join();
}

interface Bound {
  readonly bound: number;
  readonly exclusive: boolean;
}

/** Bounds of this size serve sliders; the mathematics does not need them. */
const beyond = 1e5;

/** The bounds of a parameter that printed code checks. */
export function rangeOf(p: PrintableParameter): {
  readonly low: Bound | undefined;
  readonly high: Bound | undefined;
} {
  return {
    low: p.min > -beyond ? { bound: p.min, exclusive: p.minExclusive === true } : undefined,
    high: p.max < beyond ? { bound: p.max, exclusive: p.maxExclusive === true } : undefined,
  };
}

/** `greater than 0 and at most 1`, empty where any number will do. */
export function rangeWords(p: PrintableParameter): string {
  const { low, high } = rangeOf(p);
  return [
    low === undefined ? '' : `${low.exclusive ? 'greater than' : 'at least'} ${low.bound}`,
    high === undefined ? '' : `${high.exclusive ? 'less than' : 'at most'} ${high.bound}`,
  ]
    .filter((part) => part !== '')
    .join(' and ');
}

/** The range as a sentence of documentation. */
export function rangeSentence(p: PrintableParameter): string {
  const words = rangeWords(p);
  return words === '' ? '' : `Must be ${words}.`;
}

/** Text that ends with a full stop. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}
