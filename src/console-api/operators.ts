/** Operators and their keys, the trail of what they did, the state of the vault's keys, and whether the books balance. */
import { Type } from 'typebox';
import { roles } from '../core/operator/operator.ts';
import { hashOfKey, newOperatorKey } from '../core/operator/operator-key.ts';
import { fields, flag, inQuery, means, name, nullable, oneOf, optional, span, text, time, uuid, whole } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const operator = { operator_id: uuid, name: text, role: oneOf(roles), created_at: time, revoked_at: nullable(time) };

export function operatorRoutes({ store }: ConsoleParts): readonly ConsoleRoute[] {
  const group = 'Operators';
  const read = (operator_id: string) => readOne(store, { list: 'operators', filters: { operator_id }, noun: 'operator' });
  return [
    list({
      ...{ name: 'listOperators', group, at: '/operators', role: 'admin', summary: 'Lists operators, without their keys.' },
      query: optional({ active: inQuery.flag }),
      ...{ list: 'operators', item: fields(operator), store },
    }),
    act({
      ...{
        name: 'createOperator',
        group,
        method: 'post',
        at: '/operators',
        role: 'admin',
        summary: 'Adds an operator; the key is told this once.',
      },
      ...{ body: fields({ name, role: oneOf(roles) }), sample: { name: 'Ada', role: 'viewer' }, status: 201, problems: ['conflict'] },
      answer: fields({ ...operator, key: means(text, 'What the operator sends as a bearer token.') }),
      async handle({ body, actor }) {
        const key = newOperatorKey();
        const { operatorId } = await store.createOperator({ actor, ...body, keyHash: hashOfKey(key) });
        return { ...(await read(operatorId)), key };
      },
    }),
    act({
      ...{
        name: 'revokeOperator',
        group,
        method: 'post',
        at: '/operators/:operator_id/revoke',
        role: 'admin',
        summary: 'Ends the key of an operator, at once.',
      },
      ...{ path: fields({ operator_id: uuid }), answer: fields(operator), problems: ['not_found'] },
      async handle({ path: { operator_id: operatorId }, actor }) {
        await store.revokeOperator({ actor, operatorId });
        return read(operatorId);
      },
    }),
  ];
}

export function auditRoutes({ store, verify }: ConsoleParts): readonly ConsoleRoute[] {
  return [
    list({
      ...{ name: 'listAudit', group: 'Audit', at: '/audit', summary: 'Lists what operators did, the latest first.' },
      query: optional({
        actor: inQuery.text,
        act: means(inQuery.text, 'An act, or the noun in front of it: `merchant`, `merchant.created`.'),
        ...span,
      }),
      list: 'audit',
      item: fields({
        sequence: whole,
        happened_at: time,
        actor: text,
        act: text,
        details: Type.Unknown(),
        hash: means(text, 'SHA-256 over the hash before it and this entry: kept elsewhere, it shows whether the end was cut off.'),
      }),
      store,
    }),
    act({
      ...{ name: 'verify', group: 'Audit', method: 'get', at: '/verification', role: 'viewer' },
      summary: 'Checks that the books balance, agree with the payments, and that nobody has changed the trail.',
      description: 'Reads everything, as `polygate verify` does: on a large database it takes its time.',
      answer: fields({ ok: flag, findings: means(Type.Array(text), 'What is wrong, a line each.') }),
      async handle() {
        const findings = await verify();
        return { ok: findings.length === 0, findings };
      },
    }),
  ];
}

export function keyRoutes({ readKeys }: ConsoleParts): readonly ConsoleRoute[] {
  const masterKey = fields({
    key_id: text,
    state: means(
      oneOf(['active', 'unwraps_only', 'not_used_yet', 'not_needed']),
      '`not_used_yet`: a rotation has added it and is not done. `not_needed`: nothing in the database is wrapped with it any more.',
    ),
    in_key_file: flag,
    root_keys: means(whole, 'How many it wraps.'),
    data_keys: whole,
    nodes: means(Type.Array(text), 'Running nodes that know it.'),
  });
  const dataKey = fields({
    merchant_id: uuid,
    version: whole,
    master_key_id: text,
    created_at: time,
    cards: means(whole, 'Encrypted under it.'),
  });
  return [
    act({
      ...{
        name: 'readKeys',
        group: 'Keys',
        method: 'get',
        at: '/keys',
        role: 'admin',
        summary: 'Shows the keys of the vault and how far a rotation is.',
      },
      description: 'Keys are made, replaced and retired with `polygate keys`, beside the key file.',
      answer: fields({ master_keys: Type.Array(masterKey), data_keys: Type.Array(dataKey) }),
      handle: () => readKeys(),
    }),
  ];
}
