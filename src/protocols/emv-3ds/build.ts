/** Writes a message, held to the same tables as what is read, and more strictly: nothing unknown or misplaced is sent. */

import { type AReq, type Message, TABLES } from './message.ts';
import { OFFERED_VERSIONS } from './rule.ts';
import { checkObject, type Finding } from './validate.ts';

/** The message as text, or everything that is wrong with it. Findings name elements and hold no values. */
export type Built = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly findings: readonly Finding[] };

/** What the message is held against. */
export interface BuildOptions {
  /** The AReq that an ARes answers: some elements depend on what it asked. */
  readonly areq?: AReq;
  /** Lets `http:` URLs pass where 2.3.1 wants https: for a sandbox on one machine. */
  readonly allowsPlainHttp?: boolean;
}

/** The content type of every message between servers. */
export const CONTENT_TYPE = 'application/json; charset=utf-8';

/** Writes one message as JSON. 2.1.0 is refused, except in an Erro, which answers in the version that it was asked in. */
export function build(message: Message, { areq, allowsPlainHttp = false }: BuildOptions = {}): Built {
  const { messageType, messageVersion, ...elements } = message;
  const isOffered = OFFERED_VERSIONS.some((version) => version === messageVersion);
  if (!isOffered && messageType !== 'Erro') {
    return { ok: false, findings: [{ errorCode: '203', path: 'messageVersion', says: `expected ${OFFERED_VERSIONS.join(' or ')}` }] };
  }
  const options = { version: messageVersion, isOutgoing: true, allowsPlainHttp, areq };
  const { findings } = checkObject(TABLES[messageType], elements, options);
  return findings.length === 0 ? { ok: true, text: JSON.stringify(message) } : { ok: false, findings };
}

/**
 * The message without those optional elements that would not pass, and the names of what was left out. A shop knows odd things about its
 * shoppers; risk data that does not fit must not cost the payment. What a required element lacks stays for `build` to say.
 */
export function withoutMisfits<M extends Message>(
  message: M,
  options: BuildOptions = {},
): { readonly message: M; readonly left: readonly string[] } {
  const built = build(message, options);
  if (built.ok) return { message, left: [] };
  const atFault = new Set(built.findings.filter(({ path }) => path !== 'messageVersion').map(({ path }) => path.split('.', 1)[0] ?? path));
  const kept = Object.fromEntries(Object.entries(message).filter(([name]) => !atFault.has(name)));
  // An element may have been needed only because of one that is gone; what is still wrong then, and was not needed, shows in build.
  const remaining = build(kept as unknown as M, options);
  const needed = remaining.ok ? [] : remaining.findings.filter(({ errorCode }) => errorCode === '201').map(({ path }) => path);
  const restored = Object.fromEntries(Object.entries(message).filter(([name]) => !atFault.has(name) || needed.includes(name)));
  const left = Object.keys(message).filter((name) => !Object.hasOwn(restored, name));
  return { message: restored as unknown as M, left };
}
