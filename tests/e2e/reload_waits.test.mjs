// Reloads while requests wait, and while limits are exhausted.
// Rooms: app server store target

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Desk, assertRefused, askDatabase, eventually, load, lockDatabase, makeDatabase, response, undiciClient, unlessBuilt } from './harness.mjs';

describe('a reload', unlessBuilt, () => {
  const reloads = (desk) => desk.gatehouse.output.match(/reloaded|the configuration is unchanged/g)?.length ?? 0;
  const reload = async (desk) => {
    const before = reloads(desk);
    desk.writeFiles();
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => reloads(desk) > before, 'reload');
  };

  it('limits and `concurrency` allow no more over many reloads under load', async () => {
    const desk = await Desk.open({ change: (configuration) => {
      configuration.limits.rare = { per: 'principal', rate: '10/h', burst: 10 };
      configuration.operations.listUsers = { permission: 'orders:read', limits: ['rare'] };
      configuration.operations.getOrder = { permission: 'orders:read', concurrency: 3 };
    } });
    let [running, most] = [0, 0];
    const held = [];
    desk.upstream.answer = (request) => {
      if (!request.target.startsWith('/orders/')) return response(200);
      most = Math.max(most, ++running);
      return new Promise((resolve) => held.push(() => {
        --running;
        resolve(response(200));
      }));
    };
    const limited = load(desk, '/users', 4);
    const clients = await Promise.all(Array.from({ length: 6 }, async (_, number) => ({ headers: await desk.bearerOf({ sub: `caller-${number}` }), client: undiciClient({ ca: desk.authority.certificate, connections: 1 }) })));
    let asking = true;
    const work = clients.map(async (by) => {
      while (asking) await desk.send('GET', '/orders/1', by);
    });
    for (let turn = 0; turn < 20; ++turn) {
      await eventually(() => held.length === 3, 'places that are taken');
      desk.configuration.roles.clerk.push(`turn:${turn}`);
      desk.configuration.operations.getOrder.timeout = `${60 + turn}s`;
      await reload(desk);
      held.shift()();
    }
    asking = false;
    await eventually(() => {
      held.splice(0).forEach((end) => end());
      return running === 0;
    }, 'the last answers');
    await Promise.all(work);
    clients.forEach(({ client }) => client.close());
    assert.equal(most, 3);
    const seen = await limited.stop();
    assert.equal(seen.get(200), 10, JSON.stringify([...seen]));
    assert.deepEqual([...seen.keys()].sort(), [200, 429]);
    await desk.close();
  });

  // One statement has its thread and waits for SQLite's one writer, the others wait for a thread.
  for (const [kind, more] of [['a statement', {}], ['a statement about an object', { resource: { sql: "SELECT title FROM titles WHERE title = 'one'" }, when: ['resource.title == "one"'] }]]) {
    it(`${kind} that waits for its turn begins under no policy that refuses it`, async () => {
      const desk = await Desk.open({
        change: (configuration, api) => {
          configuration.database = 'sqlite:one.db';
          configuration.defaults.timeout = '60s';
          configuration.roles.painter = ['titles:add'];
          configuration.roles.curator = ['titles:add'];
          api.paths['/titles'] = { post: { operationId: 'addTitle', security: [{ userToken: [] }], responses: { 200: { description: 'Done' } } } };
          configuration.operations.addTitle = { permission: 'titles:add', sql: { statement: 'INSERT INTO titles VALUES (:principal.id)', returns: 'none' }, ...more };
        },
        before: ({ folder }) => makeDatabase(folder, 'one.db', "CREATE TABLE titles(title TEXT); INSERT INTO titles VALUES ('one')"),
      });
      const waiting = async () => {
        const metrics = await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text();
        return ['running', 'waiting'].map((name) => Number(metrics.match(new RegExp(`^gatehouse_statements_${name} (\\d+)`, 'm'))[1])).join();
      };
      const painters = await Promise.all(['ann', 'bob', 'cat'].map((sub) => desk.bearerOf({ sub, roles: ['painter'] })));
      const send = () => painters.map((headers) => desk.send('POST', '/titles', { headers }));
      const rows = () => askDatabase(desk.folder, 'one.db', 'SELECT count(*) FROM titles')[0][0];

      let lock = await lockDatabase(desk.folder, 'one.db');
      let sent = send();
      await eventually(async () => (await waiting()) === '1,2', 'statements that wait');
      desk.configuration.roles.clerk.push('users:read');
      await reload(desk);
      await lock.release();
      assert.deepEqual((await Promise.all(sent)).map(({ status }) => status), [204, 204, 204], 'the new policy admits them');
      assert.equal(rows(), 4);

      lock = await lockDatabase(desk.folder, 'one.db');
      sent = send();
      await eventually(async () => (await waiting()) === '1,2', 'statements that wait');
      desk.configuration.roles.painter = ['titles:read'];
      await reload(desk);
      await lock.release();
      for (const answer of await Promise.all(sent)) await assertRefused(desk.gatehouse, answer, { status: 403, error: 'forbidden', reason: 'permission_missing' });
      assert.equal(rows(), 4);

      // So does an instruction.
      desk.configuration.roles.painter = ['titles:add'];
      await reload(desk);
      lock = await lockDatabase(desk.folder, 'one.db');
      sent = send();
      await eventually(async () => (await waiting()) === '1,2', 'statements that wait');
      assert.equal((await desk.folder.run('block', 'bob', '-c', 'gatehouse.yaml')).status, 0);
      await lock.release();
      const [ann, bob, cat] = await Promise.all(sent);
      assert.deepEqual([ann.status, cat.status], [204, 204]);
      await assertRefused(desk.gatehouse, bob, { status: 403, error: 'forbidden', reason: 'principal_blocked' });
      assert.equal(rows(), 6);
      await desk.close();
    });
  }
});
