import * as vscode from 'vscode';

/** Filters of a file dialog for data; IDX files have no ending of their own. */
export function dataFilters(): Record<string, string[]> {
  const endings = ['csv', 'tsv', 'json', 'jsonl', 'ndjson', 'parquet', 'pq', 'npy', 'npz', 'idx', 'gz'];
  return { [vscode.l10n.t('Data')]: endings, [vscode.l10n.t('All Files')]: ['*'] };
}
