import type { SeriesId } from '../../core/protocol/panel.ts';
import type { SeriesData } from '../../core/runs/series.ts';
import { bucketAt } from '../charts/points.ts';
import { element } from '../dom.ts';
import { fill, type Format } from '../format.ts';

/** Most rows of the table; a longer run shows every nth epoch and the last. */
const maximumRows = 200;

const columns = ['epochLoss', 'validationLoss', 'accuracy', 'rmse', 'r2'] as const;

/** The rows to show: every nth index, and always the last. */
export function pickRows(length: number, maximum: number = maximumRows): { rows: number[]; nth: number } {
  const nth = Math.max(1, Math.ceil(length / maximum));
  const rows: number[] = [];
  for (let i = 0; i < length; i += nth) rows.push(i);
  if (length > 0 && rows.at(-1) !== length - 1) rows.push(length - 1);
  return { rows, nth };
}

/** The curves as a table, for those who read rather than look. Filled only while it is open. */
export class ValueTable {
  readonly element: HTMLDetailsElement;
  readonly #strings: Readonly<Record<string, string>>;
  readonly #format: Format;
  readonly #body = element('div', { class: 'table-frame', tabindex: '0' });
  #series: Readonly<Partial<Record<SeriesId, SeriesData>>> = {};
  #filling = false;

  constructor(strings: Readonly<Record<string, string>>, format: Format) {
    this.#strings = strings;
    this.#format = format;
    this.element = element(
      'details',
      { class: 'values' },
      element('summary', {}, strings['table'] ?? ''),
      this.#body,
    );
    this.element.addEventListener('toggle', () => this.#fill());
  }

  show(series: Readonly<Partial<Record<SeriesId, SeriesData>>>): void {
    if (series === this.#series) return;
    this.#series = series;
    // At most once a second: a table that is rebuilt under the reader cannot be read.
    if (this.#filling) return;
    this.#filling = true;
    setTimeout(() => {
      this.#filling = false;
      this.#fill();
    }, 1000);
  }

  #fill(): void {
    if (!this.element.open) return;
    const base = this.#series.epochLoss;
    if (base === undefined) return;
    const shown = columns.filter((id) => (this.#series[id]?.steps.length ?? 0) > 0);
    const { rows, nth } = pickRows(base.steps.length);
    const label = (id: string): string => this.#strings[id] ?? id;
    const head = element(
      'tr',
      {},
      ...['step', ...shown].map((id) => element('th', { scope: 'col' }, label(id))),
    );
    const body = rows.map((row) => {
      const step = base.steps[row]!;
      const cells = shown.map((id) => {
        const data = this.#series[id]!;
        const value = data.last[bucketAt(data.steps, step)];
        return element('td', {}, value === undefined ? '' : this.#format.value(value));
      });
      return element('tr', {}, element('th', { scope: 'row' }, this.#format.count(step)), ...cells);
    });
    const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...body));
    const hint =
      nth === 1 ? [] : [element('caption', {}, fill(this.#strings['tableThinned'] ?? '', { nth }))];
    table.prepend(...hint);
    this.#body.replaceChildren(table);
  }
}
