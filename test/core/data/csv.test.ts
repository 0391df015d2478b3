import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createCsvReader,
  createRecordReader,
  headBytes,
  readCsv,
  sniff,
} from '../../../src/core/data/csv.ts';
import type { Column, Table } from '../../../src/core/data/dataset.ts';
import type { LayoutOptions } from '../../../src/core/data/layout.ts';
import { formatRows, type Delimiter } from '../../../src/core/data/records.ts';
import { english, type Result } from '../../../src/core/messages/message.ts';

const folder = new URL('../../fixtures/csv/', import.meta.url);
const bytesOf = (name: string): Uint8Array => readFileSync(new URL(name, folder));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const auto: LayoutOptions = { delimiter: 'auto', decimal: 'auto', header: 'auto' };

/** A column as plain values: NaN for a missing number, null for missing text, a string for what is unusable. */
function plain(column: Column): unknown {
  if (column.kind === 'number') return [...column.values];
  if (column.kind === 'text')
    return [...column.codes].map((code) => (code < 0 ? null : column.categories[code]));
  return column.kind === 'unusable' ? `unusable: ${column.distinct}` : column.kind;
}

function read(content: Uint8Array, options: LayoutOptions = auto, piece = content.length + 1) {
  const reader = createCsvReader(options);
  for (let at = 0; at < content.length; at += piece) {
    const pushed = reader.push(content.subarray(at, at + piece));
    if (!pushed.ok) return { layout: reader.layout, result: pushed as Result<Table> };
  }
  return { layout: reader.layout, result: reader.finish(), after: reader.layout };
}

function table(result: Result<Table>): Table {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => english(message)).join('\n'));
  return result.value;
}

interface Expected {
  /** Delimiter, decimal mark, h for header or -, encoding. */
  readonly layout?: string;
  readonly columns?: Readonly<Record<string, unknown>> | readonly (readonly [string, unknown])[];
  readonly rowNumbers?: readonly number[];
  readonly warnings?: readonly string[];
  readonly error?: string;
  readonly where?: unknown;
}

/** Written by hand from the files' bytes. */
const corpus: Readonly<Record<string, Expected>> = {
  'utf8-bom.csv': { layout: ', . h utf-8', columns: { name: ['Ärger', 'ö'], x: [1, 2] }, rowNumbers: [2, 3] },
  'utf16le.csv': { layout: '; , h utf-16le', columns: { name: ['Ä😀', '東京'], x: [1.5, 2.5] } },
  'utf16be.csv': { layout: '\t . h utf-16be', columns: { name: ['Ä😀', '東京'], x: [1.5, 2.5] } },
  'utf16-odd.csv': { error: 'Byte 18 is not valid UTF-16LE. Save the file as UTF-8.' },
  'windows-1252.csv': {
    layout: '; , h windows-1252',
    columns: { stadt: ['Köln', 'München', '5 €'], wert: [1.5, 2.25, 3] },
    warnings: [
      'The file is not UTF-8 (byte 12 cannot be); it was read as windows-1252. If letters look wrong, save it as UTF-8.',
    ],
  },
  'gbk.csv': {
    layout: ', . h windows-1252',
    columns: { '³ÇÊÐ': ['±±¾©', 'ÉÏº£'], Öµ: [1, 2] },
    warnings: [
      'The file is not UTF-8 (byte 0 cannot be); it was read as windows-1252. If letters look wrong, save it as UTF-8.',
    ],
  },
  'utf8-broken.csv': { error: 'Byte 12 is not valid UTF-8. Save the file as UTF-8.' },
  'utf8-bom-broken.csv': { error: 'Byte 9 is not valid UTF-8. Save the file as UTF-8.' },
  'utf8-cut-off.csv': { error: 'Byte 12 is not valid UTF-8. Save the file as UTF-8.' },
  'nul.csv': { error: 'This is not a text file: byte 8 is zero. Save the table as CSV in UTF-8.' },
  'semicolon-decimal-comma.csv': { layout: '; , h utf-8', columns: { a: [1.5], b: [2.5] } },
  'semicolon-no-header.csv': {
    layout: '; , - utf-8',
    columns: { 'column 1': [1.5, 3.25, -0.5], 'column 2': [2.5, 4, 100] },
    rowNumbers: [1, 2, 3],
  },
  'text-decimal-comma.csv': {
    layout: '; , - utf-8',
    columns: { 'column 1': ['x', 'y', 'z'], 'column 2': [1.5, 2.5, 3.5] },
  },
  'tab.tsv': {
    layout: '\t . h utf-8',
    columns: { x: [1, 3], y: [2.5, 4.5], name: ['New York, NY', 'Rome; Italy'] },
  },
  'bar.csv': { layout: '| . h utf-8', columns: { x: [1, 3], y: [2, 4] } },
  'blanks.txt': { layout: '  . h utf-8', columns: { x: [1, 10], y: [2, 20], name: ['a', 'b'] } },
  'sentences.csv': {
    layout: ', . h utf-8',
    columns: { text: ['the cat sat', 'a dog ran', 'birds can fly'], label: ['yes', 'no', 'yes'] },
  },
  'dates.csv': {
    layout: ', . h utf-8',
    columns: { when: ['2024-01-01 10:00:00', '2024-01-02 11:30:00'], x: [5, 6] },
  },
  'quoted-decimal-comma.csv': { layout: ', , h utf-8', columns: { a: [1.5, 3.5], b: [2.25, 4] } },
  'thousands.csv': { layout: ', . h utf-8', columns: { a: ['1,234', '2,500'], b: [1, 2] } },
  'cr.csv': { layout: ', . h utf-8', columns: { x: [1, 3], y: [2, 4] }, rowNumbers: [2, 3] },
  'mixed-line-ends.csv': { layout: ', . h utf-8', columns: { x: [1, 2, 3], name: ['a', 'b', 'c'] } },
  'no-final-line-end.csv': { layout: ', . h utf-8', columns: { x: [1, 3], y: [2, 4] } },
  'blank-lines.csv': { layout: ', . h utf-8', columns: { x: [1, 3], y: [2, 4] }, rowNumbers: [5, 8] },
  'quotes.csv': {
    layout: ', . h utf-8',
    columns: { name: ['a "b", c', 'two\nlines', '5" pipe'], x: [1, 2, 3] },
    rowNumbers: [2, 3, 5],
  },
  'quote-not-closed.csv': {
    error:
      'Row 3: a quote is opened and never closed. Close it, or double it ("") if it belongs to the text.',
    where: { row: 3 },
  },
  'text-after-quote.csv': {
    error: 'Row 3: text follows a closing quote. Double the quotes inside a quoted cell ("").',
    where: { row: 3 },
  },
  'short-row.csv': {
    layout: ', . h utf-8',
    columns: { a: [1, 4, 6, 7], b: [2, 5, NaN, 8], c: [3, NaN, NaN, 9] },
    warnings: [
      '2 rows have fewer cells than there are columns; what they lack counts as missing: rows 3, 4.',
    ],
  },
  'long-row.csv': {
    error:
      'Row 3 has 3 cells where 2 are expected. Put text that contains the delimiter in quotes, or correct the row.',
    where: { row: 3, column: 3 },
  },
  'trailing-delimiter.csv': {
    layout: ', . h utf-8',
    columns: { a: [1, 3], b: [2, 4], 'column 3': 'unusable: 0' },
    warnings: ['Column 3 has no name; it is called "column 3".'],
  },
  'header-trailing-delimiter.csv': { layout: ', . h utf-8', columns: { a: [1, 3], b: [2, 4] } },
  'duplicate-names.csv': {
    layout: ', . h utf-8',
    columns: { x: [1, 5], 'x (3)': [2, 6], 'x (2)': [3, 7], y: [4, 8] },
    warnings: ['Column 2 has the name "x" of an earlier column; it is called "x (3)".'],
  },
  'unnamed.csv': {
    layout: ', . h utf-8',
    columns: { 'column 1': [0, 1], x: [5, 6], 'column 3': ['a', 'b'] },
    warnings: [
      'Column 1 has no name; it is called "column 1".',
      'Column 3 has no name; it is called "column 3".',
    ],
  },
  'prototype.csv': {
    layout: ', . h utf-8',
    columns: [
      ['__proto__', [1, 4]],
      ['constructor', [2, 5]],
      ['toString', [3, 6]],
    ],
  },
  'no-header.csv': {
    layout: ', . - utf-8',
    columns: {
      'column 1': [5.1, 4.9, 6.3],
      'column 2': [3.5, 3, 3.3],
      'column 3': ['setosa', 'setosa', 'virginica'],
    },
  },
  'text-header.csv': { layout: ', . h utf-8', columns: { name: ['Anna', 'Bert'], city: ['Rome', 'Bonn'] } },
  'text-no-header.csv': {
    layout: ', . - utf-8',
    columns: { 'column 1': ['yes', 'no', 'yes'], 'column 2': ['no', 'no', 'yes'] },
  },
  'empty.csv': { error: 'The file is empty.' },
  'only-blank.csv': { error: 'The file is empty.' },
  'only-mark.csv': { error: 'The file is empty.' },
  'header-only.csv': { error: 'The file has a header but no rows.', where: { row: 1 } },
  'one-row.csv': { layout: ', . h utf-8', columns: { a: [1], b: [2] } },
  'one-column.csv': { layout: ', . h utf-8', columns: { x: [1, 2, 3] } },
  'missing.csv': {
    layout: ', . h utf-8',
    columns: {
      x: [NaN, NaN, NaN, NaN, NaN, NaN, 1, 2],
      name: [null, null, null, null, null, null, 'None', 'b'],
    },
  },
  'numbers.csv': {
    layout: ', . h utf-8',
    columns: { x: [-0, 1.5, 0.5, 5, 1000, -0.0025, 7, 0.1, 1.2345678901234568e29] },
  },
  'not-numbers.csv': {
    layout: ', . h utf-8',
    columns: {
      a: ['0x10', '0x11'],
      b: ['1_000', '2_000'],
      c: ['12%', '13%'],
      d: ['1.2.3', '1.2.4'],
      e: ['1e', '2e'],
    },
  },
  'infinite.csv': {
    layout: ', . h utf-8',
    columns: { x: [1, Infinity, 4, -Infinity, Infinity], y: [2, 3, 5, 6, 7] },
  },
  'stray-text.csv': {
    layout: ', . h utf-8',
    columns: {
      x: Array.from({ length: 40 }, (_, i) => (i === 19 ? NaN : i + 1)),
      y: Array.from({ length: 40 }, (_, i) => 2 * (i + 1)),
    },
  },
  'mixed-codes.csv': {
    layout: ', . h utf-8',
    columns: { code: ['12', 'A7', '12', 'B1', '9'], y: [1, 2, 3, 4, 5] },
  },
  'emoji.csv': { layout: ', . h utf-8', columns: { '🙂': [1, 2], ñ: ['a', 'b'] } },
  'unusable.csv': {
    layout: ', . h utf-8',
    columns: {
      id: Array.from({ length: 10 }, (_, i) => `p${i + 1}`),
      fixed: new Array(10).fill(7),
      empty: 'unusable: 0',
      x: Array.from({ length: 10 }, (_, i) => i + 1),
      y: Array.from({ length: 10 }, (_, i) => (i + 1) ** 2),
    },
  },
};

describe('the corpus', () => {
  it('has an expectation for every file', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(corpus).sort());
  });

  for (const [name, expected] of Object.entries(corpus)) {
    // One piece; single bytes, so that every border falls inside something; and pieces in between.
    for (const piece of [Infinity, 1, 7]) {
      it(`${name} in pieces of ${piece}`, () => {
        const { result, after } = read(bytesOf(name), auto, piece === Infinity ? undefined : piece);
        if (expected.error !== undefined) {
          expect(result.ok).toBe(false);
          if (result.ok) return;
          expect(result.problems.map(({ message }) => english(message))).toEqual([expected.error]);
          if (expected.where !== undefined) expect(result.problems[0]!.where).toEqual(expected.where);
          return;
        }
        const { columns, rowNumbers } = table(result);
        const entries = Array.isArray(expected.columns)
          ? expected.columns
          : Object.entries(expected.columns ?? {});
        expect(columns.map((column) => [column.name, plain(column)])).toEqual(entries);
        expect(
          `${after?.delimiter} ${after?.decimal} ${after?.header === true ? 'h' : '-'} ${after?.encoding}`,
        ).toBe(expected.layout);
        if (expected.rowNumbers !== undefined) expect([...rowNumbers]).toEqual(expected.rowNumbers);
        expect(result.ok && result.warnings.map(({ message }) => english(message))).toEqual(
          expected.warnings ?? [],
        );
      });
    }
  }
});

describe('cells that cannot be used', () => {
  it('are kept with row and text', () => {
    const infinite = table(read(bytesOf('infinite.csv')).result).columns[0]!;
    expect(infinite.kind === 'number' && infinite.infinite).toEqual({
      count: 3,
      first: [
        { row: 3, text: '1e999' },
        { row: 5, text: '-Infinity' },
        { row: 6, text: 'inf' },
      ],
    });
    const stray = table(read(bytesOf('stray-text.csv')).result).columns[0]!;
    expect(stray.kind === 'number' && stray.texts).toEqual({ count: 1, first: [{ row: 21, text: 'n.v.' }] });
  });

  it('more than 1,000 different texts make no categories, 1,000 do', () => {
    const rows = (n: number) => bytes(`name,y\n${Array.from({ length: n }, (_, i) => `t${i},1\n`).join('')}`);
    expect(table(read(rows(1000)).result).columns[0]!.kind).toBe('text');
    expect(plain(table(read(rows(1001)).result).columns[0]!)).toBe('unusable: 1000');
  });

  it('text that first comes late still makes a column of text', () => {
    const late = bytes(`code\n${'1\n'.repeat(900)}${'A\n'.repeat(100)}`);
    const column = table(read(late).result).columns[0]!;
    expect(column.kind === 'text' && column.categories).toEqual(['1', 'A']);
    expect(column.kind === 'text' && [...column.codes.subarray(898, 902)]).toEqual([0, 0, 1, 1]);
  });
});

describe('options', () => {
  it('override detection', () => {
    const content = bytes('1,5;2\n3,5;4\n');
    const fixed = table(read(content, { delimiter: ',', decimal: '.', header: 'yes' }).result);
    expect(fixed.columns.map(({ name }) => name)).toEqual(['1', '5;2']);
    expect(fixed.rows).toBe(1);
    const years = bytes('country,1990,2000\nA,1.5,2.5\nB,3.5,4.5\n');
    expect(read(years).layout?.header).toBe(undefined);
    expect(table(read(years, { ...auto, header: 'yes' }).result).columns.map(({ name }) => name)).toEqual([
      'country',
      '1990',
      '2000',
    ]);
  });
});

describe('large files', () => {
  const row = '5.1,3.5,1.4,0.2,setosa\n';
  const big = bytes(`a,b,c,d,species\n${row.repeat(25_000)}`);

  it('read the same whole and in pieces, with progress', async () => {
    expect(big.length).toBeGreaterThan(2 * headBytes);
    const whole = table(read(big).result);
    expect(whole.rows).toBe(25_000);
    const pieces = Array.from({ length: Math.ceil(big.length / 65_536) }, (_, i) =>
      big.subarray(i * 65_536, (i + 1) * 65_536),
    );
    const seen: number[] = [];
    const result = await readCsv(pieces, auto, { onProgress: (n) => seen.push(n) });
    expect(table(result)).toEqual(whole);
    expect(seen).toHaveLength(pieces.length);
    expect(seen.at(-1)).toBe(big.length);
  });

  it('stop when asked to', async () => {
    const signal = { aborted: false };
    let given = 0;
    const endless = function* () {
      for (;;) {
        given++;
        yield bytes(row.repeat(1000));
      }
    };
    const result = await readCsv(endless(), auto, {
      signal,
      onProgress: (n) => {
        if (n > 2_000_000) signal.aborted = true;
      },
    });
    expect(!result.ok && result.problems.map(({ message }) => english(message))).toEqual([
      'Reading was cancelled.',
    ]);
    expect(given).toBeLessThan(100);
  });

  it('report what the stream throws', async () => {
    const failing = async function* () {
      yield bytes('a,b\n1,2\n');
      await Promise.resolve();
      throw new Error('ENOENT: no such file');
    };
    const result = await readCsv(failing());
    expect(!result.ok && result.problems.map(({ message }) => english(message))).toEqual([
      'The file cannot be read: ENOENT: no such file',
    ]);
  });

  it('with a quote that is never closed end with the row, not in all memory', () => {
    const reader = createRecordReader();
    let problem: string | undefined;
    let pushed = 0;
    const head = bytes(`name,x\n${'a,1\n'.repeat(70_000)}"b,2\n`);
    const more = bytes('c,3\n'.repeat(16_384));
    for (let i = 0; problem === undefined && i < 400; i++) {
      const result = reader.push(i === 0 ? head : more);
      pushed++;
      if (!result.ok) problem = english(result.problems[0]!.message);
    }
    expect(problem).toBe('Row 70002 is longer than 4000000 characters. Is a closing quote missing?');
    expect(pushed).toBeLessThan(200);
  });

  it('switch to windows-1252 at the first byte that cannot be UTF-8, however late', () => {
    const head = bytes(`name,x\n${'abc,1\n'.repeat(60_000)}`);
    const content = new Uint8Array(head.length + 6);
    content.set(head);
    content.set([0x4b, 0xf6, 0x6c, 0x6e, 0x2c, 0x32], head.length);
    const { result } = read(content, auto, 65_536);
    const column = table(result).columns[0]!;
    expect(column.kind === 'text' && column.categories).toEqual(['abc', 'Köln']);
    expect(result.ok && result.warnings[0]?.message.args).toEqual({ offset: head.length + 1 });
  });

  it('with 10,000 columns', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`);
    const content = bytes(`${names.join(';')}\n${names.map((_, i) => `${i},5`).join(';')}\n`);
    const { columns } = table(read(content).result);
    expect(columns).toHaveLength(10_000);
    expect(plain(columns[9_999]!)).toEqual([9_999.5]);
  });
});

describe('RFC 4180', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('"', ',', ';', '\n', '\r', '\t', ' ', 'a', '1', '|') }),
  );

  it('rows survive writing and reading, whatever is in the cells and wherever the pieces end', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Delimiter>(',', ';', '\t', '|'),
        fc
          .integer({ min: 2, max: 5 })
          .chain((width) =>
            fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
          ),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 20 }),
        (delimiter, rows, lineEnd, piece) => {
          // By the RFC's own rules: every cell quoted, quotes doubled.
          const text = rows
            .map((cells) => cells.map((c) => `"${c.replaceAll('"', '""')}"`).join(delimiter) + lineEnd)
            .join('');
          const content = bytes(text);
          const reader = createRecordReader({ delimiter, decimal: '.', header: 'no' });
          const read: (readonly string[])[] = [];
          for (let at = 0; at < content.length; at += piece) {
            const pushed = reader.push(content.subarray(at, at + piece));
            if (pushed.ok) read.push(...pushed.value.map(({ cells }) => cells));
            expect(pushed.ok).toBe(true);
          }
          const finished = reader.finish();
          if (text.trim().length === 0) return;
          expect(finished.ok).toBe(true);
          if (finished.ok) read.push(...finished.value.map(({ cells }) => cells));
          expect(read).toEqual(rows.map((cells) => cells.map((c) => c.trim())));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('what we write, we read', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 6 }),
        (rows) => {
          const reader = createRecordReader({ delimiter: ',', decimal: '.', header: 'no' });
          reader.push(bytes(formatRows(rows, ',')));
          const finished = reader.finish();
          expect(finished.ok && finished.value.map(({ cells }) => cells)).toEqual(
            rows.map((cells) => cells.map((c) => c.trim())),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('any bytes give a table or problems, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 50 }), (content, piece) => {
        const { result } = read(content, auto, piece);
        expect(typeof result.ok).toBe('boolean');
        const sniffed = sniff(content, content.length);
        if (result.ok) expect(sniffed.ok).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('sniff', () => {
  it('shows what the quick pick needs', () => {
    const content = bytes('id;size;kind\n1;1,5;a\n2;2,5;b\n3;;a\n');
    const result = sniff(content, content.length);
    expect(result.ok && result.value).toEqual({
      delimiter: ';',
      decimal: ',',
      header: true,
      newline: '\n',
      encoding: 'utf-8',
      names: ['id', 'size', 'kind'],
      rows: 3,
      totalRows: 3,
      exact: true,
      columns: [
        { name: 'id', kind: 'number', samples: ['1', '2', '3'], distinct: 3, whole: true },
        { name: 'size', kind: 'number', samples: ['1,5', '2,5', ''], distinct: 2, whole: false },
        { name: 'kind', kind: 'text', samples: ['a', 'b', 'a'], distinct: 2, whole: false },
      ],
    });
  });

  it('estimates the rows of a file from its beginning, which may end anywhere', () => {
    const content = bytes(`x,name\n${'1,"Zoë"\n'.repeat(50_000)}`);
    for (const seen of [20_000, 20_001, 20_002, 20_003, 20_004, 20_005, 20_006, 20_007]) {
      const result = sniff(content.subarray(0, seen), content.length);
      expect(result.ok).toBe(true);
      if (!result.ok) return;
      expect(result.value.exact).toBe(false);
      expect(result.value.encoding).toBe('utf-8');
      expect(Math.abs(result.value.totalRows - 50_000)).toBeLessThan(100);
      expect(result.value.columns.map(({ kind }) => kind)).toEqual(['number', 'text']);
    }
  });

  it('reports what reading would', () => {
    for (const name of ['empty.csv', 'header-only.csv', 'nul.csv', 'quote-not-closed.csv', 'long-row.csv']) {
      const content = bytesOf(name);
      const result = sniff(content, content.length);
      expect(!result.ok && result.problems.map(({ message }) => english(message))).toEqual([
        corpus[name]!.error,
      ]);
    }
  });
});
