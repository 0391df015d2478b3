import { english } from '../core/messages/message.ts';
import { fileProblem } from '../core/runs/fileProblem.ts';
import type { RunStatus } from '../core/runs/record.ts';
import type { Experiment } from '../core/training/experiment.ts';
import { runSummary } from '../core/training/summary.ts';
import type { Ending } from './control.ts';

/** How a run ended: state, reason and one or two sentences for people. */
export type End = Required<Pick<RunStatus, 'state' | 'reason' | 'note'>>;

/** The session came to its own end: all epochs are done, or the loss or a parameter is NaN or infinite. */
export function summarisedEnd(
  state: 'finished' | 'notFinite',
  status: RunStatus,
  experiment: Experiment,
): End {
  const end =
    state === 'finished'
      ? ({ state: 'finished', reason: 'epochs' } as const)
      : ({ state: 'stopped', reason: 'notFinite' } as const);
  const { headline, notes } = runSummary({ ...status, ...end }, experiment);
  return { ...end, note: [headline, ...notes].map(english).join(' ') };
}

/** The user, the host or the memory watch ended it. */
export function wantedEnd(ending: Ending, { step }: RunStatus): End {
  const at = step === 0 ? 'before the first step' : `after step ${step}`;
  switch (ending) {
    case 'user':
      return { state: 'stopped', reason: 'user', note: `Stopped ${at}. ${next(step > 0)}` };
    case 'hostGone':
      return {
        state: 'interrupted',
        reason: 'hostGone',
        note: `Interrupted ${at}, because the window or program that trained it ended. ${next(step > 0)}`,
      };
    case 'memory':
      return {
        state: 'failed',
        reason: 'memory',
        note: `Ended ${at}, because the training took more memory than it may. Use less data, a smaller model or a smaller batch; what was trained up to here is kept.`,
      };
  }
}

/** The run's directory cannot be written. */
export function diskEnd(error: unknown, directory: string, { step }: RunStatus, checkpoint: boolean): End {
  return {
    state: 'failed',
    reason: 'disk',
    note: `${english(fileProblem(error, directory, 'write').message)} The training ended at step ${step}; what was written before can be read. ${next(checkpoint)}`,
  };
}

/** The device or our own code failed. */
export function failureEnd(error: unknown, { step, device }: RunStatus, checkpoint: boolean): End {
  const reason = error instanceof Error ? error.message : String(error);
  if (
    error instanceof RangeError &&
    /allocation failed|Invalid (typed )?array( buffer)? length/i.test(reason)
  ) {
    return {
      state: 'failed',
      reason: 'memory',
      note: `There was not enough memory at step ${step}. Use less data, a smaller model or a smaller batch.`,
    };
  }
  const where = device === undefined ? '' : ` on ${device.label}`;
  return {
    state: 'failed',
    reason: 'crash',
    note: `The training failed${where} at step ${step}: ${reason}. ${next(checkpoint)} If it fails again, choose another device.`,
  };
}

function next(checkpoint: boolean): string {
  return checkpoint ? 'Resume continues from the last checkpoint.' : 'Resume starts from the beginning.';
}
