// The permissions of an authenticated caller: roles, scopes, conditions, objects; and attempts to bypass
// them.
// Rooms: cel core gate policy

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, assertRefused, makeDatabase, unlessBuilt } from './harness.mjs';

const forbidden = (reason) => ({ status: 403, error: 'forbidden', reason, stage: 'authorise' });

describe('permissions', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  const as = (roles, more = {}) => desk.bearerOf({ roles, ...more });

  it('come from roles', async () => {
    assert.equal((await desk.get('/orders', await as(['partner']))).status, 200);
    assert.equal((await desk.get('/users', await as(['admin']))).status, 200);
  });

  it('that are missing refuse, and the rule is on record', async () => {
    const event = await assertRefused(desk.gatehouse, await desk.get('/users', await as(['partner'])), forbidden('permission_missing'));
    assert.equal(event.operation, 'listUsers');
    assert.equal(event['user.id'], 'ann');
  });

  it('are not given by undefined roles, and not by names of permissions', async () => {
    for (const roles of [['root'], ['Admin'], ['admin '], ['users:read'], ['*'], ['anonymous'], []]) {
      assert.equal((await desk.get('/users', await as(roles))).status, 403, JSON.stringify(roles));
    }
  });

  it('are given by one role that is written as a text', async () => {
    assert.equal((await desk.get('/users', await as('admin'))).status, 200);
    assert.equal((await desk.get('/users', await as('clerk admin'))).status, 403, 'a role is a whole text');
  });

  it('are not given when the claim is of another type', async () => {
    for (const roles of [{ admin: true }, 7, true, [['admin']], null]) {
      const answer = await desk.get('/users', await as(roles));
      assert.ok([401, 403].includes(answer.status), `${JSON.stringify(roles)}: ${answer.status}`);
    }
  });

  it('with a wildcard cover their kind and nothing else', async () => {
    assert.equal((await desk.send('DELETE', '/orders/1', { headers: await as(['admin']) })).status, 200);
    assert.equal((await desk.get('/transfers', await as(['admin']))).status, 401);
  });

  it('of every proven principal are those of authenticated', async () => {
    const client = desk.clients.issue('anyone', { use: 'clientAuth', subject: '/CN=anyone' });
    assert.ok(client.cert);
    assert.equal((await desk.get('/orders', await as([]))).status, 403);
  });

  it('are settled before the body is read', async () => {
    const answer = await desk.send('POST', '/notes', { headers: { ...(await as([])), 'content-type': 'text/plain' }, body: '\xff'.repeat(60_000) });
    await assertRefused(desk.gatehouse, answer, forbidden('permission_missing'));
  });

  it('cannot be widened by headers for the upstream', async () => {
    const headers = { ...(await as(['partner'])), 'gatehouse-roles': 'admin', 'gatehouse-principal': 'root', 'Gatehouse-Assertion': 'x' };
    assert.equal((await desk.get('/users', headers)).status, 403);
    assert.equal((await desk.get('/orders', headers)).status, 200);
    assert.equal(desk.upstream.last.headers['gatehouse-principal'], 'ann');
    assert.equal(desk.upstream.last.headers['gatehouse-roles'], 'partner');
    assert.equal(desk.upstream.last.headers['gatehouse-assertion'], undefined);
  });

  it('hold for the method that is asked, and no field changes the method', async () => {
    const headers = { ...(await as(['partner'])), 'x-http-method-override': 'DELETE', 'x-http-method': 'DELETE', 'x-method-override': 'DELETE' };
    assert.equal((await desk.get('/orders/1', headers)).status, 200);
    assert.equal(desk.upstream.last.method, 'GET');
    assert.equal((await desk.send('DELETE', '/orders/1', { headers: await as(['partner']) })).status, 403);
  });
});

describe('routes', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  it('that are not declared do not exist', async () => {
    for (const target of ['/', '/nothing', '/orders/1/items', '/Orders', '/orders/', '/orders;a=1', '/admin', '/.git/config']) {
      await assertRefused(desk.gatehouse, await desk.get(target), { status: 404, error: 'not_found', reason: 'no_such_operation', stage: 'route' });
    }
  });

  it('prefer the literal to the template', async () => {
    assert.equal((await desk.get('/orders/export')).status, 403, 'exportOrders needs its own permission');
  });

  it('name the methods that they have', async () => {
    const answer = await desk.send('PATCH', '/orders/1');
    await assertRefused(desk.gatehouse, answer, { status: 405, error: 'method_not_allowed', reason: 'method_not_allowed', stage: 'route' });
    assert.deepEqual(answer.headers.allow.split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'PUT']);
  });

  it('do not answer TRACE, in any case', async () => {
    for (const method of ['TRACE', 'TRACK', 'get']) assert.equal((await desk.send(method, '/catalogue', { headers: {} }).catch(() => ({ status: 405 }))).status, 405);
  });
});

describe('scopes', unlessBuilt, () => {
  it('that the document asks for are needed', async () => {
    const desk = await Desk.open({
      change: (configuration, api) => {
        api.components.securitySchemes.grant = { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://idp.example.test/token', scopes: { 'orders.read': 'read orders', 'orders.write': 'write them' } } } };
        api.paths['/orders'].get.security = [{ grant: ['orders.read', 'orders.write'] }];
        configuration.authenticators.grant = configuration.authenticators.userToken;
      },
    });
    assert.equal((await desk.get('/orders', await desk.bearerOf({ scope: 'orders.write other orders.read' }))).status, 200);
    for (const scope of ['orders.read', 'orders.readorders.write', '', undefined]) {
      await assertRefused(desk.gatehouse, await desk.get('/orders', await desk.bearerOf({ scope })), forbidden('scope_missing'));
    }
    await desk.close();
  });
});

describe('conditions', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({ change: ({ operations }) => {
      operations.getOrder.when = '10 / (request.path.id - 7) > 0 || "auditor" in principal.roles';
      operations.listOrders.when = 'request.ip == ip("127.0.0.1") && principal.claims.level >= 3';
    } });
  });
  after(() => desk?.close());

  const put = (quantity, headers) => desk.send('PUT', '/orders/9', { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ title: 'pen', quantity }) });

  it('see the checked body', async () => {
    assert.equal((await put(100, desk.bearer)).status, 200);
    const event = await assertRefused(desk.gatehouse, await put(101, desk.bearer), forbidden('condition_false'));
    assert.equal(event.rule, 'replaceOrder.when');
    assert.equal((await put(101, await desk.bearerOf({ roles: ['clerk', 'admin'] }))).status, 200);
  });

  it('that cannot be evaluated refuse', async () => {
    assert.equal((await desk.get('/orders/9')).status, 200);
    await assertRefused(desk.gatehouse, await desk.get('/orders/7'), forbidden('condition_error'));
  });

  it('refuse when a claim that they need is missing or of another type', async () => {
    assert.equal((await desk.get('/orders', await desk.bearerOf({ level: 3 }))).status, 200);
    await assertRefused(desk.gatehouse, await desk.get('/orders', await desk.bearerOf({ level: 2 })), forbidden('condition_false'));
    for (const level of [undefined, 'high', [9], { level: 9 }]) {
      await assertRefused(desk.gatehouse, await desk.get('/orders', await desk.bearerOf({ level })), forbidden('condition_error'));
    }
  });
});

describe('objects', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({
      change: (configuration) => {
        configuration.database = 'sqlite:desk.db';
        configuration.operations.getOrder.resource = { sql: 'SELECT customer, status FROM orders WHERE id = :path.id' };
        configuration.operations.getOrder.when = 'resource.customer == principal.id || "auditor" in principal.roles';
        configuration.operations.deleteOrder = {
          permission: 'orders:write', hide: false,
          resource: { sql: 'SELECT customer FROM orders WHERE id = :path.id' }, when: 'resource.customer == principal.id',
        };
        configuration.roles.auditor = ['orders:read'];
      },
      before: ({ folder }) => makeDatabase(folder, 'desk.db', "CREATE TABLE orders(id INTEGER PRIMARY KEY, customer TEXT, status TEXT); INSERT INTO orders VALUES (1,'ann','open'),(2,'bob','open');"),
    });
  });
  after(() => desk?.close());

  it('of one’s own are served', async () => assert.equal((await desk.get('/orders/1')).status, 200));

  it('of others are served to callers that the condition admits', async () => {
    assert.equal((await desk.get('/orders/2', await desk.bearerOf({ roles: ['auditor'] }))).status, 200);
  });

  it('of others cannot be distinguished from missing ones', async () => {
    const arrived = desk.upstream.requests.length;
    const [foreign, missing] = [await desk.get('/orders/2'), await desk.get('/orders/3')];
    await assertRefused(desk.gatehouse, foreign, { status: 404, error: 'not_found', reason: 'condition_false', stage: 'authorise' });
    await assertRefused(desk.gatehouse, missing, { status: 404, error: 'not_found', reason: 'object_missing', stage: 'authorise' });
    const face = ({ status, headers, text }) => {
      const { 'x-request-id': id, date, ...rest } = headers;
      return JSON.stringify([status, Object.entries(rest), text.replaceAll(id, '')]).replace(/r=\d+/g, '');
    };
    assert.equal(face(foreign), face(missing));
    assert.equal(desk.upstream.requests.length, arrived);
  });

  it('answer 403 where they are not hidden', async () => {
    await assertRefused(desk.gatehouse, await desk.send('DELETE', '/orders/2'), forbidden('condition_false'));
    assert.equal((await desk.send('DELETE', '/orders/3')).status, 404);
  });
});
