import * as fs from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { english } from '../../src/core/messages/message.ts';
import type { ExperimentInput } from '../../src/core/training/experiment.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { fixture } from '../core/data/files.ts';
import { experiment, installation, memoryLog, temporaryFolder } from '../supervisor/helpers.ts';
import { words } from '../words.ts';
import { start } from './runs.ts';

describe('runs on data of other kinds than CSV', () => {
  let installed: Awaited<ReturnType<typeof installation>>;
  let supervisor: Supervisor;
  beforeAll(async () => {
    installed = await installation();
  });
  afterEach(() => supervisor.dispose());

  async function train(data: ExperimentInput['data'], dataFile: string, memoryLimit?: number) {
    supervisor = new Supervisor({
      trainer: installed.trainer,
      dataSets: installed.dataSets,
      log: memoryLog(),
      ...(memoryLimit !== undefined && { memoryLimit }),
    });
    const run = await start(
      supervisor,
      new RunStore(temporaryFolder()),
      experiment({
        data,
        scaling: { features: 'minmax' },
        model: { type: 'mlp', hidden: [4] },
        loss: { id: 'softmax-cross-entropy' },
        training: { epochs: 2, batch: 4 },
      }),
      'float64',
      dataFile,
    );
    return { started: await run.started, ended: await run.ended };
  }

  it('an .npz file with parts for training and validation', async () => {
    const path = join(temporaryFolder(), 'parts.npz');
    fs.writeFileSync(path, fixture('parts.npz'));
    const { ended } = await train({ source: 'file', path: 'parts.npz', rows: 5 }, path);
    expect(ended).toMatchObject({ state: 'finished', reason: 'epochs', epoch: 2 });
    expect(words(...(ended.dataNotes ?? []))).toMatch(
      /from 1 column \(25 inputs\); 5 rows for training, 3 for validation. No more than the first 5 rows/,
    );
  });

  it('a folder of images', async () => {
    const folder = temporaryFolder();
    for (const [name, grey] of [
      ['dark', 20],
      ['light', 220],
    ] as const) {
      fs.mkdirSync(join(folder, name));
      for (let i = 0; i < 4; i++) {
        const data = new Uint8Array(12).fill(grey + i);
        fs.writeFileSync(
          join(folder, name, `${i}.png`),
          encode({ width: 2, height: 2, channels: 3, depth: 8, data }),
        );
      }
    }
    const { ended } = await train({ source: 'images', path: 'pictures' }, folder);
    expect(ended).toMatchObject({ state: 'finished', reason: 'epochs', epoch: 2 });
    expect(words(...(ended.dataNotes ?? []))).toMatch(/Predicts "class" from .*12 inputs/);
  });

  it('a file that memory has no room for is refused with numbers before it is read', async () => {
    const path = join(temporaryFolder(), 'large.npy');
    const text = "{'descr': '|u1', 'fortran_order': False, 'shape': (500000000, 2), }";
    fs.writeFileSync(
      path,
      Buffer.from(`\x93NUMPY\x01\x00${String.fromCharCode(text.length)}\x00${text}`, 'latin1'),
    );
    fs.truncateSync(path, 10 + text.length + 1e9);
    const { started, ended } = await train({ source: 'file', path: 'large.npy' }, path, 2e9);
    expect(started.ok ? '' : started.problems.map(({ message }) => english(message)).join()).toMatch(
      /500000000 rows of 2 values need about 24000 MB of memory.*Set "data\.rows" to at most/,
    );
    expect(ended).toMatchObject({ state: 'failed', reason: 'badInput' });
  });
});
