import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatStatus } from '../../src/core/runs/log.ts';
import type { RunStatus } from '../../src/core/runs/record.ts';
import { lockOf } from '../../src/supervisor/processes.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { eventually, experiment, temporaryFolder } from './helpers.ts';
import { words } from '../words.ts';

const iris = experiment({ data: { source: 'builtin', name: 'iris' }, loss: { id: 'softmax-cross-entropy' } });

async function created(
  store: RunStore,
  name = 'a run',
): Promise<{ id: string; directory: string; status: RunStatus }> {
  const result = await store.create(iris, name);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

function setStatus(directory: string, change: Partial<RunStatus>): void {
  const path = join(directory, 'status.json');
  const status = JSON.parse(fs.readFileSync(path, 'utf8')) as RunStatus;
  fs.writeFileSync(path, formatStatus({ ...status, ...change }));
}

/** The id of a process that is surely dead. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.once('exit', resolve));
  return child.pid!;
}

const refused = (result: { ok: boolean }): boolean => !result.ok;

describe('RunStore', () => {
  it('creates a complete run and reads it back', async () => {
    const store = new RunStore(join(temporaryFolder(), 'deep', 'runs'));
    const run = await created(store, 'Iris: größer & schöner!');
    expect(run.id).toMatch(/^\d{8}-\d{6}-iris-gro-er-scho-ner-[0-9a-f]{6}$/);
    expect(fs.readdirSync(store.root)).toEqual([run.id]);
    const read = await store.read(run.id);
    expect(read).toMatchObject({
      ok: true,
      value: { experiment: iris, status: { name: 'Iris: größer & schöner!', state: 'starting' } },
    });
    expect(store.isOwned(run.id)).toBe(true);
  });

  it('leaves nothing behind where it cannot create', async () => {
    const folder = temporaryFolder();
    fs.writeFileSync(join(folder, 'file'), '');
    const below = await new RunStore(join(folder, 'file', 'runs')).create(iris, 'x');
    const at = await new RunStore(join(folder, 'file')).create(iris, 'x');
    expect([below, at].every(refused)).toBe(true);
    expect(JSON.stringify(below)).toContain('is not a folder');
    expect(fs.readdirSync(folder)).toEqual(['file']);
  });

  it('lists the newest first and copes with what is not a run or is broken', async () => {
    const store = new RunStore(temporaryFolder());
    const first = await created(store, 'first');
    fs.renameSync(first.directory, join(store.root, first.id.replace(/^\d{8}/, '20200101')));
    const second = await created(store, 'second');
    fs.writeFileSync(join(store.root, 'notes.txt'), 'mine');
    fs.mkdirSync(join(store.root, 'my folder'));
    fs.mkdirSync(join(store.root, '20260101-000000-empty-abcdef'));
    const damaged = '20260102-000000-damaged-abcdef';
    fs.mkdirSync(join(store.root, damaged));
    fs.writeFileSync(join(store.root, damaged, 'experiment.json'), JSON.stringify(iris));
    fs.writeFileSync(join(store.root, damaged, 'status.json'), '{"version":1,"id":"2026');
    const entries = await store.list();
    expect(entries.map(({ status }) => [status.name, status.state])).toEqual([
      ['second', 'starting'],
      [damaged, 'failed'],
      ['first', 'starting'],
    ]);
    expect(entries[0]!.id).toBe(second.id);
    expect(await new RunStore(join(store.root, 'nowhere')).list()).toEqual([]);
  });

  it('reads a log up to its torn end', async () => {
    const store = new RunStore(temporaryFolder());
    const run = await created(store);
    fs.writeFileSync(
      join(run.directory, 'metrics.jsonl'),
      '{"type":"step","step":1,"loss":2}\n{"type":"step","step":2,"loss":"NaN"}\n{"type":"step","st',
    );
    const losses: number[] = [];
    expect(
      await store.metrics(run.id, (line) => {
        if (line.type === 'step') losses.push(line.loss);
      }),
    ).toEqual({ lines: 2, torn: 1 });
    expect(losses).toEqual([2, Number.NaN]);
    expect(await store.metrics('20260101-000000-none-abcdef', () => undefined)).toEqual({
      lines: 0,
      torn: 0,
    });
  });

  it('renames a run that nobody trains, and leaves word for the trainer of one that somebody does', async () => {
    const store = new RunStore(temporaryFolder());
    const run = await created(store);
    expect(await store.rename(run.id, 'while it is trained')).toMatchObject({ ok: true });
    expect((await store.list())[0]!.status.name).toBe('a run');
    store.writeStatus(run.id, { ...run.status, state: 'stopped' });
    expect((await store.list())[0]!.status.name).toBe('while it is trained');
    store.release(run.id);
    expect(await store.rename(run.id, '  afterwards  ')).toMatchObject({ ok: true });
    expect((await store.list())[0]!.status.name).toBe('afterwards');
    expect(refused(await store.rename(run.id, '  '))).toBe(true);
    expect(refused(await store.rename('20260101-000000-none-abcdef', 'x'))).toBe(true);
  });

  it('deletes only real runs of its own root that nobody trains', async () => {
    const folder = temporaryFolder();
    const store = new RunStore(join(folder, 'runs'));
    const run = await created(store);
    expect(refused(await store.delete(run.id))).toBe(true);
    store.release(run.id);

    const outside = join(folder, 'precious');
    fs.mkdirSync(outside);
    fs.writeFileSync(join(outside, 'experiment.json'), '{}');
    const link = '20260101-000000-link-abcdef';
    fs.symlinkSync(outside, join(store.root, link), 'junction');
    const empty = '20260101-000000-empty-abcdef';
    fs.mkdirSync(join(store.root, empty));
    for (const id of [link, empty, '..', '../precious', `${run.id}/../../precious`, '', '.', run.directory]) {
      expect(refused(await store.delete(id)), id).toBe(true);
    }
    expect(fs.existsSync(join(outside, 'experiment.json'))).toBe(true);
    expect(fs.existsSync(run.directory)).toBe(true);

    expect(await store.delete(run.id)).toMatchObject({ ok: true });
    expect(fs.readdirSync(store.root).sort()).toEqual([empty, link]);
  });

  it('makes interrupted what a dead process trained, and nothing else', async () => {
    const store = new RunStore(temporaryFolder());
    const dead = await deadPid();
    const mine = await created(store, 'mine');
    const orphan = await created(store, 'orphan');
    setStatus(orphan.directory, { state: 'running', step: 40 });
    fs.writeFileSync(join(orphan.directory, 'lock.json'), JSON.stringify({ pid: dead, host: hostname() }));
    const unlocked = await created(store, 'unlocked');
    setStatus(unlocked.directory, { state: 'paused', step: 4 });
    store.release(unlocked.id);
    const done = await created(store, 'done');
    setStatus(done.directory, { state: 'finished', reason: 'epochs' });
    store.release(done.id);

    const recovered = await store.recover();
    expect(recovered.map(({ status }) => status.name).sort()).toEqual(['orphan', 'unlocked']);
    const states = Object.fromEntries(
      (await store.list()).map(({ status }) => [status.name, [status.state, status.reason]]),
    );
    expect(states).toEqual({
      mine: ['starting', undefined],
      orphan: ['interrupted', 'hostGone'],
      unlocked: ['interrupted', 'hostGone'],
      done: ['finished', 'epochs'],
    });
    const note = words(recovered.find(({ id }) => id === orphan.id)?.status.note);
    expect(note).toContain('after step 40');
    expect(note).toContain('Resume');
    expect(store.isOwned(mine.id)).toBe(true);
    expect(await store.recover()).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'sees through a pid that another process has got since (start times: Linux)',
    async () => {
      const store = new RunStore(temporaryFolder());
      const run = await created(store);
      setStatus(run.directory, { state: 'running' });
      fs.writeFileSync(
        join(run.directory, 'lock.json'),
        JSON.stringify({ ...lockOf(process.pid), started: 'another boot 12345' }),
      );
      expect((await store.recover()).map(({ id }) => id)).toEqual([run.id]);
    },
  );

  it('believes the lock of another machine, or of an unknown start, as long as it is renewed', async () => {
    const store = new RunStore(temporaryFolder());
    const run = await created(store);
    setStatus(run.directory, { state: 'running' });
    const lock = join(run.directory, 'lock.json');
    for (const owner of [
      { pid: 1, host: 'another-machine' },
      { pid: process.pid, host: hostname() },
    ]) {
      fs.writeFileSync(lock, JSON.stringify(owner));
      expect(store.isOwned(run.id)).toBe(true);
      const old = new Date(Date.now() - 5 * 60_000);
      fs.utimesSync(lock, old, old);
      expect(store.isOwned(run.id)).toBe(false);
    }
  });

  it('gives the ownership to one at a time', async () => {
    const store = new RunStore(temporaryFolder());
    const other = new RunStore(store.root);
    const run = await created(store);
    expect(other.acquire(run.id)).toBe(false);
    store.release(run.id);
    expect(other.acquire(run.id)).toBe(true);
    expect(store.acquire(run.id)).toBe(false);
  });

  it('sweeps up what died half-way, but not what is being made', async () => {
    const store = new RunStore(temporaryFolder());
    const old = new Date(Date.now() - 10 * 60_000);
    for (const name of [
      '.creating-20260101-000000-old-abcdef',
      '.deleting-20260101-000000-old-abcdef',
      '.creating-20260101-000000-new-abcdef',
      '.creating-mine',
    ]) {
      fs.mkdirSync(join(store.root, name));
      if (!name.includes('-new-')) fs.utimesSync(join(store.root, name), old, old);
    }
    await store.recover();
    expect(fs.readdirSync(store.root).sort()).toEqual([
      '.creating-20260101-000000-new-abcdef',
      '.creating-mine',
    ]);
  });

  it('tells about runs of other processes, and rests when nobody listens', async () => {
    const store = new RunStore(temporaryFolder());
    const other = new RunStore(store.root);
    let told = 0;
    const listening = store.onChange(() => told++);
    const run = await created(other);
    expect(await eventually(() => told > 0, 5000)).toBe(true);
    let before = told;
    setStatus(run.directory, { state: 'running', step: 5 });
    expect(await eventually(() => told > before, 10_000)).toBe(true);
    before = told;
    fs.writeFileSync(
      join(run.directory, 'lock.json'),
      JSON.stringify({ pid: await deadPid(), host: hostname() }),
    );
    expect(await eventually(() => told > before, 10_000)).toBe(true);
    expect((await store.list())[0]!.status.state).toBe('interrupted');
    listening.dispose();
    before = told;
    await created(other);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(told).toBe(before);
  });

  it('loses no run when several stores of one folder write at once', async () => {
    const folder = temporaryFolder();
    const stores = Array.from({ length: 8 }, () => new RunStore(folder));
    await Promise.all(
      stores.flatMap((store) => Array.from({ length: 25 }, (_, i) => store.create(iris, `run ${i}`))),
    );
    expect((await stores[0]!.list()).length).toBe(200);
  });
});
