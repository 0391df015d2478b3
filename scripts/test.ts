// `npm test`: everything that needs only Node, npm and apt. Installs the VS Code and the browser that it needs, checks
// the code, runs all suites and ends with one line `N passed, N failed`.
//   npm test -- --only unit,host     runs some stages (checks, unit, golden, package, host, ui)
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { targets } from './packageDawn.ts';
import { findChromium } from './vscode/server.ts';
import { setUpVSCode } from './vscode/setup.ts';

const root = path.resolve(import.meta.dirname, '..');
const out = path.join(root, 'out');
const bin = (name: string): string => path.join(root, 'node_modules', name);
const onlyAt = process.argv.indexOf('--only');
const only = onlyAt === -1 ? undefined : new Set((process.argv[onlyAt + 1] ?? '').split(','));
const wanted = (stage: string): boolean => only?.has(stage) ?? true;
let passed = 0;
let failed = 0;

/** Runs Node on a script; its exit code. */
function node(...args: string[]): number {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}
const tsx = (...args: string[]): number => node('--import', 'tsx', ...args);

/** A stage whose outcome is one yes or no. */
function check(name: string, code: number): void {
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'}  ${name}`);
  if (code === 0) passed++;
  else failed++;
}

const vitestSchema = v.object({
  numPassedTests: v.number(),
  numFailedTests: v.number(),
  numPendingTests: v.number(),
  numFailedTestSuites: v.number(),
});

/** A vitest configuration; every test counts, and so does a run that broke. */
function vitest(name: string, config: string): void {
  const file = path.join(out, `${name}.json`);
  fs.rmSync(file, { force: true });
  const code = node(
    bin('vitest/vitest.mjs'),
    'run',
    '--config',
    config,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  );
  if (!fs.existsSync(file)) {
    check(`${name}: vitest wrote its results`, 1);
    return;
  }
  const result = v.parse(vitestSchema, JSON.parse(fs.readFileSync(file, 'utf8')));
  passed += result.numPassedTests;
  failed += result.numFailedTests;
  if (code !== 0 && result.numFailedTests === 0) check(`${name}: ended well`, code);
  if (result.numPassedTests === 0) check(`${name}: some test ran`, 1);
}

/** A program that ends with `…N passed, N failed…`. */
function counted(name: string, ...args: string[]): void {
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
  process.stdout.write(result.stdout);
  const counts = [...result.stdout.matchAll(/(\d+) passed, (\d+) failed/g)].at(-1);
  if (counts === undefined || Number(counts[1]) === 0) {
    check(`${name}: some test ran`, 1);
    return;
  }
  passed += Number(counts[1]);
  failed += Number(counts[2]);
  if (result.status !== 0 && Number(counts[2]) === 0) check(`${name}: ended well`, 1);
}

/** Installs Debian's Chromium, and the Vulkan loader with which its software adapter serves WebGPU tests. */
function installChromium(): void {
  const vulkan = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64'].some((folder) =>
    fs.existsSync(path.join(folder, 'libvulkan.so.1')),
  );
  if (hasChromium() && (vulkan || process.platform !== 'linux')) return;
  if (process.platform !== 'linux')
    throw new Error('No Chromium found: set CHROMIUM to the path of a Chrome or Chromium.');
  const apt = (...args: string[]): number => {
    const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
    const [command, ...rest] = [...asRoot, 'apt-get', ...args];
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    return spawnSync(command!, rest, { stdio: 'inherit', env }).status ?? 1;
  };
  console.log('Installing Chromium (apt-get install chromium libvulkan1) …');
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', 'chromium', 'libvulkan1');
  if (!hasChromium())
    throw new Error('Chromium could not be installed. Run: sudo apt-get install chromium libvulkan1');
}

function hasChromium(): boolean {
  try {
    findChromium();
    return true;
  } catch {
    return false;
  }
}

fs.mkdirSync(out, { recursive: true });
if (wanted('host') || wanted('ui') || wanted('unit') || wanted('package')) installChromium();
if (wanted('host') || wanted('ui')) setUpVSCode();
if (wanted('checks')) {
  check('types', tsx('scripts/types.ts'));
  check('eslint', node(bin('eslint/bin/eslint.js'), '.'));
  check('prettier', node(bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'));
  check('no unused code or dependency (knip)', node(bin('knip/bin/knip.js')));
  check('generated files are fresh', tsx('scripts/generate.ts', '--check'));
}
if (wanted('package')) {
  check('npm run package', tsx('scripts/package.ts'));
  check('ThirdPartyNotices are fresh', tsx('scripts/notices.ts', '--check'));
  const target = targets.find((t) => t === `${process.platform}-${process.arch}`);
  if (target !== undefined)
    check(`npm run package -- --target ${target}`, tsx('scripts/package.ts', '--target', target));
  vitest('package', 'vitest.package.config.ts');
}
if (wanted('golden')) counted('golden', '--import', 'tsx', 'scripts/golden.ts');
if (wanted('unit')) vitest('unit', 'vitest.config.ts');
if (wanted('host')) counted('host', '--import', 'tsx', 'test/host/run.ts');
if (wanted('ui')) vitest('ui', 'vitest.ui.config.ts');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
