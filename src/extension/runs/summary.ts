import { message, type Message } from '../../core/messages/message.ts';
import { hasEnded, type Metrics, type RunStatus } from '../../core/runs/record.ts';
import { canResume } from '../../core/runs/states.ts';
import type { PanelAction } from '../../core/protocol/panel.ts';
import type { PhaseName } from '../../core/protocol/trainer.ts';

/** What happens before the first step. */
export interface Phase {
  readonly phase: PhaseName;
  /** 0 … 1 where it is known. */
  readonly share?: number | undefined;
}

/** A number for a sentence: four significant digits at most. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞';
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

/** A duration for a sentence: "40 ms", "4.8 s", "42 s", "3 min 5 s", "2 h 10 min". */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The metric by which a run is named in lists: accuracy, else RMSE; undefined before the first epoch's end. */
export function mainMetric(metrics: Metrics | undefined): Message | undefined {
  const accuracy = metrics?.['accuracy'];
  if (accuracy !== undefined) return message('accuracy {value}', { value: accuracy.toFixed(3) });
  const rmse = metrics?.['rmse'];
  if (rmse !== undefined) return message('RMSE {value}', { value: shortNumber(rmse) });
  return undefined;
}

/** One line on what a run is doing, or how it ended. */
export function headline(status: RunStatus, phase?: Phase): Message {
  const epoch = Math.min(status.epoch, status.epochs);
  switch (status.state) {
    case 'starting':
      return starting(phase);
    case 'running':
      if (status.loss === undefined) return message('Training starts…');
      return status.validationLoss === undefined
        ? message('Training: epoch {epoch} of {epochs}, loss {loss}.', {
            epoch,
            epochs: status.epochs,
            loss: shortNumber(status.loss),
          })
        : message('Training: epoch {epoch} of {epochs}, loss {loss}, validation loss {validation}.', {
            epoch,
            epochs: status.epochs,
            loss: shortNumber(status.loss),
            validation: shortNumber(status.validationLoss),
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
      return message('Finished {epochs} epochs ({steps} steps) in {time}.', {
        epochs: status.epoch,
        steps: status.step,
        time: duration(status.seconds),
      });
    case 'stopped':
      return status.reason === 'notFinite'
        ? message('Stopped at step {step}: the loss was no longer a finite number.', { step: status.step })
        : message('Stopped at step {step}, epoch {epoch} of {epochs}, after {time}.', {
            step: status.step,
            epoch,
            epochs: status.epochs,
            time: duration(status.seconds),
          });
    case 'failed':
      return status.note === undefined
        ? message('Failed at step {step}.', { step: status.step })
        : status.note;
    case 'interrupted':
      return message(
        'Interrupted at step {step}, epoch {epoch} of {epochs}: its window was closed or reloaded.',
        {
          step: status.step,
          epoch,
          epochs: status.epochs,
        },
      );
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
export function notes(status: RunStatus, rate?: number, controlled = true): Message[] {
  const list: Message[] = [];
  if (!hasEnded(status.state)) {
    if (!controlled)
      list.push(message('Another window or a terminal trains this run; its curve is followed from here.'));
    return list;
  }
  if (status.best !== undefined) {
    const metric = mainMetric(status.metrics);
    const args = { step: status.best.step, epoch: status.best.epoch, loss: shortNumber(status.best.loss) };
    const hasValidation = status.validationLoss !== undefined;
    if (metric !== undefined) {
      list.push(
        'accuracy' in metricsOf(status)
          ? message('Best after epoch {epoch} (step {step}): validation loss {loss}, accuracy {metric}.', {
              ...args,
              metric: metricsOf(status)['accuracy']!.toFixed(3),
            })
          : message('Best after epoch {epoch} (step {step}): validation loss {loss}, RMSE {metric}.', {
              ...args,
              metric: shortNumber(metricsOf(status)['rmse']!),
            }),
      );
    } else {
      list.push(
        hasValidation
          ? message('Best after epoch {epoch} (step {step}): validation loss {loss}.', args)
          : message('Best after epoch {epoch} (step {step}): training loss {loss}.', args),
      );
    }
    list.push(message('The best state is kept: Predict and Export Weights use it.'));
  }
  if (status.reason === 'notFinite') {
    list.push(
      rate === undefined
        ? message('Usual cause: the learning rate is too high. Train again with a smaller one.')
        : message('Usual cause: the learning rate {rate} is too high. Train again with {smaller}.', {
            rate: shortNumber(rate),
            smaller: shortNumber(rate / 10),
          }),
      message(
        'Other causes: features or target of very different size (scaling is off), or extreme values in the data.',
      ),
    );
  }
  if (status.state === 'failed' && status.reason === 'memory') {
    list.push(message('Try a smaller model or batch, fewer rows, or a higher lossLab.memoryLimit.'));
  }
  if (canResume(status.state) && status.step > 0 && status.reason !== 'notFinite') {
    list.push(message('Resume Run continues from the last checkpoint.'));
  }
  return list;
}

function metricsOf(status: RunStatus): Metrics {
  return status.metrics ?? {};
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
