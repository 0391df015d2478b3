import { reasonOf } from '../core/messages/failure.ts';
import { message, sentences, type Message } from '../core/messages/message.ts';
import { interruption, resumeAdvice } from '../core/runs/endings.ts';
import { fileProblem } from '../core/runs/fileProblem.ts';
import type { RunStatus } from '../core/runs/record.ts';
import type { Experiment } from '../core/training/experiment.ts';
import type { SessionEnd } from '../core/training/stopRules.ts';
import { runSummary } from '../core/training/summary.ts';
import type { Ending } from './control.ts';

/** How a run ended: state, reason and a few sentences for people. */
export type End = Required<Pick<RunStatus, 'state' | 'reason' | 'note'>>;

/** The session came to its own end: a stop rule, or a loss or a parameter that is NaN or infinite. */
export function summarisedEnd(reason: SessionEnd, status: RunStatus, experiment: Experiment): End {
  const end = { state: reason === 'notFinite' ? 'stopped' : 'finished', reason } as const;
  const { headline, notes } = runSummary({ ...status, ...end }, experiment);
  return { ...end, note: sentences(headline, ...notes) };
}

/** The user, the host or the memory watch ended it. */
export function wantedEnd(ending: Ending, { step }: RunStatus): End {
  const resume = resumeAdvice(step > 0);
  switch (ending) {
    case 'user': {
      const what = message(step === 0 ? 'Stopped before the first step.' : 'Stopped after step {step}.', {
        step,
      });
      return { state: 'stopped', reason: 'user', note: sentences(what, resume) };
    }
    case 'hostGone':
      return { state: 'interrupted', reason: 'hostGone', note: sentences(interruption(step), resume) };
    case 'memory': {
      const what = message(
        step === 0
          ? 'Ended before the first step, because the training took more memory than it may.'
          : 'Ended after step {step}, because the training took more memory than it may. What was trained up to here is kept.',
        { step },
      );
      return { state: 'failed', reason: 'memory', note: sentences(what, lessMemory()) };
    }
  }
}

/** The run's directory cannot be written. */
export function diskEnd(error: unknown, directory: string, { step }: RunStatus, checkpoint: boolean): End {
  const problem = fileProblem(error, directory, 'write').message;
  const kept = message('The training ended at step {step}; what was written before can be read.', { step });
  return {
    state: 'failed',
    reason: 'disk',
    note: sentences(problem, kept, resumeAdvice(checkpoint)),
  };
}

/** The device or our own code failed. */
export function failureEnd(error: unknown, { step, device }: RunStatus, checkpoint: boolean): End {
  if (
    error instanceof RangeError &&
    /allocation failed|Invalid (typed )?array( buffer)? length/i.test(error.message)
  ) {
    const what = message('There was not enough memory at step {step}.', { step });
    return { state: 'failed', reason: 'memory', note: sentences(what, lessMemory()) };
  }
  const reason = reasonOf(error);
  const what =
    device === undefined
      ? message('The training failed at step {step}: {reason}.', { step, reason })
      : message('The training failed on {device} at step {step}: {reason}.', {
          device: device.label,
          step,
          reason,
        });
  const advice = message('If it fails again, choose another device.');
  return { state: 'failed', reason: 'crash', note: sentences(what, resumeAdvice(checkpoint), advice) };
}

function lessMemory(): Message {
  return message('Use less data, a smaller model or a smaller batch.');
}
