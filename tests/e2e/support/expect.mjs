// The common requirements of every refusal, for the caller and for the operator.

import assert from 'node:assert/strict';

const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

export function assertSecurityHeaders(answer) {
  for (const [name, value] of Object.entries(securityHeaders)) assert.equal(answer.headers[name], value, name);
  assert.match(answer.headers['strict-transport-security'] ?? '', /^max-age=\d+/);
  for (const name of ['server', 'x-powered-by', 'via']) assert.equal(answer.headers[name], undefined, name);
}

// The answer has the shape of a refusal, its status and error, and the event says the reason. Returns the event.
export async function assertRefused(gatehouse, answer, { status, error, reason, stage, outcome = 'refused' }) {
  const text = answer.text ?? answer.body.toString();
  assert.equal(answer.status, status, text);
  assert.match(answer.headers['content-type'], /^application\/(problem\+)?json/);
  const body = JSON.parse(text);
  assert.equal(body.error, error, text);
  assert.equal(typeof body.message, 'string');
  assert.match(body.correlation_id, uuid7);
  assert.equal(answer.headers['x-request-id'], body.correlation_id);
  assertSecurityHeaders(answer);
  // Of what an upstream or an operator refuses, they say when it ends.
  const ownToSay = ['handler_refused', 'maintenance', 'upstream_error', 'upstream_overloaded', 'upstream_refusal'];
  if ((status === 429 || status === 503) && !ownToSay.includes(reason)) assert.match(answer.headers['retry-after'] ?? 'none', /^[1-9][0-9]*$/, reason);
  const event = await gatehouse.eventOf(body.correlation_id);
  assert.deepEqual(
    { reason: event.reason, stage: event.stage, outcome: event.outcome, status: event['http.response.status_code'] },
    { reason, stage: stage ?? event.stage, outcome, status });
  return event;
}

// Exactly one event bears the id, beside the intent of a sensitive operation.
export function assertOneEvent(gatehouse, correlationId) {
  assert.equal(gatehouse.events().filter((event) => event['request.id'] === correlationId && event['event.name'] !== 'intent').length, 1);
}
