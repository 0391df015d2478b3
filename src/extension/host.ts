import type * as vscode from 'vscode';
import type { ExtensionLog } from './log.ts';
import type { RunService } from './runs/service.ts';
import type { RememberedChoices } from './train/memory.ts';
import type { RunPanels } from './views/runPanels.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';

/** What the commands work with. Built once, when something of training is first needed. */
export interface Host {
  readonly context: vscode.ExtensionContext;
  readonly log: ExtensionLog;
  readonly service: RunService;
  readonly supervisor: Supervisor;
  readonly panels: RunPanels;
  readonly choices: RememberedChoices;
  /** Folder of the shipped data sets. */
  readonly dataSets: string;
}
