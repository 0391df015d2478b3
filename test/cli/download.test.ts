import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { download, type Surroundings } from '../../src/cli/download.ts';
import { downloadSets } from '../../src/core/data/downloads.ts';
import { usualPolicy } from '../../src/supervisor/http.ts';
import { temporaryFolder } from '../supervisor/helpers.ts';

const content = Buffer.from('x,y\n1,2\n3,4\n');
const sha256 = createHash('sha256').update(content).digest('hex');

describe('loss-lab download', () => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (request.url === '/old.csv') response.writeHead(302, { location: '/new.csv' }).end();
    else response.writeHead(200, { 'content-length': content.length }).end(content);
  });
  let host = '';
  beforeAll(async () => {
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  /** Runs the command; `answers` are the user's, in order. */
  async function run(args: string[], answers: (boolean | undefined)[] = []) {
    requests.length = 0;
    let out = '';
    let err = '';
    const questions: string[] = [];
    const folder = temporaryFolder();
    const surroundings: Surroundings = {
      policy: { ...usualPolicy, protocols: ['http:'] },
      ask: (question) => {
        // What was asked for before the answer would have been asked for without one.
        questions.push(`${question} after ${requests.length}`);
        return Promise.resolve(answers.shift());
      },
    };
    const terminal = {
      out: (text: string) => void (out += text),
      err: (text: string) => void (err += text),
      live: false,
      columns: 80,
    };
    const code = await download([...args, '--to', folder], terminal, surroundings);
    return { code, out, err, questions, folder, left: fs.readdirSync(folder) };
  }

  it('asks before the first byte, and shows address, size and place before the file', async () => {
    const ran = await run([`${host}/a.csv`], [true, true]);
    expect(ran.code).toBe(0);
    expect(ran.questions).toEqual([
      `Ask ${new URL(host).host} how large the file is? after 0`,
      'Download? after 1',
    ]);
    expect(requests).toEqual(['HEAD /a.csv', 'GET /a.csv']);
    for (const part of [`${host}/a.csv`, `${content.length} bytes`, ran.folder, 'no checksum is known'])
      expect(ran.err).toContain(part);
    expect(ran.out).toContain(sha256);
    expect(fs.readFileSync(join(ran.folder, 'a.csv'), 'utf8')).toBe(content.toString());
  });

  it.each([
    [[false], 0],
    [[true, false], 1],
    [[undefined], 0],
    [[true, undefined], 1],
  ])('fetches nothing on the answers %j', async (answers, asked) => {
    const ran = await run([`${host}/a.csv`], answers);
    expect(ran).toMatchObject({ code: 2, left: [] });
    expect(ran.err).toContain('Nothing was fetched');
    expect(requests).toHaveLength(asked);
  });

  it('tells of redirects before and after', async () => {
    const ran = await run([`${host}/old.csv`, '--yes']);
    expect(ran.err).toContain(`leads on to ${host}/new.csv`);
    expect(ran.out).toContain(`by way of ${host}/new.csv`);
    expect(ran.left).toEqual(['old.csv']);
  });

  it('compares a checksum that it is given, and prints what machines read', async () => {
    const good = await run([`${host}/a.csv`, '--yes', '--json', '--sha256', sha256.toUpperCase()]);
    expect(JSON.parse(good.out)).toEqual({
      type: 'downloaded',
      file: join(good.folder, 'a.csv'),
      address: `${host}/a.csv`,
      bytes: content.length,
      sha256,
      compared: true,
      via: [],
    });
    const bad = await run([`${host}/a.csv`, '--yes', '--sha256', '0'.repeat(64)]);
    expect(bad).toMatchObject({ code: 1, left: [] });
    expect(bad.err).toContain(sha256);
    expect(await run([`${host}/a.csv`, '--yes', '--sha256', 'abc'])).toMatchObject({ code: 2 });
  });

  it('shows every address, size and checksum of a known data set, and asks', async () => {
    const ran = await run(['mnist'], [false]);
    expect(ran).toMatchObject({ code: 2, left: [], questions: ['Download? after 0'] });
    for (const { address, size, sha256: known } of downloadSets.mnist.files)
      for (const part of [address, `${size} bytes`, known]) expect(ran.err).toContain(part);
  });

  it('lists what it knows, and refuses what it does not', async () => {
    const listed = await run([]);
    expect(listed.code).toBe(0);
    for (const { id, licence } of Object.values(downloadSets))
      for (const part of [id, licence]) expect(listed.out).toContain(part);
    expect((await run(['imagenet'])).err).toContain('mnist, fashion-mnist');
    expect((await run(['https://example.org/a.csv', '--yes'])).err).toContain('Only https');
    expect(requests).toEqual([]);
  });
});
