// Runs golden cases (values and gradients from real frameworks) against this code: npm run golden -- [DIR]
import path from 'node:path';
import { count, groups, runDirectory, type Report } from '../test/golden/run.ts';
import type { CaseResult } from '../test/golden/types.ts';

const root = path.resolve(import.meta.dirname, '..');
const directory = path.resolve(process.argv[2] ?? path.join(root, 'test/fixtures/golden'));

/** A line per loss and convention, and below it what failed or is not covered. */
function print(report: Report): number {
  const all = groups(report);
  const width = (of: (group: (typeof all)[number]) => string) =>
    Math.max(...all.map((group) => of(group).length), 0);
  const nameWidth = width(({ name }) => name);
  const conventionWidth = width(({ convention }) => convention);
  for (const { name, convention, results } of all) {
    const { passed, failed, skipped } = count(results);
    const counts = [
      [passed, 'passed'],
      [failed, 'failed'],
      [skipped, 'skipped'],
    ] as const;
    const said = counts.flatMap(([n, word]) => (n > 0 ? [`${n} ${word}`] : [])).join(', ');
    console.log(`${name.padEnd(nameWidth)}  ${convention.padEnd(conventionWidth)}  ${said}`);
    for (const [reason, n] of reasons(results)) console.log(`    ${n} skipped: ${reason}`);
    for (const result of results)
      if (result.outcome === 'failed') console.log(`    FAILED ${result.id}: ${result.reason}`);
  }
  for (const problem of report.unreadable) console.log(`UNREADABLE ${problem}`);
  const total = count(report.files.flatMap(({ results }) => results));
  if (total.passed + total.failed === 0) console.log(`No case in ${directory} was run.`);
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 || report.unreadable.length > 0 || total.passed === 0 ? 1 : 0;
}

/** Why cases were skipped, and how many for each reason. */
function reasons(results: readonly CaseResult[]): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  for (const result of results)
    if (result.outcome === 'skipped') counted.set(result.reason, (counted.get(result.reason) ?? 0) + 1);
  return counted;
}

try {
  process.exitCode = print(await runDirectory(directory));
} catch (error) {
  console.error(`Cannot run ${directory}: ${error instanceof Error ? error.message : String(error)}`);
  console.log('0 passed, 0 failed, 0 skipped');
  process.exitCode = 2;
}
