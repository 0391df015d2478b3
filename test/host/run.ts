// Runs the host suite in a real VS Code against what the VSIX contains.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { packaged } from '../../scripts/packaged.ts';
import { bundleForHost, runInHost } from '../../scripts/vscode/host.ts';

const root = path.resolve(import.meta.dirname, '../..');
const outcomesSchema = v.array(v.object({ title: v.string(), error: v.optional(v.string()) }));

const tests = fs.readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test.ts'));
const suite = await bundleForHost('host', [
  'test/host/index.ts',
  ...tests.map((file) => `test/host/${file}`),
]);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'losslab-host-'));
const results = path.join(scratch, 'results.json');
const grep = process.env['LOSSLAB_GREP'];
const code = await runInHost({
  extension: packaged(),
  suite: path.join(suite, 'index.cjs'),
  workspace: path.join(root, 'test/fixtures/workspace'),
  env: {
    LOSSLAB_RESULTS: results,
    LOSSLAB_ROOT: root,
    ...(grep === undefined ? {} : { LOSSLAB_GREP: grep }),
  },
});

const outcomes = fs.existsSync(results)
  ? v.parse(outcomesSchema, JSON.parse(fs.readFileSync(results, 'utf8')))
  : [];
for (const { title, error } of outcomes)
  console.log(error === undefined ? `  ok    ${title}` : `  FAIL  ${title}\n${error}`);
const failed = outcomes.filter(({ error }) => error !== undefined).length;
// Exit code 0 alone could mean that nothing ran; the file alone could be an old one.
const believable = outcomes.length > 1 && (code === 0) === (failed === 0);
console.log(`host: ${outcomes.length - failed} passed, ${failed + (believable ? 0 : 1)} failed`);
fs.rmSync(scratch, { recursive: true, force: true });
process.exitCode = believable && failed === 0 ? 0 : 1;
