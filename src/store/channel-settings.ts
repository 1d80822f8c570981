/** What an operator changes of a channel: one update of what is named, with its row in the trail. */
import { OperatorError } from '../core/operator/operator-error.ts';
import type { ChannelSettings } from '../core/operator/operator-store.ts';
import { jsonText } from '../postgres/columns.ts';
import type { Database } from '../postgres/connection.ts';
import { statementName } from '../postgres/statement-name.ts';
import { acting } from './audit.ts';

/** How each setting becomes a value of its column, which has the same name. */
const forms: Readonly<Record<keyof ChannelSettings, (value: unknown) => unknown>> = {
  name: asIs,
  enabled: asIs,
  currencies: asIs,
  brands: asIs,
  flows: asIs,
  bank_methods: asIs,
  policies: (value) => jsonText(value),
  look: (value) => (value === null ? null : jsonText(value)),
  without_authentication: asIs,
  authenticates_without_shopper: asIs,
  accepts_partial_approval: asIs,
};

function asIs(value: unknown): unknown {
  return value;
}

interface NamedChannel {
  readonly merchantId: string;
  readonly channelId: string;
}

/** Writes the settings that are there; without any it changes nothing. False: there is no such channel. */
export async function writeSettings(
  query: Database['query'],
  { merchantId, channelId }: NamedChannel,
  settings: ChannelSettings,
): Promise<boolean> {
  const names = (Object.keys(forms) as (keyof ChannelSettings)[]).filter((name) => settings[name] !== undefined);
  const assignments = names.map((name, index) => `${name} = $${index + 3}`);
  const statement = {
    name: statementName(['set_channel', ...names]),
    text: `update polygate.channel set ${['channel_id = channel_id', ...assignments].join(', ')} where merchant_id = $1 and channel_id = $2 returning channel_id`,
  };
  return (await query(statement, [merchantId, channelId, ...names.map((name) => forms[name](settings[name]))])).length > 0;
}

/** Settings as the trail shows them: a logo is a long text that tells a reader nothing. */
export function auditedSettings({ look, ...settings }: ChannelSettings): object {
  if (look === undefined || look === null) return look === undefined ? settings : { ...settings, look };
  const { logo, ...rest } = look;
  return { ...settings, look: { ...rest, ...(logo === undefined ? {} : { logo: `${logo.length} characters` }) } };
}

/** Throws {@link OperatorError} when there is no such channel. */
export async function changeChannel(
  database: Database,
  { actor, settings, ...channel }: NamedChannel & { readonly actor: string; readonly settings: ChannelSettings },
): Promise<void> {
  await acting(database, async (query, audit) => {
    if (!(await writeSettings(query, channel, settings))) {
      throw new OperatorError(`The merchant has no channel ${channel.channelId}.`, { kind: 'not_found' });
    }
    await audit({ actor, act: 'channel.changed', details: { ...channel, changed: auditedSettings(settings) } });
  });
}
