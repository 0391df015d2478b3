import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Lock } from '../core/runs/files.ts';

/** Whether a process of this id exists on this machine. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * When a process started, in the words of its system; undefined where that takes more than a look (macOS, Windows).
 * On Linux: ticks since boot, together with the boot's id.
 */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses and may hold anything; count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

/** The lock that a process holds. */
export function lockOf(pid: number): Lock {
  const started = startOf(pid);
  return { pid, host: hostname(), ...(started === undefined ? {} : { started }) };
}

/** Age in milliseconds from which a lock counts as given up where nothing better can be known. */
export const staleLock = 60_000;

/**
 * Whether the owner of a lock still lives. `age` is the time since the lock was renewed; it decides for a process of
 * another machine, and for a living process whose start cannot be compared.
 */
export function isOwned(lock: Lock, age: number): boolean {
  if (lock.host !== hostname()) return age < staleLock;
  if (!exists(lock.pid)) return false;
  const started = startOf(lock.pid);
  if (lock.started !== undefined) return started === lock.started;
  return age < staleLock;
}
