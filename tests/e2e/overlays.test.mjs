// What completes a document from beside it: overlays, which are applied before the document is read, and `same_as`, by which one
// credential proves two schemes.
// Rooms: openapi policy app gate

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Desk, eventually, unlessBuilt } from './harness.mjs';

const overlay = (...actions) => ({ overlay: '1.0.0', info: { title: 'production', version: '1' }, actions });
const statusOf = async (answer) => (await answer).status;

describe('an overlay', unlessBuilt, () => {
  it('changes the document before it is read, also at a reload', async () => {
    const limited = { target: "$.paths['/orders'].get.parameters[?@.name == 'q'].schema", update: { maxLength: 3 } };
    const desk = await Desk.open({
      change: (configuration, api, { folder }) => {
        configuration.overlays = ['production.json'];
        delete configuration.operations.listUsers;
        delete configuration.operations.exportOrders;
        folder.write('production.json', overlay(
          limited,
          { target: "$.paths['/users']", remove: true },
          { target: "$.paths['/orders/export'].get", update: { 'x-gatehouse': { permission: 'orders:read', sensitive: 'export' } } },
          { target: "$.paths['/orders/{id}'].get", update: { security: [{ partnerKey: [] }] } },
        ));
      },
    });
    const { key } = await desk.createKey();
    assert.deepEqual([await statusOf(desk.get('/orders?q=abc')), await statusOf(desk.get('/orders?q=abcd'))], [200, 400]);
    assert.equal(await statusOf(desk.get('/users')), 404);
    assert.equal(await statusOf(desk.get('/orders/export')), 200);
    // `update` appends to a list: the key is accepted beside what the document has.
    assert.deepEqual([await statusOf(desk.get('/orders/1', { 'x-api-key': key })), await statusOf(desk.get('/orders/1', {}))], [200, 401]);

    // One that selects nothing would leave its restriction out: nothing changes.
    desk.folder.write('production.json', overlay({ ...limited, target: "$.paths['/oders'].get" }));
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => /the configuration is unchanged/.test(desk.gatehouse.output), 'the report of problems');
    assert.match(desk.gatehouse.output, /production\.json:\d+:\d+: .*\/oders/);
    assert.equal(await statusOf(desk.get('/orders?q=abcd')), 400);
    const checked = await desk.folder.run('check', '-c', 'gatehouse.yaml');
    assert.equal(checked.status, 1);
    await desk.close();
  });
});

describe('same_as', unlessBuilt, () => {
  it('lets one token prove two schemes, with the scopes of both', async () => {
    const flow = (...scopes) => ({ type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://idp.example.test/token', scopes: Object.fromEntries(scopes.map((one) => [one, one])) } } });
    const desk = await Desk.open({
      change: (configuration, api) => {
        Object.assign(api.components.securitySchemes, { Oauth2: flow('read'), Oauth2c: flow('machine') });
        configuration.authenticators.Oauth2 = { ...configuration.authenticators.userToken, prefix: 'oauth:', audience: 'machines' };
        configuration.authenticators.Oauth2c = { same_as: 'Oauth2' };
        api.paths['/both'] = { get: { operationId: 'both', security: [{ Oauth2: ['read'], Oauth2c: ['machine'] }], responses: { 200: { description: 'ok' } } } };
        configuration.operations.both = { permission: 'orders:read' };
      },
    });
    const both = async (claims) => statusOf(desk.get('/both', claims && await desk.bearerOf({ aud: 'machines', ...claims })));
    assert.equal(await both({ scope: 'read machine' }), 200);
    assert.deepEqual([await both({ scope: 'read' }), await both({ scope: 'machine' }), await both({})], [403, 403, 403]);
    assert.equal(await both({ scope: 'read machine', aud: 'orders-api' }), 401);
    assert.equal(await statusOf(desk.get('/both', {})), 401);
    const event = await desk.gatehouse.event(({ operation, outcome }) => operation === 'both' && outcome === 'allowed');
    assert.deepEqual([event['user.id'], event['auth.scheme']], ['oauth:ann', 'Oauth2']);
    await desk.close();
  });
});
