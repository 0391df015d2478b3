import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { message, ok, type Problem, type Result } from '../../../src/core/messages/message.ts';
import { formatLine } from '../../../src/core/runs/log.ts';
import type { RunStatus } from '../../../src/core/runs/record.ts';
import { parseExperiment, type Experiment } from '../../../src/core/training/experiment.ts';
import { RunService, type ServiceOptions } from '../../../src/extension/runs/service.ts';
import type { Memory } from '../../../src/extension/runs/waiting.ts';
import type { Run, RunEvent } from '../../../src/supervisor/run.ts';
import { RunStore } from '../../../src/supervisor/runStore.ts';

/** A run without a process: the test says what happens to it. */
class FakeRun implements Run {
  readonly resident = undefined;
  readonly started: Promise<Result<void>>;
  readonly ended: Promise<RunStatus>;
  status: RunStatus;
  readonly #listeners = new Set<(event: RunEvent) => void>();
  readonly store: RunStore;
  readonly id: string;
  readonly directory: string;
  begin: (result: Result<void>) => void = () => undefined;
  #end: (status: RunStatus) => void = () => undefined;

  constructor(store: RunStore, id: string, directory: string, status: RunStatus) {
    this.store = store;
    this.id = id;
    this.directory = directory;
    this.status = status;
    this.started = new Promise((resolve) => (this.begin = resolve));
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  pause(): void {}
  resume(): void {}
  stop(): void {}
  kill(): void {}

  onEvent(listener: (event: RunEvent) => void) {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  emit(event: RunEvent): void {
    if (event.type !== 'phase') this.status = event.status;
    for (const listener of [...this.#listeners]) listener(event);
  }

  batch(step: number, loss: number): void {
    this.emit({
      type: 'batch',
      lines: [{ type: 'step', step, loss }],
      status: { ...this.status, state: 'running', step, loss },
    });
  }

  async end(change: Partial<RunStatus> = {}): Promise<void> {
    const status: RunStatus = { ...this.status, state: 'finished', reason: 'epochs', ...change };
    this.store.writeStatus(this.id, status);
    this.store.release(this.id);
    this.emit({ type: 'ended', status });
    this.begin(ok(undefined));
    this.#end(status);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function experiment(name: string): Experiment {
  const parsed = parseExperiment({
    version: 1,
    name,
    data: { source: 'builtin', name: 'iris' },
    loss: { id: 'huber' },
  });
  if (!parsed.ok) throw new Error('test experiment');
  return parsed.value;
}
const request = (name: string) => ({ experiment: experiment(name), dataFile: undefined });

let folder = '';
let runs: FakeRun[] = [];
let bad: string[] = [];
let shown: string[] = [];
let saved: Map<string, unknown>;
let service: RunService;
let mode: 'queue' | 'parallel' = 'queue';
let refuse: readonly Problem[] | undefined;
let stores: RunStore[];

function createService(): RunService {
  const memory: Memory = {
    get: (key) => saved.get(key),
    update: (key, value) => {
      saved.set(key, JSON.parse(JSON.stringify(value ?? null)) ?? undefined);
      return Promise.resolve();
    },
  };
  const supervisor = {
    async start(store: RunStore, what: Experiment) {
      if (refuse !== undefined) return { ok: false, problems: refuse } as const;
      const created = await store.create(what, what.name ?? '');
      if (!created.ok) return created;
      const run = new FakeRun(store, created.value.id, created.value.directory, created.value.status);
      runs.push(run);
      return ok(run);
    },
    async resume(store: RunStore, id: string) {
      const read = await store.read(id);
      if (!read.ok) return read;
      const run = new FakeRun(store, id, read.value.directory, { ...read.value.status, state: 'starting' });
      runs.push(run);
      return ok(run);
    },
  };
  return new RunService({
    stores: () => stores,
    // The service uses these two of its methods; what they do with processes is tested with the supervisor.
    supervisor: supervisor as unknown as ServiceOptions['supervisor'],
    memory,
    whenRunning: () => mode,
    device: () => 'auto',
    lossName: () => 'Huber loss',
    onBadInput: (name) => bad.push(name),
    onStart: ({ status }) => shown.push(status.name),
    now: () => 0,
  });
}

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'service-'));
  stores = [new RunStore(path.join(folder, 'a')), new RunStore(path.join(folder, 'b'))];
  runs = [];
  bad = [];
  shown = [];
  saved = new Map();
  mode = 'queue';
  refuse = undefined;
  service = createService();
});
afterEach(() => {
  service.dispose();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('training', () => {
  it('starts in the first store and shows what the trainer says', async () => {
    const outcome = await service.train(request('one'));
    if (outcome.kind !== 'started') throw new Error(outcome.kind);
    runs[0]!.batch(1, 0.5);
    runs[0]!.batch(2, Number.NaN);
    expect([...outcome.view.history.series.get('loss')!.data().last]).toEqual([0.5, Number.NaN]);
    const [item] = await service.list();
    expect(item).toMatchObject({ controlled: true, status: { step: 2, state: 'running' } });
    expect(item!.directory.startsWith(stores[0]!.root)).toBe(true);
  });

  it('lets a second one wait and starts it when the first ends', async () => {
    await service.train(request('one'));
    expect(await service.train(request('two'))).toMatchObject({
      kind: 'waits',
      behind: 'one',
      item: { name: 'two' },
    });
    expect(runs.length).toBe(1);
    await runs[0]!.end();
    expect(runs.map(({ status }) => status.name)).toEqual(['one', 'two']);
    expect(shown).toEqual(['two']);
    expect(service.waiting.items).toEqual([]);
  });

  it('trains side by side when the setting says so', async () => {
    mode = 'parallel';
    await service.train(request('one'));
    expect((await service.train(request('two'))).kind).toBe('started');
    expect(service.live.length).toBe(2);
  });

  it('goes on with the next when a waiting one turns out to be bad', async () => {
    await service.train(request('one'));
    await service.train(request('two'));
    refuse = [{ message: message('no') }];
    await runs[0]!.end();
    expect(bad).toEqual(['two']);
    expect(service.waiting.items).toEqual([]);
  });

  it('reports bad input that shows after the start', async () => {
    await service.train(request('one'));
    runs[0]!.begin({ ok: false, problems: [{ message: message('no') }] });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(bad).toEqual(['one']);
  });
});

describe('a waiting run after a reload', () => {
  it('is there, but does not start by itself', async () => {
    await service.train(request('one'));
    await service.train(request('two'));
    service.dispose();
    service = createService();
    expect(service.waiting.items).toMatchObject([{ name: 'two', held: true }]);
    const before = runs.length;
    await service.train(request('three'));
    await runs.at(-1)!.end();
    expect(runs.length).toBe(before + 1);
    expect((await service.startWaiting(service.waiting.items[0]!.id)).kind).toBe('started');
    expect(service.waiting.items).toEqual([]);
    expect((await service.startWaiting('waiting-99')).kind).toBe('bad');
  });

  it('is dropped when what was saved is not readable', () => {
    saved.set('waiting', [{ id: 'x', name: 'y', experiment: { version: 99 } }, 'rubbish']);
    service = createService();
    expect(service.waiting.items).toEqual([]);
  });
});

describe('runs on disk', () => {
  async function kept(
    store: RunStore,
    name: string,
    lines: number,
  ): Promise<{ id: string; directory: string }> {
    const created = await store.create(experiment(name), name);
    if (!created.ok) throw new Error('create');
    const { id, directory, status } = created.value;
    let text = '';
    for (let step = 1; step <= lines; step++) text += formatLine({ type: 'step', step, loss: 1 / step });
    fs.writeFileSync(path.join(directory, 'metrics.jsonl'), text);
    store.writeStatus(id, { ...status, state: 'interrupted', reason: 'hostGone', step: lines });
    store.release(id);
    return { id, directory };
  }

  it('are listed from every store, the newest first', async () => {
    await kept(stores[0]!, 'old', 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await kept(stores[1]!, 'new', 1);
    expect((await service.list()).map(({ status }) => status.name)).toEqual(['new', 'old']);
  });

  it('show their curve, and the same object while somebody looks', async () => {
    const { directory } = await kept(stores[1]!, 'x', 100);
    const item = (await service.find(directory))!;
    const first = await service.acquire(item);
    const second = await service.acquire(item);
    if (!first.ok || !second.ok) throw new Error('acquire');
    expect(second.value).toBe(first.value);
    expect(first.value.history.series.get('loss')!.length).toBe(100);
    service.release(directory);
    service.release(directory);
    const third = await service.acquire(item);
    expect(third.ok && third.value).not.toBe(first.value);
  });

  it('continue on the same curve', async () => {
    const { directory } = await kept(stores[1]!, 'x', 100);
    const resumed = await service.resume((await service.find(directory))!);
    if (!resumed.ok) throw new Error('resume');
    runs[0]!.batch(100, 5);
    runs[0]!.batch(101, 6);
    const { steps, last } = resumed.value.history.series.get('loss')!.data();
    expect([steps.length, steps.at(-1), last.at(-2), last.at(-1)]).toEqual([101, 101, 0.01, 6]);
  });

  it('are not found outside of the stores', async () => {
    const { directory } = await kept(new RunStore(path.join(folder, 'elsewhere')), 'x', 1);
    expect(await service.find(directory)).toBeUndefined();
    expect(await service.find(path.join(stores[0]!.root, '..', 'elsewhere'))).toBeUndefined();
  });

  it('call themselves running only while their owner lives', async () => {
    const created = await stores[0]!.create(experiment('x'), 'x');
    if (!created.ok) throw new Error('create');
    stores[0]!.writeStatus(created.value.id, { ...created.value.status, state: 'running', step: 3 });
    stores[0]!.release(created.value.id);
    expect((await service.list())[0]!.status).toMatchObject({ state: 'interrupted', reason: 'hostGone' });
  });
});
