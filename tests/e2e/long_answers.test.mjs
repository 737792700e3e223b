// A credential or a permission that ends during its answer: the answer ends with it.
// Rooms: gate core store server app

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Desk, Wire, eventually, response, unlessBuilt } from './harness.mjs';

const revoke = async (desk, key) => {
  const { status, stderr } = await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', key.id);
  assert.equal(status, 0, stderr);
};

describe('a long answer', unlessBuilt, () => {
  // Answers GET /orders/N by a head and one piece, and then sends nothing or continues, as long as it may.
  const opened = async ({ change, flows = false, headers = (desk) => desk.bearer } = {}) => {
    const desk = await Desk.open({ change });
    const timers = [];
    desk.upstream.answer = ({ target }, socket) => {
      if (target.startsWith('/owners/')) return response(200, { owner: 'ann' });
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n');
      if (flows) timers.push(setInterval(() => socket.destroyed || socket.write('1\r\n.\r\n'), 50));
    };
    const wire = await Wire.open(desk.port, desk.tls);
    const fields = Object.entries(await headers(desk)).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    wire.send(`GET /orders/1 HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`);
    await wire.until(({ received }) => received.includes('abcde'), 'first piece');
    const close = async () => {
      timers.forEach(clearInterval);
      wire.destroy();
      await desk.close();
    };
    return { desk, wire, close };
  };
  // Within about a second of `since`, without the end of the answer, and recorded correctly.
  const ends = async ({ desk, wire }, reason, since) => {
    await wire.closedByServer(4000);
    assert.ok(Date.now() - since < 2500, `${Date.now() - since} ms`);
    assert.ok(!wire.received.includes('\r\n0\r\n\r\n'), 'half an answer does not look whole');
    const event = await desk.gatehouse.event(({ operation }) => operation === 'getOrder', 'getOrder');
    assert.deepEqual([event.outcome, event.reason, event['http.response.status_code']], ['allowed', reason, 200]);
    assert.ok(event['http.response.body.size'] >= 5);
  };

  for (const flows of [false, true]) {
    it(`ends with its key, ${flows ? 'while pieces come' : 'while none comes'}`, async () => {
      let key;
      const stream = await opened({ flows, headers: async (desk) => ({ 'x-api-key': (key = await desk.createKey()).key }) });
      const { desk, wire } = stream;
      const other = await desk.createKey();
      await revoke(desk, other);
      await assert.rejects(wire.until(({ closed }) => closed, 'end', 1500), 'another key is another’s');
      await revoke(desk, key);
      await ends(stream, 'credential_revoked', Date.now());
      await stream.close();
    });
  }

  it('ends with its key for a client that takes nothing', async () => {
    let key;
    const desk = await Desk.open();
    key = await desk.createKey();
    desk.upstream.answer = () => response(200, Buffer.alloc(64 << 20, 'x'));
    const wire = await Wire.open(desk.port, desk.tls);
    wire.socket.pause();
    wire.send(`GET /orders/1 HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${key.key}\r\n\r\n`);
    await eventually(() => desk.upstream.last?.target === '/orders/1', 'request');
    await revoke(desk, key);
    const since = Date.now();
    const event = await desk.gatehouse.event(({ operation }) => operation === 'getOrder', 'getOrder');
    assert.ok(Date.now() - since < 2500);
    assert.deepEqual([event.outcome, event.reason], ['allowed', 'credential_revoked']);
    wire.destroy();
    await desk.close();
  });

  it('ends with its token', async () => {
    let end;
    const stream = await opened({
      change: ({ authenticators }) => void (authenticators.userToken.leeway = '0s'),
      headers: (desk) => desk.bearerOf({ exp: (end = Math.floor(Date.now() / 1000) + 3) }),
    });
    await ends(stream, 'credential_expired', end * 1000);
    await stream.close();
  });

  const now = () => Math.floor(Date.now() / 1000);
  for (const [what, settings] of [
    ['alone', { when: 'request.time - principal.authenticated_at < duration("6s")' }],
    ['beside an object of an upstream', { resource: { upstream: { path: '/owners/{path.id}' } }, when: 'resource.owner == principal.id && request.time - principal.authenticated_at < duration("6s")' }],
  ]) {
    it(`ends when a condition on the time does not hold any more (${what})`, async () => {
      let since;
      const stream = await opened({
        change: ({ operations }) => void Object.assign(operations.getOrder, settings),
        headers: (desk) => desk.bearerOf({ auth_time: (since = now()) }),
      });
      await stream.wire.closedByServer(30_000);
      assert.ok(Date.now() / 1000 >= since + 6, 'it held until then');
      const event = await stream.desk.gatehouse.event(({ operation }) => operation === 'getOrder', 'getOrder');
      assert.deepEqual([event.outcome, event.reason, event['http.response.status_code']], ['allowed', 'condition_false', 200]);
      await stream.close();
    });
  }

  it('continues while a condition on the time is true, and ends by one of a reload', async () => {
    const until = (seconds) => `request.time < timestamp("${new Date((now() + seconds) * 1000).toISOString()}")`;
    const stream = await opened({ change: ({ operations }) => void (operations.getOrder.when = until(600)) });
    const { desk, wire } = stream;
    await assert.rejects(wire.until(({ closed }) => closed, 'end', 2500), 'it holds');
    desk.configuration.operations.getOrder.when = until(3);
    desk.writeFiles();
    desk.gatehouse.signal('SIGHUP');
    await wire.closedByServer(30_000);
    const event = await desk.gatehouse.event(({ operation }) => operation === 'getOrder', 'getOrder');
    assert.deepEqual([event.outcome, event.reason], ['allowed', 'condition_false']);
    await stream.close();
  });

  // Changes that do not concern the answer.
  async function goesOnBehindReload({ desk, wire, close }) {
    desk.configuration.roles.clerk.push('users:read');
    desk.writeFiles();
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => desk.gatehouse.output.includes('gatehouse: reloaded'), 'reload');
    await assert.rejects(wire.until(({ closed }) => closed, 'end', 2500), 'nothing of it has changed');
    await close();
  }

  it('continues after a reload if its sender signed the request', async () => {
    const stream = await opened({
      flows: true,
      change: ({ operations }) => void (operations.getOrder.signed = true),
      headers: async (desk) => ({ ...desk.bearer, 'signature-input': 'a=("host");created=1618884473', signature: 'a=:AAAA:' }),
    });
    await goesOnBehindReload(stream);
  });

  it('continues after a reload if a trusted proxy sent a field that only those may send', async () => {
    const stream = await opened({
      flows: true,
      change: (configuration) => {
        configuration.trusted_proxies = ['127.0.0.1/32'];
        configuration.fields = { undeclared: 'refuse', forward: [{ name: 'X-Zone', from: 'trusted_proxies' }] };
      },
      headers: async (desk) => ({ ...desk.bearer, 'X-Zone': 'north' }),
    });
    await goesOnBehindReload(stream);
  });

  for (const reloaded of [false, true]) {
    it(`ends with its certificate${reloaded ? ', also behind a reload' : ''}`, async () => {
      let pair;
      const desk = await Desk.open({ change: (configuration, _, { clients }) => {
        pair = clients.issue('machine', { subject: '/CN=machine', use: 'clientAuth' });
        clients.takeBack([]);
        configuration.tls.client_crl = 'clients.crl';
      } });
      desk.upstream.answer = (_, socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n');
      const wire = await Wire.open(desk.port, { ...desk.tls, ...pair });
      wire.send('GET /settlements HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await wire.until(({ received }) => received.includes('abcde'), 'first piece');
      if (reloaded) {
        assert.equal((await desk.get('/users')).status, 403);
        desk.configuration.roles.clerk.push('users:read');
        desk.writeFiles();
        desk.gatehouse.signal('SIGHUP');
        desk.upstream.answer = () => response(200);
        await eventually(async () => (await desk.get('/users')).status === 200, 'new policy');
      }
      desk.clients.takeBack([pair]);
      await wire.closedByServer(4000);
      const event = await desk.gatehouse.event(({ operation }) => operation === 'listSettlements', 'listSettlements');
      assert.deepEqual([event.outcome, event.reason, event['http.response.status_code']], ['allowed', 'credential_revoked', 200]);
      await desk.close();
    });
  }

  it('ends with the permission that a reload takes away, and not with another', async () => {
    const stream = await opened();
    const { desk, wire } = stream;
    const reload = async (roles) => {
      Object.assign(desk.configuration.roles, roles);
      desk.writeFiles();
      desk.gatehouse.signal('SIGHUP');
    };
    await reload({ admin: ['users:*', 'orders:*', 'settlements:read'] });
    await assert.rejects(wire.until(({ closed }) => closed, 'end', 2500), 'its permission is as it was');
    await reload({ clerk: ['settlements:read'] });
    await ends(stream, 'permission_missing', Date.now());
    await stream.close();
  });

  // The change of a reload, and the reason that ends the answer.
  for (const [what, reason, change] of [
    ['a condition', 'condition_false', ({ operations }) => void (operations.getOrder = { ...operations.getOrder, when: 'principal.id != "ann"' })],
    ['a scope', 'scope_missing', (_, api) => void (api.paths['/orders/{id}'].get.security = [{ userToken: ['orders.read'] }])],
    ['another scheme', 'credential_missing', (_, api) => void (api.paths['/orders/{id}'].get.security = [{ partnerKey: [] }])],
    ['the issuer of its tokens', 'credential_claims', ({ authenticators }) => void (authenticators.userToken.issuer = 'https://elsewhere.test/')],
    ['the id of its principal', 'credential_unknown', ({ authenticators }) => void (authenticators.userToken.prefix = 'user:')],
    ['what it may send', 'parameters_invalid', (_, api) => void (api.paths['/orders/{id}'].parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'string', minLength: 2, maxLength: 20 } }])],
    ['the place of its operation', 'no_such_operation', (_, api) => {
      api.paths['/purchases/{id}'] = api.paths['/orders/{id}'];
      delete api.paths['/orders/{id}'];
    }],
  ]) {
    it(`ends where a reload changes ${what}`, async () => {
      const stream = await opened({ flows: true });
      const { desk, wire } = stream;
      const reload = async () => {
        desk.writeFiles();
        desk.gatehouse.signal('SIGHUP');
        const reloads = () => desk.gatehouse.output.split('gatehouse: reloaded').length;
        const done = reloads();
        await eventually(() => reloads() > done, 'reload');
      };
      await reload();
      await assert.rejects(wire.until(({ closed }) => closed, 'end', 1500), 'nothing has changed');
      change(desk.configuration, desk.api);
      await reload();
      await ends(stream, reason, Date.now());
      await stream.close();
    });
  }
});
