import type { EndReason, EndState, RunStatus } from '../core/runs/record.ts';
import type { Death } from './trainerProcess.ts';

/** Why a supervisor expected a trainer to end, if it did. */
export type Expected = 'user' | 'dispose' | undefined;

/** How a run ended whose trainer died without saying so. `readable`: last step in its log, `checkpoint`: whether one is there. */
export function statusAfterDeath(
  status: RunStatus,
  death: Death,
  expected: Expected,
  readable: number,
  checkpoint: boolean,
  now: Date,
): RunStatus {
  const { state, reason, what } = causeOf(death, expected);
  const kept =
    readable > 0
      ? `Everything up to step ${readable} is saved and can be read.`
      : 'It had not saved a step yet.';
  const next = checkpoint
    ? 'Resume continues from the last checkpoint.'
    : 'Resume starts from the beginning.';
  return {
    ...status,
    state,
    reason,
    note: `${what} ${kept} ${next}`,
    step: readable,
    ended: now.toISOString(),
  };
}

function causeOf(
  death: Death,
  expected: Expected,
): { readonly state: EndState; readonly reason: EndReason; readonly what: string } {
  if (expected === 'user')
    return {
      state: 'stopped',
      reason: 'user',
      what: 'Stopped. The trainer did not answer in time and was ended.',
    };
  if (expected === 'dispose')
    return {
      state: 'interrupted',
      reason: 'hostGone',
      what: 'The run was interrupted because its window or program ended.',
    };
  if (death.error !== undefined) {
    return {
      state: 'failed',
      reason: 'crash',
      what: `The trainer process could not be started (${death.error.message}).`,
    };
  }
  if (
    /heap out of memory|Array buffer allocation failed|bad_alloc|ERR_WORKER_OUT_OF_MEMORY/.test(death.output)
  ) {
    return {
      state: 'failed',
      reason: 'memory',
      what: 'The trainer process ran out of memory. Use less data, a smaller model or a smaller batch.',
    };
  }
  const by = death.signal ?? windowsName(death.code);
  switch (by) {
    case 'SIGKILL':
      return {
        state: 'failed',
        reason: 'killed',
        what: 'The trainer process was ended from outside (SIGKILL); systems do so when memory runs short.',
      };
    case 'SIGTERM':
    case 'SIGINT':
    case 'SIGHUP':
    case 'SIGQUIT':
      return {
        state: 'failed',
        reason: 'killed',
        what: `The trainer process was ended from outside (${by}).`,
      };
    default:
      return {
        state: 'failed',
        reason: 'crash',
        what: `The trainer process crashed (${by ?? `exit code ${death.code ?? 'unknown'}`}). If it happens again, choose another device.`,
      };
  }
}

/** Windows has no signals; a native fault shows as an NTSTATUS exit code. */
function windowsName(code: number | null): string | undefined {
  switch (code) {
    case 0xc0000005:
      return 'access violation';
    case 0xc00000fd:
      return 'stack overflow';
    case 0xc0000409:
      return 'fast fail';
    case 0xc000013a:
      return 'SIGINT';
    default:
      return undefined;
  }
}
