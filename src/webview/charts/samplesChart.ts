import { Chart, LinearScale, PointElement, ScatterController, type ChartDataset } from 'chart.js';
import type { DrawnSamples } from '../../core/protocol/panel.ts';
import { element, setText } from '../dom.ts';
import { fill, type Format } from '../format.ts';
import { fade, type Theme } from '../theme.ts';
import { pointsOf, spreads } from './samples.ts';

Chart.register(ScatterController, PointElement, LinearScale);

export interface SamplesChartOptions {
  readonly strings: Readonly<Record<string, string>>;
  readonly format: Format;
  readonly theme: Theme;
}

/** The two clouds, told apart by colour and by shape. */
const clouds = [
  { id: 'real', label: 'realRows', colour: 'blue', shape: 'circle' },
  { id: 'generated', label: 'generatedRows', colour: 'orange', shape: 'triangle' },
] as const;
type Cloud = (typeof clouds)[number];

/** What a generator draws beside real rows: points in the first two columns, with a text for those who do not see them. */
export class SamplesChart {
  readonly element: HTMLElement;
  readonly #options: SamplesChartOptions;
  readonly #canvas = element('canvas', { role: 'img', tabindex: '0' });
  readonly #when = element('span', { class: 'hint' });
  readonly #chart: Chart<'scatter'>;
  readonly #hidden = new Set<Cloud['id']>();
  #theme: Theme;
  #samples: DrawnSamples | undefined;
  #frame: number | undefined;

  constructor(options: SamplesChartOptions) {
    this.#options = options;
    this.#theme = options.theme;
    const title = this.#string('samplesChart');
    this.element = element(
      'section',
      { class: 'chart chart-samples', 'aria-label': title },
      element('div', { class: 'chart-head' }, element('h2', {}, title), this.#when),
      element('ul', { class: 'legend' }, ...clouds.map((cloud) => this.#legendItem(cloud))),
      element('div', { class: 'chart-frame' }, this.#canvas),
    );
    this.#chart = new Chart(this.#canvas, {
      type: 'scatter',
      data: { datasets: [] },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        events: [],
        layout: { padding: { top: 14, right: 4 } },
      },
    });
  }

  /** New samples; draws with the next frame, and only where they are others. */
  update(samples: DrawnSamples): void {
    if (samples === this.#samples) return;
    this.#samples = samples;
    this.#refresh();
  }

  setTheme(theme: Theme): void {
    this.#theme = theme;
    this.#refresh();
  }

  destroy(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#chart.destroy();
    this.element.remove();
  }

  #legendItem({ id, label, colour, shape }: Cloud): HTMLElement {
    const button = element(
      'button',
      { type: 'button', 'aria-pressed': 'true' },
      element('span', { class: `swatch swatch-${shape} swatch-${colour}`, 'aria-hidden': 'true' }),
      element('span', {}, this.#string(label)),
    );
    button.addEventListener('click', () => {
      if (this.#hidden.has(id)) this.#hidden.delete(id);
      else this.#hidden.add(id);
      button.setAttribute('aria-pressed', String(!this.#hidden.has(id)));
      this.#refresh();
    });
    return element('li', {}, button);
  }

  /** Everything but the drawing happens at once; a page that paints no frames still has its texts. */
  #refresh(): void {
    const samples = this.#samples;
    if (samples === undefined) return;
    const { format } = this.#options;
    setText(this.#when, fill(this.#string('samplesEpoch'), { epoch: format.count(samples.epoch) }));
    this.#canvas.setAttribute('aria-label', this.#describe(samples));
    this.#chart.data.datasets = clouds.map((cloud) => this.#dataset(cloud, samples));
    this.#chart.options.scales = this.#axes(samples);
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#chart.update('none');
    });
  }

  #dataset({ id, colour, shape }: Cloud, samples: DrawnSamples): ChartDataset<'scatter'> {
    const { highContrast, [colour]: stroke } = this.#theme;
    return {
      data: pointsOf(samples, id),
      hidden: this.#hidden.has(id),
      // Generated rows lie over the real ones.
      order: id === 'generated' ? 0 : 1,
      pointStyle: shape,
      pointRadius: shape === 'triangle' ? 4 : 3,
      pointBorderWidth: highContrast ? 1.5 : 1,
      pointBorderColor: stroke,
      pointBackgroundColor: fade(stroke, id === 'generated' ? 0.45 : highContrast ? 0 : 0.2),
    };
  }

  #axes({ columns }: DrawnSamples) {
    const { format } = this.#options;
    const theme = this.#theme;
    const font = { family: theme.font, size: Math.max(10, theme.fontSize - 2) };
    const axis = (name: string) => ({
      type: 'linear' as const,
      title: { display: true, text: name, color: theme.muted, font },
      ticks: {
        color: theme.muted,
        font,
        maxRotation: 0,
        maxTicksLimit: 8,
        callback: (value: string | number) => format.tick(Number(value)),
      },
      grid: { color: fade(theme.grid, theme.highContrast ? 0.4 : 0.35), tickColor: fade(theme.grid, 0.35) },
      border: { color: theme.grid },
    });
    const [x, y] = columns;
    return {
      x: axis(x!),
      // A single column is drawn along one axis, each cloud at a height of its own.
      y: y === undefined ? { ...axis(''), display: false, min: -1, max: 2 } : axis(y),
    };
  }

  #describe(samples: DrawnSamples): string {
    const { format } = this.#options;
    const columns = spreads(samples).map(({ name, real, generated }) =>
      fill(this.#string('samplesColumn'), {
        name,
        low: format.value(real.low),
        high: format.value(real.high),
        mean: format.value(real.mean),
        lowGenerated: format.value(generated.low),
        highGenerated: format.value(generated.high),
        meanGenerated: format.value(generated.mean),
      }),
    );
    return fill(this.#string('samplesAlone'), {
      epoch: format.count(samples.epoch),
      real: format.count(samples.real.length),
      generated: format.count(samples.generated.length),
      columns: columns.join('; '),
    });
  }

  #string(key: string): string {
    return this.#options.strings[key] ?? key;
  }
}
