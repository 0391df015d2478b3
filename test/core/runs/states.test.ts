import { describe, expect, it } from 'vitest';
import { endStates, hasEnded, runStates, type RunState } from '../../../src/core/runs/record.ts';
import { canResume, isLegal } from '../../../src/core/runs/states.ts';

const reachable = (from: RunState): Set<RunState> => {
  const seen = new Set<RunState>([from]);
  for (const state of seen) for (const next of runStates) if (isLegal(state, next)) seen.add(next);
  return seen;
};

describe('run states', () => {
  it('lets a run go through its life', () => {
    const lives: RunState[][] = [
      ['starting', 'running', 'finished'],
      ['starting', 'running', 'paused', 'running', 'stopping', 'stopped'],
      ['starting', 'stopping', 'stopped', 'starting', 'running', 'failed', 'starting'],
      ['starting', 'running', 'interrupted', 'starting', 'failed'],
      ['starting', 'running', 'paused', 'stopping', 'failed'],
      ['starting', 'running', 'stopping', 'finished'],
    ];
    for (const life of lives) {
      for (const [i, state] of life.slice(1).entries())
        expect(isLegal(life[i]!, state), `${life[i]} → ${state}`).toBe(true);
    }
  });

  it('refuses what makes no sense', () => {
    const impossible: [RunState, RunState][] = [
      ['finished', 'running'],
      ['finished', 'starting'],
      ['stopped', 'running'],
      ['stopping', 'running'],
      ['stopping', 'paused'],
      ['failed', 'finished'],
      ['running', 'starting'],
      ['paused', 'finished'],
      ['interrupted', 'stopped'],
    ];
    for (const [from, to] of impossible) expect(isLegal(from, to), `${from} → ${to}`).toBe(false);
  });

  it('lets every live state fail, be interrupted and end', () => {
    for (const state of runStates.filter((s) => !hasEnded(s))) {
      expect(isLegal(state, 'failed')).toBe(true);
      expect(isLegal(state, 'interrupted')).toBe(true);
      expect([...reachable(state)]).toEqual(expect.arrayContaining([...endStates]));
    }
  });

  it('resumes every end but a finished one', () => {
    expect(endStates.filter(canResume)).toEqual(['stopped', 'failed', 'interrupted']);
    expect(runStates.filter((s) => !hasEnded(s)).some(canResume)).toBe(false);
  });
});
