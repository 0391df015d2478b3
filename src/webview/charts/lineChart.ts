import {
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  type ChartDataset,
  type Plugin,
} from 'chart.js';
import type { SeriesData } from '../../core/runs/series.ts';
import { element, setText } from '../dom.ts';
import { fill, type Format } from '../format.ts';
import { fade, type Theme } from '../theme.ts';
import { bucketAt, hasBand, hasNonPositive, isLogTick, summarise, toPoints, type Point } from './points.ts';

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Filler);

type ThemeColour = 'blue' | 'orange' | 'green' | 'purple';

/** One curve of a chart. Order and ids stay the same as long as the chart lives. */
export interface Curve {
  readonly id: string;
  readonly label: string;
  readonly colour: ThemeColour;
  /** Dash pattern in high contrast, where colour alone must not tell curves apart. */
  readonly dash: readonly number[];
  /** `faint`: the noisy background of another curve. */
  readonly weight: 'main' | 'faint';
  readonly band: boolean;
  readonly axis: 'y' | 'y2';
}

/** A step that is marked by a vertical line. */
export interface Marker {
  readonly step: number;
  readonly text: string;
  readonly colour: 'green' | 'red';
}

export interface LineChartOptions {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly axes: { readonly x: string; readonly y: string; readonly y2?: string };
  /** Fixed range of the left axis, such as 0 … 1 for an accuracy. */
  readonly range?: readonly [number, number];
  readonly logToggle: boolean;
  readonly strings: Readonly<Record<string, string>>;
  readonly format: Format;
  readonly theme: Theme;
}

type Line = ChartDataset<'line', Point[]>;

/** A chart with its legend, which shows the values under the cursor, and its text for those who do not see it. */
export class LineChart {
  readonly element: HTMLElement;
  readonly #options: LineChartOptions;
  readonly #chart: Chart<'line', Point[]>;
  readonly #canvas: HTMLCanvasElement;
  readonly #reading: HTMLElement;
  readonly #legend = new Map<string, { item: HTMLElement; value: HTMLElement; button: HTMLButtonElement }>();
  readonly #hidden = new Set<string>();
  readonly #logHint: HTMLElement | undefined;
  #theme: Theme;
  #data: Readonly<Partial<Record<string, SeriesData>>> = {};
  #markers: readonly Marker[] = [];
  #logarithmic = false;
  /** Step under the cursor; undefined shows the last values. */
  #cursor: number | undefined;
  #frame: number | undefined;

  constructor(options: LineChartOptions) {
    this.#options = options;
    this.#theme = options.theme;
    this.#canvas = element('canvas', { role: 'img', tabindex: '0' });
    this.#reading = element('div', { class: 'visually-hidden', 'aria-live': 'polite' });
    const legend = element('ul', { class: 'legend' });
    for (const curve of options.curves) legend.append(this.#legendItem(curve));
    const head = element('div', { class: 'chart-head' }, element('h2', {}, options.title));
    if (options.logToggle) {
      const box = element('input', { type: 'checkbox' });
      box.addEventListener('change', () => {
        this.#logarithmic = box.checked;
        this.#rebuildAxes();
        this.#refresh();
      });
      head.append(element('label', { class: 'toggle' }, box, options.strings['logScale'] ?? ''));
      this.#logHint = element('p', { class: 'hint', hidden: '' }, options.strings['noLogScale'] ?? '');
    }
    const frame = element('div', { class: 'chart-frame' }, this.#canvas);
    this.element = element(
      'section',
      { class: 'chart', 'aria-label': options.title },
      head,
      legend,
      frame,
      this.#reading,
    );
    if (this.#logHint !== undefined) this.element.append(this.#logHint);
    this.#chart = new Chart<'line', Point[]>(this.#canvas, {
      type: 'line',
      data: { datasets: [] },
      options: {
        animation: false,
        parsing: false,
        normalized: true,
        responsive: true,
        maintainAspectRatio: false,
        events: [],
        spanGaps: false,
        layout: { padding: { top: 14, right: 4 } },
        elements: { line: { tension: 0 }, point: { radius: 0, hitRadius: 0 } },
      },
      plugins: [this.#overlay()],
    });
    this.#rebuildAxes();
    this.#listen();
  }

  /** New curves and markers; draws with the next frame. */
  update(data: Readonly<Partial<Record<string, SeriesData>>>, markers: readonly Marker[]): void {
    this.#data = data;
    this.#markers = markers;
    this.#refresh();
  }

  setTheme(theme: Theme): void {
    this.#theme = theme;
    this.#rebuildAxes();
    this.#refresh();
  }

  destroy(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#chart.destroy();
    this.element.remove();
  }

  #legendItem(curve: Curve): HTMLElement {
    const value = element('span', { class: 'legend-value' });
    const swatch = element('span', {
      class: `swatch swatch-${curve.colour} swatch-${curve.weight}`,
      'aria-hidden': 'true',
    });
    const button = element(
      'button',
      { type: 'button', 'aria-pressed': 'true' },
      swatch,
      element('span', {}, curve.label),
      value,
    );
    button.addEventListener('click', () => {
      if (this.#hidden.has(curve.id)) this.#hidden.delete(curve.id);
      else this.#hidden.add(curve.id);
      button.setAttribute('aria-pressed', String(!this.#hidden.has(curve.id)));
      this.#refresh();
    });
    const item = element('li', { hidden: '' }, button);
    this.#legend.set(curve.id, { item, value, button });
    return item;
  }

  /** Everything but the drawing happens at once; a page that paints no frames still has its texts. */
  #refresh(): void {
    this.#chart.data.datasets = this.#options.curves.flatMap((curve) => this.#datasets(curve));
    this.#writeLegend();
    this.#canvas.setAttribute('aria-label', this.#describe());
    if (this.#logHint !== undefined) {
      const shown =
        this.#logarithmic &&
        Object.values(this.#data).some((data) => data !== undefined && hasNonPositive(data));
      this.#logHint.hidden = !shown;
    }
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#chart.update('none');
    });
  }

  #datasets(curve: Curve): Line[] {
    const data = this.#data[curve.id];
    if (data === undefined || data.steps.length === 0) return [];
    const theme = this.#theme;
    const colour = theme[curve.colour];
    const faint = curve.weight === 'faint';
    // Later curves lie over earlier ones.
    const common = {
      yAxisID: curve.axis,
      order: this.#options.curves.length - this.#options.curves.indexOf(curve),
      hidden: this.#hidden.has(curve.id),
      pointHoverRadius: 0,
    };
    const lines: Line[] = [];
    if (curve.band && hasBand(data)) {
      const edge = { ...common, borderWidth: 0, pointRadius: 0 };
      lines.push(
        {
          ...edge,
          data: toPoints(data, 'max', this.#logarithmic),
          fill: '+1',
          backgroundColor: fade(colour, theme.highContrast ? 0.35 : 0.18),
        },
        { ...edge, data: toPoints(data, 'min', this.#logarithmic), fill: false },
      );
    }
    // A lone value between gaps, and the first one, would be invisible as a line.
    const few = data.steps.length === 1 || (curve.weight === 'main' && data.steps.length <= 40);
    lines.push({
      ...common,
      data: toPoints(data, 'last', this.#logarithmic),
      fill: false,
      borderColor: faint ? fade(colour, 0.4) : colour,
      backgroundColor: colour,
      borderWidth: faint ? 1 : theme.highContrast ? 3 : 2,
      borderDash: theme.highContrast ? [...curve.dash] : [],
      pointRadius: few ? 2.5 : 0,
    });
    return lines;
  }

  #rebuildAxes(): void {
    const { axes, range, format } = this.#options;
    const theme = this.#theme;
    const font = { family: theme.font, size: Math.max(10, theme.fontSize - 2) };
    const ticks = { color: theme.muted, font, maxRotation: 0, autoSkipPadding: 12 };
    const title = (text: string) => ({ display: true, text, color: theme.muted, font });
    const line = {
      color: fade(theme.grid, theme.highContrast ? 0.4 : 0.35),
      tickColor: fade(theme.grid, 0.35),
    };
    const border = { color: theme.grid };
    const logarithmic = this.#logarithmic;
    const type = logarithmic ? ('logarithmic' as const) : ('linear' as const);
    const tick = (value: string | number) =>
      logarithmic && !isLogTick(Number(value)) ? '' : format.tick(Number(value));
    this.#chart.options.scales = {
      x: {
        type: 'linear',
        min: 0,
        title: title(axes.x),
        ticks: { ...ticks, precision: 0, callback: (value) => format.count(Number(value)) },
        grid: { ...line, display: false },
        border,
      },
      y: {
        type,
        title: title(axes.y),
        ...(range === undefined ? {} : { suggestedMin: range[0], suggestedMax: range[1] }),
        ticks: {
          ...ticks,
          maxTicksLimit: 8,
          callback: tick,
        },
        grid: line,
        border,
      },
      ...(axes.y2 === undefined
        ? {}
        : {
            y2: {
              type,
              position: 'right' as const,
              title: title(axes.y2),
              ticks: {
                ...ticks,
                maxTicksLimit: 8,
                callback: tick,
              },
              grid: { display: false },
              border,
            },
          }),
    };
  }

  #writeLegend(): void {
    for (const curve of this.#options.curves) {
      const entry = this.#legend.get(curve.id)!;
      const data = this.#data[curve.id];
      entry.item.hidden = data === undefined || data.steps.length === 0;
      if (data === undefined || data.steps.length === 0) continue;
      const at = this.#cursor === undefined ? data.last.length - 1 : bucketAt(data.steps, this.#cursor);
      setText(entry.value, this.#options.format.value(data.last[at]!));
    }
  }

  #describe(): string {
    const { strings, format, title } = this.#options;
    const curves = this.#options.curves.flatMap((curve) => {
      const data = this.#data[curve.id];
      const facts = data === undefined || this.#hidden.has(curve.id) ? undefined : summarise(data);
      if (facts === undefined) return [];
      return [
        fill(strings['curveSummary'] ?? '', {
          name: curve.label,
          first: format.value(facts.first),
          last: format.value(facts.last),
          low: format.value(facts.low),
          high: format.value(facts.high),
        }),
      ];
    });
    return fill(strings['chartAlone'] ?? '', { chart: title, curves: curves.join('; ') });
  }

  #listen(): void {
    this.#canvas.addEventListener('mousemove', (event) => {
      const step = this.#chart.scales['x']?.getValueForPixel(event.offsetX);
      if (step !== undefined) this.#moveCursor(Math.round(step));
    });
    this.#canvas.addEventListener('mouseleave', () => this.#moveCursor(undefined));
    this.#canvas.addEventListener('blur', () => this.#moveCursor(undefined));
    this.#canvas.addEventListener('keydown', (event) => this.#key(event));
  }

  #key(event: KeyboardEvent): void {
    // The curve with the most points is the one to walk along.
    const steps = this.#options.curves
      .map((curve) => (this.#hidden.has(curve.id) ? undefined : this.#data[curve.id]?.steps))
      .reduce((a, b) => ((b?.length ?? 0) > (a?.length ?? 0) ? b : a), undefined);
    if (steps === undefined || steps.length === 0) return;
    const end = steps.length - 1;
    const at = this.#cursor === undefined ? end : bucketAt(steps, this.#cursor);
    const leap = event.shiftKey ? Math.max(1, Math.round(steps.length / 20)) : 1;
    const next = { ArrowLeft: at - leap, ArrowRight: at + leap, Home: 0, End: end }[event.key];
    if (event.key === 'Escape') this.#moveCursor(undefined);
    if (next === undefined) return;
    event.preventDefault();
    this.#moveCursor(steps[Math.min(end, Math.max(0, next))]);
    this.#read();
  }

  #moveCursor(step: number | undefined): void {
    if (step === this.#cursor) return;
    this.#cursor = step;
    this.#writeLegend();
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#chart.update('none');
    });
  }

  #read(): void {
    const values = this.#options.curves.flatMap((curve) => {
      const entry = this.#legend.get(curve.id)!;
      return entry.item.hidden || this.#hidden.has(curve.id)
        ? []
        : [`${curve.label} ${entry.value.textContent}`];
    });
    setText(
      this.#reading,
      fill(this.#options.strings['pointReading'] ?? '', {
        step: this.#options.format.count(this.#cursor ?? 0),
        values: values.join(', '),
      }),
    );
  }

  /** Draws markers and cursor over the curves. */
  #overlay(): Plugin<'line'> {
    return {
      id: 'markers',
      afterDatasetsDraw: (chart) => {
        const { ctx, chartArea: area, scales } = chart;
        const x = scales['x'];
        if (x === undefined) return;
        const vertical = (at: number, colour: string, dash: number[]): void => {
          ctx.strokeStyle = colour;
          ctx.setLineDash(dash);
          ctx.lineWidth = this.#theme.highContrast ? 2 : 1;
          ctx.beginPath();
          ctx.moveTo(at, area.top);
          ctx.lineTo(at, area.bottom);
          ctx.stroke();
        };
        ctx.save();
        ctx.font = `${String(Math.max(10, this.#theme.fontSize - 2))}px ${this.#theme.font}`;
        ctx.textBaseline = 'bottom';
        for (const marker of this.#markers) {
          const at = x.getPixelForValue(marker.step);
          if (at < area.left - 1 || at > area.right + 1) continue;
          vertical(at, this.#theme[marker.colour], [4, 3]);
          const half = ctx.measureText(marker.text).width / 2;
          ctx.textAlign = 'center';
          ctx.fillStyle = this.#theme.foreground;
          ctx.fillText(
            marker.text,
            Math.min(area.right - half, Math.max(area.left + half, at)),
            area.top - 1,
          );
        }
        if (this.#cursor !== undefined) {
          const at = x.getPixelForValue(this.#cursor);
          if (at >= area.left && at <= area.right) vertical(at, this.#theme.muted, []);
        }
        ctx.restore();
      },
    };
  }
}
