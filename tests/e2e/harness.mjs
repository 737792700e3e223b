// Everything that an end-to-end test needs, in one import.
//
//   const desk = await Desk.open({change: (configuration, api) => { … }});
//   const answer = await desk.get('/orders/7');
//   await assertRefused(desk.gatehouse, answer, {status: 403, error: 'forbidden', reason: 'permission_missing'});
//   await desk.close();
//
// Nothing waits for a fixed time: things are waited for, with a deadline.

export * from './support/certificates.mjs';
export * from './support/clients.mjs';
export * from './support/database.mjs';
export * from './support/desk.mjs';
export * from './support/expect.mjs';
export * from './support/gatehouse.mjs';
export * from './support/golden.mjs';
export * from './support/load.mjs';
export * from './support/tokens.mjs';
export * from './support/upstream.mjs';
export * from './support/wire.mjs';
