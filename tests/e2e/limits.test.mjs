// Limits by address, by principal, by operation and by key, their answers, and attempts to bypass them.
// Rooms: core gate store

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Desk, Wire, assertRefused, eventually, response, undiciClient, unlessBuilt } from './harness.mjs';

const limited = { status: 429, error: 'rate_limited', reason: 'rate_limited', stage: 'limit' };
const open = (limits, change = () => {}) => Desk.open({ change: (configuration, api, desk) => {
  Object.assign(configuration.limits, limits);
  return change(configuration, api, desk);
} });

describe('limits', unlessBuilt, () => {
  it('let the burst pass, refuse the next, and say when to come back', async () => {
    const desk = await open({ per_ip: { per: 'ip', rate: '6/min', burst: 3 } });
    for (let count = 0; count < 3; ++count) assert.equal((await desk.get('/catalogue', {})).status, 200);
    const answer = await desk.get('/catalogue', {});
    const event = await assertRefused(desk.gatehouse, answer, limited);
    assert.ok(event.rule.includes('per_ip'), event.rule);
    const wait = Number(answer.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 10, answer.headers['retry-after']);
    assert.match(answer.headers['ratelimit-policy'], /"per_ip";q=\d+;w=\d+/);
    assert.match(answer.headers.ratelimit, /"per_ip";r=0;t=\d+/);
    await desk.close();
  });

  it('show the remaining allowance on successful answers', async () => {
    const desk = await open({ per_ip: { per: 'ip', rate: '6/min', burst: 3 } });
    const left = [];
    for (let count = 0; count < 3; ++count) left.push(/"per_ip";r=(\d+)/.exec((await desk.get('/catalogue', {})).headers.ratelimit)[1]);
    assert.deepEqual(left, ['2', '1', '0']);
    await desk.close();
  });

  it('count over all workers and connections', async () => {
    const desk = await open({ per_ip: { per: 'ip', rate: '1/h', burst: 10 } });
    const clients = Array.from({ length: 10 }, () => undiciClient({ ca: desk.authority.certificate, connections: 1 }));
    const answers = await Promise.all(clients.flatMap((client) => [1, 2, 3].map(() => desk.send('GET', '/catalogue', { headers: {}, client }))));
    assert.equal(answers.filter(({ status }) => status === 200).length, 10);
    clients.forEach((client) => client.close());
    await desk.close();
  });

  it('by principal are each one’s own, whichever token it brings', async () => {
    const desk = await open({ per_principal: { per: 'principal', rate: '1/h', burst: 2 } });
    const statuses = [];
    for (let count = 0; count < 3; ++count) statuses.push((await desk.get('/orders/1', await desk.bearerOf({ sub: 'ann', jti: `${count}` }))).status);
    assert.deepEqual(statuses, [200, 200, 429]);
    assert.equal((await desk.get('/orders/1', await desk.bearerOf({ sub: 'bob' }))).status, 200);
    await desk.close();
  });

  it('by address count refused callers, routes that do not exist, and malformed requests', async () => {
    const desk = await open({ per_ip: { per: 'ip', rate: '1/h', burst: 4 } });
    await desk.get('/orders/1', { authorization: 'Bearer abc' });
    await desk.get('/nothing', {});
    await desk.get('/orders/1', {});
    await desk.get('/catalogue?x=1', {});
    assert.equal((await desk.get('/catalogue', {})).status, 429);
    assert.equal((await desk.get('/nothing', {})).status, 429);
    await desk.close();
  });

  it('by address count other methods, other spellings of the path and other queries', async () => {
    const tries = [['HEAD', '/catalogue?x=1'], ['OPTIONS', '/catalogue'], ['POST', '/catalogue'], ['GET', '/catalogue/'], ['GET', '/CATALOGUE'], ['GET', '/catalogue;x=1'], ['GET', '/catalogue?x=1']];
    const desk = await open({ per_ip: { per: 'ip', rate: '1/h', burst: tries.length } });
    for (const [method, target] of tries) {
      const { status } = await desk.send(method, target, { headers: {} });
      assert.ok(method === 'OPTIONS' ? status === 204 : status >= 400 && status < 429, `${method} ${target}: ${status}`);
    }
    for (const [method, target] of [...tries, ['GET', '/catalogue']]) {
      assert.equal((await desk.send(method, target, { headers: {} })).status, 429, `${method} ${target}`);
    }
    await desk.close();
  });

  it('are not escaped by claiming another address', async () => {
    const desk = await open({ per_ip: { per: 'ip', rate: '1/h', burst: 2 } });
    const statuses = [];
    for (let count = 0; count < 4; ++count) {
      statuses.push((await desk.get('/catalogue', { 'x-forwarded-for': `203.0.113.${count}`, forwarded: `for=203.0.113.${count}`, 'x-real-ip': `203.0.113.${count}` })).status);
    }
    assert.deepEqual(statuses, [200, 200, 429, 429]);
    await desk.close();
  });

  it('by address take an IPv6 network for one caller', async () => {
    const desk = await open({ per_ip: { per: 'ip', rate: '1/h', burst: 2 } }, (configuration) => (configuration.trusted_proxies = ['127.0.0.0/8']));
    const from = async (address) => (await desk.get('/catalogue', { 'x-forwarded-for': address })).status;
    assert.deepEqual([await from('2001:db8:1:1::1'), await from('2001:db8:1:1::2'), await from('2001:db8:1:1:ffff::3')], [200, 200, 429]);
    assert.equal(await from('2001:db8:1:2::1'), 200);
    await desk.close();
  });

  it('of an operation are tighter than the others, and a refusal of one costs nothing in the rest', async () => {
    const desk = await open({ costly: { per: 'principal', rate: '1/h', burst: 1 }, per_principal: { per: 'principal', rate: '1/h', burst: 3 } },
      (configuration) => (configuration.operations.getOrder.limits = ['per_ip', 'per_principal', 'costly']));
    assert.equal((await desk.get('/orders/1')).status, 200);
    for (let count = 0; count < 5; ++count) await assertRefused(desk.gatehouse, await desk.get('/orders/1'), limited);
    assert.deepEqual([(await desk.get('/orders')).status, (await desk.get('/orders')).status, (await desk.get('/orders')).status], [200, 200, 429]);
    await desk.close();
  });

  it('charge a caller with half of the credentials, and its 401 does not say that this half is good', async () => {
    const desk = await open({ per_principal: { per: 'principal', rate: '1/h', burst: 3 } }, ({ operations, defaults }, api) => {
      api.paths['/orders'].get.security = [{ partnerKey: [], userToken: [] }];
      operations.listOrders.limits = [...defaults.limits, 'per_principal'];
    });
    const { key } = await desk.createKey();
    const asked = async (headers) => {
      const { status, headers: fields } = await desk.get('/orders', headers);
      return [status, fields.ratelimit?.replace(/r=\d+;t=\d+/, '')];
    };
    const bad = await asked({ 'x-api-key': key.replace(/.$/, (c) => (c === 'a' ? 'b' : 'a')) });
    assert.equal(bad[0], 401);
    for (let turn = 0; turn < 5; ++turn) assert.deepEqual(await asked({ 'x-api-key': key }), bad);
    assert.equal((await desk.get('/orders', { 'x-api-key': key, ...await desk.bearerOf({ roles: ['clerk'] }) })).status, 429, 'it paid');
    await desk.close();
  });

  it('by a value of the request share the value, not the caller', async () => {
    const desk = await open({ per_email: { per: ['body.email'], rate: '1/h', burst: 1 } }, (configuration) => (configuration.operations.createOrder.limits = ['per_ip', 'per_email']));
    const send = async (email, sub) => (await desk.post('/orders', { title: 'pen', quantity: 1, email }, await desk.bearerOf({ sub }))).status;
    assert.deepEqual([await send('a@example.com', 'ann'), await send('a@example.com', 'bob'), await send('b@example.com', 'ann')], [200, 429, 200]);
    // The same mailbox in another spelling; and another one, if the account store distinguishes the case of
    // the local part.
    assert.deepEqual([await send('a@EXAMPLE.com', 'ann'), await send('a@Example.COM', 'eve'), await send('A@example.com', 'ann')], [429, 429, 200]);
    await desk.close();
  });

  it('by lower() of an address ignore its case', async () => {
    const desk = await open({ per_email: { per: ['lower(body.email)'], rate: '1/h', burst: 1 } }, (configuration) => (configuration.operations.createOrder.limits = ['per_ip', 'per_email']));
    const send = async (email) => (await desk.post('/orders', { title: 'pen', quantity: 1, email })).status;
    assert.deepEqual([await send('ann@example.com'), await send('Ann@example.com'), await send('ANN@EXAMPLE.COM'), await send('bob@example.com')], [200, 429, 429, 200]);
    await desk.close();
  });

  it('on how many at once refuse with 503 and make room again', async () => {
    const desk = await open({}, (configuration) => (configuration.operations.getOrder.concurrency = 1));
    let release;
    desk.upstream.answer = () => new Promise((resolve) => (release = () => resolve(response(200))));
    const first = desk.get('/orders/1');
    await eventually(() => release, 'request at the upstream');
    await assertRefused(desk.gatehouse, await desk.get('/orders/1'), { status: 503, error: 'unavailable', reason: 'too_many_at_once', stage: 'limit' });
    release();
    assert.equal((await first).status, 200);
    desk.upstream.answer = () => response(200);
    // The place is free once the first answer's end is known here, a moment after the client has it.
    await eventually(async () => (await desk.get('/orders/1')).status === 200, 'room');
    await desk.close();
  });

  it('on how many at once are no caller’s alone, however slowly it reads', async () => {
    const desk = await open({}, (configuration) => Object.assign(configuration.operations, {
      getOrder: { ...configuration.operations.getOrder, concurrency: 2 },
      listCatalogue: { ...configuration.operations.listCatalogue, concurrency: 4 },
    }));
    const slow = async (target, fields = '', from = '127.0.0.1') => {
      desk.upstream.answer = () => response(200, Buffer.alloc(64 << 20, 'x'));
      const asked = desk.upstream.requests.length;
      const wire = await Wire.open(desk.port, { ...desk.tls, localAddress: from });
      wire.socket.pause();
      wire.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`);
      await eventually(() => desk.upstream.requests.length > asked, 'request at the upstream');
      desk.upstream.answer = () => response(200);
      return wire;
    };
    const share = { status: 429, error: 'rate_limited', reason: 'concurrency_share', stage: 'limit' };

    const reader = await slow('/orders/1', `Authorization: Bearer ${desk.token}\r\n`);
    const second = await desk.get('/orders/1');
    const event = await assertRefused(desk.gatehouse, second, share);
    assert.deepEqual([event.rule, second.headers['retry-after']], ['getOrder', '1']);
    const other = await desk.bearerOf({ sub: 'another' });
    assert.equal((await desk.get('/orders/1', other)).status, 200, 'another caller has its place');
    reader.destroy();
    await eventually(async () => (await desk.get('/orders/1')).status === 200, 'the place is given back');

    // Callers without a credential are distinguished by their addresses.
    const readers = [await slow('/catalogue'), await slow('/catalogue')];
    await assertRefused(desk.gatehouse, await desk.get('/catalogue', {}), share);
    readers.push(await slow('/catalogue', '', '127.0.0.2'), await slow('/catalogue', '', '127.0.0.3'));
    await assertRefused(desk.gatehouse, await desk.get('/catalogue', other), { status: 503, error: 'unavailable', reason: 'too_many_at_once', stage: 'limit' });
    readers.forEach((wire) => wire.destroy());
    await desk.close();
  });

  it('hold for pipelined requests too', async () => {
    const desk = await open({ per_ip: { per: 'ip', rate: '1/h', burst: 2 } });
    const wire = await Wire.open(desk.port, desk.tls);
    const answers = await wire.send('GET /catalogue HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(5)).responses(5);
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 429, 429, 429]);
    wire.destroy();
    await desk.close();
  });
});
