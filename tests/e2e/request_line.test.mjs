// Path and query of a request: a raw `;`, the one spelling that the upstream gets, and credentials in them.
// Rooms: docs http openapi gate target audit

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Desk, assertRefused, unlessBuilt } from './harness.mjs';

describe('a raw `;`', unlessBuilt, () => {
  const targets = ['/orders?q=a;status=open', '/orders?q=a%3Bb;', '/orders?;q=a', '/orders?q;x=a'];
  it('in a query or form is refused, with a rule of its own', async () => {
    const desk = await Desk.open();
    for (const target of targets) {
      const answer = await desk.get(target);
      await assertRefused(desk.gatehouse, answer, { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
      assert.equal(answer.json().details[0].rule, 'semicolon', target);
    }
    const form = await desk.send('POST', '/forms', { headers: { ...desk.bearer, 'content-type': 'application/x-www-form-urlencoded' }, body: 'name=a;count=7' });
    await assertRefused(desk.gatehouse, form, { status: 400, error: 'invalid_request', reason: 'body_invalid' });
    assert.equal(form.json().details[0].rule, 'semicolon');
    assert.equal((await desk.get('/orders?q=a%3Bb')).status, 200);
    await desk.close();
  });
  it('is itself where the configuration says so', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.defaults.semicolon = 'literal') });
    assert.equal((await desk.get('/orders?q=a;status=open')).status, 200);
    assert.equal(desk.upstream.last.target, '/orders?q=a;status=open');
    assert.equal((await desk.get('/orders?q;x=a')).status, 400, 'a name with `;` is undeclared');
    await desk.close();
  });
});

describe('the line of a request', unlessBuilt, () => {
  const file = (configuration, api) => {
    const text = (name, where) => ({ name, in: where, required: where === 'path', schema: { type: 'string', maxLength: 40 } });
    api.paths['/files/{name}'] = { get: { operationId: 'file', security: [{}], parameters: [text('name', 'path'), text('q', 'query')], responses: { 200: { description: 'ok' } } } };
    configuration.operations.file = { permission: 'catalogue:read', public: 'a test' };
  };
  it('reaches the upstream in its one spelling, however it was sent', async () => {
    const desk = await Desk.open({ change: file });
    const spelled = {
      '/files/a%c3%a9': '/files/a%C3%A9',
      '/files/x?%71=%67o%6fd': '/files/x?q=good',
      '/files/x?q=%2541%2c%2C,%7e%e2%82%ac': '/files/x?q=%2541%2C%2C,~%E2%82%AC',
      '/files/x?q=a%2bb%26%3d': '/files/x?q=a%2Bb%26%3D',
    };
    for (const [sent, arrived] of Object.entries(spelled)) {
      assert.equal((await desk.get(sent, {})).status, 200, sent);
      assert.equal(desk.upstream.last.target, arrived);
    }
    await desk.close();
  });
});

describe('a valid credential of another caller in a path or query', unlessBuilt, () => {
  it('is not logged', async () => {
    const logged = (name, where) => ({ name, in: where, required: where === 'path', schema: { type: 'string', maxLength: 400 }, ...(where === 'query' && { 'x-gatehouse': { log: true } }) });
    const desk = await Desk.open({ change: (configuration, api) => {
      api.paths['/files/{name}'] = { get: { operationId: 'file', security: [{}], parameters: [logged('name', 'path'), logged('q', 'query')], responses: { 200: { description: 'ok' } } } };
      configuration.operations.file = { permission: 'catalogue:read', public: 'a test' };
    } });
    const { key } = await desk.createKey();
    for (const secret of [key, `x${key}y`, key.slice(0, 40), desk.token, encodeURIComponent(`a ${key}`)]) {
      const { headers } = await desk.get(`/files/${secret}?q=${secret}`, {});
      const event = await desk.gatehouse.eventOf(headers['x-request-id']);
      assert.deepEqual([event.resource.name, event.query.q], ['[redacted]', '[redacted]'], secret);
    }
    const { headers } = await desk.get('/files/gh_notes.txt?q=eyJ', {});
    const event = await desk.gatehouse.eventOf(headers['x-request-id']);
    assert.deepEqual([event.resource.name, event.query.q], ['gh_notes.txt', 'eyJ']);
    await desk.close();
  });
});
