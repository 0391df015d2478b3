import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeArrival, describeDownload } from '../../../src/core/data/downloadText.ts';
import { downloadIds, downloadSets, experimentOn } from '../../../src/core/data/downloads.ts';
import { english } from '../../../src/core/messages/message.ts';
import { parseExperiment } from '../../../src/core/training/experiment.ts';

const example: unknown = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../../examples/mnist-cnn.losslab.json'), 'utf8'),
);

describe('data sets to download', () => {
  it.each(downloadIds)('%s: encrypted addresses, sizes and whole checksums', (id) => {
    const set = downloadSets[id];
    expect(set.id).toBe(id);
    for (const { name, address, size, sha256 } of set.files) {
      expect(address).toMatch(/^https:\/\/[^@?#]+$/);
      expect(address.endsWith(`/${name}`)).toBe(true);
      expect(size).toBeGreaterThan(4000);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('go to folders of their own, since their files have the same names', () => {
    const folders = downloadIds.map((id) => downloadSets[id].folder);
    expect(new Set(folders).size).toBe(folders.length);
    const sums = downloadIds.flatMap((id) => downloadSets[id].files.map(({ sha256 }) => sha256));
    expect(new Set(sums).size).toBe(sums.length);
  });

  it('come with the experiment that the examples hold', () => {
    const parsed = parseExperiment(experimentOn(downloadSets.mnist, 'data'));
    expect(parsed).toMatchObject({ ok: true });
    expect(parsed).toEqual(parseExperiment(example));
    expect(experimentOn(downloadSets['fashion-mnist'], '').data).toMatchObject({
      path: 'train-images-idx3-ubyte.gz',
    });
  });

  it('are described with everything that is known, and with what is not', () => {
    const [images] = downloadSets.mnist.files;
    const text = english(describeDownload(images!, { mostUnknown: 2 ** 30 }));
    for (const part of ['9.45 MB', '9912422 bytes', images!.sha256!, images!.address])
      expect(text).toContain(part);
    const unknown = english(
      describeDownload({ name: 'a.csv', address: 'https://example.org/a.csv' }, { mostUnknown: 2 ** 30 }),
    );
    expect(unknown).toContain('size unknown, at most 1 GB are taken');
    expect(unknown).toContain('no checksum is known');
    const came = { name: 'a', bytes: 3, sha256: 'abc', via: ['https://example.org/b'] };
    expect(english(describeArrival({ sha256: 'abc' }, came))).toContain(
      'as expected; by way of https://example.org/b',
    );
    expect(english(describeArrival({}, { ...came, via: [] }))).toContain('nothing was known');
  });
});
