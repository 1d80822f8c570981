/** Settings that are well formed but not allowed: they contradict each other, or would make live mode unsafe. */
import { resolve } from 'node:path';
import type { Setting } from './config-setting.ts';
import { publishedKeys, type Readings, settings } from './config-table.ts';

/** Where the sandbox makes its master key. */
export function sandboxKeyFile(dataDirectory: string): string {
  return resolve(dataDirectory, 'master.key');
}

/** What is wrong with settings that can all be read, a line each, with the remedy. `env`: the environment that the gateway is started in. */
export function refusals(config: Readings, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const problems: string[] = [];
  if ((config.tlsCertificateFile === undefined) !== (config.tlsKeyFile === undefined)) {
    problems.push('TLS_CERTIFICATE_FILE and TLS_KEY_FILE belong together; set both or neither.');
  }
  if ((config.directoryServerCertificateFile === undefined) !== (config.directoryServerKeyFile === undefined)) {
    problems.push('DIRECTORY_SERVER_CERTIFICATE_FILE and DIRECTORY_SERVER_KEY_FILE belong together; set both or neither.');
  }
  if (config.mode === 'sandbox' && env.NODE_ENV === 'production') {
    problems.push(
      'NODE_ENV is production, and sandbox mode has published credentials. Start with --mode live, or unset NODE_ENV to try the sandbox.',
    );
  }
  if (config.operatorKey !== undefined && config.operatorKey === config.viewerKey) {
    problems.push('OPERATOR_KEY and VIEWER_KEY are the same, so a viewer could change everything. Make two.');
  }
  const holds = longestHoldDays(config);
  if (config.panRetentionDays <= holds) {
    problems.push(
      `PAN_RETENTION_DAYS is ${config.panRetentionDays}, and holds stand for up to ${holds} days (HOLD_DAYS_…): without the card’s number they could be neither captured nor released. Keep it longer.`,
    );
  }
  if (config.mode === 'live') problems.push(...liveRefusals(config));
  return problems;
}

/** How long a hold may stand at most; a card number has to be kept longer. */
export function longestHoldDays(
  config: Pick<Readings, 'holdDaysVisa' | 'holdDaysVisaMerchantInitiated' | 'holdDaysMastercard' | 'holdDaysOther'>,
): number {
  const { holdDaysVisa, holdDaysVisaMerchantInitiated, holdDaysMastercard, holdDaysOther } = config;
  return Math.max(holdDaysVisa, holdDaysVisaMerchantInitiated, holdDaysMastercard, holdDaysOther);
}

function liveRefusals(config: Readings): readonly string[] {
  const problems = Object.entries<Setting<unknown>>(settings)
    .filter(([key, row]) => row.requiredLive !== undefined && config[key as keyof Readings] === undefined)
    .map(([, row]) => `${row.name} must be given in live mode. ${row.requiredLive}`);
  if (config.tlsCertificateFile === undefined && config.trustedProxy === undefined) {
    problems.push(
      'TRUSTED_PROXY must be given in live mode when the gateway serves plain HTTP. Set it to the address of the proxy that ends TLS, or set TLS_CERTIFICATE_FILE and TLS_KEY_FILE.',
    );
  }
  if (config.masterKeyFile === sandboxKeyFile(config.dataDirectory)) {
    problems.push('MASTER_KEY_FILE is the key that the sandbox makes. Live mode needs one of your own, outside DATA_DIRECTORY.');
  }
  for (const [name, key] of Object.entries({ OPERATOR_KEY: config.operatorKey, VIEWER_KEY: config.viewerKey })) {
    if (key !== undefined && publishedKeys.includes(key)) {
      problems.push(`${name} is a key that the sandbox publishes. Live mode needs one of your own, or none.`);
    }
  }
  if ((config.directoryServerUrl ?? config.directoryServers) !== undefined && config.publicUrl === undefined) {
    problems.push(
      'PUBLIC_URL must be given in live mode with DIRECTORY_SERVER_URL or DIRECTORY_SERVERS: shoppers and results have to find the gateway.',
    );
  }
  if (config.bankUrl !== undefined && config.bankSecret === undefined) {
    problems.push('BANK_SECRET must be given in live mode with BANK_URL. Set it to the secret that your bank gave you.');
  }
  if (isPlain(config.bankUrl)) {
    problems.push('BANK_URL must begin with https:// in live mode: BANK_SECRET goes there with every request.');
  }
  const directoryServers = {
    DIRECTORY_SERVER_URL: [config.directoryServerUrl],
    DIRECTORY_SERVERS: config.directoryServers?.map(({ url }) => url),
  };
  for (const [name, urls = []] of Object.entries(directoryServers)) {
    if (urls.some(isPlain)) problems.push(`${name} must have https:// in live mode: card numbers go there with every authentication.`);
  }
  if (isPlain(config.publicUrl)) {
    problems.push(
      'PUBLIC_URL must begin with https:// in live mode: shoppers enter their cards there. Give the address of the proxy where one ends TLS.',
    );
  }
  if (config.bankUrl !== undefined && config.publicUrl === undefined) {
    problems.push('PUBLIC_URL must be given in live mode with BANK_URL: shoppers and notifications have to find the gateway.');
  }
  if (config.smtpUrl !== undefined && config.mailFrom === undefined) {
    problems.push('MAIL_FROM must be given in live mode with SMTP_URL. Set it to the address that your mails come from.');
  }
  const acquirer = config.acquirerAddress;
  if (acquirer?.port === config.sandboxAcquirerPort && ['127.0.0.1', 'localhost', '::1'].includes(acquirer.host)) {
    problems.push('ACQUIRER_ADDRESS is the sandbox host. Live mode needs the host and port that your acquirer gave you.');
  }
  return problems;
}

function isPlain(url: string | undefined): boolean {
  return url?.startsWith('http:') === true;
}
