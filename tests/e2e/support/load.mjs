// Requests without pause, for tests of what happens meanwhile.

import { undiciClient } from './clients.mjs';

// Asks without pause on several connections until stopped; answers are kept by status, failures by message.
export function load(desk, target = '/orders/1', connections = 8) {
  const seen = new Map();
  let running = true;
  const count = (what) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const clients = Array.from({ length: connections }, () => undiciClient({ ca: desk.authority.certificate, connections: 1 }));
  const work = clients.map(async (client) => {
    while (running) await desk.send('GET', target, { client }).then(({ status }) => count(status), (error) => count(error.message));
  });
  return {
    seen,
    total: () => [...seen.values()].reduce((sum, number) => sum + number, 0),
    stop: async () => {
      running = false;
      await Promise.all(work);
      clients.forEach((client) => client.close());
      return seen;
    },
  };
}
