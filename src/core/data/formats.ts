/** Formats of files that hold a data set. */
export const dataFormats = ['csv', 'tsv', 'json', 'jsonl', 'parquet', 'npy', 'npz', 'idx'] as const;
export type DataFormat = (typeof dataFormats)[number];
