/** Credentials of merchants. A secret is told once, in the answer that makes it. */
import { Type } from 'typebox';
import { newLogin } from '../dialects/new-login.ts';
import { dialectOf } from './channels.ts';
import { fields, inQuery, means, nullable, optional, text, time, uuid, words } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { fieldProblem } from './problem.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const credential = {
  merchant_id: uuid,
  credential_id: uuid,
  dialect: text,
  identifier: means(text, 'The login, or what else the protocol finds it by.'),
  created_at: time,
  revoked_at: nullable(time),
};

const group = 'Credentials';

export function credentialRoutes({ store, dialects, engine, mode }: ConsoleParts): readonly ConsoleRoute[] {
  const read = (credential_id: string) => readOne(store, { list: 'credentials', filters: { credential_id }, noun: 'credential' });
  return [
    list({
      ...{ name: 'listCredentials', group, at: '/credentials', summary: 'Lists credentials, without their secrets.' },
      query: optional({ merchant_id: inQuery.uuid, dialect: inQuery.text, active: inQuery.flag }),
      ...{ list: 'credentials', item: fields(credential), store },
    }),
    act({
      ...{ name: 'createCredential', group, method: 'post', at: '/merchants/:merchant_id/credentials', role: 'admin' },
      summary: 'Gives a merchant a credential; its secret is told this once.',
      description:
        'At most two of a dialect are active, so that one can be replaced by the next without a gap. In live mode some dialects ask for an approved PCI DSS document first.',
      path: fields({ merchant_id: uuid }),
      body: fields({
        dialect: text,
        identifier: Type.Optional(
          means(words(1, 255), 'Where it had one before. When not given: that of its other credential, or a new one.'),
        ),
        secret: Type.Optional(means(text, 'Where it had one before; a new one when not given.')),
      }),
      sample: { dialect: dialects[0]?.name },
      status: 201,
      answer: fields({
        ...credential,
        login: means(Type.Record(text, text), 'What the merchant enters, in the words of the protocol; empty when the secret was given.'),
      }),
      problems: ['not_found', 'conflict'],
      async handle({ path: { merchant_id: merchantId }, body: { dialect, identifier, secret: given }, actor }) {
        const { access } = dialectOf(dialects, dialect);
        if (identifier !== undefined && !access.isIdentifier(identifier))
          throw fieldProblem('identifier', `must be ${access.expected.identifier}`);
        if (given !== undefined && !access.isSecret(given)) throw fieldProblem('secret', `must be ${access.expected.secret}`);
        const login = newLogin(access, mode, { identifier, secret: given });
        const made = await store.createCredential({
          ...{ actor, merchantId, dialect, ...login },
          ...(access.signsWithSecret === true ? { seal: engine.vault.sealSecret } : {}),
        });
        const shown = given === undefined ? access.show({ identifier: made.identifier, secret: login.secret }) : [];
        return { ...(await read(made.credentialId)), login: Object.fromEntries(shown.map(({ name, value }) => [name, value])) };
      },
    }),
    act({
      ...{ name: 'revokeCredential', group, method: 'post', at: '/credentials/:credential_id/revoke', role: 'admin' },
      summary: 'Ends a credential; running nodes refuse it within two seconds.',
      ...{ path: fields({ credential_id: uuid }), answer: fields(credential), problems: ['not_found'] },
      async handle({ path: { credential_id: credentialId }, actor }) {
        await store.revokeCredential({ actor, credentialId });
        return read(credentialId);
      },
    }),
  ];
}
