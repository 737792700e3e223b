// The cost of bodies: their memory is bounded over all requests, and a long check blocks no other caller.
// Rooms: gate server core schema

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, assertRefused, eventually, response, unlessBuilt } from './harness.mjs';

const wide = (bytes) => `[${'1,'.repeat(bytes / 2 - 2)}1]`;

describe('the memory of bodies', unlessBuilt, () => {
  let desk;
  const held = [];
  before(async () => {
    desk = await Desk.open({
      change: (configuration, api) => {
        const schema = { type: 'array', maxItems: 100000, items: { type: 'integer', minimum: 0, maximum: 9 } };
        api.paths['/numbers'] = { post: { operationId: 'addNumbers', security: [{ userToken: [] }], requestBody: { required: true, content: { 'application/json': { schema } } }, responses: { 200: { description: 'Done' } } } };
        configuration.operations.addNumbers = { permission: 'orders:write', timeout: '20s', body: '128KiB' };
        configuration.upstreams.orders.timeout = '20s';
        configuration.memory = { bodies: '4MiB' };
      },
    });
    desk.upstream.answer = () => new Promise((resolve) => held.push(() => resolve(response(200))));
  });
  after(() => desk?.close());

  it('is counted while a request is under way, refused beyond memory.bodies, and given back', async () => {
    const body = wide(64 * 1024 - 64);
    const [bob, eve] = [await desk.bearerOf({ sub: 'bob' }), await desk.bearerOf({ sub: 'eve' })];
    const post = (who) => desk.post('/numbers', body, who);
    const under = [post(), post()];
    await eventually(() => held.length === 2);
    const third = await post();
    await assertRefused(desk.gatehouse, third, { status: 429, error: 'rate_limited', reason: 'body_share' });
    assert.equal(third.headers['retry-after'], '1');
    under.push(post(bob));
    await eventually(() => held.length === 3, 'the body of another caller');
    under.push(desk.post('/numbers', wide(32 * 1024), eve));
    await eventually(() => held.length === 4, 'the smaller body of a third caller');
    const last = await post(await desk.bearerOf({ sub: 'joe' }));
    await assertRefused(desk.gatehouse, last, { status: 503, error: 'unavailable', reason: 'bodies_overloaded' });
    for (const one of held.splice(0)) one();
    for (const answer of await Promise.all(under)) assert.equal(answer.status, 200);
    const again = post();
    await eventually(() => held.length === 1);
    for (const one of held.splice(0)) one();
    assert.equal((await again).status, 200);
  });

  it('is not held by one caller with slow uploads', async () => {
    const head = (authorization, length) => `POST /numbers HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
    const part = wide(120 * 1024);
    const wires = [];
    for (let i = 0; i < 24; ++i) wires.push((await Wire.open(desk.port, desk.tls)).send(head(desk.bearer.authorization, 128 * 1024) + part));
    const refused = () => wires.filter((wire) => wire.received.length > 0);
    await eventually(() => refused().length >= 8, 'refusals of the uploads beyond the share');
    for (const wire of refused()) assert.equal((await wire.responses())[0].status, 429);
    const answer = desk.post('/numbers', wide(64 * 1024), await desk.bearerOf({ sub: 'bob' }));
    await eventually(() => held.length === 1, 'the body of another caller');
    for (const one of held.splice(0)) one();
    assert.equal((await answer).status, 200);
    for (const wire of wires) wire.destroy();
    const used = async () => Number((await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text()).match(/^gatehouse_body_memory_bytes (\d+)/m)[1]);
    await eventually(async () => (await used()) === 0, 'the memory given back');
  });

  it('is refused to operations whose bodies would never fit', async () => {
    desk.configuration.memory = { bodies: '1MiB' };
    desk.writeFiles();
    const { status, stderr, stdout } = await desk.folder.run('check', '-c', 'gatehouse.yaml');
    assert.notEqual(status, 0);
    assert.match(stderr + stdout, /memory\.bodies: 1MiB is too little: a body of 64KiB for sendForm takes up to [^,]*, and one caller has half/);
  });
});

describe('a check that takes long', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({
      change: (configuration, api) => {
        const add = (path, operationId, count) => {
          const branches = Array.from({ length: count }, (_, index) => ({ required: [`r${index}`] }));
          const items = { type: 'object', properties: { a: { type: 'integer' }, r0: { type: 'integer' } }, not: { anyOf: branches } };
          const schema = { type: 'array', maxItems: 100000, items };
          api.paths[path] = { post: { operationId, security: [{ userToken: [] }], requestBody: { required: true, content: { 'application/json': { schema } } }, responses: { 200: { description: 'Done' } } } };
          configuration.operations[operationId] = { permission: 'orders:write', body: '1MiB' };
        };
        add('/slow', 'checkSlowly', 10);
        add('/endless', 'checkWithoutEnd', 150);
        configuration.workers = 1;
      },
    });
  });
  after(() => desk?.close());

  it('ends as it would at once, and others are answered meanwhile', async () => {
    const large = (more) => `[${Array(20_000).fill('{"a":1}').join(',')}${more}]`;
    const [slow, ...quick] = await Promise.all([desk.post('/slow', large('')), desk.get('/orders'), desk.get('/orders')]);
    assert.equal(slow.status, 200);
    assert.equal(desk.upstream.requests.find(({ target }) => target === '/slow').body.length, large('').length);
    for (const answer of quick) assert.equal(answer.status, 200);
    const broken = await desk.post('/slow', large(',{"r0":1}'));
    assert.equal(broken.status, 400);
    const event = await desk.gatehouse.eventOf(broken.headers['x-request-id']);
    assert.deepEqual([event.reason, event.detail], ['body_invalid', 'body/20000: not']);
  });

  it('is refused where it would take more than its bytes allow', async () => {
    const answer = await desk.post('/endless', `[${Array(90_000).fill('{"a":1}').join(',')}]`);
    assert.equal(answer.status, 400);
    const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
    assert.deepEqual([event.reason, event.detail], ['body_invalid', 'body: complexity']);
  });
});
