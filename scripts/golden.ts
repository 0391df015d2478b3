// Runs golden cases (values and gradients from real frameworks) against this code: npm run golden -- [DIR]
import path from 'node:path';
import { count, runDirectory, type Report } from '../test/golden/run.ts';

const root = path.resolve(import.meta.dirname, '..');
const directory = path.resolve(process.argv[2] ?? path.join(root, 'test/fixtures/golden'));

function print(report: Report): number {
  const width = Math.max(6, ...report.files.map(({ file }) => file.name.length));
  const row = (name: string, ...cells: readonly (string | number)[]) =>
    console.log([name.padEnd(width), ...cells.map((cell) => String(cell).padStart(8))].join(' '));
  row('file', 'passed', 'failed', 'skipped');
  for (const { file, results } of report.files) {
    if (results.length === 0) continue;
    const { passed, failed, skipped } = count(results);
    row(file.name, passed, failed, skipped);
  }
  const reasons = new Map<string, number>();
  for (const { file, results } of report.files) {
    for (const result of results) {
      if (result.outcome !== 'skipped') continue;
      const reason = `${file.name}: ${result.reason}`;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  }
  if (reasons.size > 0) console.log('\nskipped:');
  for (const [reason, n] of reasons) console.log(`${String(n).padStart(6)}  ${reason}`);
  for (const { file, results } of report.files) {
    for (const result of results) {
      if (result.outcome === 'failed') console.log(`FAILED ${file.name} ${result.id}: ${result.reason}`);
    }
  }
  for (const problem of report.unreadable) console.log(`UNREADABLE ${problem}`);
  const total = count(report.files.flatMap(({ results }) => results));
  if (total.passed + total.failed === 0) console.log(`No case in ${directory} was run.`);
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 || report.unreadable.length > 0 || total.passed === 0 ? 1 : 0;
}

try {
  process.exitCode = print(await runDirectory(directory));
} catch (error) {
  console.error(`Cannot run ${directory}: ${error instanceof Error ? error.message : String(error)}`);
  console.log('0 passed, 0 failed, 0 skipped');
  process.exitCode = 2;
}
