/** Webhook endpoints: where merchants are told what happens. */
import { randomUUIDv7 } from 'node:crypto';
import { Type } from 'typebox';
import { holdsCardNumber } from '../core/instrument/mask.ts';
import { mailLanguages } from '../core/mail/content.ts';
import { isMailAddress } from '../core/mail/send.ts';
import type { KeptEndpoint } from '../core/operator/operator-store.ts';
import type { DialectCallbacks } from '../dialects/dialect.ts';
import { assertUrl, readSecret, readSettings, sendTest, type Tested } from '../http/endpoint-form.ts';
import { dialectOf } from './channels.ts';
import { changes, fields, inQuery, means, nullable, oneOf, optional, text, time, uuid, whole } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleDialect, ConsoleParts } from './parts.ts';
import { ConsoleProblem, fieldProblem } from './problem.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const states = ['inactive', 'active', 'parked', 'paused'] as const;

const endpoint = {
  endpoint_id: uuid,
  merchant_id: uuid,
  dialect: text,
  channel_id: means(nullable(uuid), 'Null: all channels of the merchant that speak the dialect.'),
  url: means(nullable(text), 'Null: whatever requests name.'),
  settings: Type.Record(text, text),
  state: means(
    oneOf(states),
    '`inactive`: waits for its first test; `parked`: given up until it is tested again; `paused`: by an operator. All three keep what is to be told.',
  ),
  reason: means(nullable(text), 'Why it is parked, or what went wrong last.'),
  failing_since: nullable(time),
  retry_at: means(nullable(time), 'Nothing is sent before.'),
  created_at: time,
  waiting: means(whole, 'Deliveries that are still to be made, counted up to 10000.'),
};

const given = {
  url: means(
    Type.String({ minLength: 1, maxLength: 2_048 }),
    'Where the messages go: https, or `mailto:` and an address to confirm payments by mail (with the setting `language`).',
  ),
  settings: means(Type.Record(text, text), 'Settings of the dialect; what is not given has its standard.'),
  secret: means(text, 'What messages are sealed or signed with.'),
};

const group = 'Webhook endpoints';
const path = fields({ endpoint_id: uuid });
const one = '/endpoints/:endpoint_id';

export function endpointRoutes(parts: ConsoleParts): readonly ConsoleRoute[] {
  const { store } = parts;
  const read = (endpoint_id: string) => readOne(store, { list: 'endpoints', filters: { endpoint_id }, noun: 'endpoint' });
  const item = fields(endpoint);
  return [
    list({
      ...{ name: 'listEndpoints', group, at: '/endpoints', summary: 'Lists endpoints and how they fare.' },
      query: optional({ merchant_id: inQuery.uuid, dialect: inQuery.text, state: oneOf(states) }),
      ...{ list: 'endpoints', item, store },
    }),
    addRoute(parts),
    act({
      ...{ name: 'readEndpoint', group, method: 'get', at: one, role: 'viewer', summary: 'Reads an endpoint.' },
      ...{ path, answer: item, problems: ['not_found'] },
      handle: ({ path: { endpoint_id } }) => read(endpoint_id),
    }),
    changeRoute(parts),
    testRoute(parts),
    ...(['pause', 'resume'] as const).map((verb) =>
      act({
        ...{ name: `${verb}Endpoint`, group, method: 'post', at: `${one}/${verb}`, role: 'operator', summary: stateSummaries[verb] },
        ...{ path, answer: item, problems: ['not_found', 'conflict'] },
        async handle({ path: { endpoint_id: endpointId }, actor }) {
          await (verb === 'pause' ? store.pauseEndpoint({ actor, endpointId }) : store.resumeEndpoint({ actor, endpointId }));
          return read(endpointId);
        },
      }),
    ),
    act({
      ...{ name: 'removeEndpoint', group, method: 'delete', at: one, role: 'admin' },
      summary: 'Ends an endpoint: its secret is forgotten, and what waits for it is given up.',
      ...{ path, answer: fields({ endpoint_id: uuid }), problems: ['not_found', 'conflict'] },
      async handle({ path: { endpoint_id: endpointId }, actor }) {
        await store.removeEndpoint({ actor, endpointId });
        return { endpoint_id: endpointId };
      },
    }),
  ];
}

const stateSummaries = {
  pause: 'Sends nothing to an active endpoint until it is resumed; what happens meanwhile waits.',
  resume: 'Sends a paused endpoint what waits for it.',
};

const mailPrefix = 'mailto:';
const noMailServer = 'There is no mail server: set SMTP_URL and MAIL_FROM.';

interface PlaceGiven {
  readonly dialect: string;
  readonly url: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly secret?: string;
}

interface Place {
  readonly settings: Readonly<Record<string, string>>;
  readonly secret: string | undefined;
  readonly needsTest: boolean;
}

/** How a new endpoint's messages are written, and whether they may go there; an address of mails is no URL of the dialect's. */
function placeOf(parts: ConsoleParts, { dialect: dialectName, url, settings = {}, secret }: PlaceGiven): Place {
  const dialect = dialectOf(parts.dialects, dialectName);
  if (url.startsWith(mailPrefix)) return mailPlaceOf(parts, { url, settings, ...(secret === undefined ? {} : { secret }) });
  const callbacks = callbacksOf(dialect);
  assertUrl(parts.outbound, url);
  return { settings: readSettings(callbacks, settings), secret: readSecret(callbacks, secret), needsTest: callbacks.form.needsTest };
}

function mailPlaceOf({ sendTestMail }: ConsoleParts, { url, settings = {}, secret }: Omit<PlaceGiven, 'dialect'>): Place {
  const { language = 'en', ...others } = settings;
  const [other] = Object.keys(others);
  if (sendTestMail === undefined) throw fieldProblem('url', `cannot be an address of mails. ${noMailServer}`);
  if (!isMailAddress(url.slice(mailPrefix.length)) || holdsCardNumber(url))
    throw fieldProblem('url', 'must be one plain address, as in mailto:shop@example.com');
  if (!mailLanguages.some((known) => known === language))
    throw fieldProblem('settings.language', `must be one of ${mailLanguages.join(', ')}`);
  if (other !== undefined) throw fieldProblem(`settings.${other}`, 'is no setting of mails; there is: language');
  if (secret !== undefined) throw fieldProblem('secret', 'must be left out: mails have none');
  return { settings: { language }, secret: undefined, needsTest: false };
}

function addRoute(parts: ConsoleParts): ConsoleRoute {
  const { store, dialects, engine } = parts;
  return act({
    ...{ name: 'createEndpoint', group, method: 'post', at: '/endpoints', role: 'admin', summary: 'Adds an endpoint of a merchant.' },
    description:
      'A secret that is made here is told this once. Where the protocol knows an activation, nothing is sent before a test was acknowledged.',
    body: fields({
      merchant_id: uuid,
      dialect: text,
      url: given.url,
      ...optional({ channel_id: uuid, settings: given.settings, secret: given.secret }).properties,
    }),
    sample: { merchant_id: '00000000-0000-7000-8000-000000000001', dialect: dialects[0]?.name, url: 'https://shop.example/hook' },
    status: 201,
    answer: fields({ ...endpoint, secret: means(nullable(text), 'Only when it was made here.') }),
    problems: [],
    async handle({ body, actor }) {
      const { merchant_id: merchantId, channel_id: channelId, dialect, url } = body;
      const { settings, secret, needsTest } = placeOf(parts, body);
      const endpointId = randomUUIDv7();
      const sealed = secret === undefined ? {} : { sealedSecret: engine.vault.sealSecret({ merchantId, secretId: endpointId, secret }) };
      const state = needsTest ? 'inactive' : 'active';
      const names = { merchantId, endpointId, dialect, url, settings, ...(channelId === undefined ? {} : { channelId }) };
      await store.createEndpoint({ actor, ...names, ...sealed, state });
      const made = await readOne(store, { list: 'endpoints', filters: { endpoint_id: endpointId }, noun: 'endpoint' });
      return { ...made, secret: body.secret === undefined ? (secret ?? null) : null };
    },
  });
}

function changeRoute({ store, dialects, outbound, engine }: ConsoleParts): ConsoleRoute {
  return act({
    ...{
      name: 'changeEndpoint',
      group,
      method: 'patch',
      at: one,
      role: 'admin',
      summary: 'Changes URL, settings or secret of an endpoint.',
    },
    description: 'Only what is named changes; `settings` are replaced as a whole.',
    ...{
      path,
      body: changes(given),
      sample: { url: 'https://shop.example/other-hook' },
      answer: fields(endpoint),
      problems: ['not_found'],
    },
    async handle({ path: { endpoint_id: endpointId }, body: { url, settings, secret: newSecret }, actor }) {
      const { merchantId, dialect, url: before } = await store.findEndpoint(endpointId);
      if (before?.startsWith(mailPrefix) === true)
        throw new ConsoleProblem('bad_request', 'An endpoint for mails cannot be changed; remove it and add another one.');
      if (before === null)
        throw new ConsoleProblem('bad_request', 'This endpoint stands for URLs that requests name; it cannot be changed.');
      const callbacks = callbacksOf(dialectOf(dialects, dialect));
      if (url !== undefined) assertUrl(outbound, url);
      const secret = newSecret === undefined ? undefined : readSecret(callbacks, newSecret);
      const sealed = secret === undefined ? {} : { sealedSecret: engine.vault.sealSecret({ merchantId, secretId: endpointId, secret }) };
      await store.changeEndpoint({
        ...{ actor, endpointId, ...sealed },
        ...(url === undefined ? {} : { url }),
        ...(settings === undefined ? {} : { settings: readSettings(callbacks, settings) }),
      });
      return readOne(store, { list: 'endpoints', filters: { endpoint_id: endpointId }, noun: 'endpoint' });
    },
  });
}

function testOf({ dialects, outbound, engine, mode, sendTestMail }: ConsoleParts, kept: KeptEndpoint): Promise<Tested> {
  if (kept.url?.startsWith(mailPrefix) === true) {
    if (sendTestMail === undefined) throw new ConsoleProblem('conflict', noMailServer);
    return sendTestMail(kept);
  }
  return sendTest({ callbacks: callbacksOf(dialectOf(dialects, kept.dialect)), outbound, vault: engine.vault, mode }, kept);
}

function testRoute(parts: ConsoleParts): ConsoleRoute {
  const { store } = parts;
  return act({
    ...{ name: 'testEndpoint', group, method: 'post', at: `${one}/test`, role: 'operator', summary: 'Sends an endpoint a test message.' },
    description:
      'Acknowledged with HTTP 2xx, it activates an endpoint that was new or parked, and what waits for its next try is sent at once.',
    path,
    answer: fields({ state: oneOf(states), status: means(whole, 'HTTP status of its answer.'), duration_ms: whole }),
    problems: ['not_found', 'conflict', 'endpoint_failed'],
    async handle({ path: { endpoint_id: endpointId }, actor }) {
      const kept = await store.findEndpoint(endpointId);
      const answer = await testOf(parts, kept);
      if (!answer.acknowledged) throw new ConsoleProblem('endpoint_failed', `The endpoint did not acknowledge: ${answer.problem}.`);
      await store.activateEndpoint({ actor, endpointId });
      const { state } = await store.findEndpoint(endpointId);
      return { state, status: answer.status, duration_ms: Math.round(answer.durationMs) };
    },
  });
}

function callbacksOf({ name, callbacks }: ConsoleDialect): DialectCallbacks {
  if (callbacks === undefined) throw fieldProblem('dialect', `must be one with webhooks; ${name} has none`);
  return callbacks;
}
