import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reachCsv, reachRows } from './reach-rows.ts';

const answer = { effect: 'pass', reason: 'access.policy', policies: ['ops'], facts: [] } as const;
const pair = { userId: 'u', email: 'ann@example.com', objectId: 'r', object: 'wiki', kind: 'resource' } as const;
const copy = (of: typeof answer | object) => structuredClone(of) as never;

test('gateways that answer differently have rows of their own; refusals are told where somebody asks for them', () => {
  const no = { ...answer, effect: 'deny', reason: 'access.not_allowed', policies: [] };
  const reached = [
    {
      ...pair,
      actions: [
        {
          action: 'read',
          ...answer,
          atGateways: [
            { ...answer, gateways: ['edge'] },
            { ...no, gateways: ['lab'] },
          ],
        },
        { action: 'write', ...no },
      ],
    },
  ].map((one) => copy(one));
  const told = (all: boolean) =>
    reachRows(reached, all).map(({ action, effect, gateways }) => [action, effect, gateways]);
  assert.deepEqual(told(false), [['read', 'pass', ['edge']]]);
  assert.deepEqual(told(true), [
    ['read', 'pass', ['edge']],
    ['read', 'deny', ['lab']],
    ['write', 'deny', null],
  ]);
});

test('a file for spreadsheets holds what is shown, and no formula', () => {
  const row = {
    ...pair,
    ...answer,
    object: '=cmd()',
    policies: ['a "b", c'],
    facts: ['country'],
    gateways: ['x', 'y'],
  };
  assert.equal(
    reachCsv([copy({ ...row, action: 'read' })]).split('\r\n')[1],
    `ann@example.com,'=cmd(),read,pass,country,x y,"a ""b"", c",access.policy`,
  );
});
