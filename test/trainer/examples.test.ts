import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { english } from '../../src/core/messages/message.ts';
import { checkTask } from '../../src/core/tasks/tasks.ts';
import { parseExperiment } from '../../src/core/training/experiment.ts';
import { readDataFile } from '../../src/trainer/dataFile.ts';
import { temporaryFolder } from '../supervisor/helpers.ts';

const examples = resolve(import.meta.dirname, '../../examples');
const names = readdirSync(examples).filter((name) => name.endsWith('.losslab.json'));

function experimentOf(name: string) {
  const parsed = parseExperiment(JSON.parse(readFileSync(join(examples, name), 'utf8')));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

describe('the example experiments', () => {
  it.each(names)('%s is as experiments should be', (name) => {
    expect(checkTask(experimentOf(name))).toMatchObject({ ok: true, warnings: [] });
  });

  it.each(names.filter((name) => name.startsWith('mnist-')))(
    '%s says what to do where MNIST is missing',
    async (name) => {
      const { data } = experimentOf(name);
      if (data.source !== 'file') throw new Error('no file');
      const path = join(temporaryFolder(), data.path);
      const read = await readDataFile(path, data, {
        signal: new AbortController().signal,
        onProgress: () => undefined,
        mostBytes: Infinity,
        seed: 0,
      });
      if (read.ok) throw new Error('there is a file');
      expect(read.problems.map((problem) => english(problem.message))).toEqual([
        expect.stringMatching(/train-images-idx3-ubyte\.gz does not exist\. MNIST .* fetch its four files/),
      ]);
    },
  );
});
