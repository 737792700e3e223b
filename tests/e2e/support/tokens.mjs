// An identity provider: keys, tokens, and a JWKS served as a file or over HTTPS.

import { createServer } from 'node:https';

import { SignJWT, exportJWK, generateKeyPair } from 'jose';

export const issuerName = 'https://idp.example.test/';
export const audience = 'orders-api';

export class Issuer {
  #keys = new Map();

  static async create(...algorithms) {
    const issuer = new Issuer();
    for (const algorithm of algorithms.length ? algorithms : ['ES256']) await issuer.addKey(algorithm);
    return issuer;
  }

  async addKey(algorithm, kid = `${algorithm}-${this.#keys.size + 1}`) {
    const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
    this.#keys.set(kid, { algorithm, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' } });
    return kid;
  }

  removeKey(kid) {
    this.#keys.delete(kid);
  }

  get jwks() {
    return { keys: [...this.#keys.values()].map(({ jwk }) => jwk) };
  }

  key(kid = this.#keys.keys().next().value) {
    return this.#keys.get(kid);
  }

  // A valid token, with the stated changes: claims set to undefined are left out, header members likewise.
  async token(claims = {}, { kid = this.#keys.keys().next().value, header = {} } = {}) {
    const { algorithm, privateKey } = this.key(kid);
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: issuerName, aud: audience, sub: 'ann', iat: now, exp: now + 600, roles: ['clerk'], ...claims };
    const members = { alg: algorithm, typ: 'JWT', kid, ...header };
    const kept = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
    return new SignJWT(kept(all)).setProtectedHeader(kept(members)).sign(privateKey);
  }
}

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

// A token put together by hand, which a library would refuse to sign.
export function handmadeToken(header, claims, signature = '') {
  return `${encoded(header)}.${encoded(claims)}.${Buffer.from(signature).toString('base64url')}`;
}

// Serves `jwks()` under https://127.0.0.1:PORT/jwks.json; counts the fetches; `up: false` answers 503.
export async function serveJwks(jwks, { cert, key }) {
  const service = { fetched: 0, up: true, hold: null };
  const server = createServer({ cert, key }, async (_, response) => {
    service.fetched += 1;
    await service.hold; // a promise: the answer waits for it
    response.writeHead(service.up ? 200 : 503, { 'content-type': 'application/json' });
    response.end(service.up ? JSON.stringify(jwks()) : '{}');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  service.url = `https://127.0.0.1:${server.address().port}/jwks.json`;
  service.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return service;
}
