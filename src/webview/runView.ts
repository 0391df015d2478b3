import type { DrawnSamples, PanelAction, PanelRun, SeriesId } from '../core/protocol/panel.ts';
import { hasEnded, type RunState } from '../core/runs/record.ts';
import type { SeriesData } from '../core/runs/series.ts';
import { LineChart, type Curve, type Marker } from './charts/lineChart.ts';
import { SamplesChart } from './charts/samplesChart.ts';
import { ActionRow } from './controls/actions.ts';
import { Facts } from './controls/facts.ts';
import { ValueTable } from './controls/table.ts';
import { element, setText } from './dom.ts';
import { icon, type IconName } from './icons.ts';
import { createFormat, type Format } from './format.ts';
import type { PanelState } from './state.ts';
import { onThemeChange, publishCurveColours, readTheme } from './theme.ts';

type Strings = Readonly<Record<string, string>>;

const stateIcons: Readonly<Record<RunState, IconName>> = {
  starting: 'busy',
  running: 'busy',
  paused: 'pause',
  stopping: 'busy',
  stopped: 'stop',
  finished: 'done',
  failed: 'error',
  interrupted: 'warning',
};

/** How often the sentence for screen readers may change while a run is live. */
const announceEvery = 5000;

/** Draws the page's state. Everything is built once, from the first snapshot's strings, and updated in place. */
export class RunView {
  readonly #root: HTMLElement;
  readonly #act: (action: PanelAction) => void;
  #page: Page | undefined;

  constructor(root: HTMLElement, act: (action: PanelAction) => void) {
    this.#root = root;
    this.#act = act;
  }

  show(state: PanelState): void {
    if (state.failure !== undefined) {
      this.#page?.destroy();
      this.#page = undefined;
      this.#root.replaceChildren(
        element('p', { class: 'failure', role: 'alert' }, icon('error'), state.failure),
      );
      return;
    }
    if (state.run === undefined) return;
    if (this.#page === undefined) {
      const { judgeName } = state.run;
      const strings =
        judgeName === undefined ? state.strings : { ...state.strings, validationLoss: judgeName };
      this.#page = new Page(strings, this.#act);
      this.#root.replaceChildren(this.#page.element);
    }
    this.#page.show(state.run, state.series, state.samples);
  }
}

class Page {
  readonly element: HTMLElement;
  readonly #strings: Strings;
  readonly #format: Format;
  readonly #name = element('h1');
  readonly #badge = element('span', { class: 'badge' });
  readonly #actions: ActionRow;
  readonly #bar = element('div', { class: 'bar-fill' });
  readonly #progress: HTMLElement;
  readonly #headline = element('p', { class: 'headline' });
  readonly #announcer = element('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  readonly #notes = element('ul', { class: 'notes', hidden: '' });
  readonly #facts: Facts;
  readonly #charts = element('div', { class: 'charts' });
  readonly #empty: HTMLElement;
  readonly #dataNotes: HTMLElement;
  readonly #dataList = element('ul');
  readonly #deviceNotes: HTMLElement;
  readonly #why = element('p');
  readonly #table: ValueTable;
  #lossChart: LineChart | undefined;
  #metricChart: LineChart | undefined;
  #samplesChart: SamplesChart | undefined;
  #badgeState: RunState | undefined;
  #announcedAt = Number.NEGATIVE_INFINITY;

  constructor(strings: Strings, act: (action: PanelAction) => void) {
    this.#strings = strings;
    this.#format = createFormat(document.documentElement.lang, strings['notFiniteValue'] ?? '');
    this.#actions = new ActionRow(strings, act);
    this.#facts = new Facts(strings, this.#format);
    this.#table = new ValueTable(strings, this.#format);
    this.#progress = element(
      'div',
      {
        class: 'bar',
        role: 'progressbar',
        'aria-label': strings['progress'] ?? '',
        'aria-valuemin': '0',
        'aria-valuemax': '100',
      },
      this.#bar,
    );
    this.#empty = element('p', { class: 'empty' }, strings['noPoints'] ?? '');
    this.#dataNotes = element(
      'section',
      { class: 'data-notes', hidden: '' },
      element('h2', {}, strings['dataNotes'] ?? ''),
      this.#dataList,
    );
    this.#deviceNotes = element(
      'section',
      { class: 'data-notes', hidden: '' },
      element('h2', {}, strings['device'] ?? ''),
      this.#why,
    );
    this.element = element(
      'main',
      {},
      element(
        'header',
        {},
        element('div', { class: 'title' }, this.#name, this.#badge),
        this.#actions.element,
      ),
      this.#progress,
      this.#headline,
      this.#announcer,
      this.#notes,
      this.#facts.element,
      this.#charts,
      this.#table.element,
      this.#dataNotes,
      this.#deviceNotes,
    );
    this.#charts.append(this.#empty);
    publishCurveColours(readTheme());
    onThemeChange(() => {
      const theme = readTheme();
      publishCurveColours(theme);
      this.#lossChart?.setTheme(theme);
      this.#metricChart?.setTheme(theme);
      this.#samplesChart?.setTheme(theme);
    });
  }

  show(run: PanelRun, series: PanelState['series'], samples: DrawnSamples | undefined): void {
    const { status } = run;
    setText(this.#name, status.name);
    this.#showBadge(status.state);
    this.#actions.show(run.actions);
    this.#showProgress(run);
    setText(this.#headline, run.headline);
    this.#announce(run);
    list(this.#notes, run.notes);
    this.#facts.show(run);
    this.#showCharts(run, series);
    if (samples !== undefined) this.#showSamples(samples);
    this.#table.show(series);
    list(this.#dataList, status.dataNotes ?? []);
    setText(this.#why, status.device?.why ?? '');
    this.#deviceNotes.hidden = status.device === undefined;
    this.#dataNotes.hidden = (status.dataNotes ?? []).length === 0;
  }

  destroy(): void {
    this.#lossChart?.destroy();
    this.#metricChart?.destroy();
    this.#samplesChart?.destroy();
  }

  #showBadge(state: RunState): void {
    if (state === this.#badgeState) return;
    this.#badgeState = state;
    const name = stateIcons[state];
    this.#badge.className = `badge badge-${state}`;
    this.#badge.replaceChildren(icon(name), this.#strings[state] ?? state);
  }

  #showProgress({ status }: PanelRun): void {
    const live = !hasEnded(status.state);
    this.#progress.classList.toggle('bar-live', live);
    const share =
      status.steps !== undefined && status.steps > 0
        ? status.step / status.steps
        : Math.min(status.epoch, status.epochs) / status.epochs;
    const percent = Math.round(Math.min(1, share) * 1000) / 10;
    this.#bar.style.width = `${String(percent)}%`;
    this.#progress.setAttribute('aria-valuenow', String(Math.round(percent)));
  }

  /** The headline changes many times a second; a screen reader gets it at most every few seconds, and always the end. */
  #announce(run: PanelRun): void {
    const now = performance.now();
    if (!hasEnded(run.status.state) && now - this.#announcedAt < announceEvery) return;
    this.#announcedAt = now;
    setText(this.#announcer, [run.headline, ...(hasEnded(run.status.state) ? run.notes : [])].join(' '));
  }

  #showCharts(run: PanelRun, series: PanelState['series']): void {
    const has = (id: SeriesId): boolean => (series[id]?.steps.length ?? 0) > 0;
    if (!has('loss') && !has('epochLoss')) return;
    this.#empty.hidden = true;
    this.#lossChart ??= this.#createLossChart(run);
    const markers: Marker[] = [];
    const { best } = run.status;
    if (best !== undefined)
      markers.push({ step: best.step, text: this.#strings['bestMarker'] ?? '', colour: 'green' });
    if (run.status.reason === 'notFinite')
      markers.push({ step: run.status.step, text: this.#strings['divergedMarker'] ?? '', colour: 'red' });
    // Where an epoch is one step, its mean is the step's loss: one curve says it all.
    const { epochLoss, ...rest } = series;
    const perStep = epochLoss !== undefined && sameSteps(epochLoss, series.loss);
    this.#lossChart.update(perStep ? rest : series, markers);
    if (!has('accuracy') && !has('rmse')) return;
    this.#metricChart ??= this.#createMetricChart(has('accuracy'));
    this.#metricChart.update(series, markers);
  }

  #showSamples(samples: DrawnSamples): void {
    if (this.#samplesChart === undefined) {
      this.#samplesChart = new SamplesChart({
        strings: this.#strings,
        format: this.#format,
        theme: readTheme(),
      });
      this.#charts.append(this.#samplesChart.element);
    }
    this.#samplesChart.update(samples);
  }

  #createLossChart({ lossName, judgeName }: PanelRun): LineChart {
    const label = (id: string): string => this.#strings[id] ?? id;
    const curve = { band: false, weight: 'main', axis: 'y' } as const;
    const curves: Curve[] = [
      {
        ...curve,
        id: 'loss',
        label: label('stepLoss'),
        colour: 'blue',
        dash: [],
        weight: 'faint',
        band: true,
      },
      { ...curve, id: 'epochLoss', label: label('epochLoss'), colour: 'blue', dash: [] },
      {
        ...curve,
        id: 'validationLoss',
        label: label('validationLoss'),
        colour: 'orange',
        dash: [2, 3],
        // Another quantity than the loss has an axis of its own.
        axis: judgeName === undefined ? 'y' : 'y2',
      },
    ];
    return this.#add({
      title: label('lossChart'),
      curves,
      axes: { x: label('step'), y: lossName, ...(judgeName === undefined ? {} : { y2: judgeName }) },
      logToggle: true,
    });
  }

  #createMetricChart(classes: boolean): LineChart {
    const label = (id: string): string => this.#strings[id] ?? id;
    const curve = { band: true, weight: 'main' } as const;
    const curves: Curve[] = classes
      ? [{ ...curve, id: 'accuracy', label: label('accuracy'), colour: 'green', dash: [], axis: 'y' }]
      : [
          { ...curve, id: 'rmse', label: label('rmse'), colour: 'green', dash: [], axis: 'y' },
          { ...curve, id: 'r2', label: label('r2'), colour: 'purple', dash: [4, 3], axis: 'y2' },
        ];
    return this.#add({
      title: label('metricChart'),
      curves,
      axes: classes
        ? { x: label('step'), y: label('accuracy') }
        : { x: label('step'), y: label('rmse'), y2: label('r2') },
      ...(classes ? { range: [0, 1] as const } : {}),
      logToggle: false,
    });
  }

  #add(options: Omit<ConstructorParameters<typeof LineChart>[0], 'strings' | 'format' | 'theme'>): LineChart {
    const chart = new LineChart({
      ...options,
      strings: this.#strings,
      format: this.#format,
      theme: readTheme(),
    });
    this.#charts.append(chart.element);
    return chart;
  }
}

function sameSteps(a: SeriesData, b: SeriesData | undefined): boolean {
  return (
    b !== undefined &&
    a.steps.length === b.steps.length &&
    a.steps.at(-1) === b.steps.at(-1) &&
    a.steps[0] === b.steps[0]
  );
}

function list(node: HTMLElement, lines: readonly string[]): void {
  node.hidden = lines.length === 0;
  if (
    lines.length === node.children.length &&
    lines.every((line, i) => node.children[i]!.textContent === line)
  )
    return;
  node.replaceChildren(...lines.map((line) => element('li', {}, line)));
}
