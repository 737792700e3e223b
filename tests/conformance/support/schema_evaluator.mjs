// JSON Schema 2020-12 by the words of the specification, for the keywords of schema_grammar.mjs: annotations are
// collected as sections 10 and 11 say, and nothing is optimised. It decides where ajv and the engine differ over
// `unevaluatedProperties` and `unevaluatedItems`, which ajv works out when it compiles, and sometimes wrongly.
import {isDeepStrictEqual} from 'node:util';

const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);
const isA = {
  null: v => v === null, boolean: v => typeof v === 'boolean', integer: v => Number.isInteger(v), number: v => typeof v === 'number',
  string: v => typeof v === 'string', array: Array.isArray, object: isObject,
};
// -0 and 0 are the same number.
const plain = value => JSON.parse(JSON.stringify(value));
const equal = (a, b) => isDeepStrictEqual(plain(a), plain(b));
const length = text => [...text].length;
const expression = text => new RegExp(text, 'u');

const assertions = {
  type: (v, s) => [s].flat().some(type => isA[type](v)),
  enum: (v, s) => s.some(one => equal(one, v)),
  const: (v, s) => equal(s, v),
  minimum: (v, s) => typeof v !== 'number' || v >= s,
  maximum: (v, s) => typeof v !== 'number' || v <= s,
  exclusiveMinimum: (v, s) => typeof v !== 'number' || v > s,
  exclusiveMaximum: (v, s) => typeof v !== 'number' || v < s,
  multipleOf: (v, s) => typeof v !== 'number' || Number.isInteger(v / s),
  minLength: (v, s) => typeof v !== 'string' || length(v) >= s,
  maxLength: (v, s) => typeof v !== 'string' || length(v) <= s,
  pattern: (v, s) => typeof v !== 'string' || expression(s).test(v),
  minItems: (v, s) => !Array.isArray(v) || v.length >= s,
  maxItems: (v, s) => !Array.isArray(v) || v.length <= s,
  uniqueItems: (v, s) => !Array.isArray(v) || !s || v.every((a, i) => v.every((b, j) => j <= i || !equal(a, b))),
  minProperties: (v, s) => !isObject(v) || Object.keys(v).length >= s,
  maxProperties: (v, s) => !isObject(v) || Object.keys(v).length <= s,
  required: (v, s) => !isObject(v) || s.every(name => Object.hasOwn(v, name)),
  dependentRequired: (v, s) => !isObject(v) || Object.entries(s).every(([name, others]) =>
    !Object.hasOwn(v, name) || others.every(other => Object.hasOwn(v, other))),
};

// The names and positions that were evaluated, or null when `value` is not valid.
function evaluate(schema, value, root) {
  if (typeof schema === 'boolean') return schema ? new Set() : null;
  for (const [keyword, test] of Object.entries(assertions)) {
    if (keyword in schema && !test(value, schema[keyword])) return null;
  }
  const seen = new Set(); // names of an object, indices of an array
  let valid = true;
  const must = found => (found ? found.forEach(one => seen.add(one)) : (valid = false));
  const at = sub => evaluate(sub, value, root);
  const each = (keys, sub) => {
    for (const key of keys) {
      seen.add(key);
      if (!evaluate(sub, value[key], root)) valid = false;
    }
  };

  if (schema.$ref) must(at(root.$defs[schema.$ref.replace('#/$defs/', '')]));
  for (const sub of schema.allOf ?? []) must(at(sub));
  for (const keyword of ['anyOf', 'oneOf']) {
    if (!schema[keyword]) continue;
    const held = schema[keyword].map(at).filter(Boolean);
    if (held.length === 0 || (keyword === 'oneOf' && held.length > 1)) valid = false;
    held.forEach(must);
  }
  if ('not' in schema && at(schema.not)) valid = false;
  if ('if' in schema) {
    const held = at(schema.if);
    if (held) must(held);
    const branch = held ? schema.then : schema.else;
    if (branch !== undefined) must(at(branch));
  }
  if (isObject(value)) {
    const names = Object.keys(value);
    for (const [name, sub] of Object.entries(schema.dependentSchemas ?? {})) if (names.includes(name)) must(at(sub));
    if ('propertyNames' in schema && !names.every(name => evaluate(schema.propertyNames, name, root))) valid = false;
    for (const [name, sub] of Object.entries(schema.properties ?? {})) if (names.includes(name)) each([name], sub);
    const patterns = Object.entries(schema.patternProperties ?? {});
    for (const [pattern, sub] of patterns) each(names.filter(name => expression(pattern).test(name)), sub);
    const known = name => Object.hasOwn(schema.properties ?? {}, name) || patterns.some(([pattern]) => expression(pattern).test(name));
    if ('additionalProperties' in schema) each(names.filter(name => !known(name)), schema.additionalProperties);
    if ('unevaluatedProperties' in schema) each(names.filter(name => !seen.has(name)), schema.unevaluatedProperties);
  }
  if (Array.isArray(value)) {
    const positions = [...value.keys()];
    const prefix = schema.prefixItems ?? [];
    prefix.forEach((sub, i) => { if (i < value.length) each([i], sub); });
    if ('items' in schema) each(positions.slice(prefix.length), schema.items);
    if ('contains' in schema) {
      const matches = positions.filter(i => evaluate(schema.contains, value[i], root));
      if (matches.length < (schema.minContains ?? 1) || matches.length > (schema.maxContains ?? Infinity)) valid = false;
      matches.forEach(i => seen.add(i));
    }
    if ('unevaluatedItems' in schema) each(positions.filter(i => !seen.has(i)), schema.unevaluatedItems);
  }
  return valid ? seen : null;
}

export const accepts = (schema, value) => evaluate(schema, value, schema) !== null;
