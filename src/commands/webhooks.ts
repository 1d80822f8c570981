/** `polygate webhook`: where merchants are told what happens, how that goes, and telling it again. */
import { randomUUIDv7 } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config.ts';
import { isDay } from '../core/day.ts';
import { type MailLanguage, mailLanguages } from '../core/mail/content.ts';
import { isMailAddress } from '../core/mail/send.ts';
import type { KeptEndpoint } from '../core/operator/operator-store.ts';
import type { DialectCallbacks } from '../dialects/dialect.ts';
import { dialects } from '../dialects/registry.ts';
import { assertUrl, readSecret, readSettings, sendTest, type Tested } from '../http/endpoint-form.ts';
import { createOutbound } from '../http/outbound.ts';
import { sendTestMail } from '../mail/test-mail.ts';
import { openMailTransport } from '../mail/transport.ts';
import type { Database } from '../postgres/connection.ts';
import { listDeliveries, listEndpoints } from '../store/endpoints.ts';
import { findMerchant, listChannels } from '../store/merchants.ts';
import { activateEndpoint, createEndpoint, findEndpoint, removeEndpoint, replay } from '../store/operator-endpoints.ts';
import { dialectOf } from './channels.ts';
import {
  actor,
  addCommand,
  addGroup,
  idOf,
  type ListOptions,
  matching,
  type Options,
  print,
  printJson,
  printRows,
  wholeNumber,
  withoutCard,
  withStore,
  withVault,
} from './command-line.ts';

/** Dialects that have webhooks. */
const spoken = dialects.flatMap(({ name, callbacks }) => (callbacks === undefined ? [] : [name]));
const idForm = idOf('an id as `polygate webhook list` shows it');

export function addWebhookCommands(program: Command): void {
  const webhook = addGroup(program, 'webhook', 'where merchants are told what happens to their payments');
  addListCommand(webhook);
  addAddCommand(webhook);
  addRemoveCommand(webhook);
  addTestCommand(webhook);
  addDeliveriesCommand(webhook);
  addReplayCommand(webhook);
}

function addListCommand(webhook: Command): void {
  addCommand(webhook, 'list', 'show the endpoints and how they fare')
    .option('--json', 'print JSON')
    .action(async (options: ListOptions) => {
      const endpoints = await withStore(options, (database) => listEndpoints(database));
      const rows = endpoints.map(({ endpointId, merchant, dialect, url, state, pending, failingSince, pausedUntil, reason }) => {
        return {
          id: endpointId,
          merchant,
          dialect,
          url: url ?? (dialect === 'mail' ? '(addresses of mails)' : '(named by requests)'),
          state,
          pending,
          failingSince,
          pausedUntil,
          reason,
        };
      });
      printRows(rows, { json: options.json, none: 'There is no endpoint yet. Add one with `polygate webhook add`.' });
    });
}

interface AddOptions extends Options {
  readonly merchant: string;
  readonly dialect: string;
  readonly url?: string;
  readonly mail?: string;
  readonly language?: MailLanguage;
  readonly channel?: string;
  readonly secret?: string;
  readonly set: Readonly<Record<string, string>>;
  readonly json?: boolean;
}

function addAddCommand(webhook: Command): void {
  addCommand(webhook, 'add', 'add an endpoint of a merchant')
    .requiredOption('--merchant <merchant>', 'its routing number or id')
    .requiredOption('--dialect <dialect>', `the protocol that it speaks: ${spoken.join(', ')}`)
    .option('--url <url>', 'where the messages go; https')
    .option('--mail <address>', 'instead of a URL: tell the result of payments by mail to this address', withoutCard())
    .addOption(new Option('--language <language>', 'of the mails (default: en)').choices(mailLanguages))
    .option('--channel <name>', "only one of the merchant's channels, by its name on the wire")
    .option('--secret <secret>', 'what messages are encrypted or signed with (default: a new one, shown once)')
    .option('--set <name=value>', 'a setting of the dialect; may be repeated', collectSetting, {})
    .option('--json', 'print JSON')
    .action(async (options: AddOptions) => {
      await withStore(options, async (database, config) => {
        const added = await add(database, config, options);
        if (options.json === true) return printJson(added);
        print(`Endpoint ${added.id} of ${added.merchant} is ${added.state}.`);
        if (added.secret !== undefined) print(`Its secret, which is not shown again: ${added.secret}`);
        if (added.state === 'inactive')
          print(`It is sent nothing before it has acknowledged a test message: polygate webhook test ${added.id}`);
      });
    });
}

function collectSetting(text: string, before: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, name, value] = /^([a-z-]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Expected name=value.');
  return { ...before, [name]: value };
}

interface Added {
  readonly id: string;
  readonly merchant: string;
  readonly state: 'inactive' | 'active';
  /** Only when it was made here. */
  readonly secret?: string;
}

async function add(database: Database, config: Config, options: AddOptions): Promise<Added> {
  const { dialect, channel, merchant } = options;
  const { url, settings, secret, needsTest } =
    options.mail === undefined ? webPlace(config, options) : mailPlace(config, options, options.mail);
  const { merchantId, name } = await findMerchant(database, merchant);
  const channelId = channel === undefined ? undefined : await channelIdOf(database, { merchantId, merchant, dialect, wireId: channel });
  const endpointId = randomUUIDv7();
  const sealed =
    secret === undefined
      ? {}
      : await withVault(config, async (vault) => ({ sealedSecret: vault.sealSecret({ merchantId, secretId: endpointId, secret }) }));
  const state = needsTest ? 'inactive' : 'active';
  const names = { merchantId, endpointId, dialect, url, settings, ...(channelId === undefined ? {} : { channelId }) };
  await createEndpoint(database, { actor: actor(), ...names, ...sealed, state });
  return { id: endpointId, merchant: name, state, ...(secret === undefined || options.secret !== undefined ? {} : { secret }) };
}

/** Where the messages of a new endpoint go, and how they are written. */
interface Place {
  readonly url: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly secret: string | undefined;
  readonly needsTest: boolean;
}

function webPlace(config: Config, { dialect, url, set, secret, language }: AddOptions): Place {
  const callbacks = callbacksOf(dialect);
  if (url === undefined) throw new Error('Say where the messages go: --url, or --mail for mails.');
  if (language !== undefined) throw new Error('--language belongs to --mail.');
  assertUrl(createOutbound({ privateNetworks: config.outboundPrivateNetworks }), url);
  return { url, settings: readSettings(callbacks, set), secret: readSecret(callbacks, secret), needsTest: callbacks.form.needsTest };
}

function mailPlace(config: Config, { dialect, url, set, secret, language = 'en' }: AddOptions, address: string): Place {
  dialectOf(dialect);
  if (url !== undefined) throw new Error('--url and --mail are two endpoints: add one after the other.');
  if (secret !== undefined || Object.keys(set).length > 0) throw new Error('Mails have no --secret and no --set; only --language.');
  if (!isMailAddress(address)) throw new Error('The address cannot be used; expected one plain address, as in shop@example.com.');
  if (config.smtpUrl === undefined)
    throw new Error('There is no mail server: set SMTP_URL and MAIL_FROM first, for this command and for the gateway.');
  return { url: `mailto:${address}`, settings: { language }, secret: undefined, needsTest: false };
}

interface NamedChannel {
  readonly merchantId: string;
  readonly merchant: string;
  readonly dialect: string;
  readonly wireId: string;
}

async function channelIdOf(database: Database, { merchantId, merchant, dialect, wireId }: NamedChannel): Promise<string> {
  const found = (await listChannels(database, merchantId)).find((channel) => channel.dialect === dialect && channel.wireId === wireId);
  if (found === undefined) throw new Error(`Merchant ${merchant} has no channel ${wireId} that speaks ${dialect}.`);
  return found.channelId;
}

function addRemoveCommand(webhook: Command): void {
  addCommand(webhook, 'remove', 'end an endpoint; what waits for it is given up')
    .argument('<id>', 'of the endpoint', idForm)
    .action(async (id: string, options: Options) => {
      await withStore(options, (database) => removeEndpoint(database, { actor: actor(), endpointId: id }));
      print(`Endpoint ${id} is removed.`);
    });
}

function addTestCommand(webhook: Command): void {
  addCommand(webhook, 'test', 'send a test message; acknowledged, it activates an endpoint that was new or parked')
    .argument('<id>', 'of the endpoint', idForm)
    .action(async (id: string, options: Options) => {
      await withStore(options, async (database, config) => {
        const endpoint = await findEndpoint(database, id);
        const { state } = endpoint;
        const answer = await testOf(endpoint, config);
        if (!answer.acknowledged) throw new Error(`The endpoint did not acknowledge: ${answer.problem}.`);
        await activateEndpoint(database, { actor: actor(), endpointId: id });
        const now = state === 'active' ? 'active' : state === 'paused' ? 'still paused' : 'active now, and is sent what waits for it';
        print(
          `It answered ${endpoint.url?.startsWith('mailto:') === true ? '' : 'HTTP '}${answer.status} in ${Math.round(answer.durationMs)} ms. The endpoint is ${now}.`,
        );
      });
    });
}

function testOf(endpoint: KeptEndpoint, config: Config): Promise<Tested> {
  const { smtpUrl, mailFrom, mode, outboundPrivateNetworks: privateNetworks } = config;
  if (endpoint.url?.startsWith('mailto:') === true) {
    if (smtpUrl === undefined || mailFrom === undefined) throw new Error('There is no mail server: set SMTP_URL and MAIL_FROM.');
    return sendTestMail(openMailTransport({ url: smtpUrl, from: mailFrom }), endpoint);
  }
  const parts = { callbacks: callbacksOf(endpoint.dialect), outbound: createOutbound({ privateNetworks }), mode };
  return withVault(config, (vault) => sendTest({ ...parts, vault }, endpoint));
}

interface DeliveriesOptions extends ListOptions {
  readonly state?: string;
  readonly payment?: string;
  readonly limit: number;
}

function addDeliveriesCommand(webhook: Command): void {
  addCommand(webhook, 'deliveries', 'show what an endpoint was told, the latest first, with the last try of each')
    .argument('<id>', 'of the endpoint', idForm)
    .option(
      '--state <state>',
      'only those that are pending, delivered or given_up',
      matching(/^(pending|delivered|given_up)$/, 'pending, delivered or given_up'),
    )
    .option('--payment <id>', 'only those of one payment', idForm)
    .option('--limit <number>', 'how many', wholeNumber({ min: 1, max: 10_000 }), 50)
    .option('--json', 'print JSON')
    .action(async (endpointId: string, options: DeliveriesOptions) => {
      const { state, payment: paymentId, limit } = options;
      const rows = await withStore(options, async (database) => {
        await findEndpoint(database, endpointId);
        return listDeliveries(database, {
          endpointId,
          limit,
          ...(state === undefined ? {} : { state }),
          ...(paymentId === undefined ? {} : { paymentId }),
        });
      });
      printRows(rows, { json: options.json, none: 'There is no such delivery.' });
    });
}

interface ReplayOptions extends Options {
  readonly failed?: boolean;
  readonly payment?: string;
  readonly sequence?: number;
  readonly from?: Date;
  readonly to?: Date;
}

function addReplayCommand(webhook: Command): void {
  addCommand(webhook, 'replay', 'tell an endpoint again what it was told, or what was given up')
    .argument('<id>', 'of the endpoint', idForm)
    .option('--failed', 'only what was given up')
    .option('--payment <id>', 'only one payment', idForm)
    .option('--sequence <number>', 'only one event of that payment', wholeNumber({ min: 1, max: 2_147_483_647 }))
    .option('--from <time>', 'only events since then, as in 2034-01-31T10:00:00Z', readTime)
    .option('--to <time>', 'only events before then', readTime)
    .action(async (endpointId: string, options: ReplayOptions) => {
      const { failed = false, payment: paymentId, sequence, from, to } = options;
      if (!failed && paymentId === undefined && from === undefined && to === undefined) {
        throw new Error('Say what to tell again: --failed, --payment with or without --sequence, or --from and --to.');
      }
      if (sequence !== undefined && paymentId === undefined)
        throw new Error('--sequence counts within one payment: give --payment as well.');
      const { count, waiting } = await withStore(options, async (database) => {
        const [endpoint] = await listEndpoints(database, { endpointId });
        const wanted = {
          ...{ endpointId, onlyFailed: failed },
          ...(paymentId === undefined ? {} : { paymentId }),
          ...(sequence === undefined ? {} : { sequence }),
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
        };
        return { count: await replay(database, { actor: actor(), ...wanted }), waiting: endpoint?.pending ?? 0 };
      });
      print(`${count} ${count === 1 ? 'event is' : 'events are'} told again.`);
      // Whoever repeats what has failed may mean what has not been given up yet.
      if (waiting > 0)
        print(
          `${waiting} ${waiting === 1 ? 'waits' : 'wait'} for the next try; once \`polygate webhook test ${endpointId}\` is acknowledged, that is now.`,
        );
    });
}

function readTime(text: string): Date {
  const time = new Date(text);
  if (/^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) && isDay(text.slice(0, 10)) && !Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError('Expected a day or a time with its zone that exists, as in 2034-01-31T10:00:00Z.');
}

function callbacksOf(dialect: string): DialectCallbacks {
  const { callbacks } = dialectOf(dialect);
  if (callbacks === undefined) throw new Error(`${dialect} has no webhooks; these have: ${spoken.join(', ')}.`);
  return callbacks;
}
