import { reasonOf } from '../core/messages/failure.ts';
import { message, sentences, type Message } from '../core/messages/message.ts';
import { interruption, resumeAdvice } from '../core/runs/endings.ts';
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
  const { state, reason, what } = causeOf(death, expected, readable);
  const kept =
    readable > 0
      ? message('Everything up to step {step} is saved and can be read.', { step: readable })
      : message('It had not saved a step yet.');
  return {
    ...status,
    state,
    reason,
    note: sentences(what, kept, resumeAdvice(checkpoint)),
    step: readable,
    ended: now.toISOString(),
  };
}

function causeOf(
  death: Death,
  expected: Expected,
  step: number,
): { readonly state: EndState; readonly reason: EndReason; readonly what: Message } {
  if (expected === 'user')
    return {
      state: 'stopped',
      reason: 'user',
      what: message('Stopped. The trainer did not answer in time and was ended.'),
    };
  if (expected === 'dispose')
    return {
      state: 'interrupted',
      reason: 'hostGone',
      what: interruption(step),
    };
  if (death.error !== undefined) {
    return {
      state: 'failed',
      reason: 'crash',
      what: message('The trainer process could not be started ({reason}).', {
        reason: reasonOf(death.error),
      }),
    };
  }
  if (
    /heap out of memory|Array buffer allocation failed|bad_alloc|ERR_WORKER_OUT_OF_MEMORY/.test(death.output)
  ) {
    return {
      state: 'failed',
      reason: 'memory',
      what: message(
        'The trainer process ran out of memory. Use less data, a smaller model or a smaller batch.',
      ),
    };
  }
  const by = death.signal ?? windowsName(death.code);
  switch (by) {
    case 'SIGKILL':
      return {
        state: 'failed',
        reason: 'killed',
        what: message(
          'The trainer process was ended from outside (SIGKILL); systems do so when memory runs short.',
        ),
      };
    case 'SIGTERM':
    case 'SIGINT':
    case 'SIGHUP':
    case 'SIGQUIT':
      return {
        state: 'failed',
        reason: 'killed',
        what: message('The trainer process was ended from outside ({by}).', { by }),
      };
    default:
      return {
        state: 'failed',
        reason: 'crash',
        what: message('The trainer process crashed ({by}). If it happens again, choose another device.', {
          by: by ?? exitCode(death),
        }),
      };
  }
}

/** How a process ended that no signal ended. */
export function exitCode({ code }: Death): Message {
  return code === null ? message('no exit code') : message('exit code {code}', { code });
}

/** Windows has no signals; a native fault shows as an NTSTATUS exit code. */
function windowsName(code: number | null): string | Message | undefined {
  switch (code) {
    case 0xc0000005:
      return message('access violation');
    case 0xc00000fd:
      return message('stack overflow');
    case 0xc0000409:
      return message('fast fail');
    case 0xc000013a:
      return 'SIGINT';
    default:
      return undefined;
  }
}
