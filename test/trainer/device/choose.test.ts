import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Device, DeviceId } from '../../../src/core/compute/device.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { message } from '../../../src/core/messages/message.ts';
import { candidates, chooseDevice, type ChooseOptions } from '../../../src/trainer/device/choose.ts';
import { cpuDevice } from '../../../src/trainer/device/cpu.ts';
import { DeviceError } from '../../../src/trainer/device/hostBuffers.ts';
import { load } from '../../../src/trainer/device/parity.ts';
import { selfTestPlan, selfTestValues } from '../../../src/trainer/device/selfTest.ts';
import { linePlan, lineValues } from './plans.ts';
import { words } from '../../words.ts';

const workload = { plan: selfTestPlan, values: selfTestValues, steps: Infinity };

/** A machine with devices of given speeds, and a clock that only their steps move. */
class Machine {
  readonly opened: DeviceId[] = [];
  /** Devices that compile nothing but the small plan of the comparison. */
  refused: readonly DeviceId[] = [];
  disposed = 0;
  compiled = 0;
  #time = 0;
  readonly #speeds: Readonly<Partial<Record<DeviceId, number>>>;
  readonly #faulty: readonly DeviceId[];

  constructor(speeds: Readonly<Partial<Record<DeviceId, number>>>, faulty: readonly DeviceId[] = []) {
    this.#speeds = speeds;
    this.#faulty = faulty;
  }

  readonly now = () => this.#time;

  readonly open = (id: DeviceId): Promise<Device> => {
    if (id === 'float64') return Promise.resolve(float64Device());
    this.opened.push(id);
    const speed = this.#speeds[id];
    if (speed === undefined) return Promise.reject(new Error(`there is no ${id} here`));
    const inner = cpuDevice();
    return Promise.resolve({
      id,
      label: `The ${id}`,
      compile: async (plan) => {
        this.compiled++;
        if (this.refused.includes(id) && plan !== selfTestPlan)
          throw new DeviceError(message('there is not enough memory'));
        const executable = await inner.compile(plan);
        return {
          ...executable,
          run: async (steps) => {
            this.#time += steps * speed;
            const reports = await executable.run(steps);
            return this.#faulty.includes(id) ? reports.map((report) => report + 0.01) : reports;
          },
        };
      },
      dispose: () => {
        this.disposed++;
        return inner.dispose();
      },
    });
  };
}

describe('chooseDevice', () => {
  let folder: string;
  let cache: string;
  let date = Date.UTC(2026, 10, 20);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'loss-lab-devices-'));
    cache = join(folder, 'sub', 'devices.json');
    date = Date.UTC(2026, 10, 20);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A probe's entry file. */
  function probe(name: string, source: string): { path: string } {
    const path = join(folder, `${name}.mjs`);
    writeFileSync(path, source);
    return { path };
  }
  const found = () =>
    probe(
      'found',
      `process.send({ available: true, name: 'Fast GPU', software: false }, () => process.exit(0));`,
    );

  function choose(machine: Machine, options: Partial<ChooseOptions> = {}) {
    return chooseDevice({
      preference: 'auto',
      workload,
      cache,
      now: machine.now,
      date: () => date,
      open: machine.open,
      ...options,
    });
  }

  it('takes the fastest of those that compute rightly, and says why', async () => {
    const machine = new Machine({ webasm: 0.021, cpu: 0.11 });
    const { device, why, table } = await choose(machine);
    expect(device.id).toBe('webasm');
    expect(words(why)).toBe(
      'WebAssembly: fastest of 2 that passed the check (0.021 ms a step, JavaScript 0.11 ms). WebGPU: it was not checked.',
    );
    expect(
      table.map((row) => [
        row.id,
        row.msPerStep === undefined ? words(row.reason) : Math.round(row.msPerStep * 1000),
      ]),
    ).toEqual([
      ['webgpu', 'it was not checked'],
      ['webasm', 21],
      ['cpu', 110],
    ]);
    expect(machine.disposed).toBe(1);
  });

  it('takes JavaScript where that is faster, and WebAssembly where they tie', async () => {
    expect((await choose(new Machine({ webasm: 3, cpu: 1 }))).device.id).toBe('cpu');
    expect(
      (
        await choose(new Machine({ webasm: 1.05, cpu: 1 }), {
          workload: { plan: linePlan(0.1), values: lineValues, steps: Infinity },
        })
      ).device.id,
    ).toBe('webasm');
  });

  it('leaves out a device that computes wrongly, however fast it is', async () => {
    const machine = new Machine({ webasm: 0.001, cpu: 5 }, ['webasm']);
    const { device, why } = await choose(machine);
    expect(device.id).toBe('cpu');
    expect(words(why)).toMatch(
      /^JavaScript: the only one that passed the check \(5\.0 ms a step\)\. .*WebAssembly: it does not compute what it should: the loss is off by 1\.0e-2/,
    );
  });

  it('leaves out a device that cannot be opened, in its own words', async () => {
    const { why } = await choose(new Machine({ cpu: 1 }));
    expect(words(why)).toContain('WebAssembly: there is no webasm here.');
  });

  it('falls back to the reference where every device computes wrongly, and remembers nothing', async () => {
    const machine = new Machine({ webasm: 1, cpu: 1 }, ['webasm', 'cpu']);
    const { device, why } = await choose(machine);
    expect(device.id).toBe('float64');
    expect(words(why)).toMatch(/^Double-precision JavaScript: no other device passed the check\./);
    machine.opened.length = 0;
    await choose(machine);
    expect(machine.opened).toEqual(['webasm', 'cpu']);
  });

  it('remembers a comparison: the next time only the winner is opened, with the same words', async () => {
    const first = await choose(new Machine({ webasm: 1, cpu: 2 }));
    const machine = new Machine({ webasm: 20, cpu: 2 });
    const second = await choose(machine);
    expect(machine.opened).toEqual(['webasm']);
    expect(machine.compiled).toBe(0);
    expect(words(second.why)).toBe(words(first.why));
    expect(second.table).toEqual(first.table);
    expect(readdirSync(join(folder, 'sub'))).toEqual(['devices.json']);
  });

  it('compares on a small workload of its kind, and takes a device that can hold the whole', async () => {
    const whole = linePlan(0.1);
    const machine = new Machine({ webasm: 1, cpu: 2 });
    machine.refused = ['webasm'];
    const { device, why } = await choose(machine, { workload: { ...workload, whole } });
    expect(device.id).toBe('cpu');
    expect(words(why)).toBe(
      'JavaScript: the only one that passed the check (2.0 ms a step). WebGPU: it was not checked. WebAssembly: there is not enough memory.',
    );
    const { compiled } = machine;
    load(await device.compile(whole), { plan: whole, values: lineValues, steps: Infinity });
    expect(machine.compiled).toBe(compiled);
    const asked = await choose(machine, { workload: { ...workload, whole }, preference: 'webasm' });
    expect(words(asked.why)).toContain('but it cannot be used: there is not enough memory. JavaScript');
    machine.refused = ['webasm', 'cpu'];
    const none = await choose(machine, { workload: { ...workload, whole: linePlan(0.2) } });
    expect(none.device.id).toBe('float64');
    expect(machine.disposed).toBe(machine.opened.length - 2);
  });

  it('compares anew for another plan, and when the winner is gone', async () => {
    await choose(new Machine({ webasm: 1, cpu: 2 }));
    const other = new Machine({ webasm: 1, cpu: 2 });
    await choose(other, { workload: { plan: linePlan(0.1), values: lineValues, steps: Infinity } });
    expect(other.opened).toEqual(['webasm', 'cpu']);
    const without = new Machine({ cpu: 2 });
    expect((await choose(without)).device.id).toBe('cpu');
    expect(without.opened).toEqual(['webasm', 'webasm', 'cpu']);
  });

  it.each([
    ['damaged', (text: string) => text.slice(0, -20)],
    ['empty', () => ''],
    ['of another version', (text: string) => text.replace('"version":1', '"version":99')],
    ['of another shape', () => '{"version":1,"probes":[],"trials":{},"comparisons":{}}'],
  ])('compares anew where the file is %s, and mends it', async (_, damage) => {
    await choose(new Machine({ webasm: 1, cpu: 2 }));
    writeFileSync(cache, damage(readFileSync(cache, 'utf8')));
    const machine = new Machine({ webasm: 1, cpu: 2 });
    await choose(machine);
    expect(machine.opened).toEqual(['webasm', 'cpu']);
    expect(JSON.parse(readFileSync(cache, 'utf8'))).toMatchObject({ version: 1 });
  });

  it('chooses all the same where the file cannot be written', async () => {
    const { device } = await choose(new Machine({ webasm: 1, cpu: 2 }), {
      cache: join(folder, 'found.mjs', 'devices.json'),
      probe: found(),
    });
    expect(device.id).toBe('webasm');
  });

  it('hands over the plan that it compiled, once, with nothing left in it', async () => {
    const machine = new Machine({ webasm: 1, cpu: 2 });
    const { device } = await choose(machine);
    const compiled = machine.compiled;
    const executable = await device.compile(structuredClone(selfTestPlan));
    expect(machine.compiled).toBe(compiled);
    expect(
      [...(await executable.read('w')), ...(await executable.read('x'))].every((value) => value === 0),
    ).toBe(true);
    load(executable, workload);
    const fresh = await device.compile(selfTestPlan);
    expect(machine.compiled).toBe(compiled + 1);
    load(fresh, workload);
    expect(await executable.run(3)).toEqual(await fresh.run(3));
    await device.dispose();
    await expect(executable.run(1)).rejects.toThrow(/disposed/);
  });

  it('follows a preference, and says what it takes instead where it cannot', async () => {
    const follows = await choose(new Machine({ webasm: 1, cpu: 2 }), { preference: 'cpu' });
    expect([follows.device.id, words(follows.why)]).toEqual(['cpu', 'JavaScript, as you asked.']);
    const reference = await choose(new Machine({}), { preference: 'float64' });
    expect([reference.device.id, words(reference.why)]).toEqual([
      'float64',
      'Double-precision JavaScript (the reference), as you asked.',
    ]);
    const cannot = await choose(new Machine({ cpu: 2 }), { preference: 'webasm' });
    expect(words(cannot.why)).toBe(
      'You asked for WebAssembly, but it cannot be used: there is no webasm here. JavaScript: the only one that passed the check (2.0 ms a step). WebGPU: it was not checked.',
    );
  });

  describe('with WebGPU', () => {
    const machine = () => new Machine({ webgpu: 0.5, webasm: 1, cpu: 2 });
    // The probe in the background does not keep a process alive by itself.
    let alive: NodeJS.Timeout;
    beforeAll(() => {
      alive = setInterval(() => undefined, 1000);
    });
    afterAll(() => clearInterval(alive));

    it('does not wait for the probe; the next run has its answer', async () => {
      const options = { probe: found() };
      const first = await choose(machine(), options);
      expect(first.device.id).toBe('webasm');
      expect(words(first.why)).toContain('WebGPU: it is being checked now, for the next run.');
      await first.settled;
      const second = await choose(machine(), options);
      expect(second.device.id).toBe('webgpu');
      expect(words(second.why)).toBe(
        'WebGPU: fastest of 3 that passed the check (0.50 ms a step, WebAssembly 1.0 ms, JavaScript 2.0 ms).',
      );
    });

    it('waits for the probe where WebGPU was asked for', async () => {
      const { device, why } = await choose(machine(), { probe: found(), preference: 'webgpu' });
      expect([device.id, words(why)]).toEqual(['webgpu', 'WebGPU, as you asked.']);
    });

    it.each([
      [
        'crashes',
        `process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1000);`,
        'it crashed when it was tried (SIGSEGV)',
      ],
      ['ends without an answer', 'process.exit(3);', 'its check ended with code 3 and no answer'],
      [
        'answers with nonsense',
        `process.send({ available: 'yes' });`,
        'its check gave no answer that can be understood',
      ],
      [
        'finds nothing',
        `process.send({ available: false, reason: { template: 'no graphics driver', args: {} } });`,
        'no graphics driver',
      ],
    ])('trains without it where its probe %s', async (name, source, reason) => {
      const { device, why } = await choose(machine(), { probe: probe(name, source), preference: 'webgpu' });
      expect(device.id).toBe('webasm');
      expect(words(why)).toMatch(/^You asked for WebGPU, but it cannot be used: /);
      expect(words(why)).toContain(`${reason}. WebAssembly: fastest of 2`);
    });

    it.skipIf(process.platform === 'win32')('asks again where the probe was interrupted', async () => {
      const interrupted = probe(
        'interrupted',
        `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);`,
      );
      const { why } = await choose(machine(), { probe: interrupted, preference: 'webgpu' });
      expect(words(why)).toContain('its check was interrupted. WebAssembly');
      expect((await choose(machine(), { probe: found(), preference: 'webgpu' })).device.id).toBe('webgpu');
    });

    it('does not take a software adapter by itself', async () => {
      const software = probe(
        'software',
        `process.send({ available: true, name: 'SwiftShader', software: true });`,
      );
      await (
        await choose(machine(), { probe: software })
      ).settled;
      const { device, why } = await choose(machine(), { probe: software });
      expect(device.id).toBe('webasm');
      expect(words(why)).toContain(
        'WebGPU: its only adapter here (SwiftShader) is a program on the processor.',
      );
      expect((await choose(machine(), { probe: software, preference: 'webgpu' })).device.id).toBe('webgpu');
    });

    it('remembers a probe for a week, or for a day where there was nothing', async () => {
      const never = probe(
        'never',
        `process.send({ available: false, reason: { template: 'asked again', args: {} } });`,
      );
      await choose(machine(), { probe: found(), preference: 'webgpu' });
      date += 6 * 24 * 3600 * 1000;
      expect((await choose(machine(), { probe: never, preference: 'webgpu' })).device.id).toBe('webgpu');
      date += 2 * 24 * 3600 * 1000;
      expect(words((await choose(machine(), { probe: never, preference: 'webgpu' })).why)).toContain(
        'asked again',
      );
      date += 23 * 3600 * 1000;
      expect(words((await choose(machine(), { probe: found(), preference: 'webgpu' })).why)).toContain(
        'asked again',
      );
      date += 2 * 3600 * 1000;
      expect((await choose(machine(), { probe: found(), preference: 'webgpu' })).device.id).toBe('webgpu');
    });

    it('leaves it alone for a week after it took a process with it', async () => {
      await choose(machine(), { probe: found(), preference: 'webgpu' });
      const contents = JSON.parse(readFileSync(cache, 'utf8')) as {
        probes: Record<string, unknown>;
        trials: Record<string, unknown>;
      };
      expect(contents.trials).toEqual({});
      // No process has this number: it is beyond what any system gives.
      contents.trials[Object.keys(contents.probes)[0]!] = { at: date, pid: 2 ** 30 };
      writeFileSync(cache, JSON.stringify(contents));
      const { device, why } = await choose(machine(), { probe: found(), preference: 'webgpu' });
      expect(device.id).toBe('webasm');
      expect(words(why)).toContain('it ended the process when it was last used');
      date += 8 * 24 * 3600 * 1000;
      expect((await choose(machine(), { probe: found(), preference: 'webgpu' })).device.id).toBe('webgpu');
    });

    it('lists what there is on this machine', async () => {
      const listed = await candidates({ cache, probe: found(), date: () => date });
      expect(listed.map(({ id, available }) => [id, available])).toEqual([
        ['webgpu', true],
        ['webasm', true],
        ['cpu', true],
        ['float64', true],
      ]);
    });
  });
});
