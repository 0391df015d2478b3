import { homedir } from 'node:os';
import { join } from 'node:path';

/** The parts that lie beside the bundled command line, given its folder (`dist`). */
export function installed(dist: string): {
  readonly trainer: string;
  readonly dataSets: string;
  readonly manifest: string;
} {
  return {
    trainer: join(dist, 'trainer.cjs'),
    dataSets: join(dist, '..', 'media', 'datasets'),
    manifest: join(dist, '..', 'package.json'),
  };
}

/** Where the calibration of devices is remembered, by the custom of the system. */
export function deviceCache(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string {
  const base =
    platform === 'win32'
      ? (environment['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'))
      : platform === 'darwin'
        ? join(homedir(), 'Library', 'Caches')
        : (environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'));
  return join(base, 'loss-lab', 'devices.json');
}
