// Measures in the extension host of a real VS Code, and writes what it measured to LOSSLAB_RESULTS.
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import * as vscode from 'vscode';
import { losses } from '../src/core/losses/catalogue.ts';
import { access, extension, until, workspaceFile } from '../test/host/access.ts';
import { measureLag, type Lag } from './lag.ts';

async function timed(work: () => PromiseLike<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** How late the host's event loop is in a while. */
async function lag(): Promise<Lag> {
  const end = measureLag();
  await new Promise((done) => setTimeout(done, Number(process.env['LOSSLAB_BENCH_MS'] ?? 10_000)));
  return end();
}

/** How long the first hover takes on each loss that a Python framework has under a dotted name. */
async function firstHovers(): Promise<number[]> {
  const names = losses().flatMap(({ apis }) => {
    const api = apis.find(
      ({ form, framework }) =>
        form !== 'string' && ['torch', 'keras', 'optax', 'sklearn'].includes(framework),
    );
    return api === undefined ? [] : [api.name];
  });
  const modules = [...new Set(names.map((name) => name.split('.').slice(0, -1).join('.')))];
  const content = [
    ...modules.map((module) => `import ${module}`),
    ...names.map((name) => `${name}(a, b)`),
  ].join('\n');
  const document = await vscode.workspace.openTextDocument({ language: 'python', content });
  const times: number[] = [];
  for (const [k, name] of names.entries()) {
    const position = new vscode.Position(modules.length + k, name.length - 1);
    let shown: readonly unknown[] = [];
    times.push(
      await timed(async () => {
        shown = await vscode.commands.executeCommand<unknown[]>(
          'vscode.executeHoverProvider',
          document.uri,
          position,
        );
      }),
    );
    if (shown.length === 0) throw new Error(`no hover on ${name}`);
  }
  return times;
}

export async function run(): Promise<void> {
  const measured: Record<string, number> = {};
  // A window that starts is busy with its own extensions; what ours costs is measured once it is at rest.
  await new Promise((done) => setTimeout(done, 4000));
  measured['activation'] = await timed(() => extension().activate());

  const document = await vscode.workspace.openTextDocument(workspaceFile('hover.py'));
  await vscode.window.showTextDocument(document);
  const position = document.positionAt(document.getText().indexOf('HuberLoss') + 2);
  const hover = () => vscode.commands.executeCommand('vscode.executeHoverProvider', document.uri, position);
  // The first hover of a window waits for VS Code and its own extensions; ours is measured after that.
  const other = await vscode.workspace.openTextDocument(workspaceFile('insert.py'));
  await vscode.commands.executeCommand('vscode.executeHoverProvider', other.uri, new vscode.Position(0, 0));
  // A user reads before hovering; the code for hovers is loaded meanwhile.
  await new Promise((done) => setTimeout(done, 3000));
  measured['hover, first'] = await timed(hover);
  const warm: number[] = [];
  for (let i = 0; i < 30; i++) warm.push(await timed(hover));
  measured['hover, median of 30'] = median(warm);

  const firsts = await firstHovers();
  measured['hover, first on a loss, median'] = median(firsts);
  measured['hover, first on a loss, slowest'] = Math.max(...firsts);

  // All losses at once, as one types the hyphen; in Python, for which VS Code itself has no server to start.
  let completing = 0;
  for (const [which, framework] of [
    ['completion, first', 'numpy'],
    ['completion, first in another framework', 'torch'],
  ] as const) {
    const content = `import ${framework}\n\nloss-`;
    const typing = await vscode.workspace.openTextDocument({ language: 'python', content });
    const end = typing.positionAt(content.length);
    const endLag = measureLag();
    measured[which] = await timed(() =>
      vscode.commands.executeCommand('vscode.executeCompletionItemProvider', typing.uri, end),
    );
    completing = Math.max(completing, endLag().held);
  }
  measured['host held up while completing, longest'] = completing;

  // The peer of the lag while training: what VS Code does by itself.
  measured['host lag at rest, longest'] = (await lag()).longest;

  const { service } = await (await access()).training();
  for (const which of ['first point on iris, first run', 'first point on iris, later run']) {
    const before = new Set(service.live.map((view) => view.directory));
    measured[which] = await timed(async () => {
      const started = vscode.commands.executeCommand('lossLab.trainExample');
      const view = await until(() => service.live.find((v) => !before.has(v.directory)), 'a run');
      await until(() => view.status.step > 0, 'the first point');
      await started;
    });
    await until(() => service.live.length === 0, 'the end of the run', 60_000);
  }

  await vscode.commands.executeCommand('lossLab.runExperiment', workspaceFile('long.losslab.json'));
  const view = await until(() => service.live[0], 'the long run');
  await until(() => view.status.step > 0, 'its first point');
  await new Promise((done) => setTimeout(done, 1000));
  const training = await lag();
  measured['host lag while training, p99'] = training.p99;
  measured['host lag while training, longest'] = training.longest;
  measured['host held up while training, longest'] = training.held;
  await vscode.commands.executeCommand('lossLab.stop', { directory: view.directory });
  measured['stop until ended'] = await timed(() => until(() => service.live.length === 0, 'the stop'));
  fs.writeFileSync(process.env['LOSSLAB_RESULTS'] ?? '', JSON.stringify(measured));
}
