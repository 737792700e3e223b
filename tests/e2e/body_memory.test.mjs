// What bodies cost: their memory is bounded over all requests, and a check that takes long holds up nobody.
// Rooms: gate server core schema

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, eventually, response, unlessBuilt } from './harness.mjs';

const wide = (bytes) => `[${'1,'.repeat(bytes / 2 - 2)}1]`;

describe('the memory of bodies', unlessBuilt, () => {
  let desk;
  const held = [];
  before(async () => {
    desk = await Desk.open({
      change: (configuration, api) => {
        const schema = { type: 'array', maxItems: 100000, items: { type: 'integer', minimum: 0, maximum: 9 } };
        api.paths['/numbers'] = { post: { operationId: 'addNumbers', security: [{ userToken: [] }], requestBody: { required: true, content: { 'application/json': { schema } } }, responses: { 200: { description: 'Done' } } } };
        configuration.operations.addNumbers = { permission: 'orders:write', timeout: '20s' };
        configuration.upstreams.orders.timeout = '20s';
        configuration.memory = { bodies: '2MiB' };
      },
    });
    desk.upstream.answer = () => new Promise((resolve) => held.push(() => resolve(response(200))));
  });
  after(() => desk?.close());

  it('is counted while a request is under way, refused beyond memory.bodies, and given back', async () => {
    const body = wide(64 * 1024 - 64);
    const post = () => desk.post('/numbers', body);
    const under = [post(), post()];
    await eventually(() => held.length === 2);
    const third = await post();
    assert.equal(third.status, 503);
    const event = await desk.gatehouse.eventOf(third.headers['x-request-id']);
    assert.deepEqual([event.outcome, event.stage, event.reason], ['refused', 'validate', 'bodies_overloaded']);
    for (const one of held.splice(0)) one();
    for (const answer of await Promise.all(under)) assert.equal(answer.status, 200);
    const again = post();
    await eventually(() => held.length === 1);
    for (const one of held.splice(0)) one();
    assert.equal((await again).status, 200);
  });

  it('is not promised to operations whose bodies would never fit', async () => {
    desk.configuration.memory = { bodies: '1MiB' };
    desk.writeFiles();
    const { status, stderr, stdout } = await desk.folder.run('check', '-c', 'gatehouse.yaml');
    assert.notEqual(status, 0);
    assert.match(stderr + stdout, /memory\.bodies: 1MiB is too little: a body of 64KiB for sendForm takes up to/);
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
