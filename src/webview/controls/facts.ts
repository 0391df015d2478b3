import type { PanelRun } from '../../core/protocol/panel.ts';
import { element, setText } from '../dom.ts';
import { fill, type Format } from '../format.ts';

/** Metrics that have a place of their own. */
const metricIds: readonly string[] = ['accuracy', 'rmse', 'r2'];

/** The figures of a run, by name. */
export class Facts {
  readonly element: HTMLElement;
  readonly #items = new Map<string, { box: HTMLElement; value: HTMLElement }>();
  readonly #strings: Readonly<Record<string, string>>;
  readonly #format: Format;

  constructor(strings: Readonly<Record<string, string>>, format: Format) {
    this.#strings = strings;
    this.#format = format;
    this.element = element('dl', { class: 'facts', 'aria-label': strings['facts'] ?? '' });
    for (const id of [
      'epoch',
      'step',
      'loss',
      'validationLoss',
      'accuracy',
      'rmse',
      'r2',
      'best',
      'speed',
      'elapsed',
      'parameters',
      'device',
    ]) {
      const label = { accuracy: 'bestAccuracy', rmse: 'bestRmse', r2: 'bestR2' }[id] ?? id;
      this.element.append(this.#add(id, `fact fact-${id}`, strings[label] ?? label));
    }
  }

  show({ status, speed }: PanelRun): void {
    const format = this.#format;
    const of = (value: number, total: number | undefined): string =>
      total === undefined
        ? format.count(value)
        : fill(this.#strings['ofTotal'] ?? '', { value: format.count(value), total: format.count(total) });
    const metric = (id: string): string | undefined => {
      const value = status.metrics?.[id];
      return value === undefined ? undefined : id === 'accuracy' ? format.share(value) : format.value(value);
    };
    this.#set('epoch', of(Math.min(status.epoch, status.epochs), status.epochs));
    this.#set('step', of(status.step, status.steps));
    this.#set('loss', status.loss === undefined ? undefined : format.value(status.loss));
    this.#set(
      'validationLoss',
      status.validationLoss === undefined ? undefined : format.value(status.validationLoss),
    );
    for (const id of metricIds) this.#set(id, metric(id));
    // What only some tasks have goes by its own name.
    for (const [name, number] of Object.entries(status.metrics ?? {})) {
      if (metricIds.includes(name)) continue;
      const id = `metric ${name}`;
      if (!this.#items.has(id)) this.#items.get('best')!.box.before(this.#add(id, 'fact', this.#named(name)));
      this.#set(id, format.value(number));
    }
    this.#set('best', status.best === undefined ? undefined : format.count(status.best.step));
    this.#set(
      'speed',
      speed === undefined
        ? undefined
        : fill(this.#strings['stepsPerSecond'] ?? '', { count: format.count(speed) }),
    );
    this.#set('elapsed', format.duration(status.seconds));
    this.#set('parameters', status.parameters === undefined ? undefined : format.count(status.parameters));
    this.#set('device', status.device?.label);
  }

  #named(metric: string): string {
    const name = metric.charAt(0).toUpperCase() + metric.slice(1);
    return fill(this.#strings['bestMetric'] ?? '', { name });
  }

  #add(id: string, classes: string, label: string): HTMLElement {
    const value = element('dd');
    const box = element('div', { class: classes, hidden: '' }, element('dt', {}, label), value);
    this.#items.set(id, { box, value });
    return box;
  }

  #set(id: string, text: string | undefined): void {
    const { box, value } = this.#items.get(id)!;
    box.hidden = text === undefined;
    if (text !== undefined) setText(value, text);
  }
}
