import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lossIds } from '../../src/core/losses/catalogue.ts';
import { experimentOptions } from '../../src/cli/options.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { eventually, installation, lives, temporaryFolder } from '../supervisor/helpers.ts';

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
type Line = Record<string, unknown> & { readonly type: string };

describe('loss-lab', () => {
  let installed: Awaited<ReturnType<typeof installation>>;
  beforeAll(async () => {
    installed = await installation();
  });

  /** Runs the command line; `during` gets the process after each piece of output on stdout. */
  function lossLab(
    args: readonly string[],
    cwd: string = temporaryFolder(),
    during?: (out: string, kill: (signal: NodeJS.Signals) => void) => void,
  ): Promise<Ran> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [installed.cli, ...args], {
        cwd,
        env: { ...process.env, XDG_CACHE_HOME: join(installed.folder, 'cache') },
      });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        during?.(out, (signal) => child.kill(signal));
      });
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      child.on('close', (code) => resolve({ code, out, err }));
    });
  }
  const linesOf = ({ out }: Ran): Line[] =>
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);

  it('trains iris with its defaults and sums it up as JSON', async () => {
    const cwd = temporaryFolder();
    const ran = await lossLab(['train', '--data', 'iris', '--loss', 'softmax-cross-entropy', '--json'], cwd);
    expect(ran).toMatchObject({ code: 0, err: '' });
    const lines = linesOf(ran);
    expect(lines[0]).toMatchObject({ type: 'start' });
    const summary = lines.at(-1)!;
    expect(summary).toMatchObject({ type: 'summary', state: 'finished', reason: 'epochs' });
    expect(lines.filter(({ type }) => type === 'summary').length).toBe(1);
    for (const key of ['steps', 'loss', 'validationLoss', 'seconds'])
      expect(summary[key], key).toBeTypeOf('number');
    expect(summary['device']).toBeTypeOf('string');
    const { accuracy } = summary['metrics'] as { accuracy: number };
    expect(accuracy).toBeGreaterThan(0.9);
    const epochs = lines.filter(({ type }) => type === 'epoch');
    expect(epochs.length).toBeGreaterThan(10);

    const [run] = await new RunStore(join(cwd, '.losslab', 'runs')).list();
    expect(run?.directory).toBe(fs.realpathSync(String(summary['run'])));
    expect(run?.status).toMatchObject({ state: 'finished', step: summary['steps'] });
    expect(epochs.at(-1)?.['step']).toBe(summary['steps']);
    const known = epochs.filter(({ epoch }) => epoch === run?.status.best?.epoch);
    for (const line of known) expect(line['metrics']).toEqual(summary['metrics']);
  });

  it('says the same on one seed and something else on another', async () => {
    const args = ['train', '--data', 'two-moons', '--epochs', '5', '--device', 'float64', '--json', '--seed'];
    const losses = (await Promise.all(['1', '1', '2'].map((seed) => lossLab([...args, seed])))).map(
      (ran) => linesOf(ran).at(-1)!['loss'],
    );
    expect(losses[0]).toBe(losses[1]);
    expect(losses[0]).not.toBe(losses[2]);
  });

  it('trains an experiment file, whose data lies beside it, and lets options change it', async () => {
    const folder = temporaryFolder();
    fs.mkdirSync(join(folder, 'deep', 'data'), { recursive: true });
    fs.writeFileSync(
      join(folder, 'deep', 'data', 'line.csv'),
      `x;y\n${Array.from({ length: 40 }, (_, i) => `${i},5;${2 * i},25`).join('\n')}\n`,
    );
    const file = join(folder, 'deep', 'line.losslab.json');
    fs.writeFileSync(
      file,
      JSON.stringify({
        version: 1,
        name: 'A line',
        data: { source: 'file', path: 'data/line.csv' },
        loss: { id: 'huber' },
        training: { epochs: 3 },
      }),
    );
    const ran = await lossLab(
      ['train', 'deep/line.losslab.json', '--loss-parameter', 'delta=2', '--out', 'my runs', '--json'],
      folder,
    );
    expect(ran).toMatchObject({ code: 0 });
    const summary = linesOf(ran).at(-1)!;
    expect(summary).toMatchObject({ type: 'summary', state: 'finished', epochs: 3 });
    expect(Object.keys(summary['metrics'] as object).sort()).toEqual(['r2', 'rmse']);
    const store = new RunStore(join(folder, 'my runs'));
    const [run] = await store.list();
    expect(run?.status.name).toBe('A line');
    expect(await store.read(run!.id)).toMatchObject({
      value: { experiment: { loss: { id: 'huber', parameters: { delta: 2 } } } },
    });
  });

  it('suggests what suits a CSV file', async () => {
    const folder = temporaryFolder();
    fs.writeFileSync(
      join(folder, 'fruit.csv'),
      `weight,length,fruit\n${Array.from({ length: 60 }, (_, i) => (i % 2 ? `${150 + (i % 7)},8,apple` : `${120 + (i % 5)},18,banana`)).join('\n')}\n`,
    );
    const ran = await lossLab(['train', '--data', 'fruit.csv', '--epochs', '40', '--json'], folder);
    expect(ran).toMatchObject({ code: 0 });
    expect(linesOf(ran).at(-1)).toMatchObject({ state: 'finished', metrics: { accuracy: 1 } });
  });

  it('takes every option of the experiment', async () => {
    const values: Record<string, string> = {
      target: 'progression',
      exclude: 'age',
      delimiter: 'tab',
      decimal: '.',
      header: 'yes',
      missing: 'mean',
      samples: '50',
      noise: '0.2',
      outliers: '0',
      'data-seed': '3',
      validation: '0.3',
      'scale-features': 'none',
      'scale-target': 'none',
      model: 'mlp',
      hidden: '4,3',
      activation: 'tanh',
      loss: 'huber',
      'loss-parameter': 'delta=3',
      convention: 'keras',
      'class-weights': 'balanced',
      optimizer: 'sgd',
      rate: '1e-4',
      momentum: '0.5',
      dampening: '0.1',
      beta1: '0.8',
      beta2: '0.9',
      epsilon: '1e-6',
      'weight-decay': '0.01',
      epochs: '2',
      steps: '500',
      seconds: '600',
      'target-loss': '1e-9',
      patience: '50',
      batch: 'full',
      seed: '4',
      name: 'n',
    };
    const onlyFor: Record<string, RegExp> = {
      file: /^(delimiter|decimal|header|missing)$/,
      classes: /^(convention|class-weights)$/,
      generated: /^(samples|noise|outliers|data-seed)$/,
      adam: /^(beta1|beta2|epsilon)$/,
    };
    const usual = experimentOptions.filter(
      ({ flag }) => !Object.values(onlyFor).some((only) => only.test(flag)) && flag !== 'nesterov',
    );
    const argsOf = (flags: readonly string[]): string[] =>
      flags.flatMap((flag) => (flag in values ? [`--${flag}`, values[flag]!] : [`--${flag}`]));
    const folder = temporaryFolder();
    expect(
      await lossLab(
        ['train', '--data', 'diabetes', '--device', 'float64', ...argsOf(usual.map(({ flag }) => flag))],
        folder,
      ),
    ).toMatchObject({ code: 0 });
    const store = new RunStore(join(folder, '.losslab/runs'));
    expect(await store.read((await store.list())[0]!.id)).toMatchObject({
      value: {
        status: { name: 'n' },
        experiment: {
          data: { target: 'progression', exclude: ['age'] },
          split: { validation: 0.3, stratify: false },
          scaling: { features: 'none', target: 'none' },
          model: { hidden: [4, 3], activation: 'tanh' },
          loss: { id: 'huber', parameters: { delta: 3 } },
          optimizer: { type: 'sgd', rate: 1e-4, momentum: 0.5, dampening: 0.1, weightDecay: 0.01 },
          training: {
            epochs: 2,
            steps: 500,
            seconds: 600,
            target: { loss: 1e-9 },
            patience: { epochs: 50, minDelta: 0 },
            batch: 'full',
            shuffle: false,
            seed: 4,
          },
        },
      },
    });
    const generated = [
      'train',
      '--data',
      'noisy-line',
      ...argsOf(['samples', 'noise', 'outliers', 'data-seed', 'beta1', 'beta2', 'epsilon', 'epochs']),
    ];
    expect(await lossLab([...generated, '--model', 'linear'], folder)).toMatchObject({ code: 0 });
    // A model that wants smaller steps brings them along.
    expect(
      await lossLab(['train', '--data', 'digits', '--model', 'cnn-small', '--steps', '1'], folder),
    ).toMatchObject({ code: 0 });
    const rates = (await store.list()).map(async ({ id }) => {
      const run = await store.read(id);
      return run.ok && run.value.experiment?.model.type === 'layers' && run.value.experiment.optimizer.rate;
    });
    expect(await Promise.all(rates)).toContain(0.001);
    fs.writeFileSync(
      join(folder, 'tabs.tsv'),
      `a\tb\n${Array.from({ length: 20 }, (_, i) => `${i}\t${i}`).join('\n')}\n`,
    );
    expect(
      await lossLab(
        ['train', '--data', 'tabs.tsv', ...argsOf(['delimiter', 'decimal', 'header', 'missing', 'epochs'])],
        folder,
      ),
    ).toMatchObject({ code: 0 });
    expect(
      await lossLab(
        ['train', '--data', 'line', '--optimizer', 'sgd', '--momentum', '0.9', '--nesterov', '--epochs', '2'],
        folder,
      ),
    ).toMatchObject({ code: 0 });
  });

  it('takes another definition of the loss, and weights of classes', async () => {
    const folder = temporaryFolder();
    const store = new RunStore(join(folder, '.losslab/runs'));
    const classes = ['train', '--data', 'iris', '--loss', 'softmax-cross-entropy', '--epochs', '1'];
    const weights = ['--class-weights', 'setosa=2', '--class-weights', 'virginica=0.5'];
    expect(await lossLab([...classes, '--convention', 'keras', ...weights], folder)).toMatchObject({
      code: 0,
    });
    const loss = {
      id: 'softmax-cross-entropy',
      convention: 'keras',
      classWeights: { setosa: 2, virginica: 0.5 },
    };
    const [run] = await store.list();
    expect(await store.read(run!.id)).toMatchObject({ value: { experiment: { loss } } });
    await store.delete(run!.id);
    expect(await lossLab([...classes, '--class-weights', 'balanced'], folder)).toMatchObject({ code: 0 });
    const [balanced] = await store.list();
    expect(await store.read(balanced!.id)).toMatchObject({
      value: { experiment: { loss: { classWeights: 'balanced' } } },
    });
  });

  describe('bad input', () => {
    const cases: readonly [string, readonly string[], RegExp][] = [
      ['no data', ['train'], /--data/],
      ['an unknown option', ['train', '--data', 'iris', '--epoch', '3'], /--epoch/],
      ['an option without its value', ['train', '--data'], /--data/],
      ['a negative rate', ['train', '--data', 'iris', '--rate=-1'], /--rate/],
      ['a rate that is no number', ['train', '--data', 'iris', '--rate', 'fast'], /--rate.*fast/],
      ['half an epoch', ['train', '--data', 'iris', '--epochs', '0.5'], /--epochs/],
      [
        'an option of another optimizer',
        ['train', '--data', 'iris', '--optimizer', 'adam', '--momentum', '0.9'],
        /momentum/,
      ],
      [
        'a loss parameter without a value',
        ['train', '--data', 'diabetes', '--loss', 'huber', '--loss-parameter', 'delta'],
        /NAME=NUMBER/,
      ],
      [
        'a loss parameter that does not exist',
        ['train', '--data', 'diabetes', '--loss', 'huber', '--loss-parameter', 'sigma=1'],
        /sigma/,
      ],
      [
        'a definition that the loss does not have',
        ['train', '--data', 'iris', '--loss', 'softmax-cross-entropy', '--convention', 'tf'],
        /loss\.convention: .*tf/,
      ],
      ['a class without its weight', ['train', '--data', 'iris', '--class-weights', 'setosa'], /NAME=NUMBER/],
      [
        'the weight of a class that there is not',
        ['train', '--data', 'iris', '--loss', 'softmax-cross-entropy', '--class-weights', 'tulip=2'],
        /loss\.classWeights\.tulip: There is no class/,
      ],
      ['an unknown loss', ['train', '--data', 'iris', '--loss', 'mystery'], /mystery/],
      ['a loss that does not fit', ['train', '--data', 'iris', '--loss', 'mean-squared-error'], /species/],
      ['an unknown device', ['train', '--data', 'iris', '--device', 'tpu'], /tpu/],
      ['a file that is not there', ['train', '--data', 'nothing.csv'], /nothing\.csv/],
      ['an experiment that is not there', ['train', 'nothing.losslab.json'], /nothing\.losslab\.json/],
      ['two experiments', ['train', 'a.losslab.json', 'b.losslab.json'], /b\.losslab\.json/],
      ['a file and data', ['train', 'a.losslab.json', '--data', 'iris'], /not both/],
      ['an unknown command', ['learn'], /learn/],
      ['no run to resume', ['resume', 'nowhere'], /nowhere/],
      ['no rows to answer', ['predict', 'nowhere'], /--csv/],
    ];
    it.each(cases)('%s', async (_, args, sentence) => {
      const cwd = temporaryFolder();
      const ran = await lossLab(args, cwd);
      expect(ran.code).toBe(2);
      expect(ran.err).toMatch(sentence);
      expect(ran.err).not.toMatch(/\n {4}at |^Run /m);
      expect(ran.out).toBe('');
      const runs = join(cwd, '.losslab/runs');
      expect(fs.existsSync(runs) ? fs.readdirSync(runs) : []).toEqual([]);
    });

    it.each([
      ['no JSON', '{"version": 1,', /is not JSON/],
      [
        'an unknown key',
        '{"version":1,"data":{"source":"builtin","name":"iris"},"loss":{"id":"huber"},"epochs":3}',
        /epochs/,
      ],
      [
        'a wrong version',
        '{"version":7,"data":{"source":"builtin","name":"iris"},"loss":{"id":"huber"}}',
        /version 7/,
      ],
      [
        'a negative rate',
        '{"version":1,"data":{"source":"builtin","name":"iris"},"loss":{"id":"huber"},"optimizer":{"type":"sgd","rate":-1}}',
        /optimizer\.rate/,
      ],
      [
        '__proto__',
        '{"version":1,"data":{"source":"builtin","name":"iris"},"loss":{"id":"huber"},"__proto__":{"x":1}}',
        /__proto__|fit|species/,
      ],
    ])('an experiment file with %s', async (_, text, sentence) => {
      const cwd = temporaryFolder();
      fs.writeFileSync(join(cwd, 'bad.losslab.json'), text);
      const ran = await lossLab(['train', 'bad.losslab.json', '--json'], cwd);
      expect(ran.code).toBe(2);
      expect(ran.err).toMatch(sentence);
      const last = linesOf(ran).at(-1)!;
      expect(last).toMatchObject({ type: 'error' });
      expect(JSON.stringify(last)).toMatch(sentence);
      expect(linesOf(ran).some(({ type }) => type === 'summary')).toBe(false);
    });
  });

  it('keeps to a memory limit, and refuses with numbers what needs more', async () => {
    const wide = [
      'train',
      '--data',
      'diabetes',
      '--device',
      'float64',
      '--hidden',
      '2000,2000',
      '--steps',
      '1',
    ];
    const refused = await lossLab([...wide, '--memory-limit', '300'], temporaryFolder());
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.err).toMatch(/needs about .* but may take 300 MB/);
    const wrong = await lossLab([...wide, '--memory-limit', 'much'], temporaryFolder());
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.err).toContain('--memory-limit takes a number of MB');
  });

  it('says that training failed by its exit code', async () => {
    const ran = await lossLab([
      'train',
      '--data',
      'diabetes',
      '--scale-features',
      'none',
      '--scale-target',
      'none',
      '--optimizer',
      'sgd',
      '--rate',
      '100',
      '--json',
    ]);
    expect(ran.code).toBe(1);
    expect(linesOf(ran).at(-1)).toMatchObject({ type: 'summary', state: 'stopped', reason: 'notFinite' });
  });

  it.runIf(process.platform !== 'win32')(
    'stops at Ctrl-C, sums up, and goes on with resume (signals: not on Windows)',
    async () => {
      const cwd = temporaryFolder();
      let asked = false;
      const ran = await lossLab(
        ['train', '--data', 'iris', '--epochs', '1000000', '--json'],
        cwd,
        (out, kill) => {
          if (asked || !out.includes('"epoch"')) return;
          asked = true;
          kill('SIGINT');
        },
      );
      expect(ran).toMatchObject({ code: 130, err: '' });
      const summary = linesOf(ran).at(-1)!;
      expect(summary).toMatchObject({ type: 'summary', state: 'stopped', reason: 'user' });
      expect(summary['steps']).toBeGreaterThan(0);
      const [run] = await new RunStore(join(cwd, '.losslab/runs')).list();
      expect(await eventually(() => !lives(run!.status.pid!), 2000)).toBe(true);

      asked = false;
      const resumed = await lossLab(['resume', String(summary['run']), '--json'], cwd, (out, kill) => {
        if (asked || !out.includes('"epoch"')) return;
        asked = true;
        kill('SIGINT');
      });
      expect(linesOf(resumed).at(-1)?.['steps']).toBeGreaterThan(Number(summary['steps']));
    },
  );

  it.runIf(process.platform !== 'win32')(
    'leaves an interrupted run and no trainer when it is terminated (signals: not on Windows)',
    async () => {
      const cwd = temporaryFolder();
      let asked = false;
      await lossLab(['train', '--data', 'iris', '--epochs', '1000000', '--json'], cwd, (out, kill) => {
        if (asked || !out.includes('"epoch"')) return;
        asked = true;
        kill('SIGTERM');
      });
      const [run] = await new RunStore(join(cwd, '.losslab/runs')).list();
      expect(run?.status).toMatchObject({ state: 'interrupted', reason: 'hostGone' });
      expect(lives(run!.status.pid!)).toBe(false);
    },
  );

  it('answers a CSV file with a run', async () => {
    const cwd = temporaryFolder();
    expect(await lossLab(['train', '--data', 'line', '--out', '.'], cwd)).toMatchObject({ code: 0 });
    const [run] = await new RunStore(cwd).list();
    fs.writeFileSync(join(cwd, 'rows.csv'), 'x\n10\n');
    const ran = await lossLab(['predict', run!.id, '--csv', 'rows.csv', '--out', 'answers.csv'], cwd);
    expect(ran).toMatchObject({ code: 0 });
    const [header, row] = fs.readFileSync(join(cwd, 'answers.csv'), 'utf8').split('\n');
    expect(header).toBe('x,prediction');
    expect(Number(row?.split(',')[1])).toBeGreaterThan(18);
  });

  it('prints progress for people and keeps stdout for the result', async () => {
    const ran = await lossLab(['train', '--data', 'two-moons', '--epochs', '20']);
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/Finished all 20 epochs[^]*accuracy[^]*The run is kept in/);
    expect(ran.err).toMatch(/Run \d{8}-\d{6}-two-moons/);
    expect(ran.err).not.toContain('\u001b');
  });

  it('explains itself', async () => {
    const [help, trainHelp, version, losses, nothing] = await Promise.all([
      lossLab(['--help']),
      lossLab(['train', '--help']),
      lossLab(['--version']),
      lossLab(['losses']),
      lossLab([]),
    ]);
    for (const ran of [help, trainHelp, version, losses]) expect(ran).toMatchObject({ code: 0, err: '' });
    for (const command of ['train', 'resume', 'predict', 'losses', 'print'])
      expect(help.out).toContain(command);
    for (const { flag } of experimentOptions) expect(trainHelp.out).toContain(`--${flag}`);
    const manifest = JSON.parse(fs.readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(version.out).toBe(`${manifest.version}\n`);
    for (const id of lossIds) expect(losses.out).toContain(id);
    expect(nothing).toMatchObject({ code: 2, out: '' });
  });
});
