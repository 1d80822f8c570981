/** Safe outbound HTTP: which addresses may be called, and that what was checked is what is called. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublicAddress } from '../src/http/address-ranges.ts';
import { createOutbound, type OutboundAnswer, type OutboundRequest } from '../src/http/outbound.ts';
import { startListener } from './harness/listener.ts';

/** The first and the last address of a range, and its neighbors where those are public. */
const ranges: readonly (readonly [what: string, inside: readonly string[], outside: readonly string[]])[] = [
  ['this network', ['0.0.0.0', '0.255.255.255'], ['1.0.0.0']],
  ['private', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
  ['behind carriers', ['100.64.0.0', '100.127.255.255'], ['100.63.255.255', '100.128.0.0']],
  ['loopback', ['127.0.0.0', '127.0.0.1', '127.255.255.255'], ['126.255.255.255', '128.0.0.0']],
  ['link local, with the credentials of clouds', ['169.254.0.0', '169.254.169.254', '169.254.255.255'], ['169.253.255.255', '169.255.0.0']],
  ['private', ['172.16.0.0', '172.31.255.255'], ['172.15.255.255', '172.32.0.0']],
  ['protocol assignments', ['192.0.0.0', '192.0.0.255'], ['191.255.255.255', '192.0.1.0']],
  ['documentation', ['192.0.2.0', '192.0.2.255'], ['192.0.1.255', '192.0.3.0']],
  ['AS112', ['192.31.196.0', '192.31.196.255'], ['192.31.195.255', '192.31.197.0']],
  ['AMT', ['192.52.193.0', '192.52.193.255'], ['192.52.192.255', '192.52.194.0']],
  ['6to4 relays', ['192.88.99.0', '192.88.99.255'], ['192.88.98.255', '192.88.100.0']],
  ['private', ['192.168.0.0', '192.168.255.255'], ['192.167.255.255', '192.169.0.0']],
  ['AS112', ['192.175.48.0', '192.175.48.255'], ['192.175.47.255', '192.175.49.0']],
  ['benchmarks', ['198.18.0.0', '198.19.255.255'], ['198.17.255.255', '198.20.0.0']],
  ['documentation', ['198.51.100.0', '198.51.100.255'], ['198.51.99.255', '198.51.101.0']],
  ['documentation', ['203.0.113.0', '203.0.113.255'], ['203.0.112.255', '203.0.114.0']],
  ['multicast, reserved, broadcast', ['224.0.0.0', '239.255.255.255', '240.0.0.0', '255.255.255.255'], ['223.255.255.255']],
  ['unspecified, loopback', ['::', '::1', '::2'], []],
  ['IPv4 inside IPv6', ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::7f00:1'], []],
  ['discard only', ['100::1'], []],
  ['unique local', ['fc00::1', 'fdff:ffff::1'], []],
  ['link local, site local, multicast', ['fe80::1', 'febf::1', 'fec0::1', 'ff02::1'], []],
  ['protocol assignments, Teredo', ['2001::1', '2001:1ff:ffff::1'], ['2001:200::1']],
  ['documentation', ['2001:db8::1', '2001:db8:ffff:ffff::1', '3fff::1', '3fff:fff::1'], ['2001:db7::1', '2001:db9::1', '3fff:1000::1']],
  ['6to4', ['2002:7f00:1::1', '2002:ffff::1'], ['2001:ffff::1', '2003::1']],
  ['AS112', ['2620:4f:8000::1'], ['2620:4f:7fff::1', '2620:4f:8001::1']],
  ['outside of what is given out', ['1fff::1', '4000::1', '5f00::1'], ['2000::1', '2606:4700::1111']],
  ['no address at all', ['', 'localhost', '127.1', '0x7f000001', '2130706433'], []],
];

test('no address of a special range is public, and its neighbors are', () => {
  for (const [what, inside, outside] of ranges) {
    for (const address of inside) assert.equal(isPublicAddress(address), false, `${address} (${what})`);
    for (const address of outside) assert.equal(isPublicAddress(address), true, `${address} (beside ${what})`);
  }
});

const closed = createOutbound({ privateNetworks: [], resolve: async () => assert.fail('no name is to be asked for') });

function get(url: string, more: Partial<OutboundRequest> = {}): OutboundRequest {
  return { method: 'GET', url, headers: {}, body: '', timeoutMs: 30_000, ...more };
}

function problemIn(answer: OutboundAnswer): string {
  return answer.kind === 'answered' ? `answered ${answer.status}` : `${answer.kind}: ${answer.problem}`;
}

test('a URL is refused as it is written', async () => {
  const urls: Readonly<Record<string, RegExp>> = {
    'not a URL': /no http or https URL/,
    'ftp://shop.example/': /no http or https URL/,
    'file:///etc/passwd': /no http or https URL/,
    'http://shop.example/': /not https/,
    'https://user:password@shop.example/': /user name or a password/,
    'https://shop.example:22/': /port 22/,
    'https://127.0.0.1/': /127\.0\.0\.1 is no public address/,
    'https://[::1]/': /::1 is no public address/,
    'https://2130706433/': /127\.0\.0\.1 is no public address/,
    'https://0x7f.1/': /127\.0\.0\.1 is no public address/,
    'https://0177.0.0.01/': /127\.0\.0\.1 is no public address/,
    'https://[::ffff:169.254.169.254]/': /is no public address/,
    'https://169.254.169.254/latest/meta-data/': /is no public address/,
  };
  for (const [url, expected] of Object.entries(urls)) assert.match(problemIn(await closed.send(get(url))), expected, url);
});

test('a name is refused when one of its addresses is not public', async () => {
  const outbound = createOutbound({ privateNetworks: [], resolve: async () => ['93.184.215.14', '10.1.2.3'] });
  assert.match(problemIn(await outbound.send(get('https://shop.example/'))), /^refused: .*shop\.example is at 10\.1\.2\.3/);
  const unknown = createOutbound({ privateNetworks: [], resolve: async () => [] });
  assert.match(problemIn(await unknown.send(get('https://shop.example/'))), /^failed: the name shop\.example has no address/);
});

test('plain http is for the networks of the setting only', async () => {
  const outbound = createOutbound({ privateNetworks: ['127.0.0.0/8'], resolve: async () => ['93.184.215.14'] });
  assert.match(problemIn(await outbound.send(get('http://shop.example/'))), /^refused: .*it is not https/);
  assert.match(problemIn(await outbound.send(get('http://192.168.0.1/'))), /^refused: .*192\.168\.0\.1 is no public address/);
});

test('rebinding: a name is asked for once, and the connection goes to the address that was checked', async () => {
  const fine = await startListener((response) => response.end('fine'));
  const answers = [['127.0.0.1'], ['169.254.169.254']];
  let asked = 0;
  const outbound = createOutbound({
    privateNetworks: ['127.0.0.1'],
    resolve: async () => answers[asked++] ?? assert.fail('asked too often'),
  });
  const url = `http://shop.example:${fine.port}/hook`;
  assert.deepEqual(
    { ...(await outbound.send(get(url))), durationMs: 0 },
    { kind: 'answered', status: 200, excerpt: 'fine', durationMs: 0 },
  );
  assert.equal(asked, 1);
  assert.equal(fine.requests[0]?.headers.host, `shop.example:${fine.port}`);
  // Now the name means something else, and is checked anew.
  assert.match(problemIn(await outbound.send(get(url))), /^refused: .*169\.254\.169\.254/);
  assert.equal(fine.requests.length, 1);
  await fine.close();
});

test('a redirect is an answer, not a way', async () => {
  const secret = await startListener((response) => response.end('secret'));
  const moved = await startListener((response) => response.writeHead(302, { location: secret.url }).end());
  const outbound = createOutbound({ privateNetworks: ['127.0.0.0/8'] });
  const answer = await outbound.send(get(moved.url));
  assert.equal(answer.kind === 'answered' && answer.status, 302);
  assert.equal(secret.requests.length, 0);
  await Promise.all([secret.close(), moved.close()]);
});

test('of an answer only the beginning is kept, without card numbers; an endless one is not waited for', async () => {
  const talker = await startListener((response) => {
    response.write('your card 4242424242424242\u0007 ');
    const flood = (): void => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
      if (!response.destroyed) response.once('drain', flood);
    };
    flood();
  });
  const answer = await createOutbound({ privateNetworks: ['127.0.0.1'] }).send(get(talker.url));
  assert.equal(answer.kind, 'answered');
  if (answer.kind !== 'answered') return;
  assert.match(answer.excerpt, /^your card 424242\*+4242\ufffd x+$/);
  assert.ok(answer.excerpt.length <= 512);
  await talker.close();
});

test('whoever does not answer, closes or is not there fails with the reason', async () => {
  const silent = await startListener(() => undefined);
  const closing = await startListener((response) => response.destroy());
  const outbound = createOutbound({ privateNetworks: ['127.0.0.1'] });
  assert.equal(problemIn(await outbound.send(get(silent.url, { timeoutMs: 200 }))), 'failed: no answer within 200 ms');
  assert.equal(problemIn(await outbound.send(get(closing.url))), 'failed: the connection was closed before the answer');
  await closing.close();
  assert.equal(problemIn(await outbound.send(get(closing.url))), 'failed: the connection was refused');
  const hanging = createOutbound({ privateNetworks: [], resolve: () => new Promise(() => undefined) });
  assert.equal(problemIn(await hanging.send(get('https://shop.example/', { timeoutMs: 200 }))), 'failed: no answer within 200 ms');
  await silent.close();
});

test('a body is sent whole, with its length', async () => {
  const taker = await startListener((response) => response.writeHead(204).end());
  const body = '{"name":"Zoë"}';
  const post: OutboundRequest = {
    method: 'POST',
    url: `${taker.url}/a?b=c`,
    headers: { 'content-type': 'application/json' },
    body,
    timeoutMs: 30_000,
  };
  const answer = await createOutbound({ privateNetworks: ['127.0.0.1'] }).send(post);
  assert.equal(answer.kind === 'answered' && answer.status, 204);
  const [got] = taker.requests;
  assert.deepEqual(
    [got?.method, got?.path, got?.body, got?.headers['content-length']],
    ['POST', '/a?b=c', body, String(Buffer.byteLength(body))],
  );
  await taker.close();
});
