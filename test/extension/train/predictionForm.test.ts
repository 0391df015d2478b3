import { describe, expect, it } from 'vitest';
import type { Preprocessing } from '../../../src/core/data/dataset.ts';
import { english } from '../../../src/core/messages/message.ts';
import { PredictionForm } from '../../../src/extension/train/predictionForm.ts';

const preprocessing: Preprocessing = {
  task: 'regression',
  features: [
    { kind: 'number', name: 'area', mean: 71.23456, scale: 30.2, fill: null },
    { kind: 'number', name: 'share', mean: 0.0123456, scale: 0.004, fill: null },
    { kind: 'one-hot', name: 'district', categories: ['North', 'Old Town'] },
  ],
  target: { kind: 'number', name: 'rent', mean: 0, scale: 1 },
};
const form = () => new PredictionForm(preprocessing);

describe('a new row', () => {
  it('starts from typical values, as fine as their spread', () => {
    expect(form().row()).toEqual({ area: '71', share: '0.0123', district: 'North' });
  });

  it('takes one value at a time, with a decimal comma too', () => {
    const one = form();
    expect(one.check(preprocessing.features[0]!, 'wide')).toBeDefined();
    expect(one.check(preprocessing.features[0]!, '')).toBeDefined();
    expect(one.check(preprocessing.features[2]!, 'South')).toBeDefined();
    expect(one.check(preprocessing.features[0]!, ' 60,5 ')).toBeUndefined();
    one.set('area', ' 60,5 ');
    expect(one.row()['area']).toBe('60.5');
  });

  it.each([
    ['50, 0.5, Old Town', { area: '50', share: '0.5', district: 'Old Town' }],
    ['50;0,5;Old Town', { area: '50', share: '0.5', district: 'Old Town' }],
    ['50\t0.5\tOld Town', { area: '50', share: '0.5', district: 'Old Town' }],
    ['area=80', { area: '80', share: '0.0123', district: 'North' }],
    ['district = Old Town, area = 1e2', { area: '100', share: '0.0123', district: 'Old Town' }],
  ])('takes a pasted row: %s', (text, row) => {
    const one = form();
    expect(one.paste(text)).toBeUndefined();
    expect(one.row()).toEqual(row);
  });

  it.each([
    ['50, 0.5', /2 values.*needs 3/],
    ['50, x, North', /share: Enter a number/],
    ['50, 0.5, South', /North, Old Town/],
    ['rooms=3', /no column "rooms"/],
    ['area=1, oops', /no column "oops"/],
  ])('refuses %s, says why and changes nothing', (text, reason) => {
    const one = form();
    const wrong = one.paste(text);
    expect(wrong === undefined ? '' : english(wrong)).toMatch(reason);
    expect(one.row()).toEqual(form().row());
  });
});
