import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { textProgress, type Progress } from '../../src/cli/progress.ts';
import { message } from '../../src/core/messages/message.ts';
import type { RunStatus } from '../../src/core/runs/record.ts';
import type { Run } from '../../src/supervisor/run.ts';

const status: RunStatus = {
  version: 1,
  id: 'a',
  name: 'a',
  state: 'starting',
  created: '2026-01-01T00:00:00Z',
  step: 0,
  epoch: 0,
  epochs: 100,
  seconds: 0,
};

describe('the progress for people', () => {
  let printed: string;
  let progress: Progress;
  const show = (columns: number | undefined): void => {
    printed = '';
    progress = textProgress(
      {
        out: () => undefined,
        err: (text) => (printed += text),
        live: columns !== undefined,
        columns: columns ?? 80,
      },
      { id: 'a', status } as Run,
    );
  };
  /** A batch after so many seconds. */
  const batch = (at: number, change: Partial<RunStatus>): void => {
    vi.advanceTimersByTime(1000 * at - performance.now());
    progress.event({
      type: 'batch',
      lines: [],
      status: { ...status, state: 'running', loss: 0.5, ...change },
    });
  };
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'], now: 0 }));
  afterEach(() => void vi.useRealTimers());

  it('has no speed before there is one, and counts it from the first step', () => {
    show(200);
    // Ten seconds of reading are no training.
    batch(10, { step: 1 });
    batch(10.2, { step: 41, epoch: 1 });
    expect(printed).toContain('epoch 1/100 · loss 0.5');
    expect(printed).not.toContain('steps/s');
    batch(10.6, { step: 121, epoch: 2 });
    expect(printed).toContain('epoch 2/100 · loss 0.5 · 200 steps/s');
  });

  it('says slow speeds with a fraction, and nothing while nothing moves', () => {
    show(200);
    batch(1, { step: 1 });
    batch(5, { step: 2 });
    expect(printed).toContain('0.25 steps/s');
    printed = '';
    batch(9, { step: 2 });
    expect(printed).toContain('epoch 0/100');
    expect(printed).not.toContain('steps/s');
  });

  it('leaves out what has no room, as a whole', () => {
    show(30);
    batch(1, { step: 1, validationLoss: 0.25 });
    expect(printed.slice(printed.lastIndexOf('epoch'))).toBe('epoch 0/100 · loss 0.5');
  });

  it('names the run when it trains, and not one whose data turns out to be bad', () => {
    show(undefined);
    progress.event({ type: 'phase', phase: 'reading', share: undefined });
    progress.event({ type: 'status', status });
    progress.event({ type: 'ended', status: { ...status, state: 'failed', reason: 'badInput' } });
    expect(printed).toBe('');
    show(undefined);
    progress.event({ type: 'status', status: { ...status, state: 'running' } });
    progress.event({ type: 'status', status: { ...status, state: 'running' } });
    expect(printed).toBe('Run a\n');
  });

  it('groups the digits of long numbers', () => {
    show(200);
    const why = message('The model has {parameters} parameters, {share} of them new.', {
      parameters: 13706,
      share: 0.25,
    });
    batch(1, { step: 1, epochs: 1_000_000, device: { id: 'cpu', label: 'JavaScript', why } });
    batch(2, { step: 20_001, epoch: 9999, epochs: 1_000_000 });
    expect(printed).toContain('The model has 13,706 parameters, 0.25 of them new.');
    expect(printed).toContain('epoch 9999/1,000,000 · loss 0.5 · 20,000 steps/s');
  });

  it('prints the device and what was done to the data once, and no line of progress for a short run', () => {
    show(undefined);
    const device = { id: 'cpu', label: 'JavaScript', why: message('JavaScript, as you asked.') };
    const dataNotes = [message('{rows} rows.', { rows: 3 })];
    batch(0.5, { step: 1, device, dataNotes });
    batch(0.6, { step: 9, device, dataNotes });
    expect(printed).toBe('Run a\nJavaScript, as you asked.\n3 rows.\n');
  });
});
