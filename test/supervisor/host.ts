import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { parseExperiment } from '../../src/core/training/experiment.ts';

// A host that tests can kill: starts the experiment that it is given and says which process trains it.
const [trainer = '', dataSets = '', root = '', text = ''] = process.argv.slice(2);
const log = (line: string): void => void process.stderr.write(`${line}\n`);
const supervisor = new Supervisor({
  trainer,
  dataSets,
  log: { debug: log, info: log, warn: log, error: log },
});

async function main(): Promise<void> {
  const parsed = parseExperiment(JSON.parse(text));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const started = await supervisor.start(new RunStore(root), parsed.value, { device: 'float64' });
  if (!started.ok) throw new Error(JSON.stringify(started.problems));
  const run = started.value;
  const tell = (): void =>
    void process.stdout.write(
      `${JSON.stringify({ pid: run.status.pid, state: run.status.state, step: run.status.step })}\n`,
    );
  run.onEvent(tell);
  await run.ended;
}

void main();
