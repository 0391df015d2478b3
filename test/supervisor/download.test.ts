import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { english, type Result } from '../../src/core/messages/message.ts';
import {
  announcedSize,
  download,
  placeOf,
  type DownloadOptions,
  type DownloadRequest,
} from '../../src/supervisor/download.ts';
import { downloadAll, planDownload } from '../../src/supervisor/downloadAll.ts';
import { fileNameOf, parseAddress, usualPolicy, type DownloadPolicy } from '../../src/supervisor/http.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { memoryLog, temporaryFolder } from './helpers.ts';

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251));
const sha256 = createHash('sha256').update(content).digest('hex');

/** The tests' server speaks plain http, which nothing but a policy handed in by code allows. */
const policy: DownloadPolicy = { protocols: ['http:'], patience: 5000, mostUnknown: 2 ** 20 };

const servers: Server[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const whole: RequestListener = (_, response) => {
  response.setHeader('content-length', content.length);
  response.end(content);
};

const wrong = (result: Result<unknown>): string =>
  result.ok ? '' : result.problems.map((problem) => english(problem.message)).join('\n');

/** Asks for a file; what is in its folder afterwards comes along. */
async function fetched(
  address: string,
  request: Partial<DownloadRequest> = {},
  options: DownloadOptions = {},
) {
  const to = request.to ?? join(temporaryFolder(), 'rows.bin');
  const result = await download({ address, to, replace: false, ...request }, { policy, ...options });
  const folder = fs.statSync(dirname(to), { throwIfNoEntry: false })?.isDirectory();
  return { result, to, left: folder === true ? fs.readdirSync(dirname(to)) : [] };
}

describe('a download', () => {
  it('brings the file, in a folder that is made for it, and says its checksum', async () => {
    const address = await serve(whole);
    const seen: number[] = [];
    const { result, to, left } = await fetched(
      `${address}a/rows.bin`,
      { to: join(temporaryFolder(), 'deep', 'data', 'rows.bin'), size: content.length, sha256 },
      { onProgress: (bytes, total) => (expect(total).toBe(content.length), void seen.push(bytes)) },
    );
    expect(result).toMatchObject({ ok: true, value: { bytes: content.length, sha256, via: [] } });
    expect(fs.readFileSync(to).equals(content)).toBe(true);
    expect(left).toEqual(['rows.bin']);
    expect(seen.at(-1)).toBe(content.length);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('brings a file whose size nobody knows, and one without a known checksum', async () => {
    const address = await serve((_, response) => {
      response.write(content.subarray(0, 1000));
      response.end(content.subarray(1000));
    });
    const { result } = await fetched(address);
    expect(result).toMatchObject({ ok: true, value: { bytes: content.length, sha256 } });
  });

  it('counts the file, not what a server compresses it to', async () => {
    let asked: string | undefined;
    const packed = gzipSync(content);
    const address = await serve((request, response) => {
      asked = request.headers['accept-encoding'];
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length });
      response.end(packed);
    });
    const { result } = await fetched(address, { size: content.length, sha256 });
    expect(asked).toBe('identity');
    expect(result).toMatchObject({ ok: true, value: { bytes: content.length, sha256 } });
  });

  it('drops a file of another checksum, and names both', async () => {
    const other = sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    const { result, left } = await fetched(await serve(whole), { sha256: other });
    expect(wrong(result)).toContain(sha256);
    expect(wrong(result)).toContain(other);
    expect(left).toEqual([]);
  });

  it('takes no more than was agreed to, whether the server says so beforehand or not', async () => {
    const announced = await fetched(await serve(whole), { size: 1000 });
    expect(wrong(announced.result)).toContain('300000 bytes, but 1000 were announced');
    const endless = await serve((_, response) => {
      response.on('error', () => undefined);
      const more = (): void => {
        if (!response.destroyed) response.write(content, more);
      };
      more();
    });
    const limited = await fetched(endless, { size: 1000 });
    expect(wrong(limited.result)).toContain('longer than the 1000 bytes');
    const unknown = await fetched(endless);
    expect(wrong(unknown.result)).toContain(`longer than the ${2 ** 20} bytes`);
    const large = await serve((_, response) => {
      response.setHeader('content-length', 2 ** 21);
      response.write(content);
    });
    expect(wrong((await fetched(large)).result)).toContain('at most 1 MB are taken');
    for (const { left } of [announced, limited, unknown]) expect(left).toEqual([]);
  });

  it('keeps nothing of a file that is cut off', async () => {
    const broken = await fetched(
      await serve((_, response) => {
        response.setHeader('content-length', content.length);
        response.write(content.subarray(0, 100_000), () => response.destroy());
      }),
    );
    expect(wrong(broken.result)).toMatch(/^The connection to 127\.0\.0\.1:\d+ failed: /);
    const short = await fetched(
      await serve((_, response) => {
        response.write(content.subarray(0, 100_000));
        response.end();
      }),
      { size: content.length },
    );
    expect(wrong(short.result)).toContain('100000 of 300000 bytes arrived');
    expect([broken.left, short.left]).toEqual([[], []]);
  });

  it('gives up on a server that is silent, before its answer and within it, and not on one that is slow', async () => {
    const hasty = { policy: { ...policy, patience: 150 } };
    const silent = await fetched(await serve(() => undefined), {}, hasty);
    expect(wrong(silent.result)).toContain('silent for too long');
    const stuck = await fetched(
      await serve((_, response) => void response.write(content.subarray(0, 1000))),
      {},
      hasty,
    );
    expect(wrong(stuck.result)).toContain('silent for too long');
    expect(stuck.left).toEqual([]);
    const slow = await serve((_, response) => {
      let at = 0;
      const timer = setInterval(() => {
        response.write(content.subarray(at, (at += 30_000)));
        if (at < content.length) return;
        clearInterval(timer);
        response.end();
      }, 40);
    });
    expect((await fetched(slow, { sha256 }, hasty)).result).toMatchObject({ ok: true });
  });

  it('follows redirects and tells them, but only to allowed addresses, and not for ever', async () => {
    const address = await serve((request, response) => {
      const to = { '/a': '/b', '/b': '/c', '/loop': '/loop', '/out': 'https://example.org/x' }[
        request.url ?? ''
      ];
      if (to === undefined) whole(request, response);
      else response.writeHead(302, { location: to }).end('elsewhere');
    });
    const good = await fetched(`${address}a`, { sha256 });
    expect(good.result).toMatchObject({ ok: true, value: { via: [`${address}b`, `${address}c`] } });
    // What this policy allows is http; that it is not left for another scheme is the same check as for https.
    const out = await fetched(`${address}out`);
    expect(wrong(out.result)).toContain('leads on to https://example.org/x, which is refused');
    const loop = await fetched(`${address}loop`);
    expect(wrong(loop.result)).toContain('more than 5 times');
    expect([out.left, loop.left]).toEqual([[], []]);
  });

  it('says what a server’s error means', async () => {
    const address = await serve((request, response) => {
      response.writeHead(Number(request.url?.slice(1))).end();
    });
    for (const [status, words] of [
      [404, 'has no such file'],
      [403, 'denies access'],
      [429, 'is busy'],
      [500, 'answered with the error 500'],
      [206, 'answered with the error 206'],
    ] as const) {
      const { result, left } = await fetched(`${address}${status}`);
      expect(wrong(result)).toContain(words);
      expect(left).toEqual([]);
    }
    const nobody = await serve(whole);
    servers.pop()!.close();
    expect(wrong((await fetched(nobody)).result)).toContain('failed: connect ECONNREFUSED');
  });

  it('can be cancelled at any moment', async () => {
    const controller = new AbortController();
    const address = await serve((_, response) => void response.write(content));
    const { result, left } = await fetched(
      address,
      {},
      { signal: controller.signal, onProgress: () => controller.abort() },
    );
    expect(wrong(result)).toBe('The download was cancelled.');
    expect(left).toEqual([]);
    const before = await fetched(address, {}, { signal: AbortSignal.abort() });
    expect(wrong(before.result)).toBe('The download was cancelled.');
  });

  it('replaces a file only when told to, and only with a whole one', async () => {
    const address = await serve(whole);
    const to = join(temporaryFolder(), 'rows.bin');
    fs.writeFileSync(to, 'mine');
    expect(wrong((await fetched(address, { to })).result)).toContain('exists already');
    expect((await fetched(address, { to, replace: true, size: 5 })).result).toMatchObject({ ok: false });
    expect(fs.readFileSync(to, 'utf8')).toBe('mine');
    const good = await fetched(address, { to, replace: true, sha256 });
    expect(good.result).toMatchObject({ ok: true });
    expect(good.left).toEqual(['rows.bin']);
    expect(fs.statSync(to).size).toBe(content.length);
    const folder = temporaryFolder();
    expect(wrong((await fetched(address, { to: folder, replace: true })).result)).toContain('no file');
  });

  it('says what the disk says, and keeps nothing', async () => {
    const address = await serve(whole);
    const file = join(temporaryFolder(), 'file');
    fs.writeFileSync(file, '');
    expect(wrong((await fetched(address, { to: join(file, 'rows.bin') })).result)).toContain('is no folder');

    const open = fs.promises.open;
    vi.spyOn(fs.promises, 'open').mockImplementation(async (...given) => {
      const handle = await open(...given);
      let writes = 0;
      const write = handle.writeFile.bind(handle);
      handle.writeFile = (...data) =>
        ++writes > 1
          ? Promise.reject(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
          : write(...data);
      return handle;
    });
    const full = await fetched(address);
    expect(wrong(full.result)).toMatch(/^The disk is full/);
    expect(full.left).toEqual([]);
  });

  it('refuses what the disk has no room for before it asks the server', async () => {
    let asked = 0;
    const address = await serve((request, response) => {
      asked++;
      whole(request, response);
    });
    const { result } = await fetched(address, { size: 2 ** 60 });
    expect(wrong(result)).toMatch(/but only .* are free/);
    expect(asked).toBe(0);
  });
});

describe('the size that a server announces', () => {
  it('is asked for without fetching anything, and unknown where the server does not say', async () => {
    const methods: (string | undefined)[] = [];
    const address = await serve((request, response) => {
      methods.push(request.method);
      if (request.url === '/none') response.writeHead(405).end();
      else if (request.url === '/gone') response.writeHead(404).end();
      else if (request.url === '/moved') response.writeHead(301, { location: '/x' }).end();
      else whole(request, response);
    });
    expect(await announcedSize(address, { policy })).toMatchObject({
      value: { size: content.length, via: [] },
    });
    expect(await announcedSize(`${address}moved`, { policy })).toMatchObject({
      value: { size: content.length, via: [`${address}x`] },
    });
    expect(await announcedSize(`${address}none`, { policy })).toMatchObject({ value: { size: undefined } });
    expect(wrong(await announcedSize(`${address}gone`, { policy }))).toContain('has no such file');
    expect(new Set(methods)).toEqual(new Set(['HEAD']));
  });
});

describe('addresses', () => {
  it('are fetched only when they are encrypted and hold no password', () => {
    expect(parseAddress(' https://example.org/a.csv#top ')).toMatchObject({ ok: true });
    for (const text of ['', 'rows.csv', 'http://example.org/a', 'file:///etc/passwd', 'ftp://example.org/a'])
      expect(parseAddress(text), text).toMatchObject({ ok: false });
    expect(wrong(parseAddress('https://me:secret@example.org/a'))).not.toContain('secret');
    expect(usualPolicy.protocols).toEqual(['https:']);
  });

  it('refuse http where no policy was handed in', async () => {
    const address = await serve(whole);
    const to = join(temporaryFolder(), 'a');
    expect(wrong(await download({ address, to, replace: false }))).toContain('Only https');
    expect(wrong(await announcedSize(address))).toContain('Only https');
  });

  it('give names that every system takes', () => {
    const name = (path: string): string => fileNameOf(new URL(`https://example.org${path}`));
    expect(name('/data/rents%202024.csv?x=1')).toBe('rents 2024.csv');
    expect(name('/train-images-idx3-ubyte.gz')).toBe('train-images-idx3-ubyte.gz');
    for (const path of [
      '/',
      '/a%2F..%2F..%2Fb',
      '/..',
      '/.hidden',
      '/con',
      '/NUL.csv',
      '/%00',
      '/a%ZZ',
      '/%5C%5Cx',
    ])
      expect(name(path), path).toMatch(/^(?!(con|nul)(\.|$))[^./\\\0][^/\\\0]*$/i);
  });
});

describe('what lies at the place of a file', () => {
  it('is nothing, the file, or another', async () => {
    const path = join(temporaryFolder(), 'a');
    const known = { size: content.length, sha256 };
    expect(await placeOf(path, known)).toBe('free');
    fs.writeFileSync(path, content);
    expect(await placeOf(path, known)).toBe('same');
    expect(await placeOf(path, {})).toBe('taken');
    fs.writeFileSync(path, content.subarray(1));
    expect(await placeOf(path, known)).toBe('taken');
    expect(await placeOf(dirname(path), known)).toBe('taken');
  });
});

describe('several files', () => {
  const names = ['a', 'b', 'c'];

  it('come one after the other, without those that are there', async () => {
    const asked: (string | undefined)[] = [];
    const address = await serve((request, response) => {
      asked.push(request.url);
      whole(request, response);
    });
    const folder = temporaryFolder();
    const files = names.map((name) => ({ name, address: address + name, size: content.length, sha256 }));
    fs.writeFileSync(join(folder, 'a'), content);
    fs.writeFileSync(join(folder, 'b'), 'another');
    const planned = await planDownload(files, folder);
    expect(planned.map(({ place }) => place)).toEqual(['same', 'taken', 'free']);
    let last: unknown;
    const result = await downloadAll(planned, { policy, onProgress: (...progress) => (last = progress) });
    expect(result.ok && result.value.map(({ file }) => file.name)).toEqual(['b', 'c']);
    expect(asked).toEqual(['/b', '/c']);
    expect(last).toEqual([2 * content.length, 2 * content.length]);
    for (const name of names) expect(fs.readFileSync(join(folder, name)).equals(content)).toBe(true);
  });

  it('end at the first that fails; what came before stays', async () => {
    const address = await serve((request, response) => {
      if (request.url === '/b') response.writeHead(404).end();
      else whole(request, response);
    });
    const folder = temporaryFolder();
    const files = names.map((name) => ({ name, address: address + name }));
    const result = await downloadAll(await planDownload(files, folder), { policy });
    expect(wrong(result)).toContain('has no such file');
    expect(fs.readdirSync(folder)).toEqual(['a']);
  });

  it('end with the supervisor, which waits until nothing half-written is left', async () => {
    const address = await serve((_, response) => void response.write(content));
    const folder = temporaryFolder();
    const supervisor = new Supervisor({ trainer: '', dataSets: '', log: memoryLog() });
    const planned = await planDownload([{ name: 'a', address }], folder);
    const begun = new Promise<void>((resolve, reject) => {
      supervisor
        .download(planned, { policy, onProgress: () => resolve() })
        .then((result) => expect(wrong(result)).toContain('cancelled'))
        .catch(reject);
    });
    await begun;
    expect(fs.readdirSync(folder)).toHaveLength(1);
    await supervisor.dispose();
    expect(fs.readdirSync(folder)).toEqual([]);
    expect(wrong(await supervisor.download(planned, { policy }))).toContain('shutting down');
  });
});
