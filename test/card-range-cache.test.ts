/** The list of cards with 3-D Secure as it is kept: asked for until it comes, changed by parts, and whole again after a part that cannot be right. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { startCardRangeCache } from '../src/three-ds-server/card-range-cache.ts';
import { createPost } from '../src/three-ds-server/post.ts';
import { eventually } from './harness/processes.ts';
import type { Json } from './harness/requestor.ts';

const [visa, mastercard, amex] = ['4200000000000091', '5137009801943438', '371449635311004'];

const row = (pan: string | undefined, actionInd: 'A' | 'D') => ({
  ...{ startRange: pan, endRange: pan, actionInd, acsStartProtocolVersion: '2.2.0', acsEndProtocolVersion: '2.2.0' },
});

/** Answers one PReq after the other as it is told, and the later ones like the last. */
async function startList(answers: readonly ((preq: Json) => Json | undefined)[]) {
  const asked: Json[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const preq = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json;
    asked.push(preq);
    const answer = answers[Math.min(asked.length, answers.length) - 1]?.(preq);
    if (answer === undefined) return void request.socket.destroy();
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const warnings: object[] = [];
  const log = { info: () => undefined, warn: (fields: object) => void warnings.push(fields), error: () => undefined };
  const cache = await startCardRangeCache({
    ...{ post: createPost({}), url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, timeoutMs: 20_000 },
    ...{ serverReference: 'REF', requestorUrl: 'http://127.0.0.1/', allowsPlainHttp: true, log, freshForMs: 20 },
  });
  after(async () => {
    await cache.stop();
    server.closeAllConnections();
    server.close();
  });
  return { asked, warnings, cache };
}

const list = (serialNum: string, cardRangeData?: readonly object[]) => (preq: Json) => ({
  ...{ messageType: 'PRes', messageVersion: '2.2.0', threeDSServerTransID: preq.threeDSServerTransID, dsTransID: randomUUID(), serialNum },
  ...{ dsStartProtocolVersion: '2.2.0', dsEndProtocolVersion: '2.3.1', ...(cardRangeData === undefined ? {} : { cardRangeData }) },
});

test('nobody is known to take part or not before the first list has come, and it is asked for until then', async () => {
  const server = await startList([() => undefined, () => ({ messageType: 'PRes' }), list('1', [row(visa, 'A')]), list('1')]);
  assert.equal(server.cache.find(`${visa}`), 'unknown');
  await eventually(() => server.cache.find(`${visa}`) !== 'unknown', 'the list to come');
  assert.equal(server.cache.find(`${mastercard}`), 'not enrolled');
  assert.equal(server.warnings.length, 2);
});

test('a list changes by what is new; what cannot be right leaves it as it is, and all of it is asked for again', async () => {
  const server = await startList([
    list('1', [row(visa, 'A'), row(mastercard, 'A')]),
    list('2', [row(mastercard, 'D')]),
    // This one was never there.
    list('3', [row(amex, 'D')]),
    list('4', [row(amex, 'A')]),
    list('4'),
  ]);
  const isIn = (pan: string | undefined) => typeof server.cache.find(`${pan}`) === 'object';
  await eventually(() => server.asked.length >= 3, 'the list to be asked for again');
  await eventually(() => isIn(amex), 'the whole list');
  assert.deepEqual([isIn(visa), isIn(mastercard)], [false, false]);
  await eventually(() => server.asked.length >= 6, 'the list to be asked for once more');
  assert.deepEqual(
    server.asked.slice(0, 6).map(({ serialNum }) => serialNum),
    [undefined, '1', '2', undefined, '4', '4'],
  );
  assert.ok(isIn(amex), 'an answer without ranges changes nothing');
  assert.equal(server.warnings.length, 1);
});
