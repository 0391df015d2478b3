// The entry that VS Code calls in its extension host (`extensionTestsPath`): the same file serves
// @vscode/test-electron and code-server.
import fs from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';

interface Outcome {
  readonly title: string;
  readonly error?: string;
}

/** Runs every bundled `*.test.cjs` beside this file and writes the outcomes to LOSSLAB_RESULTS. */
export async function run(): Promise<void> {
  const rejections: string[] = [];
  process.on('unhandledRejection', (reason) => {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    // VS Code's own rejections are not ours to fail on.
    if (text.includes('/dist/') || text.includes('loss-lab')) rejections.push(text);
  });
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 60_000,
    color: false,
    ...(process.env['LOSSLAB_GREP'] === undefined ? {} : { grep: process.env['LOSSLAB_GREP'] }),
  });
  for (const file of fs.readdirSync(__dirname).sort())
    if (file.endsWith('.test.cjs')) mocha.addFile(path.join(__dirname, file));
  const outcomes: Outcome[] = [];
  await new Promise<void>((done) => {
    const runner = mocha.run(() => done());
    runner.on('pass', (test) => outcomes.push({ title: test.fullTitle() }));
    runner.on('fail', (test, error: Error) =>
      outcomes.push({ title: test.fullTitle(), error: error.stack ?? error.message }),
    );
  });
  outcomes.push({
    title: 'no unhandled rejection in the extension',
    ...(rejections.length > 0 ? { error: rejections.join('\n') } : {}),
  });
  const results = process.env['LOSSLAB_RESULTS'];
  if (results !== undefined) fs.writeFileSync(results, JSON.stringify(outcomes, undefined, 1));
  const failures = outcomes.filter((o) => o.error !== undefined).length;
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
