import { bad, message, ok, type Message, type Problem, type Result } from '../core/messages/message.ts';

/** What may be fetched, and how long is waited for it. Tests pass their own. */
export interface DownloadPolicy {
  /** Schemes of addresses, with colon. */
  readonly protocols: readonly string[];
  /** Milliseconds without an answer or a further byte after which is given up. */
  readonly patience: number;
  /** Most bytes of a file whose size nobody has announced. */
  readonly mostUnknown: number;
}

/** Encrypted addresses only, half a minute, 1 GB. */
export const usualPolicy: DownloadPolicy = {
  protocols: ['https:'],
  patience: 30_000,
  mostUnknown: 2 ** 30,
};

const mostRedirects = 5;

/** Why nothing came, thrown between the parts of a download. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(text: Message) {
    super(text.template);
    this.problem = { message: text };
  }
}

/** An address that may be fetched; it must be whole, encrypted and without a password in it. */
export function parseAddress(text: string, { protocols }: DownloadPolicy = usualPolicy): Result<URL> {
  if (!URL.canParse(text.trim())) {
    return bad(
      message('"{text}" is no address. Give one such as https://example.org/data.csv.', {
        text: text.trim(),
      }),
    );
  }
  const address = new URL(text.trim());
  if (!protocols.includes(address.protocol)) {
    return bad(
      message(
        'Only https addresses are fetched, so that nobody can change what arrives on its way; found {scheme}.',
        {
          scheme: `${address.protocol}//`,
        },
      ),
    );
  }
  if (address.username !== '' || address.password !== '') {
    return bad(message('The address holds a user name or a password. Give one without them.'));
  }
  address.hash = '';
  return ok(address);
}

/** The name of the file that an address becomes, which every system takes. */
export function fileNameOf(address: URL): string {
  const last = address.pathname.split('/').at(-1) ?? '';
  let name = last;
  try {
    name = decodeURIComponent(last);
  } catch {
    // Not encoded as it should be: taken as it stands.
  }
  const safe = name
    .replace(/[^\p{L}\p{N} ._+()-]+/gu, '-')
    .replace(/^[-. ]+|[. ]+$/g, '')
    .slice(-120);
  return safe === '' || /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(safe) ? `download-${safe}` : safe;
}

/** Aborts when its time is over without a sign of life, or when the signal does. */
export class Patience {
  readonly signal: AbortSignal;
  readonly #own = new AbortController();
  readonly #milliseconds: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number, signal: AbortSignal | undefined) {
    this.#milliseconds = milliseconds;
    this.signal = signal === undefined ? this.#own.signal : AbortSignal.any([this.#own.signal, signal]);
    this.renew();
  }

  /** Whether time ran out. */
  get isOver(): boolean {
    return this.#own.signal.aborted;
  }

  renew(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#own.abort(), this.#milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** An answer, and the addresses by which redirects led to it. */
export interface Answer {
  readonly response: Response;
  readonly via: readonly string[];
}

/**
 * Asks an address, and those to which it redirects as far as the policy allows. Proxies are what the runtime's `fetch`
 * makes of its settings. Throws {@link Refused}, and what `fetch` throws.
 */
export async function ask(
  address: URL,
  method: 'GET' | 'HEAD',
  signal: AbortSignal,
  policy: DownloadPolicy,
): Promise<Answer> {
  const via: string[] = [];
  let at = address;
  for (;;) {
    const response = await fetch(at, {
      method,
      redirect: 'manual',
      signal,
      // What is hashed and counted shall be the file, not a compression of the server's.
      headers: { 'accept-encoding': 'identity' },
    });
    if (response.status < 300 || response.status >= 400 || response.status === 304) {
      return { response, via };
    }
    await response.body?.cancel();
    const to = response.headers.get('location');
    if (to === null || !URL.canParse(to, at.href))
      throw new Refused(message('{host} leads on, but does not say where.', { host: at.host }));
    const next = parseAddress(new URL(to, at.href).href, policy);
    if (!next.ok) {
      throw new Refused(
        message('{host} leads on to {to}, which is refused: {reason}', {
          host: at.host,
          to,
          reason: next.problems[0]!.message,
        }),
      );
    }
    at = next.value;
    via.push(at.href);
    if (via.length > mostRedirects)
      throw new Refused(
        message('{host} leads on more than {most} times.', { host: at.host, most: mostRedirects }),
      );
  }
}

/** Bytes that an answer promises, as they will be counted; undefined where it does not say. */
export function promisedBytes({ headers }: Response): number | undefined {
  const encoding = headers.get('content-encoding');
  const length = headers.get('content-length');
  if ((encoding !== null && encoding !== 'identity') || length === null || !/^\d+$/.test(length))
    return undefined;
  return Number(length);
}

/** What a server's refusal means. */
export function statusProblem(host: string, status: number): Message {
  const args = { host, status };
  if (status === 404 || status === 410) return message('{host} has no such file (error {status}).', args);
  if (status === 401 || status === 403)
    return message('{host} denies access to the file (error {status}).', args);
  if (status === 429 || status === 503)
    return message('{host} is busy (error {status}). Try again later.', args);
  return message('{host} answered with the error {status}.', args);
}

/** What a failed connection means. */
export function connectionProblem(error: unknown, host: string, patience: Patience): Message {
  if (patience.isOver) return message('{host} has been silent for too long. Try again later.', { host });
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return message('{host} cannot be found. Check the address and the connection.', { host });
  return message('The connection to {host} failed: {reason}.', {
    host,
    reason: cause instanceof Error ? cause.message : String(cause),
  });
}
