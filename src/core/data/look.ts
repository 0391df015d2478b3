import type { Message } from '../messages/message.ts';
import type { SniffedColumn } from './csv.ts';
import type { Column, Table } from './dataset.ts';

/** A column as the beginning of a data set shows it; several numbers a row are an array. */
export interface LookedColumn extends Omit<SniffedColumn, 'kind'> {
  readonly kind: SniffedColumn['kind'] | 'array';
  /** Of an array: the extents of one row, the last axis fastest. */
  readonly shape?: readonly number[];
  /** Whether an array came as whole numbers from 0 to 255, as pixels do. */
  readonly bytes?: boolean;
}

/** What a look at a data set shows, of any format, without reading it whole. */
export interface Look {
  /** A file, or a folder of images by class. */
  readonly source: 'file' | 'images';
  readonly columns: readonly LookedColumn[];
  /** Rows seen. */
  readonly rows: number;
  /** Rows of the whole: exact, or estimated by its size. */
  readonly totalRows: number;
  /** Whether the whole was seen. */
  readonly exact: boolean;
  /** How a text file is written. */
  readonly layout?: Message;
}

/** Cells that are shown of a column. */
const shown = 5;

/** The columns of a table that holds the beginning of a data set. */
export function lookedColumns({ columns, rows: all, validationFrom: rows = all }: Table): LookedColumn[] {
  return columns.map((column) => lookedColumn(column, rows));
}

function lookedColumn(column: Column, rows: number): LookedColumn {
  const { name } = column;
  switch (column.kind) {
    case 'number': {
      const values = column.values.subarray(0, rows);
      const there = values.filter((value) => !Number.isNaN(value));
      return {
        name,
        kind: 'number',
        samples: Array.from(values.subarray(0, shown), (value) => (Number.isNaN(value) ? '' : String(value))),
        distinct: new Set(there).size,
        whole: there.every((value) => Number.isInteger(value)),
      };
    }
    case 'text': {
      const codes = column.codes.subarray(0, rows);
      return {
        name,
        kind: 'text',
        samples: Array.from(codes.subarray(0, shown), (code) => column.categories[code] ?? ''),
        distinct: new Set(codes.filter((code) => code >= 0)).size,
        whole: false,
      };
    }
    case 'array':
      return {
        name,
        kind: 'array',
        samples: [],
        distinct: 0,
        whole: false,
        shape: column.shape,
        bytes: column.values instanceof Uint8Array,
      };
    case 'unusable': {
      const isText = column.distinct > 0 && column.nested === undefined;
      return {
        name,
        kind: isText ? 'text' : 'empty',
        samples: isText ? column.texts.first.map(({ text }) => text) : [],
        distinct: column.distinct,
        whole: false,
      };
    }
  }
}
