import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { column, expected, fileOf, fixture, numbers, read, refusal, table } from './files.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** An .npy file with any header and any content. */
function npy(header: string, content: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
  const bytes = text(header);
  const length =
    version === 1 ? [bytes.length & 255, bytes.length >> 8] : [bytes.length & 255, bytes.length >> 8, 0, 0];
  return Uint8Array.from([0x93, ...text('NUMPY'), version, 0, ...length, ...bytes, ...content]);
}

describe('.npy files of NumPy', () => {
  it.each(Object.keys(expected.npy))('%s', async (name) => {
    const { shape, values } = expected.npy[name]!;
    const whole = await table(`${name}.npy`);
    const [rows, width = 1] = shape as [number, number?];
    expect(whole.rows).toBe(rows);
    expect(whole.columns.map((one) => one.name)).toEqual(
      Array.from({ length: width }, (_, i) => `column ${i + 1}`),
    );
    const columns = whole.columns.map((one) => numbers(whole, one.name));
    expect(Array.from({ length: rows }, (_, row) => columns.map((one) => one[row])).flat()).toEqual(values);
  });

  it('with labels in another file is features and answers', async () => {
    const labels = fileOf('y.npy', fixture('flat.npy'));
    const features = npy(
      "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 2, 2), }",
      new Uint8Array(20).fill(7),
    );
    const whole = await table('x.npy', features, { labels });
    expect(column(whole, 'image')).toMatchObject({ kind: 'array', shape: [2, 2, 1] });
    expect(numbers(whole, 'label')).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([
    ['records.npy', /array of records.*np\.savez/],
    ['objects.npy', /Python objects/],
    ['complex.npy', /values of type <c8/],
    ['text.npy', /values of type <U2/],
    ['scalar.npy', /a single number/],
  ])('%s is refused', async (name, sentence) => expect(await refusal(name)).toMatch(sentence));

  it.each([
    ['no dictionary', 'shape', /cannot be read/],
    ['a key twice', "{'descr': '<f8', 'descr': '<f8', 'shape': (2,), }", /cannot be read/],
    [
      'another key',
      "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': True, }",
      /cannot be read/,
    ],
    ['code', "{'descr': '<f8', 'fortran_order': f(), 'shape': (2,), }", /cannot be read/],
    ['a negative extent', "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }", /cannot be read/],
    ['an extent of zero', "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }", /no values/],
    [
      'an extent beyond counting',
      "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999), }",
      /no file here can have/,
    ],
    [
      'more values than bytes',
      "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000), }",
      /cut off/,
    ],
    [
      'too many axes',
      "{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,2), }",
      /no file here can have/,
    ],
    ['a size that no type has', "{'descr': '<f1', 'fortran_order': False, 'shape': (2,), }", /type <f1/],
  ])('a header with %s is refused', async (_, header, sentence) =>
    expect(await refusal('x.npy', npy(header))).toMatch(sentence),
  );

  it('that are longer than they say, or of an unknown version, are refused', async () => {
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
    expect(await refusal('x.npy', npy(header, new Uint8Array(24)))).toMatch(/longer than its header says/);
    expect(await refusal('x.npy', npy(header, new Uint8Array(16), 9))).toMatch(/version 9/);
    expect(await refusal('x.npy', text('x,y\n1,2\n'))).toMatch(/no \.npy file/);
  });

  it('name the first infinite cell', async () => {
    const whole = await table('infinite.npy');
    expect(column(whole, 'column 1')).toMatchObject({
      infinite: { count: 1, first: [{ row: 2, text: 'Infinity' }] },
    });
    expect(numbers(whole, 'column 1')).toEqual([1, Infinity, NaN]);
  });

  it('that need more memory than allowed are refused with numbers before they are read', async () => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000, 10), }";
    const content = npy(header, new Uint8Array(40_000));
    // 1,000 rows of 10 numbers, of 12 bytes in the table, 8 encoded and 4 on the device.
    expect(await refusal('x.npy', content, {}, { mostBytes: 239_999 })).toMatch(
      /1000 rows of 10 values need about 1 MB.*at most 999/,
    );
    expect(await refusal('x.npy', content, {}, { mostBytes: 240_000 })).toBe('');
    expect(await refusal('x.npy', content, { rows: { most: 999 } }, { mostBytes: 239_999 })).toBe('');
  });
});

describe('.npz files', () => {
  it.each(['stored.npz', 'deflated.npz'])('%s holds x and y', async (name) => {
    const result = await read(name);
    const whole = await table(name);
    expect(whole.columns.map((one) => one.name)).toEqual(['x', 'y']);
    expect(column(whole, 'x')).toMatchObject({ kind: 'array', shape: [5, 5] });
    expect(numbers(whole, 'x')).toEqual(expected.npz.x);
    expect(numbers(whole, 'y')).toEqual(expected.npz.y);
    expect(result.ok && result.warnings).toHaveLength(name === 'stored.npz' ? 0 : 1);
  });

  it('with parts for training and test keep the second for validation', async () => {
    const whole = await table('parts.npz');
    expect(whole).toMatchObject({ rows: 8, validationFrom: 5 });
    expect(column(whole, 'x')).toMatchObject({ kind: 'array', shape: [5, 5, 1] });
    expect(numbers(whole, 'x')).toEqual(expected.npz.x);
    expect(numbers(whole, 'y')).toEqual(expected.npz.y);
  });

  it('give the arrays that are named', async () => {
    const whole = await table('deflated.npz', undefined, { arrays: ['y', 'x'] });
    expect(whole.columns.map((one) => one.name)).toEqual(['y', 'x']);
    expect(await refusal('deflated.npz', undefined, { arrays: ['z'] })).toMatch(
      /no array "z". The arrays are "x", "y", "note"/,
    );
    expect(await refusal('deflated.npz', undefined, { arrays: ['x', 'note'] })).toMatch(
      /"x" has 8 rows, but "note" has 3/,
    );
  });

  it('whose content is not what the directory says are refused', async () => {
    const content = fixture('stored.npz');
    const at = Buffer.from(content).indexOf('\x93NUMPY', 0, 'latin1') + 200;
    content[at]! ^= 1;
    expect(await refusal('x.npz', content)).toMatch(/damaged/);
    expect(await refusal('x.npz', text('PK\x03\x04 and no more'))).toMatch(/no complete zip file/);
  });

  it('whose directory claims more than deflate can make are refused before anything is read', async () => {
    const content = fixture('deflated.npz');
    const view = new DataView(content.buffer);
    const directory = view.getUint32(content.length - 6, true);
    view.setUint32(directory + 24, 0x7fffffff, true);
    expect(await refusal('x.npz', content)).toMatch(/no complete zip file/);
  });
});

describe('IDX files', () => {
  const labels = fileOf('labels', fixture('train-labels-idx1-ubyte.gz'));

  it.each(['train-images-idx3-ubyte', 'train-images-idx3-ubyte.gz'])('%s with labels', async (name) => {
    const whole = await table(name, undefined, { labels });
    expect(column(whole, 'image')).toMatchObject({ kind: 'array', shape: [5, 5, 1] });
    expect(numbers(whole, 'image')).toEqual(expected.idx.images);
    expect(numbers(whole, 'label')).toEqual(expected.idx.labels);
  });

  it.each(['shorts', 'doubles'] as const)('of %s', async (name) => {
    for (const ending of ['.idx', '.idx.gz']) {
      const whole = await table(name + ending);
      expect([0, 1].flatMap((row) => [1, 2].map((i) => numbers(whole, `column ${i}`)[row]))).toEqual(
        expected.idx[name],
      );
    }
  });

  it('without labels say what is missing', async () =>
    expect(await refusal('train-images-idx3-ubyte')).toMatch(/nothing to predict.*data\.labels/));

  it('read the first rows or a random sample of images with their labels', async () => {
    const first = await table('train-images-idx3-ubyte', undefined, { labels, rows: { most: 3 } });
    expect(numbers(first, 'image')).toEqual(expected.idx.images.slice(0, 75));
    const some = await table('train-images-idx3-ubyte', undefined, {
      labels,
      rows: { most: 3, random: randomStream(4, 'rows') },
    });
    const images = numbers(some, 'image');
    const places = [0, 1, 2].map((i) =>
      [0, 1, 2, 3, 4, 5, 6, 7].find((row) =>
        images.slice(25 * i, 25 * i + 25).every((value, k) => value === expected.idx.images[25 * row + k]),
      ),
    );
    expect(places).toEqual([...new Set(places)].sort());
    expect(numbers(some, 'label')).toEqual(places.map((row) => expected.idx.labels[row!]));
  });

  it.each([
    ['a wrong type', [0, 0, 7, 1, 0, 0, 0, 1, 5], /begins with the bytes 00 00 07 01/],
    ['no axes', [0, 0, 8, 0], /no IDX file/],
    ['half a header', [0, 0, 8, 3, 0, 0, 0, 1], /cut off within its header/],
    ['extents beyond all bytes', [0, 0, 8, 2, 255, 255, 255, 255, 0, 0, 1, 0, 5], /cut off/],
    ['an extent of zero', [0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 1, 0], /no values/],
    ['bytes too many', [0, 0, 8, 1, 0, 0, 0, 1, 5, 5], /longer than its header says/],
  ])('with %s are refused', async (_, bytes, sentence) => {
    expect(await refusal('a.idx', Uint8Array.from(bytes), { format: 'idx' })).toMatch(sentence);
    expect(await refusal('a.idx.gz', gzipSync(Uint8Array.from(bytes)), { format: 'idx' })).toMatch(
      sentence.source.includes('longer') || sentence.source.includes('cut') ? /longer|cut off/ : sentence,
    );
  });

  it('that claim more than gzip can hold are refused at once', async () => {
    const bomb = gzipSync(Uint8Array.from([0, 0, 8, 2, 0, 255, 255, 255, 0, 0, 1, 0]));
    expect(await refusal('a.idx.gz', bomb, { format: 'idx' })).toMatch(/cut off/);
  });

  it('that are damaged within gzip are refused', async () => {
    const content = fixture('train-images-idx3-ubyte.gz');
    content[content.length - 6]! ^= 1;
    expect(await refusal('a.idx.gz', content, { labels })).toMatch(/compressed file is damaged/);
    expect(await refusal('a.idx.gz', fixture('train-images-idx3-ubyte.gz').slice(0, 60), { labels })).toMatch(
      /compressed file is damaged|cut off/,
    );
  });

  it('need as many labels as images', async () => {
    const few = fileOf('few.npy', fixture('flat.npy'));
    expect(await refusal('train-images-idx3-ubyte', undefined, { labels: few })).toMatch(
      /has 8 rows, but few\.npy has 5 labels/,
    );
  });
});
