import type { Column } from '../core/data/dataset.ts';
import { valueNames } from '../core/data/features.ts';
import { detectAll } from '../core/data/layout.ts';
import { readTable } from '../core/data/readers/readTable.ts';
import type { FileRow } from '../core/data/records.ts';
import { ok, type Result } from '../core/messages/message.ts';
import { readingOf } from './dataFile.ts';
import type { FileBytes } from './fileBytes.ts';
import { allowance, roomForData } from './memory.ts';

/** The rows of a file of any format as text cells, which is how rows to predict are encoded. */
interface CellTable {
  readonly names: readonly string[];
  /** Columns that are repeated beside the answers: those with one value a row. */
  readonly shown: readonly number[];
  readonly rows: number;
  /** Row i from 0. */
  readonly row: (i: number) => FileRow;
}

/** Reads a file into memory; of its arrays the values that the model needs, by the names that training gave them. */
export async function cellTable(
  source: FileBytes,
  needed: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Result<CellTable>> {
  const mostBytes = roomForData(process.memoryUsage.rss(), allowance(undefined));
  // What training called the rows of one array with labels beside it.
  const unlabelled = [...needed].some((name) => /^image \d/.test(name));
  const read = await readTable(
    source,
    { format: 'auto', layout: detectAll, unlabelled },
    readingOf({ signal, mostBytes }),
  );
  if (!read.ok) return read;
  const { rows, rowNumbers, columns } = read.value;
  const cells = columns.flatMap((column) => cellsOf(column, needed));
  return ok(
    {
      names: cells.map(({ name }) => name),
      shown: cells.flatMap(({ shown }, i) => (shown ? [i] : [])),
      rows,
      row: (i) => ({ row: rowNumbers[i]!, cells: cells.map(({ text }) => text(i)) }),
    },
    read.warnings,
  );
}

interface Cells {
  readonly name: string;
  readonly shown: boolean;
  readonly text: (row: number) => string;
}

/** The cells of a column in a row: one, or those of its values that the model needs. */
function cellsOf(column: Column, needed: ReadonlySet<string>): Cells[] {
  const number = (value: number): string => (Number.isNaN(value) ? '' : String(value));
  const { name } = column;
  switch (column.kind) {
    case 'number':
      return [{ name, shown: true, text: (row) => number(column.values[row]!) }];
    case 'text':
      return [{ name, shown: true, text: (row) => column.categories[column.codes[row]!] ?? '' }];
    case 'array': {
      const { values } = column;
      const names = valueNames(name, column.shape);
      return names.flatMap((each, i): Cells[] =>
        needed.has(each)
          ? [{ name: each, shown: false, text: (row) => number(values[row * names.length + i]!) }]
          : [],
      );
    }
    case 'unusable': {
      const { times } = column;
      return times === undefined ? [] : [{ name, shown: false, text: (row) => number(times[row]!) }];
    }
  }
}
