// Schemas and instances at random. The alphabet is small, so that a name in a schema often meets the same in an instance.
//
// Not made, because ajv is known to be wrong or another rule applies (each of these is in the suite that schema.mjs runs):
//   - `__proto__` and its kind as names: ajv reads them from the prototype. The empty name in `required`: ajv ignores it
//   - fractions in `multipleOf`, and numbers that a double does not hold exactly: ajv calculates in doubles
//   - references that lead back to themselves without a step into the instance: ajv does not end
const names = ['a', 'b', 'c', 'ab', 'é'];
const texts = ['', 'a', 'b', 'ab', 'abc', 'é', '😀', '12', 'a-b', 'A'];
const numbers = [0, -0, 1, 2, 3, -1, 1.5, 2.5, -2.5, 10, 100, 1e15];
const patterns = ['^a', 'b$', '^[a-c]+$', '^.$', '\\d', '^\\p{L}+$', 'a|é', '^$', '[^a]', '(ab)+', '^a{1,2}b?$'];
const types = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];

export function instance(random, depth = 3) {
  const kind = random.below(depth > 0 ? 10 : 6);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind < 4) return random.pick(numbers);
  if (kind < 6) return random.pick(texts);
  if (kind < 8) return random.list(4, () => instance(random, depth - 1));
  return Object.fromEntries(random.some(names, 0.4).map(name => [name, instance(random, depth - 1)]));
}

// `nested` makes a schema for a part of the instance, `same` one for the same instance.
const keywords = {
  type: random => (random.chance(0.7) ? random.pick(types) : [...new Set([random.pick(types), random.pick(types)])]),
  enum: random => [...new Map([0, 1, 2].map(() => instance(random, 1)).map(v => [JSON.stringify(v), v])).values()],
  const: random => instance(random, 2),
  minimum: random => random.pick(numbers),
  maximum: random => random.pick(numbers),
  exclusiveMinimum: random => random.pick(numbers),
  exclusiveMaximum: random => random.pick(numbers),
  multipleOf: random => random.pick([1, 2, 3, 5, 100]),
  minLength: random => random.below(4),
  maxLength: random => random.below(4),
  pattern: random => random.pick(patterns),
  items: (random, {nested}) => nested(),
  prefixItems: (random, {nested}) => [nested(), ...random.list(2, nested)],
  contains: (random, {nested}) => nested(),
  minContains: random => random.below(3),
  maxContains: random => random.below(3),
  minItems: random => random.below(4),
  maxItems: random => random.below(4),
  uniqueItems: random => random.chance(0.8),
  properties: (random, {nested}) => Object.fromEntries(random.some(names, 0.5).map(name => [name, nested()])),
  patternProperties: (random, {nested}) => Object.fromEntries(random.some(patterns, 0.15).map(pattern => [pattern, nested()])),
  additionalProperties: (random, {nested}) => nested(),
  propertyNames: (random, {nested}) => nested(),
  required: random => random.some(names, 0.25),
  dependentRequired: random => Object.fromEntries(random.some(names, 0.2).map(name => [name, random.some(names, 0.3)])),
  dependentSchemas: (random, {same}) => Object.fromEntries(random.some(names, 0.2).map(name => [name, same()])),
  minProperties: random => random.below(3),
  maxProperties: random => random.below(4),
  allOf: (random, {same}) => [same(), ...random.list(1, same)],
  anyOf: (random, {same}) => [same(), ...random.list(2, same)],
  oneOf: (random, {same}) => [same(), ...random.list(2, same)],
  not: (random, {same}) => same(),
  if: (random, {same}) => same(),
  then: (random, {same}) => same(),
  else: (random, {same}) => same(),
  unevaluatedProperties: (random, {nested}) => random.chance(0.7) ? false : nested(),
  unevaluatedItems: (random, {nested}) => random.chance(0.7) ? false : nested(),
};
const usual = Object.keys(keywords);

export function schema(random) {
  const definitions = random.list(3, () => null).map((_, i) => `d${i}`);

  // `from`: the definitions that may be referred to without a step into the instance.
  function make(depth, from) {
    if (random.chance(0.08)) return random.chance(0.7);
    const made = {};
    const below = {nested: () => make(depth - 1, 0), same: () => make(depth - 1, from)};
    const shallow = ['type', 'const', 'enum', 'minimum', 'maximum', 'multipleOf', 'minLength', 'pattern', 'required', 'minItems', 'uniqueItems'];
    for (let n = 1 + random.below(depth > 0 ? 4 : 2); n > 0; n--) {
      const keyword = random.pick(depth > 0 ? usual : shallow);
      made[keyword] = keywords[keyword](random, below);
    }
    const reachable = definitions.slice(from);
    if (reachable.length > 0 && random.chance(0.15)) made.$ref = `#/$defs/${random.pick(reachable)}`;
    return made;
  }

  const made = make(3, 0);
  if (definitions.length === 0 || typeof made === 'boolean') return made;
  return {...made, $defs: Object.fromEntries(definitions.map((name, i) => [name, make(2, i + 1)]))};
}
