import type { DataFormat } from '../formats.ts';
import { looksLikeIdx } from './idx.ts';
import { npyMagic } from './npy.ts';
import { parquetMagic } from './parquet.ts';

const zipMagic = [0x50, 0x4b];
/** Formats by the ending of the name. */
const endings: Readonly<Record<string, DataFormat>> = {
  csv: 'csv',
  txt: 'csv',
  data: 'csv',
  dat: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  json: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
  pq: 'parquet',
  npy: 'npy',
  npz: 'npz',
  idx: 'idx',
};

/**
 * The format of a file by its first bytes and its name. Binary formats have a mark of their own, which counts more than
 * the name; a file that is named as binary and lacks the mark keeps its name's format, so that reading says what is
 * wrong. Other files are text: by their name, else JSON where they begin with a bracket, else CSV. Undefined for other
 * binary files.
 */
export function detectFormat(name: string, head: Uint8Array): DataFormat | undefined {
  const begins = (magic: readonly number[]): boolean => magic.every((byte, i) => head[i] === byte);
  if (begins(parquetMagic)) return 'parquet';
  if (begins(npyMagic)) return 'npy';
  if (begins(zipMagic) && (head[2] === 3 || head[2] === 5)) return 'npz';
  if (looksLikeIdx(head)) return 'idx';
  const named = endings[/\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''] ?? idxByName(name);
  if (named !== undefined) return named;
  const marked = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (!marked && head.includes(0)) return undefined;
  const start = String.fromCharCode(...head.subarray(0, 1000)).trimStart();
  if (start.startsWith('{')) return /^\{[^\n]*\}\s*\n\s*\{/.test(start) ? 'jsonl' : 'json';
  return start.startsWith('[') ? 'json' : 'csv';
}

/** `train-images-idx3-ubyte`, as MNIST's files are called. */
function idxByName(name: string): DataFormat | undefined {
  return /[-.]idx\d-\w+$/.test(name) ? 'idx' : undefined;
}

/** The name of the labels beside MNIST-like images: `train-images-idx3-ubyte.gz` → `train-labels-idx1-ubyte.gz`. */
export function labelsBeside(name: string): string | undefined {
  const labels = name.replace(/images([-.])idx\d/, 'labels$1idx1');
  return labels === name ? undefined : labels;
}
