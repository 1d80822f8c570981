/**
 * The 3DS Server: the core's port over EMV 3-D Secure's messages. Whatever a directory server answers, or does not, becomes a result; what breaks the
 * rules is answered with an Erro, and never more than that.
 */
import type { AcquirerAccount } from '../core/acquirer/account.ts';
import type { EngineLog } from '../core/payment/engine.ts';
import { type AuthenticationResult, unavailable } from '../core/three-d-secure/authentication.ts';
import type { Asked, Asking, BroughtResult, ThreeDSServer } from '../core/three-d-secure/three-ds-server.ts';
import { directoryRule } from '../core/three-d-secure/verdict.ts';
import { writeCReq, writeMethodRequest } from '../protocols/emv-3ds/browser-forms.ts';
import { build, CONTENT_TYPE, withoutMisfits } from '../protocols/emv-3ds/build.ts';
import { chooseVersion } from '../protocols/emv-3ds/card-ranges.ts';
import type { AReq, Message } from '../protocols/emv-3ds/message.ts';
import { parse } from '../protocols/emv-3ds/parse.ts';
import { type ErrorCode, erroOf, type MessageProblem, problem } from '../protocols/emv-3ds/problem.ts';
import { OFFERED_VERSIONS } from '../protocols/emv-3ds/rule.ts';
import { areqOf, type Requestor, versionOf } from './areq.ts';
import { startCardRangeCache } from './card-range-cache.ts';
import { createPost, type DirectoryTls, NoAnswer, nameOf } from './post.ts';
import { resultOf } from './results.ts';

export interface ThreeDSServerOptions {
  /** The directory server. */
  readonly url: string;
  readonly tls: DirectoryTls;
  readonly timeoutMs: number;
  readonly requestor: Requestor;
  readonly account: (accountId: string) => Promise<AcquirerAccount | undefined>;
  /** Business time, epoch ms. */
  readonly businessNow: () => number;
  /** For the sandbox on one machine. */
  readonly allowsPlainHttp: boolean;
  readonly log: EngineLog;
}

export interface RunningThreeDSServer extends ThreeDSServer {
  stop(): Promise<void>;
}

const aresBytesAtMost = 262_144;

/** Where no list has come yet, issuers are asked in the version that all of them speak. */
const anyIssuer = { version: OFFERED_VERSIONS[0] };

export async function startThreeDSServer(options: ThreeDSServerOptions): Promise<RunningThreeDSServer> {
  const { url, tls, timeoutMs, requestor, allowsPlainHttp, log } = options;
  const post = createPost(tls);
  const { serverReference, requestorUrl } = requestor;
  const cache = await startCardRangeCache({ post, url, timeoutMs, serverReference, requestorUrl, allowsPlainHttp, log });

  const failed = (why: string): Asked => ({ kind: 'result', result: unavailable(`${directoryRule}${why}`) });

  /** Never awaited: whether the directory server takes it changes nothing here. */
  function tellError(found: MessageProblem): void {
    const text = written(erroOf(found, 'S'));
    if (text !== undefined) post({ url, text, timeoutMs, bytesAtMost: aresBytesAtMost }).catch(() => undefined);
  }

  function readAnswer(bytes: Buffer, areq: AReq, asking: Asking): Asked {
    const parsed = parse(bytes, { expected: ['ARes', 'Erro'], inReplyTo: areq, allowsPlainHttp });
    const { authenticationId } = asking.authentication;
    if (!parsed.ok) {
      log.warn({ authenticationId, problem: shown(parsed.problem) }, 'the directory server answered what cannot be used');
      tellError(parsed.problem);
      return failed(parsed.problem.errorCode);
    }
    const { message } = parsed;
    if (message.messageType === 'Erro') {
      log.warn({ authenticationId, code: message.errorCode, component: message.errorComponent }, 'the directory server answered an error');
      return failed(`error ${message.errorCode}`);
    }
    const { acsURL: acsUrl, acsTransID: acsTransactionId, dsTransID: dsTransactionId } = message;
    if (message.transStatus !== 'C') return { kind: 'result', result: resultOf(message, asking.authentication.request) };
    return acsUrl === undefined ? failed('201') : { kind: 'challenge', acsUrl, acsTransactionId, dsTransactionId };
  }

  return {
    contentType: CONTENT_TYPE,
    stop: cache.stop,

    enrolmentOf(pan, { simulate }) {
      const range = cache.find(pan.reveal());
      if (range === 'unknown') return anyIssuer;
      if (range === 'not enrolled') return simulate === undefined ? undefined : anyIssuer;
      const version = chooseVersion(range);
      if (version === undefined) return undefined;
      return { version, ...(range.threeDSMethodURL === undefined ? {} : { methodUrl: range.threeDSMethodURL }) };
    },

    async ask(asking) {
      const { authenticationId } = asking.authentication;
      try {
        const account = await options.account(asking.channel.accountId);
        if (account === undefined) throw new Error(`no acquirer account ${asking.channel.accountId}`);
        const { message: areq, left } = withoutMisfits(areqOf(asking, account, requestor, options.businessNow()), { allowsPlainHttp });
        if (left.length > 0) log.info({ authenticationId, left }, 'what did not fit was left out of an authentication request');
        const built = build(areq, { allowsPlainHttp });
        if (!built.ok) {
          log.error({ authenticationId, findings: built.findings }, 'an authentication request could not be made');
          return failed('not made');
        }
        return readAnswer(await post({ url, text: built.text, timeoutMs, bytesAtMost: aresBytesAtMost }), areq, asking);
      } catch (error) {
        const told = error instanceof NoAnswer ? error.detail : String(error);
        log.warn({ authenticationId, server: nameOf(url), error: told }, 'the directory server could not be asked');
        return failed(error instanceof NoAnswer ? error.message : 'not asked');
      }
    },

    readResult(body): BroughtResult {
      const parsed = parse(body, { expected: ['RReq'], versions: OFFERED_VERSIONS, allowsPlainHttp });
      if (!parsed.ok) return { kind: 'unusable', refusal: written(erroOf(parsed.problem, 'S')) ?? '', problem: shown(parsed.problem) };
      const { message } = parsed;
      const { messageVersion, threeDSServerTransID, acsTransID, dsTransID } = message;
      const ids = { threeDSServerTransID, acsTransID, dsTransID };
      return {
        kind: 'result',
        ...{ authenticationId: threeDSServerTransID, acsTransactionId: acsTransID, dsTransactionId: dsTransID, version: messageVersion },
        resultFor: (request): AuthenticationResult => resultOf(message, request),
        received: written({ messageType: 'RRes', messageVersion, ...ids, resultsStatus: '01' }) ?? '',
        refusal: (why) => written(erroOf(problem(refusalCodes[why][0], refusalCodes[why][1], message), 'S')) ?? '',
      };
    },

    methodData({ authenticationId, notificationUrl }) {
      const field = writeMethodRequest(
        { threeDSServerTransID: authenticationId, threeDSMethodNotificationURL: notificationUrl },
        { allowsPlainHttp },
      );
      if (!field.ok) throw new Error('the note for the issuer’s page breaks the rules');
      return field.value;
    },

    challengeRequest({ version, authenticationId, acsTransactionId = '', request }) {
      const field = writeCReq({
        ...{
          messageType: 'CReq',
          messageVersion: versionOf(version),
          threeDSServerTransID: authenticationId,
          acsTransID: acsTransactionId,
        },
        challengeWindowSize: request.browser.challengeWindow ?? '05',
      });
      if (!field.ok) throw new Error('the challenge request breaks the rules');
      return field.value;
    },
  };
}

const refusalCodes: Readonly<Record<'unknown_transaction' | 'other_result' | 'try_again', readonly [ErrorCode, string]>> = {
  unknown_transaction: ['301', 'threeDSServerTransID,acsTransID,dsTransID'],
  other_result: ['305', 'transStatus'],
  try_again: ['403', 'the result could not be recorded'],
};

function shown({ errorCode, errorDetail }: MessageProblem): string {
  return `${errorCode} ${errorDetail}`;
}

/** Undefined for what may not be sent. */
function written(message: Message): string | undefined {
  const built = build(message);
  return built.ok ? built.text : undefined;
}
