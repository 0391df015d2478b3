import { english } from '../core/messages/message.ts';
import type { PhaseName } from '../core/protocol/trainer.ts';
import type { MetricsLine, RunStatus } from '../core/runs/record.ts';
import { figure } from '../core/training/summary.ts';
import type { Run, RunEvent } from '../supervisor/run.ts';
import { grouped, jsonLine, words, type Terminal } from './output.ts';

/** Least time between two plain progress lines, and between two redraws, in milliseconds. */
const plainEvery = 2000;
const redrawEvery = 100;

const phases: Readonly<Record<PhaseName, string>> = {
  reading: 'Reading the data',
  preparing: 'Preparing the data',
  device: 'Choosing a device',
  compiling: 'Compiling',
};

/** Shows how a run goes. */
export interface Progress {
  event(event: RunEvent): void;
  /** Clears what may be redrawn; to be called before anything else is printed. */
  end(): void;
}

/** One JSON object per line on stdout. */
export function jsonProgress(to: Terminal, run: Run): Progress {
  let device: string | undefined;
  const seen = new Set<string>();
  to.out(jsonLine({ type: 'start', run: run.directory, name: run.status.name }));
  const note = ({ dataNotes, device: chosen }: RunStatus): void => {
    if (chosen !== undefined && chosen.id !== device) {
      device = chosen.id;
      to.out(jsonLine({ type: 'device', device, label: chosen.label, why: english(chosen.why) }));
    }
    for (const text of (dataNotes ?? []).map(english)) {
      if (!seen.has(text)) to.out(jsonLine({ type: 'note', text }));
      seen.add(text);
    }
  };
  return {
    event(event) {
      if (event.type === 'phase')
        to.out(
          jsonLine({
            type: 'phase',
            phase: event.phase,
            ...(event.share === undefined ? {} : { share: event.share }),
          }),
        );
      else note(event.status);
      if (event.type === 'batch') for (const line of event.lines) to.out(jsonLine(line));
    },
    end: () => undefined,
  };
}

/** A line that is redrawn on a terminal, now and then a plain line elsewhere; on stderr. */
export function textProgress(to: Terminal, run: Run): Progress {
  const every = to.live ? redrawEvery : plainEvery;
  const seen = new Set<string>();
  let last = 0;
  let drawn = false;
  let named = false;
  let epoch: Extract<MetricsLine, { type: 'epoch' }> | undefined;
  let speed: number | undefined;
  /** When the speed was last measured; it counts from the first step. */
  let measured: { readonly step: number; readonly at: number } | undefined;

  const clear = (): void => {
    if (drawn) to.err('\r\u001b[K');
    drawn = false;
  };
  const line = (text: string): void => {
    clear();
    to.err(`${text}\n`);
  };
  const draw = (text: string, force = false): void => {
    const now = performance.now();
    if (!force && now - last < every) return;
    last = now;
    if (!to.live) {
      to.err(`${text}\n`);
      return;
    }
    clear();
    to.err(text.slice(0, to.columns - 1));
    drawn = true;
  };
  const notes = (status: RunStatus): void => {
    for (const text of [
      ...(status.device === undefined ? [] : [status.device.why]),
      ...(status.dataNotes ?? []),
    ].map(words)) {
      if (!seen.has(text)) line(text);
      seen.add(text);
    }
  };

  return {
    event(event) {
      // Until then the data may turn out to be bad, and there is no run.
      if (!named && event.type !== 'phase' && event.status.state === 'running') {
        named = true;
        line(`Run ${run.id}`);
      }
      if (event.type === 'phase') {
        if (to.live)
          draw(
            `${phases[event.phase]}${event.share === undefined || event.share === 0 ? '' : ` ${Math.floor(100 * event.share)} %`} …`,
            true,
          );
        return;
      }
      notes(event.status);
      if (event.type === 'ended') return;
      if (event.type === 'batch')
        epoch = event.lines.findLast((candidate) => candidate.type === 'epoch') ?? epoch;
      if (event.status.state !== 'running') {
        measured = undefined;
        return;
      }
      const { step, loss } = event.status;
      const now = performance.now();
      measured ??= { step, at: now };
      if (now - measured.at >= 500) {
        speed = ((step - measured.step) / (now - measured.at)) * 1000;
        measured = { step, at: now };
      }
      if (loss !== undefined)
        draw(progressLine(event.status, epoch, speed, to.live ? to.columns - 1 : Infinity));
    },
    end: clear,
  };
}

/** `epoch 12/100 · loss 0.2103 · validation 0.2511 · accuracy 0.95 · 5200 steps/s`, as much of it as has room. */
function progressLine(
  status: RunStatus,
  epoch: Extract<MetricsLine, { type: 'epoch' }> | undefined,
  speed: number | undefined,
  room: number,
): string {
  const parts = [`epoch ${grouped(status.epoch)}/${grouped(status.epochs)}`];
  if (status.loss !== undefined) parts.push(`loss ${figure(status.loss)}`);
  if (status.validationLoss !== undefined) parts.push(`validation ${figure(status.validationLoss)}`);
  for (const [name, value] of Object.entries(epoch?.metrics ?? {})) parts.push(`${name} ${figure(value)}`);
  if (speed !== undefined && speed > 0)
    parts.push(`${speed < 10 ? Number(speed.toPrecision(2)) : grouped(Math.round(speed))} steps/s`);
  while (parts.length > 1 && parts.join(' · ').length > room) parts.pop();
  return parts.join(' · ');
}
