import { probeArgument, runProbe } from './device/probe.ts';
import { serve } from './serve.ts';

// The bundle runs as two processes: the trainer, and the child in which the trainer tries a graphics driver.
if (process.argv.includes(probeArgument)) void runProbe();
else serve(__filename);
