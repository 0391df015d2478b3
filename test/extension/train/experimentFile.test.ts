import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { english } from '../../../src/core/messages/message.ts';
import { readConfig } from '../../../src/extension/config.ts';
import {
  dataFileOf,
  fileNameFor,
  formatExperiment,
  liesIn,
  readExperiment,
} from '../../../src/extension/train/experimentFile.ts';
import { RememberedChoices } from '../../../src/extension/train/memory.ts';
import { escape, panelHtml } from '../../../src/extension/views/panelHtml.ts';

const text = JSON.stringify({
  version: 1,
  data: { source: 'file', path: '../data/a.csv' },
  loss: { id: 'huber' },
});

function read(source: string) {
  const result = readExperiment(source);
  if (!result.ok) throw new Error(english(result.problems[0]!.message));
  return result.value;
}

describe('experiment files', () => {
  it('find their data relative to themselves', () => {
    expect(dataFileOf(read(text), path.resolve('/projects/experiments'))).toBe(
      path.resolve('/projects/data/a.csv'),
    );
  });

  it('are written with a path relative to where they are saved, and read back the same', () => {
    const file = path.resolve('/projects/data/a.csv');
    for (const folder of ['/projects', '/projects/data', '/other/deep/folder']) {
      const saved = read(formatExperiment(read(text), file, path.resolve(folder)));
      expect(dataFileOf(saved, path.resolve(folder))).toBe(file);
      expect(JSON.stringify(saved.data)).not.toContain('\\\\');
    }
  });

  it.each([
    ['{', 'no valid JSON'],
    ['{"version":2}', 'version'],
    ['{"version":1,"data":{"source":"builtin","name":"iris"},"loss":{"id":"huber"},"rate":1}', 'rate'],
    [
      '{"version":1,"data":{"source":"builtin","name":"iris"},"loss":{"id":"huber"},"optimizer":{"type":"sgd","rate":-1}}',
      'rate',
    ],
  ])('%s is refused with a reason', (source, reason) => {
    const result = readExperiment(source);
    expect(result.ok ? '' : result.problems.map(({ message }) => english(message)).join()).toContain(reason);
  });

  it('get names that every system takes', () => {
    expect(fileNameFor('iris, softmax: v2')).toBe('iris-softmax-v2.losslab.json');
    expect(fileNameFor('../../etc')).not.toContain('/');
    expect(fileNameFor('<>')).toBe('experiment.losslab.json');
    expect(fileNameFor('Größe 100 %')).toBe('Größe-100.losslab.json');
  });

  it('are kept to their folders', () => {
    const at = (...parts: string[]): string => path.resolve('/', ...parts);
    expect(liesIn(at('work', 'a.csv'), [at('work')])).toBe(true);
    expect(liesIn(at('work', 'deep', '..a.csv'), [at('work')])).toBe(true);
    for (const outside of [at('workshop', 'a.csv'), at('etc', 'passwd'), at('work')])
      expect(liesIn(outside, [at('work')])).toBe(false);
  });
});

describe('settings', () => {
  const config = (values: Record<string, unknown>) =>
    readConfig({ getConfiguration: () => ({ get: (key: string) => values[key] }) } as unknown as Parameters<
      typeof readConfig
    >[0]);

  it('are read in the units of the code', () => {
    expect(config({ device: 'cpu', whenRunning: 'parallel', memoryLimit: 512, threads: 3 })).toEqual({
      device: 'cpu',
      whenRunning: 'parallel',
      memoryLimit: 512 * 1024 * 1024,
      threads: 3,
    });
  });

  it('count as the default where settings.json holds nonsense', () => {
    for (const nonsense of [
      {},
      { device: 'quantum', whenRunning: 3, memoryLimit: '1' },
      { device: null, memoryLimit: -5 },
      { memoryLimit: Number.NaN, threads: 1.5 },
      { threads: 0 },
    ])
      expect(config(nonsense)).toEqual({
        device: 'auto',
        whenRunning: 'queue',
        memoryLimit: undefined,
        threads: undefined,
      });
  });
});

describe('remembered choices', () => {
  it('stay few, newest first, and survive nonsense', async () => {
    const values = new Map<string, unknown>([['train.choices', [['x', { version: 9 }], 'rubbish', null]]]);
    const choices = new RememberedChoices({
      get: (key) => values.get(key),
      update: (key, value) => {
        values.set(key, value);
        return Promise.resolve();
      },
    });
    expect(choices.last).toBeUndefined();
    expect(choices.experiment('x')).toBeUndefined();
    for (let i = 0; i < 40; i++) await choices.remember(`file:${String(i)}`, read(text));
    expect(choices.last).toBe('file:39');
    expect(choices.experiment('file:39')?.loss.id).toBe('huber');
    expect(choices.experiment('file:0')).toBeUndefined();
    expect(JSON.stringify([...values]).length).toBeLessThan(32 * 1024);
  });
});

describe('the page', () => {
  const parts = {
    script: 's.js',
    style: 's.css',
    cspSource: 'https://x',
    run: '"><script>alert(1)</script>',
    title: `<img src=x onerror='a'>`,
    language: 'en',
  };

  it('lets nothing of the outside become markup', () => {
    const html = panelHtml(parts);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toContain('<img');
    expect(html).toContain(escape(parts.run));
  });

  it('allows no network, no inline script and no inline style, and has a fresh nonce each time', () => {
    const policy = /content="([^"]*)"/.exec(panelHtml(parts))![1]!;
    expect(policy).toContain('default-src &#39;none&#39;');
    expect(policy).not.toMatch(/unsafe|connect-src|\*/);
    const nonce = (html: string): string => /nonce="([^"]+)"/.exec(html)![1]!;
    expect(nonce(panelHtml(parts))).not.toBe(nonce(panelHtml(parts)));
  });
});
