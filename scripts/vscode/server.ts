// A throw-away VS Code server on a free port, and Chromium on its workbench. Used by the host suite, by the UI
// journeys and by `npm start` where no `code` is on the PATH.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { codeServer, editorNode, setUpVSCode } from './setup.ts';

/** Settings that keep a test window quiet and offline. */
export const quietSettings: Readonly<Record<string, unknown>> = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'git.enabled': false,
  'window.confirmBeforeClose': 'never',
  'editor.minimap.enabled': false,
  'editor.autoClosingBrackets': 'never',
  'files.autoSave': 'off',
};

export interface ServerOptions {
  /** Folder that is copied and opened; absent: an empty one. */
  readonly workspace?: string;
  /** Opens this folder itself instead of a copy. */
  readonly openInPlace?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Keep Restricted Mode possible. Default: every workspace is trusted. */
  readonly workspaceTrust?: boolean;
  readonly port?: number;
}

/** A running server with its folders, all of which vanish with `stop`. */
export interface Server {
  readonly port: number;
  readonly root: string;
  readonly workspace: string;
  readonly userData: string;
  /** The address of the workbench; `payload` are VS Code's own start parameters. */
  url(
    payload?: readonly (readonly [string, string])[],
    open?: 'folder' | 'none' | { workspaceFile: string },
  ): string;
  /** The URI under which the workbench knows a path of this machine. */
  remote(file: string): string;
  /** Process ids of the server's whole group, for tests that kill parts of it. */
  readonly pid: number;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}

/** Starts a server that is isolated from the machine's own VS Code: folders, environment and gallery of its own. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  setUpVSCode();
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'losslab-vscode-'));
  const folder = (name: string): string => {
    const p = path.join(root, name);
    fs.mkdirSync(p, { recursive: true });
    return p;
  };
  const userData = folder('user-data');
  const extensions = folder('extensions');
  const workspace =
    options.openInPlace === true && options.workspace !== undefined ? options.workspace : folder('workspace');
  fs.mkdirSync(path.join(userData, 'User'), { recursive: true });
  fs.writeFileSync(
    path.join(userData, 'User/settings.json'),
    JSON.stringify({ ...quietSettings, ...options.settings }, undefined, 2),
  );
  if (options.workspace !== undefined && options.openInPlace !== true)
    fs.cpSync(options.workspace, workspace, { recursive: true });

  const inherited = Object.entries(process.env).filter(
    ([k]) => !/^(npm_|VSCODE_|ELECTRON_|CODE_SERVER|NODE_OPTIONS|PASSWORD|PORT$|XDG_|VITEST)/i.test(k),
  );
  const env = {
    ...Object.fromEntries(inherited),
    HOME: folder('home'),
    TMPDIR: folder('tmp'),
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    ...options.env,
  };
  const port = options.port ?? (await freePort());
  const logFile = path.join(root, 'server.log');
  const log = fs.openSync(logFile, 'w');
  const child = spawn(
    editorNode,
    [
      path.join(codeServer, 'out/node/entry.js'),
      ...[
        '--config',
        path.join(root, 'config.yaml'),
        '--user-data-dir',
        userData,
        '--extensions-dir',
        extensions,
      ],
      ...[
        '--auth',
        'none',
        '--bind-addr',
        `127.0.0.1:${port}`,
        '--ignore-last-opened',
        '--vscode-option',
        'enable-smoke-test-driver',
      ],
      ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
      ...(options.workspaceTrust === true ? [] : ['--disable-workspace-trust']),
    ],
    // A process group of its own: entry, server, extension hosts and file watchers end together.
    { env, stdio: ['ignore', log, log], cwd: workspace, detached: true },
  );
  const onExit = () => {
    killGroup(child);
  };
  process.once('exit', onExit);

  const started = Date.now();
  for (;;) {
    await sleep(100);
    if (child.exitCode !== null)
      throw new Error(`VS Code did not start:\n${fs.readFileSync(logFile, 'utf8')}`);
    const healthy = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      (r) => r.ok,
      () => false,
    );
    if (healthy) break;
    if (Date.now() - started > 60_000) {
      killGroup(child);
      throw new Error(`VS Code did not answer within a minute:\n${fs.readFileSync(logFile, 'utf8')}`);
    }
  }

  return {
    port,
    root,
    workspace,
    userData,
    pid: child.pid!,
    remote: (file) => `vscode-remote://127.0.0.1:${port}${file}`,
    url(payload = [], open = 'folder') {
      const query = new URLSearchParams();
      if (open === 'folder') query.set('folder', workspace);
      else if (open === 'none') query.set('ew', 'true');
      else query.set('workspace', open.workspaceFile);
      if (payload.length > 0) query.set('payload', JSON.stringify(payload));
      return `http://127.0.0.1:${port}/?${query}`;
    },
    async stop() {
      process.off('exit', onExit);
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await Promise.race([once(child, 'exit'), sleep(8000, undefined, { ref: false })]);
      }
      killGroup(child);
      await sleep(300); // what outlives the entry for a moment would write into the removed folder
      fs.closeSync(log);
      if (process.env['LOSSLAB_KEEP'] === undefined)
        fs.rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** Chromium on a workbench. */
export interface Workbench {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Hosts outside this machine that the page asked for; a test expects none. */
  readonly outside: ReadonlySet<string>;
  /** Content-policy and trusted-type violations seen in any frame. */
  readonly violations: readonly string[];
  close(): Promise<void>;
}

export interface WorkbenchOptions {
  /** Receives what the test host reports when the payload has `extensionTestsPath`. */
  readonly automation?: { log(type: string, args: unknown[]): void; exit(code: number): void };
  readonly size?: { readonly width: number; readonly height: number };
}

/** Path of a Chromium, or an error that says how to get one. */
export function findChromium(): string {
  const candidates = [
    process.env['CHROMIUM'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  const found = candidates.find((c) => c !== undefined && fs.existsSync(c));
  if (found === undefined)
    throw new Error('No Chromium found. Install it (apt-get install chromium) or set CHROMIUM to its path.');
  return found;
}

/** Opens the workbench in a fresh Chromium profile. */
export async function openWorkbench(url: string, options: WorkbenchOptions = {}): Promise<Workbench> {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'losslab-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    headless: true,
    viewport: options.size ?? { width: 1400, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const outside = new Set<string>();
  const violations: string[] = [];
  page.on('dialog', (d) => void d.accept().catch(() => undefined));
  page.on('request', (r) => {
    const u = new URL(r.url());
    // VS Code's own service worker answers for the files of a webview; such a request never leaves the page.
    const own = /^(127\.0\.0\.1|localhost)$|\.vscode-resource\.vscode-cdn\.net$/;
    if (/^https?:$/.test(u.protocol) && !own.test(u.hostname)) outside.add(u.host);
  });
  page.on('console', (m) => {
    if (/Content Security Policy|Trusted ?Type|Refused to/i.test(m.text())) violations.push(m.text());
    if (process.env['LOSSLAB_VERBOSE'] !== undefined)
      console.log('  [page]', m.type(), m.text().slice(0, 400));
  });
  const { automation } = options;
  if (automation !== undefined) {
    await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) =>
      automation.log(type, args),
    );
    await page.exposeFunction('codeAutomationExit', (code: number) => automation.exit(code));
  }
  await page.goto(url);
  await page.waitForSelector('.monaco-workbench', { timeout: 60_000 });
  return {
    page,
    context,
    outside,
    violations,
    async close() {
      await context.close().catch(() => undefined);
      fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
