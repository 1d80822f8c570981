/** The wait after wrong credentials, through real HTTP: it grows, holds for right ones as well, and locks nobody out who is elsewhere or known. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertTold, client, oppRead, type Protocol, protocols } from './harness/limited-protocols.ts';
import { bearerOf, demo, freshName, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

describe('with a wait after wrong credentials', () => {
  const stack = useOppStack({ env: { LOGIN_FAILURES: '2', TRUSTED_PROXY: 'loopback' } });
  const { fresh, send } = client(() => stack.url);
  const [opp] = protocols as [Protocol];
  /** What a reader who is let in finds. */
  const nothingThere = 404;
  const waitOf = ({ headers }: Reply): number => Number(headers['retry-after']);

  test('after some wrong credentials there is a wait, in the words of each protocol, also for right ones; elsewhere there is none', async () => {
    await Promise.all(
      protocols.map(async (protocol) => {
        const { name, wrong, right, refusal } = protocol;
        const address = fresh();
        for (let count = 0; count < 3; count += 1) assert.equal((await send(address, wrong)).status, refusal, name);
        // Long enough that the next answer cannot come after it.
        await eventually(async () => waitOf(await send(address, wrong)) >= 4, `a longer wait: ${name}`);
        assertTold(protocol, await send(address, right));
        assert.notEqual((await send(fresh(), right)).status, 429, name);
      }),
    );
  });

  /** A login that nobody has. */
  const guess = () => oppRead(bearerOf(freshName('user'), 'wrong'));

  test('the wait grows with every failure, and being told to wait does not prolong it', async () => {
    const address = fresh();
    const wrong = guess();
    const waits: number[] = [];
    await eventually(async () => {
      const reply = await send(address, wrong);
      if (reply.status === 429) waits.push(waitOf(reply));
      return waits.includes(4);
    }, 'a wait of four seconds');
    assert.ok(waits.includes(1) && waits.includes(2), `waits: ${waits.join(', ')}`);
  });

  test('failures of others, also many, keep nobody with right credentials out', async () => {
    for (let count = 0; count < 12; count += 1) await send(fresh(), opp.wrong);
    assert.equal((await send(fresh(), opp.right)).status, nothingThere);
  });

  test('a login that many try is waited for by each address that has failed, after its first failure', async () => {
    const wrong = guess();
    for (let count = 0; count < 5; count += 1) assert.equal((await send(fresh(), wrong)).status, 403);
    const address = fresh();
    assert.equal((await send(address, wrong)).status, 403);
    assert.ok(waitOf(await send(address, wrong)) >= 4);
    assert.equal((await send(address, oppRead(demo.bearer))).status, nothingThere, 'another login at the same address is looked at');
  });

  describe('of the console, where a key has no name beside it', () => {
    const withKey = (key: string) => ({ method: 'GET', path: '/console-api/merchants', headers: { authorization: `Bearer ${key}` } });
    const [viewer, admin] = [withKey('sandbox-viewer-key'), withKey('sandbox-operator-key')];
    const wrongKey = () => withKey(freshName('guess'));
    const guessUntilWaiting = (address: string) =>
      eventually(async () => waitOf(await send(address, wrongKey())) >= 4, 'guesses of different keys to wait');

    test('a right key of one operator does not let anybody at the address guess the keys of others', async () => {
      const address = fresh();
      assert.equal((await send(address, viewer)).status, 200);
      await guessUntilWaiting(address);
      assert.equal((await send(address, admin)).status, 429, 'a key that has shown nothing there is not looked at, even a right one');
    });

    test('operators who are known at an address are let in while a neighbor there guesses, and others as soon as the wait is over', async () => {
      const address = fresh();
      assert.equal((await send(address, admin)).status, 200);
      await guessUntilWaiting(address);
      for (let count = 0; count < 5; count += 1) assert.equal((await send(address, admin)).status, 200);
      assert.equal((await send(fresh(), viewer)).status, 200, 'nobody waits elsewhere');
      assert.equal((await send(address, viewer)).status, 429);
      await eventually(async () => (await send(address, viewer)).status === 200, 'the wait to be over');
      assert.equal((await send(address, viewer)).status, 200);
    });
  });

  test('a merchant who is known at an address is let in while a neighbor there guesses', async () => {
    const address = fresh();
    assert.equal((await send(address, opp.right)).status, nothingThere);
    const wrong = guess();
    for (let count = 0; count < 6; count += 1) await send(address, wrong);
    assert.equal((await send(address, wrong)).status, 429);
    for (let count = 0; count < 5; count += 1) assert.equal((await send(address, opp.right)).status, nothingThere);
  });
});
