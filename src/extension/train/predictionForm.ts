import type { FeatureEncoding, Preprocessing } from '../../core/data/dataset.ts';
import { message, type Message } from '../../core/messages/message.ts';

/** The cells of one new row, prefilled with what is typical, so that each can be changed and none must be. */
export class PredictionForm {
  readonly features: readonly FeatureEncoding[];
  readonly #cells: Map<string, string>;

  constructor({ features }: Preprocessing) {
    this.features = features;
    this.#cells = new Map(features.map((feature) => [feature.name, typical(feature)]));
  }

  cell(name: string): string {
    return this.#cells.get(name) ?? '';
  }

  /** What is wrong with a cell for this feature; undefined when it can be used. */
  check(feature: FeatureEncoding, text: string): Message | undefined {
    const cell = text.trim();
    if (feature.kind === 'number') {
      return cell !== '' && Number.isFinite(toNumber(cell))
        ? undefined
        : message('Enter a number, such as {typical}.', { typical: typical(feature) });
    }
    return feature.categories.includes(cell)
      ? undefined
      : message('Enter one of the values that the model knows: {values}.', {
          values: some(feature.categories),
        });
  }

  set(name: string, text: string): void {
    this.#cells.set(name, text.trim());
  }

  /**
   * Takes a pasted row: either `name=value` pairs, which change only what they name, or all values in the order of the
   * features, separated by commas, semicolons or tabs. Returns what is wrong, and changes nothing then.
   */
  paste(text: string): Message | undefined {
    const separator = text.includes('\t') ? /\t/ : text.includes(';') ? /;/ : /,/;
    const parts = text.split(separator).map((part) => part.trim());
    const changes = new Map<FeatureEncoding, string>();
    if (parts.some((part) => part.includes('='))) {
      for (const part of parts) {
        const at = part.lastIndexOf('=');
        const name = part.slice(0, Math.max(0, at)).trim();
        const feature = this.features.find((one) => one.name === name);
        if (feature === undefined) {
          return message('There is no column "{name}". The model has: {names}.', {
            name: at < 0 ? part : name,
            names: some(this.features.map((one) => one.name)),
          });
        }
        changes.set(feature, part.slice(at + 1));
      }
    } else {
      if (parts.length !== this.features.length) {
        return message('This row has {found} values; the model needs {needed}: {names}.', {
          found: parts.length,
          needed: this.features.length,
          names: some(this.features.map((one) => one.name)),
        });
      }
      this.features.forEach((feature, i) => changes.set(feature, parts[i]!));
    }
    for (const [feature, cell] of changes) {
      const wrong = this.check(feature, cell);
      if (wrong !== undefined) return message('{name}: {wrong}', { name: feature.name, wrong });
    }
    for (const [feature, cell] of changes) this.set(feature.name, cell);
    return undefined;
  }

  /** The row as the trainer takes it. */
  row(): Record<string, string> {
    return Object.fromEntries(
      this.features.map((feature) => {
        const cell = this.cell(feature.name);
        return [feature.name, feature.kind === 'number' ? String(toNumber(cell)) : cell];
      }),
    );
  }
}

/** The training mean, as short as its spread allows, or the first category. */
export function typical(feature: FeatureEncoding): string {
  if (feature.kind !== 'number') return feature.categories[0] ?? '';
  const digits = Math.max(0, Math.min(12, 1 - Math.floor(Math.log10(feature.scale > 0 ? feature.scale : 1))));
  return String(Number(feature.mean.toFixed(digits)));
}

/** A number as people write it, with a decimal comma as well. */
function toNumber(cell: string): number {
  return Number(cell.replace(/^([-+]?\d*),(\d+)$/, '$1.$2'));
}

function some(names: readonly string[]): string {
  return names.length <= 6 ? names.join(', ') : `${names.slice(0, 6).join(', ')} …`;
}
