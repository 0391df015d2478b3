import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataFileName, noDataFileName } from '../../src/core/data/formats.ts';
import {
  commands,
  contextKeys,
  contextValue,
  extensionId,
  panels,
  settingIds,
  views,
} from '../../src/extension/contributions.ts';

const root = path.resolve(import.meta.dirname, '../..');
const text = fs.readFileSync(path.join(root, 'package.json'), 'utf8');
const names = JSON.parse(fs.readFileSync(path.join(root, 'package.nls.json'), 'utf8')) as Record<
  string,
  string
>;

interface Menu {
  command: string;
  when?: string;
}
const manifest = JSON.parse(text) as {
  name: string;
  publisher: string;
  activationEvents: string[];
  capabilities: {
    untrustedWorkspaces: { supported: string; restrictedConfigurations: string[] };
    virtualWorkspaces: { supported: boolean };
  };
  contributes: {
    commands: { command: string; category: string; title: string; icon?: string }[];
    menus: Record<string, Menu[]>;
    views: Record<string, { id: string }[]>;
    configuration: { properties: Record<string, { scope?: string; default: unknown }> };
  };
};
const { contributes } = manifest;

describe('package.json and the code name the same things', () => {
  it('the extension', () => {
    expect(`${manifest.publisher}.${manifest.name}`).toBe(extensionId);
  });

  it('commands', () => {
    expect(contributes.commands.map(({ command }) => command).sort()).toEqual(
      expect.arrayContaining([...Object.values(commands)].sort()),
    );
    const own = new Set<string>(Object.values(commands));
    expect(
      contributes.commands.filter(({ command }) => !own.has(command)).map(({ command }) => command),
    ).toEqual([]);
    for (const { category } of contributes.commands) expect(category).toBe('Loss Lab');
  });

  it('commands in menus', () => {
    const known = new Set(contributes.commands.map(({ command }) => command));
    for (const entries of Object.values(contributes.menus))
      for (const { command } of entries) expect(known).toContain(command);
  });

  it('views, panels and settings', () => {
    expect(
      Object.values(contributes.views)
        .flat()
        .map(({ id }) => id),
    ).toEqual(Object.values(views));
    expect(manifest.activationEvents).toContain(`onWebviewPanel:${panels.run}`);
    expect(Object.keys(contributes.configuration.properties)).toEqual(
      settingIds.map((id) => `lossLab.${id}`),
    );
  });

  it('context keys in when clauses', () => {
    const used = new Set(text.match(/(?<=["' ])lossLab\.live\b/g));
    expect([...used]).toEqual([contextKeys.live]);
  });

  it('the files that can be trained on', () => {
    const { when } = contributes.menus['explorer/context']!.find(
      ({ command }) => command === commands.trainFile,
    )!;
    expect(when).toContain(`resourceFilename =~ ${String(dataFileName)}`);
    expect(when).toContain(`!(resourceFilename =~ ${String(noDataFileName)})`);
    for (const name of [
      'a.csv',
      'a.TSV.gz',
      'x.parquet',
      'train-images-idx3-ubyte',
      'b-idx1-ubyte.gz',
      'a.npz',
    ])
      expect(dataFileName.test(name), name).toBe(true);
    for (const name of ['a.txt', 'csv', 'a.csv.bak', 'image.png', 'a.gz'])
      expect(dataFileName.test(name), name).toBe(false);
    for (const name of ['a.losslab.json', 'package.json', 'tsconfig.base.json', 'settings.json'])
      expect(noDataFileName.test(name), name).toBe(true);
    for (const name of ['rents.json', 'my-package.json', 'a.json'])
      expect(noDataFileName.test(name), name).toBe(false);
  });

  it('every action that a menu looks for is one that a row may carry', () => {
    const value = contextValue('run', [
      'pause',
      'resume',
      'stop',
      'continue',
      'trainAgain',
      'predict',
      'exportWeights',
      'saveAsExperiment',
      'delete',
    ]);
    const all = value + contextValue('waiting', []) + contextValue('loss', ['train']);
    for (const { when = '' } of contributes.menus['view/item/context']!) {
      const wanted = /viewItem =~ \/(:\w+:)\//.exec(when)?.[1];
      expect(wanted, when).toBeDefined();
      expect(all).toContain(wanted);
    }
  });

  it('every text has a translation key that exists, and every key is used', () => {
    const used = new Set([...text.matchAll(/"%([^%"]+)%"/g)].map((match) => match[1]!));
    expect([...used].sort()).toEqual(Object.keys(names).sort());
  });
});

describe('trust and cost', () => {
  it('never activates on start', () => {
    expect(
      manifest.activationEvents.filter((event) => event === '*' || event === 'onStartupFinished'),
    ).toEqual([]);
  });

  it('hides what trains or writes until the workspace is trusted', () => {
    const palette = new Map(contributes.menus['commandPalette']!.map(({ command, when }) => [command, when]));
    const reading = new Set<string>([
      commands.openChart,
      commands.reveal,
      commands.copyLoss,
      commands.showLog,
    ]);
    for (const command of Object.values(commands)) {
      if (reading.has(command)) continue;
      expect(['isWorkspaceTrusted || !isWorkspaceTrustEnabled', 'lossLab.live', 'false'], command).toContain(
        palette.get(command),
      );
    }
    for (const { when = '' } of [
      ...contributes.menus['explorer/context']!,
      ...contributes.menus['editor/title']!,
    ])
      expect(when).toContain('isWorkspaceTrusted');
  });

  it('a workspace cannot set the device or the memory limit before it is trusted', () => {
    expect(manifest.capabilities.untrustedWorkspaces.supported).toBe('limited');
    expect(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.sort()).toEqual([
      'lossLab.device',
      'lossLab.memoryLimit',
    ]);
    expect(manifest.capabilities.virtualWorkspaces.supported).toBe(false);
  });
});
