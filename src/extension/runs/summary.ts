import { message, type Message } from '../../core/messages/message.ts';
import { hasEnded, type Metrics, type RunStatus } from '../../core/runs/record.ts';
import { figure, runSummary } from '../../core/training/summary.ts';
import type { Experiment } from '../../core/training/experiment.ts';
import { canResume } from '../../core/runs/states.ts';
import type { PanelAction } from '../../core/protocol/panel.ts';
import type { PhaseName } from '../../core/protocol/trainer.ts';

/** What happens before the first step. */
export interface Phase {
  readonly phase: PhaseName;
  /** 0 … 1 where it is known. */
  readonly share?: number | undefined;
}

/** The metric by which a run is named in lists: accuracy, F1, energy distance or RMSE; undefined before the first epoch's end. */
export function mainMetric(metrics: Metrics | undefined): Message | undefined {
  const accuracy = metrics?.['accuracy'];
  if (accuracy !== undefined) return message('accuracy {value}', { value: accuracy.toFixed(3) });
  const distance = metrics?.['energy distance'];
  if (distance !== undefined) return message('energy distance {value}', { value: figure(distance) });
  const nearest = metrics?.['recall@1'];
  if (nearest !== undefined) return message('recall@1 {value}', { value: nearest.toFixed(3) });
  const f1 = metrics?.['micro F1'];
  if (f1 !== undefined) return message('micro F1 {value}', { value: f1.toFixed(3) });
  const rmse = metrics?.['rmse'];
  if (rmse !== undefined) return message('RMSE {value}', { value: figure(rmse) });
  return undefined;
}

/** One line on what a run is doing, or how it ended. */
export function headline(
  status: RunStatus,
  {
    phase,
    experiment,
  }: { readonly phase?: Phase | undefined; readonly experiment?: Experiment | undefined } = {},
): Message {
  const epoch = Math.min(status.epoch, status.epochs);
  switch (status.state) {
    case 'starting':
      return starting(phase);
    case 'running':
      if (status.loss === undefined) return message('Training starts…');
      if (status.metrics?.['energy distance'] !== undefined) {
        return message('Training: epoch {epoch} of {epochs}, energy distance {distance}.', {
          epoch,
          epochs: status.epochs,
          distance: figure(status.validationLoss ?? NaN),
        });
      }
      return status.validationLoss === undefined
        ? message('Training: epoch {epoch} of {epochs}, loss {loss}.', {
            epoch,
            epochs: status.epochs,
            loss: figure(status.loss),
          })
        : message('Training: epoch {epoch} of {epochs}, loss {loss}, validation loss {validation}.', {
            epoch,
            epochs: status.epochs,
            loss: figure(status.loss),
            validation: figure(status.validationLoss),
          });
    case 'paused':
      return message('Paused at step {step}, epoch {epoch} of {epochs}.', {
        step: status.step,
        epoch,
        epochs: status.epochs,
      });
    case 'stopping':
      return message('Stopping: the last checkpoint is being written…');
    case 'finished':
    case 'stopped':
    case 'failed':
    case 'interrupted':
      return runSummary(status, experiment).headline;
  }
}

function starting(phase: Phase | undefined): Message {
  const percent = phase?.share === undefined ? undefined : Math.round(phase.share * 100);
  switch (phase?.phase) {
    case 'reading':
      return percent === undefined
        ? message('Reading the data…')
        : message('Reading the data: {percent} %…', { percent });
    case 'preparing':
      return message('Preparing the data…');
    case 'device':
      return message('Choosing the fastest device that computes correctly…');
    case 'compiling':
      return message('Compiling the kernels…');
    case undefined:
      return message('Starting the trainer…');
  }
}

/** Points after the headline: the best step, usual causes of a failure, what to do next. */
export function notes(
  status: RunStatus,
  { experiment, controlled }: { readonly experiment?: Experiment | undefined; readonly controlled: boolean },
): Message[] {
  if (!hasEnded(status.state)) {
    return controlled
      ? []
      : [message('Another window or a terminal trains this run; its curve is followed from here.')];
  }
  const { notes: points } = runSummary(status, experiment);
  return status.best === undefined
    ? [...points]
    : [...points, message('Predict and Export Weights use the best model.')];
}

/**
 * What can be asked of a run. `controlled`: this window owns its trainer; `trusted`: the workspace may run things.
 */
export function actionsOf(
  status: RunStatus,
  options: { controlled: boolean; trusted: boolean },
): PanelAction[] {
  if (!options.trusted) return ['showLog'];
  if (!hasEnded(status.state)) {
    if (!options.controlled) return [];
    switch (status.state) {
      case 'running':
        return ['pause', 'stop'];
      case 'paused':
        return ['resume', 'stop'];
      case 'starting':
        return ['stop'];
      default:
        return [];
    }
  }
  const list: PanelAction[] = [];
  // Continuing a diverged run would only diverge again.
  if (canResume(status.state) && status.reason !== 'notFinite' && status.reason !== 'badInput')
    list.push('continue');
  list.push('trainAgain');
  if (status.best !== undefined) list.push('predict', 'exportWeights');
  list.push('saveAsExperiment');
  if (status.state === 'failed') list.push('showLog');
  return list;
}
