// src/http/field_table.h as data, and the names of tests/data/field-names.json with a value for each that its grammar takes.

import { readFileSync } from 'node:fs';

const source = readFileSync(new URL('../../../src/http/field_table.h', import.meta.url), 'utf8');
const rows = [...source.matchAll(/^ {2}X\(\w+, +"([^"]+)", +(\w+), +(\w+), +(\w+), +(\w+)\)/gm)]
  .map(([, name, lines, toUpstream, grammar, toClient]) => ({ name, lines, toUpstream, grammar, toClient }));
const families = rows.filter(({ name }) => name.endsWith('-'));
export const table = new Map(rows.filter(({ name }) => !name.endsWith('-')).map((row) => [row.name, row]));

// The table's entry of a name; a name that is not in it is declared or dropped.
export function fieldOf(name) {
  const lower = name.toLowerCase();
  return table.get(lower) ?? families.find((family) => lower.startsWith(family.name) && lower !== family.name) ?? { name: lower, toUpstream: 'declared', grammar: 'text' };
}

export const { registry, bypasses } = JSON.parse(readFileSync(new URL('../../data/field-names.json', import.meta.url), 'utf8'));
export const allNames = [...new Map([...registry, ...bypasses, ...table.keys(), ...families.map(({ name }) => `${name}x`)].map((name) => [name.toLowerCase(), name])).values()];

// No value that may go on has it.
export const marker = 'marked-7';
const values = {
  text: marker, accept: 'text/html', tokens_weighted: 'gzip;q=0.5', languages: 'de-CH', language_tags: 'de', tokens: 'x-a, x-b', token: 'PUT', entity_tags: '"a"', date: 'Thu, 01 Jan 1970 00:00:00 GMT',
  tag_or_date: '"a"', byte_ranges: 'bytes=0-1', preferences: 'return=minimal', products: 'curl/8.5 (x)', origin: 'https://a.test', directives: 'no-cache', digests: 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
  priority: 'u=1', fetch_site: 'same-origin', fetch_mode: 'cors', fetch_dest: 'empty', fetch_user: '?1', gpc: '1', requested_with: 'XMLHttpRequest', baggage: 'a=b',
};
// They go on with more than a value that parses: with a body, or with cookies that something names.
export const conditional = new Set(['content-type', 'content-encoding', 'content-language', 'cookie']);
// How a message is framed and routed, and whose trace is continued: each has tests of its own.
export const apart = new Set(['host', 'content-length', 'transfer-encoding', 'expect', 'tracestate', 'baggage']);
export function valueFor(field) {
  if (field.toUpstream !== 'goes_on') return marker;
  if (!(field.grammar in values)) throw new Error(`say a value for the grammar ${field.grammar} of ${field.name}`);
  return values[field.grammar];
}
