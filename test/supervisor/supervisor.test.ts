import { writeFileSync } from 'node:fs';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunStatus } from '../../src/core/runs/record.ts';
import type { Run, RunEvent } from '../../src/supervisor/run.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { trainerEnvironment } from '../../src/supervisor/trainerProcess.ts';
import { eventually, experiment, lives, memoryLog, temporaryFolder, until } from './helpers.ts';
import { words } from '../words.ts';

const iris = experiment({ data: { source: 'builtin', name: 'iris' }, loss: { id: 'softmax-cross-entropy' } });

/** What every stand-in for the trainer begins with. `say(change)` reports a status. */
const prelude = `
const fs = require('node:fs'), path = require('node:path');
process.on('SIGINT', () => {});
let directory, status;
const say = (change, type = 'status', more = {}) => { status = { ...status, ...change }; process.send({ type, status, ...more }); };
const keep = () => fs.writeFileSync(path.join(directory, 'status.json'), JSON.stringify(status));
process.send({ type: 'hello', protocol: 1, pid: process.pid });
const on = (handlers) => process.on('message', (m) => {
  if (m.type === 'train') { directory = m.directory; status = JSON.parse(fs.readFileSync(path.join(directory, 'status.json'), 'utf8')); }
  handlers[m.type]?.(m);
});
setInterval(() => {}, 1000);
`;

describe('Supervisor', () => {
  const supervisors: Supervisor[] = [];
  afterEach(async () => {
    await Promise.all(supervisors.splice(0).map((supervisor) => supervisor.dispose()));
  });

  function standIn(script: string): {
    supervisor: Supervisor;
    store: RunStore;
    log: ReturnType<typeof memoryLog>;
  } {
    const folder = temporaryFolder();
    const trainer = join(folder, 'trainer.cjs');
    writeFileSync(trainer, prelude + script);
    const log = memoryLog();
    const supervisor = new Supervisor({ trainer, dataSets: folder, log });
    supervisors.push(supervisor);
    return { supervisor, store: new RunStore(join(folder, 'runs')), log };
  }

  async function started(supervisor: Supervisor, store: RunStore): Promise<Run> {
    const result = await supervisor.start(store, iris, { device: 'float64' });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    return result.value;
  }

  const pidOf = (run: Run): number =>
    (JSON.parse(fs.readFileSync(join(run.directory, 'lock.json'), 'utf8')) as { pid: number }).pid;

  it('follows a run from start to end and tells every step', async () => {
    const { supervisor, store } = standIn(`on({ train() {
      process.send({ type: 'phase', phase: 'reading', share: 0.5 });
      say({ state: 'running' });
      say({ step: 1 }, 'batch', { lines: [{ type: 'step', step: 1, loss: 'NaN' }] });
      say({ state: 'finished', reason: 'epochs' }); keep();
      setTimeout(() => process.exit(0), 50);
    } });`);
    const run = await started(supervisor, store);
    const events: RunEvent[] = [];
    run.onEvent((event) => events.push(event));
    expect(supervisor.live.get(run.id)).toBe(run);
    expect(await run.started).toMatchObject({ ok: true });
    expect(await run.ended).toMatchObject({ state: 'finished', step: 1 });
    expect(events.map(({ type }) => type)).toEqual(['phase', 'status', 'batch', 'status', 'ended']);
    expect(events[2]).toMatchObject({ lines: [{ type: 'step', step: 1, loss: Number.NaN }] });
    expect(supervisor.live.size).toBe(0);
    expect(fs.existsSync(join(run.directory, 'lock.json'))).toBe(false);
  });

  it('ends a trainer that ignores everything: asks, terminates, kills', async () => {
    const { supervisor, store } = standIn(
      `process.on('SIGTERM', () => {}); on({ train() { say({ state: 'running', step: 7 }); } });`,
    );
    const run = await started(supervisor, store);
    await until(run, ({ state }) => state === 'running');
    const pid = pidOf(run);
    run.stop();
    expect(run.status.state).toBe('stopping');
    const status = await run.ended;
    expect(status).toMatchObject({ state: 'stopped', reason: 'user' });
    expect(words(status.note)).toContain('did not answer');
    expect(lives(pid)).toBe(false);
    expect((await store.list())[0]!.status).toMatchObject({ state: 'stopped', reason: 'user' });
  });

  it('stops also before the trainer has said anything, waits at a second wish, and kills when told to', async () => {
    const { supervisor, store } = standIn(`process.on('SIGTERM', () => {});`);
    const run = await started(supervisor, store);
    run.stop();
    run.stop();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(run.status.state).toBe('stopping');
    run.kill();
    expect(await run.ended).toMatchObject({ state: 'stopped', reason: 'user', step: 0 });
    expect(await run.started).toMatchObject({ ok: true });
  });

  it('does not go back to running because of what was on its way', async () => {
    const { supervisor, store } = standIn(`on({ train() { say({ state: 'running' }); }, stop() {
      say({ state: 'running', step: 9 }); say({ state: 'stopped', reason: 'user' }); keep(); setTimeout(() => process.exit(0), 50);
    } });`);
    const run = await started(supervisor, store);
    await until(run, ({ state }) => state === 'running');
    const states: string[] = [];
    run.onEvent((event) => event.type !== 'phase' && states.push(event.status.state));
    run.stop();
    expect(await run.ended).toMatchObject({ state: 'stopped', step: 9 });
    expect(states).toEqual(['stopping', 'stopping', 'stopped', 'stopped']);
  });

  it('logs and ignores what it does not understand', async () => {
    const { supervisor, store, log } = standIn(`on({ train() {
      process.send('hello'); process.send({ type: 'launch missiles' }); process.send({ type: 'status', status: { state: 7 } }); process.send({ type: 'hello', protocol: 99, pid: 1 });
      say({ state: 'running' }); say({ state: 'starting' }); say({ id: 'another run' });
      status.id = path.basename(directory); say({ state: 'finished', reason: 'epochs' }); keep(); setTimeout(() => process.exit(0), 50);
    } });`);
    const run = await started(supervisor, store);
    expect(await run.ended).toMatchObject({ state: 'finished' });
    expect(log.lines.filter((line) => line.includes('a message that nobody knows')).length).toBe(4);
    expect(log.lines.some((line) => line.includes('from running to starting'))).toBe(true);
  });

  const deaths: readonly [string, string, Partial<RunStatus>, RegExp][] = [
    [
      'a segmentation fault',
      `process.kill(process.pid, 'SIGSEGV')`,
      { state: 'failed', reason: 'crash' },
      /crashed \(SIGSEGV\)/,
    ],
    ['an abort', `process.abort()`, { state: 'failed', reason: 'crash' }, /crashed \(SIGABRT\)/],
    [
      'a kill',
      `process.kill(process.pid, 'SIGKILL')`,
      { state: 'failed', reason: 'killed' },
      /SIGKILL.*memory/,
    ],
    [
      'a termination',
      `process.kill(process.pid, 'SIGTERM')`,
      { state: 'failed', reason: 'killed' },
      /SIGTERM/,
    ],
    ['an exception', `throw new Error('a bug')`, { state: 'failed', reason: 'crash' }, /exit code 1/],
    ['an exit without a word', `process.exit(0)`, { state: 'failed', reason: 'crash' }, /exit code 0/],
    [
      'a full heap',
      `console.error('FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'); setTimeout(() => process.abort(), 50)`,
      { state: 'failed', reason: 'memory' },
      /out of memory/,
    ],
  ];
  it.runIf(process.platform !== 'win32').each(deaths)(
    'explains %s (signals: not on Windows)',
    async (_, script, expected, sentence) => {
      const { supervisor, store } = standIn(`on({ train() {
      fs.writeFileSync(path.join(directory, 'metrics.jsonl'), '{"type":"step","step":1,"loss":1}\\n{"type":"step","step":2,"loss":1}\\n{"type":"st');
      fs.writeFileSync(path.join(directory, 'last.ckpt'), '');
      say({ state: 'running', step: 5 });
      setTimeout(() => { ${script} }, 50);
    } });`);
      const run = await started(supervisor, store);
      const status = await run.ended;
      expect(status).toMatchObject({ ...expected, step: 2 });
      expect(words(status.note)).toMatch(sentence);
      expect(words(status.note)).toContain('up to step 2');
      expect(words(status.note)).toContain('Resume continues from the last checkpoint');
      expect((await store.list())[0]!.status).toEqual(status);
      expect(store.isOwned(run.id)).toBe(false);
    },
  );

  it('removes the directory of a run whose input is bad', async () => {
    const { supervisor, store } = standIn(`on({ train() {
      process.send({ type: 'problems', problems: [{ message: { template: 'The file is {what}.', args: { what: 'empty' } }, where: { row: 1 } }] }, () => process.exit(0));
    } });`);
    const run = await started(supervisor, store);
    expect(await run.started).toEqual({
      ok: false,
      problems: [
        { message: { template: 'The file is {what}.', args: { what: 'empty' } }, where: { row: 1 } },
      ],
    });
    expect(await run.ended).toMatchObject({
      state: 'failed',
      reason: 'badInput',
      note: { template: 'The file is {what}.', args: { what: 'empty' } },
    });
    expect(fs.readdirSync(store.root)).toEqual([]);
  });

  it('gives a resumed run back its status when its input has become bad', async () => {
    const { supervisor, store } = standIn(`on({ train(m) {
      if (m.resume) process.send({ type: 'problems', problems: [{ message: { template: 'Gone.', args: {} } }] }, () => process.exit(0));
      else { say({ state: 'running', step: 3 }); setTimeout(() => { say({ state: 'stopped', reason: 'user' }); keep(); setTimeout(() => process.exit(0), 50); }, 50); }
    } });`);
    const first = await started(supervisor, store);
    const before = await first.ended;
    const resumed = await supervisor.resume(store, first.id, { device: 'auto' });
    expect(resumed.ok).toBe(true);
    if (!resumed.ok) return;
    expect(resumed.value.status).toMatchObject({ state: 'starting', step: 3 });
    expect(resumed.value.status.reason).toBeUndefined();
    expect((await resumed.value.started).ok).toBe(false);
    await resumed.value.ended;
    expect((await store.list())[0]!.status).toEqual(before);
    expect(store.isOwned(first.id)).toBe(false);
  });

  it('refuses to resume what is finished, unknown, or trained by somebody', async () => {
    const { supervisor, store } = standIn(
      `on({ train() { say({ state: 'running' }); }, stop() { say({ state: 'finished', reason: 'epochs' }); keep(); setTimeout(() => process.exit(0), 50); } });`,
    );
    const run = await started(supervisor, store);
    await until(run, ({ state }) => state === 'running');
    expect(await supervisor.resume(store, run.id, { device: 'auto' })).toMatchObject({ ok: false });
    const other = new Supervisor({ trainer: import.meta.filename, dataSets: '', log: memoryLog() });
    supervisors.push(other);
    expect(JSON.stringify(await other.resume(store, run.id, { device: 'auto' }))).toContain('another window');
    run.stop();
    expect(await run.ended).toMatchObject({ state: 'finished' });
    expect(JSON.stringify(await supervisor.resume(store, run.id, { device: 'auto' }))).toContain(
      'nothing left to resume',
    );
    expect(await supervisor.resume(store, '20260101-000000-none-abcdef', { device: 'auto' })).toMatchObject({
      ok: false,
    });
  });

  it('trains several runs at once and ends all of them when it is disposed of', async () => {
    const { supervisor, store } = standIn(
      `on({ train() { say({ state: 'running' }); } }); process.on('disconnect', () => {}); process.on('SIGTERM', () => {});`,
    );
    const runs = await Promise.all([0, 1, 2].map(() => started(supervisor, store)));
    await Promise.all(runs.map((run) => until(run, ({ state }) => state === 'running')));
    const pids = runs.map(pidOf);
    expect(new Set(pids).size).toBe(3);
    await supervisor.dispose();
    expect(pids.some(lives)).toBe(false);
    for (const run of runs) expect(run.status).toMatchObject({ state: 'interrupted', reason: 'hostGone' });
    expect((await store.list()).map(({ status }) => status.state)).toEqual([
      'interrupted',
      'interrupted',
      'interrupted',
    ]);
    expect(await supervisor.start(store, iris, { device: 'auto' })).toMatchObject({ ok: false });
    await supervisor.dispose();
  });

  it('leaves neither timers nor processes behind', async () => {
    const { supervisor, store } = standIn(
      `on({ train() { say({ state: 'running' }); say({ state: 'finished', reason: 'epochs' }); keep(); } });`,
    );
    const busy = (): string[] =>
      process.getActiveResourcesInfo().filter((kind) => /Timeout|Process|Pipe/.test(kind));
    const before = busy();
    const run = await started(supervisor, store);
    // It reports an end but does not exit, so it is killed.
    expect(await run.ended).toMatchObject({ state: 'finished' });
    expect(
      await eventually(() => busy().length <= before.length, 2000),
      `${busy().join()} now, ${before.join()} before`,
    ).toBe(true);
  });

  it('survives a listener that throws', async () => {
    const { supervisor, store, log } = standIn(
      `on({ train() { say({ state: 'running' }); setTimeout(() => { say({ state: 'finished', reason: 'epochs' }); keep(); process.disconnect(); process.exit(0); }, 100); } });`,
    );
    const run = await started(supervisor, store);
    run.onEvent(() => {
      throw new Error('a bug in a view');
    });
    expect(await run.ended).toMatchObject({ state: 'finished' });
    expect(log.lines.some((line) => line.includes('a bug in a view'))).toBe(true);
  });

  it('says so when it is not installed completely, or a file has no place, and makes no run', async () => {
    const { store, supervisor } = standIn('');
    const incomplete = new Supervisor({
      trainer: join(store.root, 'nowhere.cjs'),
      dataSets: '',
      log: memoryLog(),
    });
    expect(JSON.stringify(await incomplete.start(store, iris, { device: 'auto' }))).toContain('missing');
    const csv = experiment({ data: { source: 'file', path: 'a.csv' }, loss: { id: 'huber' } });
    expect(await supervisor.start(store, csv, { device: 'auto' })).toMatchObject({ ok: false });
    expect(await store.list()).toEqual([]);
  });

  it('forks without the host’s flags and environment', async () => {
    const { supervisor, store } = standIn(`on({ train() {
      fs.writeFileSync(path.join(directory, 'seen.json'), JSON.stringify({ env: process.env, execArgv: process.execArgv }));
      say({ state: 'finished', reason: 'epochs' }); keep(); setTimeout(() => process.exit(0), 50);
    } });`);
    process.env['NODE_OPTIONS'] = '--no-warnings';
    process.env['VSCODE_IPC_HOOK'] = 'secret';
    try {
      const run = await started(supervisor, store);
      await run.ended;
      const seen = JSON.parse(fs.readFileSync(join(run.directory, 'seen.json'), 'utf8')) as {
        env: Record<string, string>;
        execArgv: string[];
      };
      expect(seen.execArgv).toEqual([]);
      expect(
        Object.keys(seen.env).filter((name) => /^(NODE_OPTIONS|VSCODE_|ELECTRON_|VITEST)/.test(name)),
      ).toEqual([]);
      expect(seen.env['PATH'] ?? seen.env['Path']).toBe(process.env['PATH']);
    } finally {
      delete process.env['NODE_OPTIONS'];
      delete process.env['VSCODE_IPC_HOOK'];
    }
    const host = {
      PATH: '/bin',
      Path: 'C:',
      ELECTRON_RUN_AS_NODE: '0',
      ELECTRON_ENABLE_LOGGING: '1',
      VK_ICD_FILENAMES: 'x.json',
      TOKEN: 'secret',
      gone: undefined,
    };
    expect(trainerEnvironment(host, true)).toEqual({
      PATH: '/bin',
      Path: 'C:',
      VK_ICD_FILENAMES: 'x.json',
      ELECTRON_RUN_AS_NODE: '1',
    });
    expect(trainerEnvironment(host, false)).toEqual({ PATH: '/bin', Path: 'C:', VK_ICD_FILENAMES: 'x.json' });
  });
});
