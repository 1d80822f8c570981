/** Every setting once: a table of name, form, default and meaning. docs/configuration.md is written from it. */
import {
  address,
  characters,
  countryNumber,
  filePath,
  hostName,
  institution,
  type LogLevel,
  logLevel,
  mailAddress,
  networks,
  onOff,
  port,
  postgresUrl,
  proxies,
  type RetryLimits,
  retryLimits,
  schemeUrls,
  secret,
  smtpUrl,
  webUrl,
  wholeNumber,
} from './config-forms.ts';
import { limitSettings } from './config-limits.ts';
import { type Mode, optional, type Setting, setting } from './config-setting.ts';

/** Published, so that everybody's first steps are the same; live mode refuses them. */
const sandboxOperatorKey = 'sandbox-operator-key';
const sandboxViewerKey = 'sandbox-viewer-key';
export const publishedKeys: readonly string[] = [sandboxOperatorKey, sandboxViewerKey];

const holdDays = wholeNumber({ min: 1, max: 31, unit: 'days' });

/** The table. The keys are the properties of `Config`. */
export const settings = {
  port: setting('PORT', port, 8080, 'Where the gateway listens for merchants, shoppers and operators.'),
  host: setting('HOST', hostName, '127.0.0.1', 'The address to listen on; 0.0.0.0 listens on all.'),
  dataDirectory: setting(
    'DATA_DIRECTORY',
    filePath,
    '.polygate',
    'Folder of the embedded database, of the simulators and of the sandbox master key.',
  ),
  databaseUrl: optional('DATABASE_URL', postgresUrl, 'PostgreSQL 15 or newer. Without it the sandbox starts an embedded one.', {
    requiredLive: 'Set it to the URL of a PostgreSQL 15 or newer that you run and back up.',
  }),
  vaultDatabaseUrl: optional('VAULT_DATABASE_URL', postgresUrl, 'A PostgreSQL of its own for the card vault; defaults to DATABASE_URL.'),
  databaseTimeoutMs: setting(
    'DATABASE_TIMEOUT_MS',
    wholeNumber({ min: 1_000, max: 600_000, unit: 'milliseconds' }),
    30_000,
    'How long the database may take for one statement of a payment; lists, reports and workers have four times as long. After that, what it was asked is not certain, and all connections are opened anew.',
  ),
  embeddedPostgresPort: setting('EMBEDDED_POSTGRES_PORT', port, 54320, 'Loopback port of the embedded PostgreSQL; 0 chooses a free one.'),
  sandboxAcquirerPort: setting('SANDBOX_ACQUIRER_PORT', port, 8583, 'Loopback port of the sandbox acquirer host (ISO 8583).'),
  sandboxHttpPort: setting(
    'SANDBOX_HTTP_PORT',
    port,
    8090,
    'Loopback port of the sandbox directory server, ACS, bank, mailbox and control API.',
  ),
  sandboxSmtpPort: setting('SANDBOX_SMTP_PORT', port, 8025, 'Loopback port of the sandbox mailbox (SMTP).'),
  sandboxShopPort: setting('SANDBOX_SHOP_PORT', port, 8070, 'Loopback port of the demo shop.'),
  masterKeyFile: optional(
    'MASTER_KEY_FILE',
    filePath,
    'File with the key that encrypts the vault. The sandbox makes one in DATA_DIRECTORY.',
    {
      requiredLive: 'Set it to a file with a key of your own, kept outside the data folder and backed up apart from the database.',
    },
  ),
  tlsCertificateFile: optional('TLS_CERTIFICATE_FILE', filePath, 'Certificate chain (PEM) to serve HTTPS with; needs TLS_KEY_FILE.'),
  tlsKeyFile: optional('TLS_KEY_FILE', filePath, 'Private key (PEM) of TLS_CERTIFICATE_FILE.'),
  trustedProxy: optional(
    'TRUSTED_PROXY',
    proxies,
    'The reverse proxy whose X-Forwarded headers count: its addresses, or how many proxies stand in front.',
  ),
  logLevel: setting<LogLevel>('LOG_LEVEL', logLevel, 'info', 'The least severe level that is logged.'),
  otlpEndpoint: optional(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    webUrl,
    'Where traces go: an OpenTelemetry collector that takes OTLP over HTTP. Without it nothing is traced.',
  ),
  otelServiceName: setting(
    'OTEL_SERVICE_NAME',
    characters({ max: 100, expected: 'at most 100 characters' }),
    'polygate',
    'What the gateway is called in traces.',
  ),
  metricsKey: optional(
    'METRICS_KEY',
    secret,
    'What scrapers of /metrics send as a bearer token. Without it /metrics answers only programs on this machine.',
  ),
  operatorKey: optional(
    'OPERATOR_KEY',
    secret,
    'What the operator sends to the console API as a bearer token. Without it nobody may use that API.',
    { sandbox: sandboxOperatorKey },
  ),
  viewerKey: optional('VIEWER_KEY', secret, 'As OPERATOR_KEY, for whoever may look and change nothing.', { sandbox: sandboxViewerKey }),
  acquirerAddress: optional(
    'ACQUIRER_ADDRESS',
    address,
    'The acquirer host. The sandbox defaults to its own host on SANDBOX_ACQUIRER_PORT.',
    {
      requiredLive: 'Set it to the host and port that your acquirer gave you.',
    },
  ),
  acquirerInstitutionId: optional('ACQUIRER_INSTITUTION_ID', institution, 'Acquiring institution identification code, sent as DE32.', {
    sandbox: '100001',
    requiredLive: 'Set it to the identification code that your acquirer gave you.',
  }),
  acquirerTimeoutMs: setting(
    'ACQUIRER_TIMEOUT_MS',
    wholeNumber({ min: 100, max: 120_000, unit: 'milliseconds' }),
    { sandbox: 2000, live: 15_000 },
    'How long the acquirer may take to answer before the outcome is unknown.',
  ),
  acquirerConnections: setting('ACQUIRER_CONNECTIONS', wholeNumber({ min: 1, max: 64 }), 2, 'Connections kept open to the acquirer host.'),
  addressChecks: setting<'on' | 'off'>(
    'ADDRESS_CHECKS',
    onOff,
    { sandbox: 'on', live: 'off' },
    'Whether the acquirer is told the address of the holder (DE123), for the issuer to compare. Agree it with your acquirer, whose link must have the field.',
  ),
  bankUrl: optional(
    'BANK_URL',
    webUrl,
    'A bank for redirect and receipt methods and for payouts to accounts. The sandbox defaults to its own on SANDBOX_HTTP_PORT; without one there are none.',
  ),
  bankSecret: optional(
    'BANK_SECRET',
    secret,
    'What the gateway logs in to the bank with, and what the bank signs its notifications with.',
    {
      sandbox: 'sandbox-bank-secret',
    },
  ),
  bankTimeoutMs: setting(
    'BANK_TIMEOUT_MS',
    wholeNumber({ min: 100, max: 120_000, unit: 'milliseconds' }),
    { sandbox: 2_000, live: 15_000 },
    'How long the bank may take to answer before it is asked again.',
  ),
  smtpUrl: optional(
    'SMTP_URL',
    smtpUrl,
    'The server that mails are handed in at. smtp:// needs STARTTLS there unless it is on this machine. The sandbox defaults to its own mailbox; without one mails wait.',
  ),
  mailFrom: optional('MAIL_FROM', mailAddress, 'The address that mails come from; needed with SMTP_URL.', {
    sandbox: 'payments@polygate.example',
  }),
  publicUrl: optional(
    'PUBLIC_URL',
    webUrl,
    'Under which shoppers’ browsers and the directory server reach the gateway; defaults to its own address. In live mode https.',
  ),
  directoryServerUrl: optional(
    'DIRECTORY_SERVER_URL',
    webUrl,
    'Directory server for 3-D Secure. The sandbox defaults to its own on SANDBOX_HTTP_PORT; without one no payment is authenticated. In live mode https.',
  ),
  directoryServers: optional(
    'DIRECTORY_SERVERS',
    schemeUrls,
    'Directory servers of single schemes; cards of all others are asked about at DIRECTORY_SERVER_URL. In live mode https.',
  ),
  directoryServerTlsFolder: optional(
    'DIRECTORY_SERVER_TLS_FOLDER',
    filePath,
    'Folder with a client certificate for each of DIRECTORY_SERVERS, as visa.crt, visa.key and visa-ca.crt (PEM); what is missing there is taken from the DIRECTORY_SERVER_…_FILE settings.',
  ),
  directoryServerCertificateFile: optional(
    'DIRECTORY_SERVER_CERTIFICATE_FILE',
    filePath,
    'Client certificate (PEM) that the directory server knows the gateway by; needs DIRECTORY_SERVER_KEY_FILE.',
  ),
  directoryServerKeyFile: optional('DIRECTORY_SERVER_KEY_FILE', filePath, 'Private key (PEM) of DIRECTORY_SERVER_CERTIFICATE_FILE.'),
  directoryServerCaFile: optional('DIRECTORY_SERVER_CA_FILE', filePath, 'Certificates (PEM) that the directory server is held to.'),
  directoryServerTimeoutMs: setting(
    'DIRECTORY_SERVER_TIMEOUT_MS',
    wholeNumber({ min: 100, max: 30_000, unit: 'milliseconds' }),
    { sandbox: 5_000, live: 10_000 },
    'How long the directory server may take to answer before the payment goes on without it.',
  ),
  threeDSServerReference: setting(
    'THREE_DS_SERVER_REFERENCE',
    characters({ max: 32, expected: 'at most 32 characters' }),
    'POLYGATE_3DS_SERVER',
    'Reference number of the 3DS Server, as its approval gives it.',
  ),
  threeDSRequestorId: setting(
    'THREE_DS_REQUESTOR_ID',
    characters({ max: 35, expected: 'at most 35 characters' }),
    'polygate',
    'The id under which the directory server knows the requestor.',
  ),
  merchantCountry: setting('MERCHANT_COUNTRY', countryNumber, '276', 'Where the merchants are, as issuers are told: ISO 3166-1 number.'),
  shopperWaitMinutes: setting(
    'SHOPPER_WAIT_MINUTES',
    wholeNumber({ min: 1, max: 1_440, unit: 'minutes' }),
    30,
    'How long a payment waits for its shopper.',
  ),
  shopperWaitWithCvcMinutes: setting(
    'SHOPPER_WAIT_WITH_CVC_MINUTES',
    wholeNumber({ min: 1, max: 15, unit: 'minutes' }),
    15,
    'The same where a verification code waits with it.',
  ),
  shutdownTimeoutMs: setting(
    'SHUTDOWN_TIMEOUT_MS',
    wholeNumber({ min: 0, max: 600_000, unit: 'milliseconds' }),
    10_000,
    'How long a stopping gateway waits for requests in flight.',
  ),
  shutdownNoticeMs: setting(
    'SHUTDOWN_NOTICE_MS',
    wholeNumber({ min: 0, max: 600_000, unit: 'milliseconds' }),
    { sandbox: 0, live: 5_000 },
    'How long a stopping gateway goes on serving while /readyz says that it stops, so that load balancers take it out first.',
  ),
  requestBodyLimitBytes: setting(
    'REQUEST_BODY_LIMIT_BYTES',
    wholeNumber({ min: 1024, max: 16_777_216, unit: 'bytes' }),
    262_144,
    'The largest request body that is read.',
  ),
  ...limitSettings,
  outboundPrivateNetworks: setting(
    'OUTBOUND_PRIVATE_NETWORKS',
    networks,
    { sandbox: ['127.0.0.0/8', '::1'] as readonly string[], live: [] as readonly string[] },
    'Networks that URLs of merchants may lead to although they are not public; to these also over plain http.',
  ),
  statusRequestsPerMinute: setting(
    'STATUS_REQUESTS_PER_MINUTE',
    wholeNumber({ min: 0, max: 1_000 }),
    2,
    'How often the status of one payment may be asked within a minute, where the protocol limits it; 0 removes the limit.',
  ),
  requestsPerMinute: setting(
    'REQUESTS_PER_MINUTE',
    wholeNumber({ min: 0, max: 10_000_000 }),
    6_000,
    'How many requests about one payment, stored card or reference a node answers within a minute, against runaway programs; 0 removes the limit.',
  ),
  panRetentionDays: setting(
    'PAN_RETENTION_DAYS',
    wholeNumber({ min: 1, max: 3650, unit: 'days' }),
    540,
    'How long a card number is kept, counted from the last payment with it. Without it nothing can be captured, released or refunded: longer than holds stand, and than refunds and disputes are possible.',
  ),
  holdDaysVisa: setting(
    'HOLD_DAYS_VISA',
    holdDays,
    10,
    'How long a hold on a Visa card may stand that nobody captures; then it is reversed. Agree it with your acquirer.',
  ),
  holdDaysVisaMerchantInitiated: setting(
    'HOLD_DAYS_VISA_MERCHANT_INITIATED',
    holdDays,
    5,
    'As HOLD_DAYS_VISA, for payments that the merchant initiates with a stored card.',
  ),
  holdDaysMastercard: setting('HOLD_DAYS_MASTERCARD', holdDays, 7, 'As HOLD_DAYS_VISA, for Mastercard and Maestro.'),
  holdDaysOther: setting('HOLD_DAYS_OTHER', holdDays, 7, 'As HOLD_DAYS_VISA, for all other brands.'),
  retryLimits: setting<RetryLimits>(
    'RETRY_LIMITS',
    retryLimits,
    { sandbox: 'never_again', live: 'all' },
    'Which limits of the card schemes on trying declined cards again are kept: all; never_again, for what the issuer has ruled out for good; off.',
  ),
  retriesAtMost: setting(
    'RETRIES_AT_MOST',
    wholeNumber({ min: 1, max: 100 }),
    15,
    'How often a Visa payment may be tried again within 30 days of a decline, with the same card and amount; beyond it Visa charges a fee.',
  ),
  riskLimits: setting<'on' | 'off'>(
    'RISK_LIMITS',
    onOff,
    { sandbox: 'off', live: 'on' },
    'Whether the limits are kept that risk rules set on how often a card, an address or a shopper may try; block lists always are.',
  ),
  reviewHours: setting(
    'REVIEW_HOURS',
    wholeNumber({ min: 1, max: 144, unit: 'hours' }),
    72,
    'How long an operator has, on the business clock, for a payment that a risk rule holds for review; then it is given up.',
  ),
  webhookHistoryDays: setting(
    'WEBHOOK_HISTORY_DAYS',
    wholeNumber({ min: 1, max: 3650, unit: 'days' }),
    90,
    'How long it is kept what merchants were told, and how that went; what still waits to be told stays.',
  ),
  checkoutHistoryDays: setting(
    'CHECKOUT_HISTORY_DAYS',
    wholeNumber({ min: 1, max: 3650, unit: 'days' }),
    90,
    'How long checkouts are kept after their end.',
  ),
  shopperVisitDays: setting(
    'SHOPPER_VISIT_DAYS',
    wholeNumber({ min: 1, max: 3650, unit: 'days' }),
    540,
    'How long it is kept how shoppers were authenticated, which is evidence in a dispute.',
  ),
  idempotencyKeyDays: setting(
    'IDEMPOTENCY_KEY_DAYS',
    wholeNumber({ min: 1, max: 365, unit: 'days' }),
    7,
    'How long an idempotency key is remembered.',
  ),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

type Settings = typeof settings;

/** What the table makes of what was written, before defaults that follow from other settings are filled in. */
export type Readings = { readonly mode: Mode } & { readonly [Key in keyof Settings]: Settings[Key]['defaults'][Mode] };
