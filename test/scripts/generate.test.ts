import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { getLanguageService, TextDocument, type Position } from 'vscode-json-languageservice';
import { Typesetter } from '../../scripts/typeset.ts';
import { lossIds } from '../../src/core/losses/catalogue.ts';
import { parseExperiment } from '../../src/core/training/experiment.ts';

const root = path.resolve(import.meta.dirname, '../..');

it('has generated files that are fresh', () => {
  const run = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/generate.ts', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  // Hundreds of formulas are typeset.
}, 240_000);

describe('typesetting', () => {
  it('measures in em and shares outlines', async () => {
    const typesetter = new Typesetter();
    const one = await typesetter.typeset('\\ell');
    const two = await typesetter.typeset('\\ell + \\ell');
    expect(one.marks).toEqual(['2113 0 0 1']);
    expect(two.marks.map((mark) => mark.split(' ')[0])).toEqual(['2113', '2B', '2113']);
    expect(two.width).toBeGreaterThan(2 * one.width);
    expect(Object.keys(typesetter.table()).sort()).toEqual(['2113', '2B']);
  });

  it('places a fraction’s bar between its parts', async () => {
    const { marks } = await new Typesetter().typeset('\\frac{1}{2}');
    const heights = new Map(marks.map((mark) => [mark.split(' ')[0]!, Number(mark.split(' ')[2])]));
    expect(heights.get('31')).toBeLessThan(-300);
    expect(heights.get('32')).toBeGreaterThan(300);
    expect([...heights.keys()]).toContain('bar');
  });

  it('fails on TeX that is wrong and on letters that no font has', async () => {
    await expect(new Typesetter().typeset('\\frac{1}')).rejects.toThrow();
    await expect(new Typesetter().typeset('\\nosuchmacro')).rejects.toThrow();
    await expect(new Typesetter().typeset('\\text{漢}')).rejects.toThrow(/not an outline/);
  });
});

/** VS Code's own JSON language service with the contributed schema. */
const service = getLanguageService({ clientCapabilities: {} });
service.configure({
  schemas: [
    {
      uri: 'test://experiment.schema.json',
      fileMatch: ['*.losslab.json'],
      schema: JSON.parse(readFileSync(path.join(root, 'schemas/experiment.schema.json'), 'utf8')) as object,
    },
  ],
});

function open(text: string) {
  const document = TextDocument.create('file:///a.losslab.json', 'json', 1, text);
  return { document, json: service.parseJSONDocument(document) };
}

async function complaints(value: unknown): Promise<string[]> {
  const { document, json } = open(JSON.stringify(value, undefined, 2));
  return (await service.doValidation(document, json)).map((d) =>
    typeof d.message === 'string' ? d.message : d.message.value,
  );
}

/** Completions where the text has a `|`. */
async function completions(marked: string) {
  const { document, json } = open(marked.replace('|', ''));
  const position: Position = document.positionAt(marked.indexOf('|'));
  return (await service.doComplete(document, position, json))!.items;
}

const experiment = {
  version: 1,
  data: { source: 'builtin', name: 'iris' },
  loss: { id: 'softmax-cross-entropy' },
};

describe('the experiment schema in an editor', () => {
  it('accepts what the parser accepts', async () => {
    const good: unknown[] = [
      experiment,
      { ...experiment, loss: { id: 'huber', parameters: { delta: 0.5 } } },
      {
        ...experiment,
        optimizer: { type: 'sgd', momentum: 0.9, nesterov: true },
        training: { batch: 'full' },
      },
      {
        ...experiment,
        data: { source: 'file', path: 'a.csv', decimal: ',' },
        split: { validation: 0 },
        scaling: { target: 'none' },
      },
      {
        ...experiment,
        data: { source: 'generated', name: 'spiral', seed: 3 },
        model: { type: 'mlp', hidden: [] },
      },
    ];
    for (const value of good) {
      expect(parseExperiment(value).ok, JSON.stringify(value)).toBe(true);
      expect(await complaints(value)).toEqual([]);
    }
  });

  it('refuses what the parser refuses', async () => {
    const wrong: unknown[] = [
      { ...experiment, epochs: 3 },
      { ...experiment, version: 2 },
      { version: 1, data: experiment.data },
      { ...experiment, data: { source: 'builtin', name: 'nothing' } },
      { ...experiment, data: { source: 'file' } },
      { ...experiment, optimizer: { type: 'adam', rate: -1 } },
      { ...experiment, optimizer: { type: 'adam', momentum: 0.9 } },
      { ...experiment, training: { epochs: 1.5 } },
      { ...experiment, training: { batch: 'half' } },
      { ...experiment, split: { validation: 1 } },
    ];
    for (const value of wrong) {
      expect(parseExperiment(value).ok, JSON.stringify(value)).toBe(false);
      expect((await complaints(value)).length, JSON.stringify(value)).toBeGreaterThan(0);
    }
  });

  it('knows the losses and the parameters of each', async () => {
    expect((await complaints({ ...experiment, loss: { id: 'huge' } })).join()).toMatch(/huber/);
    expect(await complaints({ ...experiment, loss: { id: 'huber', parameters: { delta: 0 } } })).toHaveLength(
      1,
    );
    expect(await complaints({ ...experiment, loss: { id: 'huber', parameters: { alpha: 1 } } })).toHaveLength(
      1,
    );
    expect(
      await complaints({ ...experiment, loss: { id: 'mean-squared-error', parameters: { delta: 1 } } }),
    ).toHaveLength(1);
  });

  it('knows the other definitions of a loss, and the parameters of each', async () => {
    const loss = (given: object) => complaints({ ...experiment, loss: { id: 'binary-focal', ...given } });
    expect(await loss({ convention: 'keras', parameters: { applyClassBalancing: 1 } })).toEqual([]);
    expect(await loss({ parameters: { applyClassBalancing: 1 } })).toHaveLength(1);
    expect((await loss({ convention: 'kerass' })).join()).toMatch(/keras-probabilities/);
    const none = await complaints({ ...experiment, loss: { id: 'fair', convention: 'keras' } });
    expect(none).toHaveLength(1);
    const conventions = await completions('{ "loss": { "id": "binary-focal", "convention": | } }');
    expect(conventions.map((item) => item.label)).toContain('"keras-torch"');
  });

  it('completes ids with what they mean, parameters and defaults', async () => {
    const ids = await completions('{ "version": 1, "loss": { "id": | } }');
    expect(ids.map((item) => item.label).sort()).toEqual(lossIds.map((id) => `"${id}"`).sort());
    expect(JSON.stringify(ids.find((item) => item.label === '"huber"')?.documentation)).toContain(
      'Huber loss.',
    );
    const parameters = await completions('{ "version": 1, "loss": { "id": "huber", "parameters": { | } } }');
    expect(parameters.map((item) => item.label)).toEqual(['delta']);
    expect(parameters[0]!.insertText).toContain('1');
    const keys = await completions('{ "version": 1, | }');
    expect(keys.map((item) => item.label)).toEqual(
      expect.arrayContaining(['data', 'loss', 'optimizer', 'training']),
    );
    expect(
      keys
        .filter((item) => item.label !== 'name' && item.label !== '$schema')
        .every((item) => item.documentation !== undefined),
    ).toBe(true);
  });
});
