import { message, type Message } from '../messages/message.ts';
import { memoryText } from '../training/cost.ts';
import type { DownloadFile } from './downloads.ts';

/** What is known of a file before it is fetched: its address, its size, its checksum. */
export function describeDownload(
  { name, address, size, sha256 }: DownloadFile,
  { mostUnknown }: { readonly mostUnknown: number },
): Message {
  const sizeText =
    size === undefined
      ? message('size unknown, at most {most} are taken', { most: memoryText(mostUnknown) })
      : size < 2 ** 17
        ? message('{bytes} bytes', { bytes: size })
        : message('{size} ({bytes} bytes)', { size: memoryText(size), bytes: size });
  const checksum =
    sha256 === undefined
      ? message('no checksum is known; that of what arrives will be shown')
      : message('SHA-256 {sha256}', { sha256 });
  return message('{name}: {size}, {checksum}, from {address}', { name, size: sizeText, checksum, address });
}

/** What arrived: the checksum, whether it is the expected one, and where redirects led. */
export function describeArrival(
  { sha256: expected }: Pick<DownloadFile, 'sha256'>,
  {
    name,
    bytes,
    sha256,
    via,
  }: {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
    /** Addresses to which redirects led. */
    readonly via: readonly string[];
  },
): Message {
  const args = { name, bytes, sha256 };
  const what =
    expected === undefined
      ? message('{name}: {bytes} bytes, SHA-256 {sha256} (nothing was known to compare it with)', args)
      : message('{name}: {bytes} bytes, SHA-256 {sha256} as expected', args);
  return via.length === 0 ? what : message('{what}; by way of {via}', { what, via: via.join(', ') });
}
