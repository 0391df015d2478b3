import type { DeviceId } from '../../core/compute/device.ts';
import { message, ok, type Problem, type Result } from '../../core/messages/message.ts';
import { runName } from '../../core/runs/name.ts';
import { hasEnded, type MetricsLine, type RunStatus } from '../../core/runs/record.ts';
import type { Experiment } from '../../core/training/experiment.ts';
import type { RunRecord, RunStore } from '../../supervisor/runStore.ts';
import type { Supervisor } from '../../supervisor/supervisor.ts';
import { Emitter, type Ending } from '../events.ts';
import { RunView } from './runView.ts';
import { WaitingList, type Memory, type TrainRequest, type Waiting } from './waiting.ts';

/** A run as the window lists it. */
export interface RunItem {
  readonly id: string;
  readonly directory: string;
  readonly store: RunStore;
  readonly status: RunStatus;
  /** This window trains it. */
  readonly controlled: boolean;
}

/** What became of a wish to train. */
export type Outcome =
  | { readonly kind: 'started'; readonly view: RunView; readonly item: RunItem }
  | { readonly kind: 'waits'; readonly item: Waiting; readonly behind: string }
  | { readonly kind: 'bad'; readonly problems: readonly Problem[] };

/** What has changed: the list itself, or one run in it. */
export type Change = { readonly type: 'list' } | { readonly type: 'run'; readonly view: RunView };

export interface ServiceOptions {
  /** The stores whose runs are listed; new runs go to the first. Asked anew each time, because folders come and go. */
  readonly stores: () => readonly RunStore[];
  readonly supervisor: Supervisor;
  readonly memory: Memory;
  readonly whenRunning: () => 'queue' | 'parallel';
  readonly device: () => DeviceId | 'auto';
  readonly lossName: (experiment: Experiment) => string;
  /**
   * A run's input turned out to be bad. After its start a new run's directory is gone, a resumed run is what it was
   * before; a run that had waited has no directory at all.
   */
  readonly onBadInput: (name: string, problems: readonly Problem[], directory?: string) => void;
  /** A run that had waited has been started. */
  readonly onStart: (item: RunItem) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** The runs of this window: starts them, lets them wait, lists them, and holds the truth that panels show. */
export class RunService implements Ending {
  readonly waiting: WaitingList;
  readonly #options: ServiceOptions;
  readonly #changes = new Emitter<Change>();
  /** Views that are in use: of live runs, and of those that a panel shows. */
  readonly #views = new Map<string, { view: RunView; users: number }>();
  readonly #recovered = new Set<string>();
  #storeListeners: Ending[] = [];
  #watchers = 0;
  #disposed = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.waiting = new WaitingList(options.memory);
  }

  readonly onChange = this.#changes.event;

  /** Listeners, views and watchers that are held now; a test of leaks counts them. */
  get held(): { readonly listeners: number; readonly views: number; readonly watchers: number } {
    return { listeners: this.#changes.listeners, views: this.#views.size, watchers: this.#watchers };
  }

  /** Views of the runs that this window trains now. */
  get live(): readonly RunView[] {
    return [...this.#views.values()].map(({ view }) => view).filter((view) => view.run !== undefined);
  }

  /** All runs, the newest first; what this window trains is up to the moment. */
  async list(): Promise<RunItem[]> {
    const items: RunItem[] = [];
    for (const store of this.#options.stores()) {
      await this.#recover(store);
      for (const { id, directory, status } of await store.list()) {
        const view = this.#views.get(directory)?.view;
        const trained = view?.run === undefined ? undefined : view;
        items.push({
          id,
          directory,
          store,
          status: trained?.status ?? status,
          controlled: trained !== undefined,
        });
      }
    }
    return items.sort((a, b) => (a.status.created < b.status.created ? 1 : -1));
  }

  /** The run in this directory, if one of the stores lists it: a directory from elsewhere is never opened. */
  async find(directory: string): Promise<RunItem | undefined> {
    return (await this.list()).find((item) => item.directory === directory);
  }

  read(item: RunItem): Promise<Result<RunRecord>> {
    return item.store.read(item.id);
  }

  /** Starts training, or lets it wait when something runs and the setting says so. */
  async train(request: TrainRequest, options: { readonly evenIfRunning?: boolean } = {}): Promise<Outcome> {
    const busy = this.live[0];
    if (busy !== undefined && options.evenIfRunning !== true && this.#options.whenRunning() === 'queue') {
      const item = this.waiting.add(request, runName(request.experiment));
      this.#changes.fire({ type: 'list' });
      return { kind: 'waits', item, behind: busy.status.name };
    }
    const store = this.#options.stores()[0]!;
    const started = await this.#options.supervisor.start(store, request.experiment, {
      dataFile: request.dataFile,
      device: this.#options.device(),
    });
    if (!started.ok) return { kind: 'bad', problems: started.problems };
    const run = started.value;
    const view = this.#create(run.directory, run.status, request.experiment);
    this.#follow(view, run);
    const item: RunItem = {
      id: run.id,
      directory: run.directory,
      store,
      status: run.status,
      controlled: true,
    };
    return { kind: 'started', view, item };
  }

  /** Continues an ended run from its last checkpoint. */
  async resume(item: RunItem): Promise<Result<RunView>> {
    const view = await this.acquire(item);
    if (!view.ok) return view;
    try {
      const resumed = await this.#options.supervisor.resume(item.store, item.id, {
        device: this.#options.device(),
      });
      if (!resumed.ok) return resumed;
      this.#follow(view.value, resumed.value);
      return view;
    } finally {
      this.release(item.directory);
    }
  }

  /** Starts a waiting request now. */
  startWaiting(id: string): Promise<Outcome> {
    const item = this.waiting.take(id);
    if (item === undefined)
      return Promise.resolve({ kind: 'bad', problems: [{ message: message('This run no longer waits.') }] });
    return this.train(item, { evenIfRunning: true });
  }

  removeWaiting(id: string): void {
    this.waiting.take(id);
    this.#changes.fire({ type: 'list' });
  }

  async rename(item: RunItem, name: string): Promise<Result<void>> {
    const renamed = await item.store.rename(item.id, name);
    await this.#reread(item.directory);
    this.#changes.fire({ type: 'list' });
    return renamed;
  }

  async delete(item: RunItem): Promise<Result<void>> {
    const deleted = await item.store.delete(item.id);
    this.#changes.fire({ type: 'list' });
    return deleted;
  }

  /** The view of a run, with its curve; give it back with {@link release}. */
  async acquire(item: Pick<RunItem, 'id' | 'directory' | 'store'>): Promise<Result<RunView>> {
    const known = this.#views.get(item.directory);
    if (known !== undefined) {
      known.users += 1;
      return ok(known.view);
    }
    const read = await item.store.read(item.id);
    if (!read.ok) return read;
    const view = this.#create(item.directory, read.value.status, read.value.experiment);
    this.#views.get(item.directory)!.users += 1;
    await item.store.metrics(item.id, (line) => view.history.add(line));
    return ok(view);
  }

  release(directory: string): void {
    const entry = this.#views.get(directory);
    if (entry === undefined) return;
    entry.users -= 1;
    this.#drop(directory);
  }

  /** Follows what other processes do to the stores, for as long as the result lives. */
  watch(): Ending {
    this.#watchers += 1;
    if (this.#watchers === 1) this.rewatch();
    return {
      dispose: () => {
        this.#watchers -= 1;
        if (this.#watchers === 0) this.#unwatch();
      },
    };
  }

  /** To be called when the folders of the window have changed. */
  rewatch(): void {
    this.#unwatch();
    if (this.#watchers > 0) {
      this.#storeListeners = this.#options.stores().map((store) =>
        store.onChange(() => {
          this.#changes.fire({ type: 'list' });
          for (const directory of this.#views.keys()) void this.#reread(directory);
        }),
      );
    }
    this.#changes.fire({ type: 'list' });
  }

  dispose(): void {
    this.#disposed = true;
    this.#unwatch();
    this.#changes.dispose();
    for (const { view } of this.#views.values()) view.dispose();
    this.#views.clear();
  }

  #create(directory: string, status: RunStatus, experiment: Experiment | undefined): RunView {
    const lossName = experiment === undefined ? '' : this.#options.lossName(experiment);
    const view = new RunView({ directory, status, experiment, lossName, now: this.#options.now });
    this.#views.set(directory, { view, users: 0 });
    view.onChange(() => this.#changes.fire({ type: 'run', view }));
    return view;
  }

  #follow(view: RunView, run: NonNullable<RunView['run']>): void {
    view.attach(run);
    this.#changes.fire({ type: 'list' });
    void run.started.then((started) => {
      if (!started.ok && !this.#disposed)
        this.#options.onBadInput(view.status.name, started.problems, view.directory);
    });
    void run.ended.then(() => {
      if (this.#disposed) return;
      this.#drop(view.directory);
      this.#changes.fire({ type: 'list' });
      if (this.live.length === 0) void this.#startNext();
    });
  }

  async #startNext(): Promise<void> {
    const item = this.waiting.next();
    if (item === undefined) return;
    const outcome = await this.train(item, { evenIfRunning: true });
    if (outcome.kind === 'started') this.#options.onStart(outcome.item);
    if (outcome.kind !== 'bad') return;
    this.#options.onBadInput(item.name, outcome.problems);
    this.#changes.fire({ type: 'list' });
    await this.#startNext();
  }

  #drop(directory: string): void {
    const entry = this.#views.get(directory);
    if (entry === undefined || entry.users > 0 || entry.view.run !== undefined) return;
    entry.view.dispose();
    this.#views.delete(directory);
  }

  /** Brings a view that this window does not train up to what the disk says. */
  async #reread(directory: string): Promise<void> {
    const view = this.#views.get(directory)?.view;
    const store = this.#options.stores().find((one) => directory.startsWith(one.root));
    // What this window trains it knows better than the disk; reading the log over and over would hold up the host.
    if (view === undefined || view.run !== undefined || store === undefined) return;
    const read = await store.read(view.status.id);
    if (!read.ok) return;
    const { status } = read.value;
    const lines: MetricsLine[] = [];
    if (status.step !== view.status.step || !hasEnded(view.status.state))
      await store.metrics(status.id, (line) => lines.push(line));
    view.refresh(status, lines);
  }

  /** Runs of a dead window become `interrupted`, once a store and window. */
  async #recover(store: RunStore): Promise<void> {
    if (this.#recovered.has(store.root)) return;
    this.#recovered.add(store.root);
    await store.recover();
  }

  #unwatch(): void {
    for (const listener of this.#storeListeners) listener.dispose();
    this.#storeListeners = [];
  }
}
