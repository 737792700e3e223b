// Several addresses of an upstream: their turns by weight, and requests that are sent again.
// Rooms: policy target

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';

import { Desk, Upstream, eventually, response, unlessBuilt } from './harness.mjs';

describe('several addresses of an upstream', unlessBuilt, () => {
  const open = async (upstream, answers) => {
    const services = await Promise.all(answers.map(() => Upstream.start()));
    services.forEach((service, index) => (service.answer = answers[index]));
    const desk = await Desk.open({ change: (configuration) => (configuration.workers = 1) && (configuration.upstreams.orders = { timeout: '2s', ...upstream(services.map(({ url }) => url)) }) });
    const close = async () => {
      await desk.close();
      await Promise.all(services.map((service) => service.close()));
    };
    return { desk, services, close, asked: () => services.map(({ requests }) => requests.length) };
  };
  const ok = () => response(200);

  it('have their turns by `weight`', async () => {
    const { desk, close, asked } = await open(([a, b, c]) => ({ url: [{ url: a, weight: 6 }, { url: b, weight: 2 }, c] }), [ok, ok, ok]);
    for (let i = 0; i < 18; ++i) assert.equal((await desk.get('/orders/1')).status, 200);
    assert.deepEqual(asked(), [12, 4, 2]);
    await close();
  });

  it('take over from one that is not there, whatever the weights', async () => {
    const { desk, services, close, asked } = await open(([a, b]) => ({ url: [{ url: a, weight: 100 }, { url: b, weight: 1 }], connect_timeout: '1s' }), [ok, ok]);
    await services[0].close();
    for (let i = 0; i < 5; ++i) assert.equal((await desk.get('/orders/1')).status, 200);
    assert.equal(asked()[1], 5);
    await close();
  });

  it('are asked again by `retries`, where no byte of an answer came and asking twice is safe', async () => {
    const closes = (_, socket) => void socket.destroy();
    const { desk, close, asked } = await open(([a, b]) => ({ url: [a, b], retries: 1 }), [closes, ok]);
    for (let i = 0; i < 6; ++i) assert.equal((await desk.get('/orders/1')).status, 200, `${i}`);
    const [first, second] = asked();
    assert.ok(first >= 3 && second === 6, `${asked()}`);
    const before = asked();
    const posted = [];
    for (let i = 0; i < 4; ++i) posted.push((await desk.post('/orders', { title: 'Tea', quantity: 1 })).status);
    assert.deepEqual(asked().map((count, index) => count - before[index]).reduce((sum, one) => sum + one), 4, 'a POST is sent once');
    assert.deepEqual(new Set(posted), new Set([502, 200]));
    await close();
  });

  it('are not asked again more often than said, nor once an answer has begun, nor when they are late', async () => {
    for (const [answer, retries, times, status] of [
      [(_, socket) => void socket.destroy(), 2, 3, 502],
      [(_, socket) => void socket.destroy(), 0, 1, 502],
      [(_, socket) => void socket.end('HTTP/1.1 '), 3, 1, 502],
      [(_, socket) => void socket.end('HTTP/1.1 103 Early Hints\r\n\r\n'), 3, 1, 502],
      [() => response(503), 3, 1, 503],
      [() => undefined, 3, 1, 504],
    ]) {
      const { desk, close, asked } = await open(([a]) => ({ url: a, retries, timeout: '500ms' }), [answer]);
      assert.equal((await desk.get('/orders/1')).status, status);
      assert.deepEqual(asked(), [times], `${retries} ${answer}`);
      await close();
    }
  });

  it('are asked again at the next one in the list, whatever the weights', async () => {
    const { desk, close, asked } = await open(([a, b]) => ({ url: [{ url: a, weight: 9 }, { url: b, weight: 1 }], retries: 1 }), [(_, socket) => void socket.destroy(), ok]);
    for (let i = 0; i < 20; ++i) assert.equal((await desk.get('/orders/1')).status, 200, `${i}`);
    assert.deepEqual(asked(), [18, 20]);
    await close();
  });

  // The upstream may have done what it was asked for, so no event may say that nothing was done.
  it('leave the failure of the last attempt if no other can be made, with an unknown effect', async () => {
    let held;
    const service = createServer((socket) => socket.on('error', () => {}).on('data', (bytes) => (`${bytes}`.startsWith('PUT') ? (held = socket) : socket.end(response(200)))));
    await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address();
    const desk = await Desk.open({ change: (configuration, api) => {
      configuration.workers = 1;
      configuration.upstreams.orders = { url: `http://127.0.0.1:${port}`, retries: 2, failures: 1, open_for: '60s' };
      configuration.operations.replaceOrder = { permission: 'orders:write', sensitive: 'a change' };
      api.paths['/orders/{id}'].put.security = [{ partnerKey: [] }, { userToken: [] }];
    } });
    const put = (headers) => {
      held = undefined;
      return desk.send('PUT', '/orders/1', { headers: { ...headers, 'content-type': 'application/json' }, body: '{"title":"Tea","quantity":1}' });
    };
    const ends = async (answer, why) => {
      held.destroy();
      const { status, headers } = await answer;
      const event = await desk.gatehouse.eventOf(headers['x-request-id']);
      assert.deepEqual([status, event.outcome, event.reason, event.effect], [502, 'failed', 'upstream_unreachable', 'unknown']);
      assert.match(event.detail, new RegExp(`^the peer closed the connection before its answer; it was not asked again: ${why}$`));
    };

    const { id, key } = await desk.createKey();
    const revoked = put({ 'x-api-key': key });
    await eventually(() => held, 'the request at the upstream');
    await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id);
    for (let status = 200; status !== 401;) ({ status } = await desk.get('/orders/1', { 'x-api-key': key }));
    await ends(revoked, 'credential_revoked');

    const opened = put(desk.bearer);
    await eventually(() => held, 'the request at the upstream');
    service.close();
    assert.equal((await desk.get('/orders/1')).status, 502);
    await ends(opened, 'upstream_open_circuit');

    const never = await put(desk.bearer);
    const event = await desk.gatehouse.eventOf(never.headers['x-request-id']);
    assert.deepEqual([event.reason, event.effect], ['upstream_open_circuit', 'none'], 'of a request that was not sent');
    await desk.close();
  });

  it('are read strictly', async () => {
    const desk = await Desk.open();
    for (const [upstream, message] of [
      [{ url: [{ url: 'http://127.0.0.1:1', weight: 0 }] }, /weight: must be a whole number from 1 to 100, not 0/],
      [{ url: [{ url: 'http://127.0.0.1:1', weight: 1.5 }] }, /weight: must be a whole number/],
      [{ url: [{ weight: 1 }] }, /url/],
      [{ url: 'http://127.0.0.1:1', retries: 6 }, /retries: must be a whole number from 0 to 5, not 6/],
    ]) {
      desk.folder.write('other.yaml', { ...desk.configuration, upstreams: { orders: upstream } });
      const { status, stderr } = await desk.folder.run('check', '-c', 'other.yaml');
      assert.equal(status, 1);
      assert.match(stderr, message);
    }
    await desk.close();
  });
});
