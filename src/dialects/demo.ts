/** What a dialect has in the sandbox: its part of the demo merchants, and a first payment that anybody can make. */

/** The two merchants of the sandbox: the one of the documentation, and another one, so that isolation can be tried. */
export type DemoMerchantName = 'demo' | 'other';

/** The dialect's part of the demo merchants. All of it is published: documentation and people's own test suites rely on the values. */
export interface DialectSandbox {
  /** Acquirer accounts of this dialect alone: each platform's triggers work on its own terminal only. */
  readonly accounts: readonly DemoAccount[];
  readonly channels: readonly DemoChannel[];
  readonly credentials: readonly DemoCredential[];
  readonly partners?: readonly DemoPartner[];
  /** Where the demo merchant is told what happens. */
  readonly endpoints?: readonly DemoEndpoint[];
  /** A payment to begin with. */
  sample(urls: SandboxUrls): SamplePayment;
}

/** Scheme, host and port of what runs, without a slash at the end. */
export interface SandboxUrls {
  /** Of the gateway. */
  readonly baseUrl: string;
  /** Of the demo shop. */
  readonly shopUrl: string;
}

export interface DemoAccount {
  readonly accountId: string;
  readonly merchantIdentifier: string;
  readonly terminals: readonly string[];
}

export interface DemoChannel {
  readonly merchant: DemoMerchantName;
  /** UUID. */
  readonly channelId: string;
  readonly wireId: string;
  readonly name: string;
  /** One of `accounts`, or one that all dialects share. */
  readonly accountId: string;
  /** With the demo shop at this address (`SandboxUrls`). Absent: none. */
  policies?(shopUrl: string): Readonly<Record<string, unknown>>;
}

export interface DemoCredential {
  readonly merchant: DemoMerchantName;
  /** UUID. */
  readonly credentialId: string;
  readonly identifier: string;
  readonly secret: string;
}

/** A reseller, and the merchants that it has brought. */
export interface DemoPartner {
  /** UUID. */
  readonly partnerId: string;
  readonly identifier: string;
  readonly login: string;
  readonly secret: string;
  readonly merchants: readonly { readonly merchant: DemoMerchantName; readonly login: string; readonly identifier: string }[];
}

export interface DemoEndpoint {
  readonly merchant: DemoMerchantName;
  /** UUID. */
  readonly endpointId: string;
  /** Its path at the webhook catcher of the sandbox; absent where it is a mail address. */
  readonly path?: string;
  /** Payments are confirmed by mail to this address instead; `language` among the settings. */
  readonly mail?: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly secret?: string;
}

export interface SampleRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case; without `host` and `content-length`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body as it may be shown: card number and code masked. */
  readonly maskedBody: string;
}

/** One payment that anybody can make, as a command and as the request that it sends. */
export interface SamplePayment {
  /** The demo merchant's credentials, in the words of the protocol. */
  readonly credentials: readonly { readonly name: string; readonly value: string }[];
  /** A command for `sh` that makes the payment, and makes another one when it is repeated. */
  readonly curl: string;
  /** The payment; or what comes before it, where the protocol has logins or makes payments in several steps. */
  readonly request: SampleRequest;
  /** What follows once that was answered with success, made of the bodies of all answers so far. */
  readonly next?: readonly ((answers: readonly string[]) => SampleRequest)[];
  /** The retrieval reference number under which the acquirer has the payment, from the body of the last answer; undefined when it names none. */
  rrnOf(answer: string): string | undefined;
}
