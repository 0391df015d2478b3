import { message, type Message } from '../messages/message.ts';
import { hasEnded, type RunStatus } from '../runs/record.ts';
import type { Experiment } from './experiment.ts';

/** What happened in a run, for people: one sentence, and points worth knowing after it. */
export interface Summary {
  readonly headline: Message;
  readonly notes: readonly Message[];
}

/**
 * The summary of a run as its status stands; during a run the headline says where it is. A run that was cut short has a
 * note of its own that says what happened and what to do.
 * @param experiment undefined where it cannot be read any more; the causes of a failure are then named in general
 */
export function runSummary(status: RunStatus, experiment: Experiment | undefined): Summary {
  if (!hasEnded(status.state)) return { headline: progress(status), notes: [] };
  if ((status.state === 'failed' || status.state === 'interrupted') && status.note !== undefined)
    return { headline: status.note, notes: [...result(status), ...overfitting(status)] };
  return {
    headline: ending(status, experiment),
    notes: [...causes(status, experiment), ...result(status), ...overfitting(status), ...next(status)],
  };
}

function progress(status: RunStatus): Message {
  const { state, epoch, epochs } = status;
  switch (state) {
    case 'starting':
      return message('Preparing data and device …');
    case 'paused':
      return message('Paused after epoch {epoch} of {epochs}.', { epoch, epochs });
    case 'stopping':
      return message('Stopping …');
    default:
      return message('Training: epoch {epoch} of {epochs}.', { epoch: Math.min(epoch + 1, epochs), epochs });
  }
}

/** What judges the model after every epoch, where that is not the loss on the validation part. */
export function judgeName({ task }: Experiment): Message | undefined {
  return task.type === 'gan' ? message('Energy distance') : undefined;
}

/** How the run ended, in one sentence. */
function ending(status: RunStatus, experiment: Experiment | undefined): Message {
  const { epochs, step } = status;
  const when = reached(status);
  const time = duration(status.seconds);
  switch (status.reason) {
    case 'epochs':
      return message(
        epochs === 1 ? 'Finished {epochs} epoch in {time}.' : 'Finished all {epochs} epochs in {time}.',
        { epochs, time },
      );
    case 'steps':
      return message(
        step === 1 ? 'Finished {step} step in {time}.' : 'Finished all {step} steps in {time}.',
        {
          step,
          time,
        },
      );
    case 'target': {
      const target = experiment?.training.target;
      return target === undefined
        ? message('Finished {when}, in {time}: the target loss is reached.', { when, time })
        : message('Finished {when}, in {time}: the target loss of {target} is reached.', {
            when,
            time,
            target: figure(target.loss),
          });
    }
    case 'patience': {
      const waited = experiment?.training.patience?.epochs ?? 1;
      return message(
        waited === 1
          ? 'Finished {when}, in {time}: the loss did not improve any more.'
          : 'Finished {when}, in {time}: the loss had not improved for {waited} epochs.',
        { when, time, waited },
      );
    }
    case 'budget':
      return message('Finished after step {step}: the time for training, {time}, is used up.', {
        step,
        time: duration(experiment?.training.seconds ?? status.seconds),
      });
    case 'user':
      return message('Stopped by you {when}.', { when });
    case 'notFinite':
      return message('Stopped at step {step}: the loss or a parameter was no longer a finite number.', {
        step,
      });
    case 'memory':
      return message('Ended {when}: the training process needed more memory than allowed.', { when });
    case 'disk':
      return message('Ended {when}: the run could not be written to disk.', { when });
    case 'badInput':
      return message('The run could not start, because its input has a problem.');
    case 'killed':
      return message('The training process was ended from outside {when}.', { when });
    case 'hostGone':
      return message('Interrupted {when}, because the program that watched it ended.', { when });
    case 'crash':
    case undefined:
      return message('The training process ended unexpectedly {when}.', { when });
  }
}

/** How far a run got. */
function reached({ step, epoch, epochs }: RunStatus): Message {
  if (step === 0) return message('before the first step');
  if (epoch === 0) return message('in the first epoch');
  return message(epochs === 1 ? 'after {epoch} of {epochs} epoch' : 'after {epoch} of {epochs} epochs', {
    epoch,
    epochs,
  });
}

/** The usual causes of a loss that is not finite, the likeliest for this experiment first. */
function causes({ reason }: RunStatus, experiment: Experiment | undefined): Message[] {
  if (reason !== 'notFinite') return [];
  const scaling = experiment?.scaling;
  const unscaled = [
    ...(scaling?.features === 'none'
      ? [
          message(
            'The features are not scaled. Set "scaling.features" to "standard", or scale them in the file.',
          ),
        ]
      : []),
    ...(scaling?.target === 'none'
      ? [
          message(
            'The target is not scaled: large targets make large gradients. Set "scaling.target" to "standard".',
          ),
        ]
      : []),
  ];
  const rate = experiment?.optimizer.rate;
  return [
    rate === undefined
      ? message('Usually the learning rate is too high.')
      : message('Usually the learning rate is too high. It was {rate}; try {lower}.', {
          rate,
          lower: figure(rate / 10),
        }),
    ...unscaled,
    message('Extreme values in the data overflow as well: look for outliers and wrong units.'),
  ];
}

/** The best model's figures. */
function result(status: RunStatus): Message[] {
  const { best, metrics, validationLoss } = status;
  if (best === undefined) return [];
  const epoch = best.epoch;
  const loss = figure(best.loss);
  if (validationLoss === undefined) {
    return [
      message('Lowest training loss: {loss}, in epoch {epoch}. There was no validation part.', {
        loss,
        epoch,
      }),
      ...figures(metrics ?? {}),
    ];
  }
  const { accuracy, rmse, r2, 'energy distance': distance } = metrics ?? {};
  if (distance !== undefined) {
    return [
      message(
        'Best generator: epoch {epoch}, with an energy distance of {distance} to real rows. That of other real rows is {real}.',
        { epoch, distance: figure(distance), real: figure(metrics?.['energy distance of real rows'] ?? NaN) },
      ),
    ];
  }
  const naive = metrics?.['naive rmse'];
  if (rmse !== undefined && naive !== undefined) {
    return [
      message(
        'Best model: epoch {epoch}, with RMSE {rmse} and loss {loss} on the validation part. Repeating the last value has RMSE {naive}.',
        { epoch, rmse: figure(rmse), loss, naive: figure(naive) },
      ),
      ...coverage(metrics ?? {}),
    ];
  }
  const { 'recall@1': nearest, 'map@r': precision } = metrics ?? {};
  if (nearest !== undefined && precision !== undefined) {
    return [
      message(
        'Best model: epoch {epoch}, with loss {loss} on the validation part. The nearest neighbour is of the same class for {nearest} of its rows; the mean average precision is {precision}.',
        { epoch, loss, nearest: `${figure(100 * nearest)} %`, precision: figure(precision) },
      ),
    ];
  }
  if (accuracy !== undefined) {
    return [
      message('Best model: epoch {epoch}, with accuracy {accuracy} and loss {loss} on the validation part.', {
        epoch,
        accuracy: `${figure(100 * accuracy)} %`,
        loss,
      }),
      ...figures(metrics ?? {}),
    ];
  }
  if (rmse !== undefined && r2 !== undefined) {
    return [
      message(
        'Best model: epoch {epoch}, with RMSE {rmse}, R² {r2} and loss {loss} on the validation part.',
        {
          epoch,
          rmse: figure(rmse),
          r2: figure(r2),
          loss,
        },
      ),
      ...figures(metrics ?? {}),
    ];
  }
  return [
    message('Best model: epoch {epoch}, with loss {loss} on the validation part.', { epoch, loss }),
    ...figures(metrics ?? {}),
  ];
}

/** Metrics that no sentence has, such as those of several targets and trained parameters of the loss. */
function figures(metrics: Readonly<Record<string, number>>): Message[] {
  const others = Object.entries(metrics).filter(([name]) => !['accuracy', 'rmse', 'r2'].includes(name));
  if (others.length === 0) return [];
  const list = others.map(([name, value]) => `${name} ${figure(value)}`).join(', ');
  return [message('Its figures: {figures}.', { figures: list })];
}

/** Of forecast quantiles how many targets lie below each. */
function coverage(metrics: Readonly<Record<string, number>>): Message[] {
  const levels = Object.entries(metrics).flatMap(([name, share]) => {
    const level = /^coverage (.*)$/.exec(name)?.[1];
    return level === undefined ? [] : [`${level}: ${figure(Number((100 * share).toFixed(1)))} %`];
  });
  return levels.length === 0
    ? []
    : [message('Share of the targets at or below each quantile: {levels}.', { levels: levels.join(', ') })];
}

/** Says so where the validation loss rose by a tenth or more after its best. */
function overfitting({ best, validationLoss, epoch, metrics }: RunStatus): Message[] {
  if (best === undefined || validationLoss === undefined || epoch <= best.epoch) return [];
  if (!(validationLoss > best.loss + 0.1 * Math.abs(best.loss))) return [];
  const args = { best: figure(best.loss), epoch: best.epoch, last: figure(validationLoss) };
  if (metrics?.['energy distance'] !== undefined) {
    // Less than samples differ by chance says nothing.
    if (validationLoss - best.loss < (metrics['energy distance of real rows'] ?? 0)) return [];
    return [
      message(
        'The energy distance rose from {best} in epoch {epoch} to {last}. The best generator is kept.',
        args,
      ),
    ];
  }
  return [
    message(
      'The validation loss rose from {best} in epoch {epoch} to {last}: the later epochs over-fit. The best model is kept.',
      args,
    ),
  ];
}

/** What to do after an end that nobody wanted. */
function next({ reason, state }: RunStatus): Message[] {
  switch (reason) {
    case 'memory':
      return [message('Choose a smaller batch or fewer hidden units, or train on a part of the file.')];
    case 'disk':
      return [message('Free some space, or choose another folder, then resume the run.')];
    case 'crash':
    case 'killed':
    case 'hostGone':
    case undefined:
      return state === 'interrupted' || state === 'failed'
        ? [message('Resume continues from the last checkpoint; every point before it is kept.')]
        : [];
    case 'epochs':
    case 'steps':
    case 'target':
    case 'patience':
    case 'budget':
    case 'user':
    case 'notFinite':
    case 'badInput':
      return [];
  }
}

/** A number for a sentence: four significant digits without trailing zeros, a power of ten where it is tiny or huge. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞';
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

/** Seconds as people say them: `0.02 s`, `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 0.095) return `${Number(Math.max(seconds, 0.001).toPrecision(1))} s`;
  if (seconds < 9.95) return `${figure(Math.round(seconds * 10) / 10)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return minutes % 60 === 0
    ? `${Math.floor(minutes / 60)} h`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
