/** Reads a directory of golden files, runs what we implement, and counts. No console, no exit: see scripts/golden.ts. */
import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { runCases as runLosses } from './losses.ts';
import { runOptimizers } from './optimizers.ts';
import { runTrajectories } from './trajectories.ts';
import { fileSchema, type CaseResult, type CaseRunner, type GoldenFile } from './types.ts';

/** Families with a runner of their own; every other family is one of losses. */
const runners: Readonly<Record<string, CaseRunner>> = {
  optimizers: runOptimizers,
  trajectories: runTrajectories,
};
/** Families of something we do not have. */
const others: Readonly<Record<string, string>> = {
  schedules: 'learning-rate schedules are not offered',
  grad_clip: 'gradient clipping is not offered',
};

interface FileReport {
  readonly file: GoldenFile;
  readonly results: readonly CaseResult[];
}
export interface Report {
  readonly files: readonly FileReport[];
  /** Files that could not be read, and why. */
  readonly unreadable: readonly string[];
}

/** Runs every `.json` file of a directory. Rejects when the directory cannot be read. */
export async function runDirectory(directory: string): Promise<Report> {
  const names = fs
    .readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort();
  const files: GoldenFile[] = [];
  const unreadable: string[] = [];
  for (const name of names) {
    try {
      files.push(parseFile(name, fs.readFileSync(path.join(directory, name), 'utf8')));
    } catch (error) {
      unreadable.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const context = { files: new Map(files.map((file) => [file.family, file])) };
  const reports: FileReport[] = [];
  for (const file of files) {
    const runner = runners[file.family] ?? (file.family in others ? skipAll : runLosses);
    const results: CaseResult[] = [];
    // One at a time: a case that a runner cannot read fails alone.
    for (const one of file.cases) {
      try {
        results.push(...(await runner({ ...file, cases: [one] }, context)));
      } catch (error) {
        results.push({ id: one.id, outcome: 'failed', reason: `threw: ${String(error)}` });
      }
    }
    reports.push({ file, results });
  }
  return { files: reports, unreadable };
}

const skipAll: CaseRunner = (file) =>
  file.cases.map(({ id }) => ({ id, outcome: 'skipped', reason: others[file.family] ?? 'not offered' }));

/** Parses one golden file; throws an Error that says what is wrong. */
export function parseFile(name: string, text: string): GoldenFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`not JSON: ${String(error)}`, { cause: error });
  }
  const parsed = v.safeParse(fileSchema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Error(
      `not a golden file of schema 1: ${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`,
    );
  }
  const { family, cases = [], ...rest } = parsed.output;
  return { name, family, cases, rest };
}

/** Counts of outcomes. */
export function count(results: readonly CaseResult[]): Record<CaseResult['outcome'], number> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { outcome } of results) counts[outcome]++;
  return counts;
}
