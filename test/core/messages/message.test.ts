import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { Failure, reasonOf } from '../../../src/core/messages/failure.ts';
import { english, list, message, sentences, type Message } from '../../../src/core/messages/message.ts';
import { messageSchema } from '../../../src/core/messages/schema.ts';

describe('a message', () => {
  it('puts in numbers, names and messages, and shows what is missing', () => {
    const inner = message('{count} rows', { count: 3 });
    expect(english(message('{what} of "{name}"{rest}', { what: inner, name: 'a {b}' }))).toBe(
      '3 rows of "a {b}"{rest}',
    );
  });

  it('joins sentences and words in their order, however many', () => {
    const numbered = Array.from({ length: 1000 }, (_, i) => message('S{i}.', { i }));
    const [first, ...others] = numbered as [Message, ...Message[]];
    expect(english(sentences(first, ...others))).toBe(numbered.map(english).join(' '));
    expect(english(list(first, ...others))).toBe(numbered.map(english).join(', '));
    // Not nested deeper than what a reader accepts.
    expect(v.is(messageSchema, sentences(first, ...others))).toBe(true);
  });

  it('is the reason of an error, whoever threw it', () => {
    const lost = message('the device was lost');
    expect(reasonOf(new Failure(lost))).toBe(lost);
    expect(new Failure(lost).message).toBe('the device was lost');
    expect(english(reasonOf(new TypeError('x is {y}')))).toBe('x is {y}');
    expect(english(reasonOf('nothing'))).toBe('nothing');
  });
});

describe('a message from outside', () => {
  it.each([
    ['text', 'done'],
    ['no arguments', { template: 'done' }],
    ['a template that is none', { template: 1, args: {} }],
    ['an argument of another kind', { template: '{a}', args: { a: null } }],
    ['an argument that is a list', { template: '{a}', args: { a: ['x'] } }],
    ['a broken message within', { template: '{a}', args: { a: { template: 'b' } } }],
  ])('is refused where it is %s', (_, value) => {
    expect(v.is(messageSchema, value)).toBe(false);
  });

  it('is refused where it nests without end, and does not take the reader down', () => {
    let deep: Message = message('x');
    for (let i = 0; i < 100_000; i++) deep = message('{x}', { x: deep });
    expect(v.is(messageSchema, deep)).toBe(false);
  });
});
