import type { RunState } from './record.ts';

/**
 * Which state may follow which. A run enters by `starting`; an end is left only by resuming, and a finished run has
 * nothing left to resume.
 */
const next: Readonly<Record<RunState, readonly RunState[]>> = {
  starting: ['running', 'stopping', 'stopped', 'finished', 'failed', 'interrupted'],
  running: ['paused', 'stopping', 'stopped', 'finished', 'failed', 'interrupted'],
  paused: ['running', 'stopping', 'stopped', 'failed', 'interrupted'],
  stopping: ['stopped', 'finished', 'failed', 'interrupted'],
  stopped: ['starting'],
  failed: ['starting'],
  interrupted: ['starting'],
  finished: [],
};

/** Whether a run may go from one state to another. Staying in a state is always allowed. */
export function isLegal(from: RunState, to: RunState): boolean {
  return from === to || next[from].includes(to);
}

/** Whether a run in this state can be continued from its last checkpoint. */
export function canResume(state: RunState): boolean {
  return next[state].includes('starting');
}
