/** Formats of files that hold a data set. */
export const dataFormats = ['csv', 'tsv', 'json', 'jsonl', 'parquet', 'npy', 'npz', 'idx'] as const;
export type DataFormat = (typeof dataFormats)[number];

/** Names that files with data have, also compressed with gzip; `train-images-idx3-ubyte` as MNIST's are called. */
export const dataFileName = /(\.(csv|tsv|json|jsonl|ndjson|parquet|pq|npy|npz|idx)|[-.]idx\d-\w+)(\.gz)?$/i;

/** Names of JSON files that hold no rows: experiments, and what belongs to programs. */
export const noDataFileName =
  /\.losslab\.json$|^(package(-lock)?|[jt]sconfig(\.\w+)?|settings|launch|tasks|extensions)\.json$/i;
