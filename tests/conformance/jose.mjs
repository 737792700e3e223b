// Holds the JOSE engine against the vectors of the RFCs (tests/conformance/jose) and against npm `jose`, which signs
// with fresh keys under every algorithm; each of its tokens is then changed in ways that must be refused.
//
//   node tests/conformance/jose.mjs [--verbose]
//
// Exits 1 when an answer is not the expected one.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Lab } from "./support/lab.mjs";
import { conclude, table, top } from "./support/suite.mjs";

const jose = createRequire(new URL("../package.json", import.meta.url))("jose");
const vectors = (name) => JSON.parse(readFileSync(new URL(`jose/${name}`, import.meta.url), "utf8"));

const signatures = vectors("signatures.json");
const kinds = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].flatMap((alg) => [2048, 3072].map((modulusLength) => ({ alg, modulusLength }))),
  ...["ES256", "ES384", "ES512"].map((alg) => ({ alg })),
  ...["Ed25519", "Ed448"].map((crv) => ({ alg: "EdDSA", crv })),
];

async function foreignTokens({ alg, ...options }) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true, ...options });
  const jwk = { ...(await jose.exportJWK(publicKey)), kid: "it", use: "sig" };
  const token = await new jose.CompactSign(new TextEncoder().encode('{"sub":"alice"}'))
    .setProtectedHeader({ alg, kid: "it" })
    .sign(privateKey);
  const [header, payload, signature] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const changed = (position) => {
    const copy = Buffer.from(bytes);
    copy[position] ^= 4;
    return copy.toString("base64url");
  };
  const ask = (name, text, valid, jwks = { keys: [jwk] }) => ({
    source: "npm jose", name: `${alg} ${options.crv ?? options.modulusLength ?? ""} ${name}`,
    jwks, token: text, algorithms: [alg], valid,
  });
  const { kty, crv, e, n, x, y } = jwk;
  return [
    ask("as signed", token, true),
    ask("signature changed at its start", `${header}.${payload}.${changed(1)}`, false),
    ask("signature changed in its middle", `${header}.${payload}.${changed(bytes.length >> 1)}`, false),
    ask("signature changed at its end", `${header}.${payload}.${changed(bytes.length - 1)}`, false),
    ask("payload changed", `${header}.${Buffer.from('{"sub":"root"}').toString("base64url")}.${signature}`, false),
    ask("signature cut short", `${header}.${payload}.${bytes.subarray(1).toString("base64url")}`, false),
    ask("another kid", token, false, { keys: [{ ...jwk, kid: "other" }] }),
    ask("another use", token, false, { keys: [{ ...jwk, use: "enc" }] }),
    ask("private key in the set", token, false, { keys: [{ kty, crv, e, n, x, y, kid: "it", d: "AA" }] }),
  ];
}

const foreign = (await Promise.all(kinds.map(foreignTokens))).flat();
const questions = [...signatures, ...foreign];
const lab = new Lab("jws");
const answers = await lab.askAll(questions.map(({ jwks, token, algorithms }) => ({ jwks, token, algorithms })));
lab.close();
const failed = questions.filter((question, i) =>
  answers[i].valid !== question.valid || (question.reason !== undefined && answers[i].reason !== question.reason));

// "AlgNoneInEverySpelling" -> "alg none in every spelling"
const words = (name) => name.replace(/([a-z0-9])(?=[A-Z])|(A)(?=[A-Z])/g, "$1$2 ").toLowerCase();
const attacks = (file) => [...readFileSync(join(top, "src/crypto", file), "utf8").matchAll(/^TEST\(Jw[st]Attack, (\w+)\)/gm)]
  .map(([, name]) => `- ${words(name)}`).join("\n");

const sources = [...new Set(questions.map(({ source }) => source))];
const of = (list, source) => list.filter((question) => question.source === source).length;
const rows = sources.map((source) => [source, of(questions, source) - of(failed, source), of(failed, source)]);
conclude({
  name: "jose",
  title: "JOSE",
  source: "the vectors of RFC 7515 to 7520, 8037 and 9864, and tokens that npm `jose` signs",
  target: "every vector and token",
  passed: questions.length - failed.length,
  failures: failed.map(({ source, name }) => `${source}: ${name}`),
  text: `The same vectors run in \`crypto_test\`, together with ${vectors("key_sets.json").length} key sets (which keys are kept, left out, or refuse the
set) and the thumbprints of RFC 7638 and RFC 8037.

${table(["signatures", "passed", "failed"], [...rows, ["**all**", questions.length - failed.length, failed.length]])}

### What is verified

- JWS in the compact serialization (RFC 7515 section 7.1) with ES256, ES384, ES512, RS256, RS384, RS512, PS256, PS384,
  PS512, EdDSA (RFC 8037), and Ed25519 and Ed448 under their own names (RFC 9864). \`none\` and HMAC are not in the
  enumeration of algorithms: neither a token nor a configuration can ask for them.
- JWK sets (RFC 7517, 7518, 8037); the claims of JWTs (RFC 7519) by the rules of RFC 8725 and RFC 9068.

### Decisions

| where | decision | reason |
|---|---|---|
| key set | a private or symmetric key refuses the whole set | a key that must stay private was published |
| key set | a key that is unknown, for another use, or fails a check is left out and reported | RFC 7517 section 5 |
| RSA key | odd modulus of 2048 to 8192 bits, odd exponent between 2^16 and 2^32 | RFC 7518 section 3.3, FIPS 186-5; no slow keys |
| Edwards key | canonical, on the curve, not of low order | one signature would fit every message |
| choice of the key | by \`kid\` where the token has one, and by algorithm; exactly one key must fit, or the token is refused | one verification for each token, no order of trial |
| key's \`alg\` | the key verifies that algorithm only | RFC 8725 section 3.1 |
| header | strict JSON without duplicates, at most 8 deep; \`crit\` in any form refuses, \`b64\` too | no extension that \`crit\` could name is supported; RFC 7797 section 7 |
| header | \`jku\`, \`x5u\`, \`jwk\`, \`x5c\`, \`x5t\` are not read | keys come from the configuration |
| base64url | no padding, no white space, unused bits zero | one text for the same bytes |
| ECDSA | r and s of exactly the field's length, from 1 to the order less 1; s may be in the upper half | RFC 7518 section 3.4; signers do not normalise s |
| PS256/384/512 | salt exactly as long as the digest, MGF1 with the same digest | RFC 7518 section 3.5 |
| claims | \`exp\` is mandatory; dates from 1970 to 9999; fractions are rounded against the token | RFC 7519 section 2 |
| claims | \`iss\` byte for byte, \`aud\` holds a configured value, \`sub\` is a text that is not empty | RFC 8725 sections 3.8 to 3.10 |
| size | 8 KiB for a token, before anything of it is read | |

### Attacks with a test of their own

On the signature and the header (\`src/crypto/jws_test.cc\`):

${attacks("jws_test.cc")}

On the form of tokens (\`src/crypto/jws_form_test.cc\`):

${attacks("jws_form_test.cc")}

On the claims (\`src/crypto/jwt_test.cc\`):

${attacks("jwt_test.cc")}

### Not done

- JWE (RFC 7516) and the JSON serializations: refused by their form.
- HMAC (HS256 and its kind), by choice.
- ES256K, and the post-quantum algorithms: OpenSSL 3.0 has none of the latter.
`,
});
