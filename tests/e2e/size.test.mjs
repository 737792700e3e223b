// A document of ten thousand operations: it is served within seconds, and a request costs as much as with
// ten.
// Rooms: http openapi policy

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import { Desk, unlessBuilt } from './harness.mjs';

const operations = 10_000;
const mostStartMilliseconds = 5_000; // of CPU: other tests run beside this one

// User and system time of a process, in milliseconds.
function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
  return (user + system) * 10;
}

function withManyOperations(count) {
  return (configuration, api) => {
    for (let i = 0; i < count; i++) {
      api.paths[`/areas/${i % 100}/parts${i}/{part}/items`] = {
        post: {
          operationId: `addItem${i}`, security: [{ userToken: [] }],
          parameters: [
            { name: 'part', in: 'path', required: true, schema: { type: 'string', pattern: '^[a-z0-9-]{1,40}$' } },
            { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } },
          ],
          requestBody: { required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } } },
          responses: { 201: { description: 'Created', content: { 'application/json': { schema: { $ref: '#/components/schemas/Item' } } } } },
        },
      };
      configuration.operations[`addItem${i}`] = { permission: 'orders:write', when: 'request.body.quantity <= 100 || "admin" in principal.roles' };
    }
    api.components.schemas = {
      Item: { type: 'object', required: ['title'], properties: { title: { type: 'string', maxLength: 80 }, quantity: { type: 'integer', minimum: 1 } } },
    };
  };
}

// Milliseconds of CPU that a thousand requests take of the server.
async function cost(desk, number) {
  const send = () => desk.post(`/areas/${number % 100}/parts${number}/p-1/items?limit=5`, { title: 'a', quantity: 2 });
  for (let i = 0; i < 50; i++) assert.equal((await send()).status, 200);
  const before = cpuOf(desk.gatehouse.process.pid);
  for (let i = 0; i < 1000; i += 20) await Promise.all(Array.from({ length: 20 }, send));
  return cpuOf(desk.gatehouse.process.pid) - before;
}

describe('a large document', unlessBuilt, () => {
  it(`of ${operations} operations is served after less than ${mostStartMilliseconds / 1000} s, and costs a request no more`, async () => {
    const large = await Desk.open({ change: withManyOperations(operations) });
    const took = cpuOf(large.gatehouse.process.pid);
    assert.ok(took < mostStartMilliseconds, `it took ${took} ms to start`);

    const small = await Desk.open({ change: withManyOperations(10) });
    const [ofMany, ofFew] = [await cost(large, operations - 1), await cost(small, 9)];
    await large.close();
    await small.close();
    // The time is mostly TLS and the kernel, on a machine with other load: a cost that grew with the number
    // of operations would show as a multiple.
    assert.ok(ofMany < 2 * ofFew + 50, `1,000 requests take ${ofMany} ms among ${operations} operations, ${ofFew} ms among 10`);
  });
});
