// Random parameters and texts, for which the engine and the second implementation (support/parameters.mjs) must say the
// same: texts that a client would write, and what comes of them when bytes are changed, left out, and doubled.
//
//   node tests/conformance/parameters_differential.mjs [--rounds N | --seconds N] [--seed N] [--verbose]
import {isDeepStrictEqual} from 'node:util';
import {seeds} from './support/budget.mjs';
import {Lab} from './support/lab.mjs';
import {read, write} from './support/parameters.mjs';
import {Random} from './support/random.mjs';
import {conclude} from './support/suite.mjs';

const textsEach = 10;
const rounds = 2000;

const styles = {path: ['simple', 'label', 'matrix'], header: ['simple'], cookie: ['form'], query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject']};
const names = {path: ['c', 'X-Color', 'a.b'], header: ['c', 'X-Color'], cookie: ['c', 'X-Color', 'a.b'], query: ['c', 'é', 'a b', 'a.b', 'page[size]', '%41']};
const keys = ['R', 'G', 'é', 'a b', 'k.l', 'x,y', '__proto__', 'constructor', '[k]', 'a=b'];
const words = ['', 'a', 'blue', '12', '-1', '1.5', '007', '1e3', 'true', 'null', 'a b', 'é€😀', 'x,y', 'x|y', 'x;y', 'x.y', 'x&y=z', '%41', '100%', '+', '~', '"q"', '..', 'a/b', '\\', '#', '\u0000', '\n', '\u007f', '\u0085', '\ufeff', '\u202e'];
const noise = ['%', '%2', '%zz', '%00', '%0A', '%2F', '%2e', '%2C', '%3D', '%26', '%5B', '%5D', '%7C', '%20', '%25', '%C3%A9', '%C0%AF', '%ED%A0%80', '%FF', '+', '&', '=', ';', '; ', ',', '.', '|', '[', ']', '[]', '/', '\\', ' ', '\t', '#', '"', 'é', 'c', 'R', '1', '0', '-', '\u0000', '\r\n', '\u007f'];

const scalar = random => ({type: random.pick(['string', 'integer', 'number', 'boolean', ['integer', 'string'], ['boolean', 'number', 'string']])});

function object(random) {
  const properties = Object.fromEntries(random.some(keys, 0.4).map(key => [key, scalar(random)]));
  const schema = {type: 'object', properties};
  if (random.chance(0.6)) schema.additionalProperties = random.chance(0.6) ? false : scalar(random);
  if (random.chance(0.3)) schema.required = random.some(Object.keys(properties), 0.5);
  return schema;
}

function parameter(random) {
  const place = random.pick(Object.keys(styles));
  const made = {name: random.pick(names[place]), in: place};
  if (place === 'query' && random.chance(0.2)) made.allowReserved = true;
  if (place === 'query' && random.chance(0.2)) made.allowEmptyValue = true;
  if (place === 'query' && random.chance(0.3)) made['x-plus'] = 'space';
  if (random.chance(0.05)) return {...made, content: {'text/plain': {schema: {type: 'string'}}}};
  if (random.chance(0.8)) made.style = random.pick(styles[place]);
  if (made.style === 'deepObject') made.name = made.name.replaceAll(/[[\]]/g, ''); // refused when the document is loaded
  if (random.chance(0.7)) made.explode = random.chance(0.5);
  const kinds = {deepObject: ['object'], spaceDelimited: ['array'], pipeDelimited: ['array']}[made.style] ?? ['scalar', 'array', 'object'];
  if (kinds.length === 1 && made.style !== 'deepObject' && made.explode === false) kinds.push('object');
  const kind = random.pick(kinds);
  made.schema = kind === 'object' ? object(random) : kind === 'array' ? {type: 'array', items: scalar(random)} : scalar(random);
  return made;
}

const word = (random, type) => {
  const one = random.pick([type].flat());
  if (random.chance(0.9)) {
    if (one === 'integer') return random.below(2000) - 1000;
    if (one === 'number') return (random.below(2000) - 1000) / 8;
    if (one === 'boolean') return random.chance(0.5);
  }
  return random.pick(words);
};

function value(random, {schema}) {
  if (!schema) return random.pick(words);
  if (schema.type === 'array') return random.list(4, () => word(random, schema.items.type));
  if (schema.type !== 'object') return word(random, schema.type);
  const chosen = random.chance(0.8) ? random.some(Object.keys(schema.properties), 0.7) : random.some(keys, 0.3);
  return Object.fromEntries(chosen.map(key => [key, word(random, schema.properties[key]?.type ?? 'string')]));
}

function changed(random, text) {
  const at = random.below(text.length + 1);
  switch (random.below(4)) {
    case 0: return text.slice(0, at) + random.pick(noise) + text.slice(at);
    case 1: return text.slice(0, at) + text.slice(at + 1 + random.below(3));
    case 2: return text.slice(0, at) + random.pick(noise) + text.slice(at + 1);
    default: {
      const from = random.below(text.length + 1);
      return text.slice(0, at) + text.slice(from, from + 1 + random.below(8)) + text.slice(at);
    }
  }
}

function text(random, subject) {
  let raw = write(subject, value(random, subject)) ?? random.pick(noise);
  if (random.chance(0.4)) raw = decodeSome(random, raw);
  while (random.chance(0.5)) raw = changed(random, raw);
  return raw.toWellFormed?.() ?? Buffer.from(raw, 'utf8').toString('utf8');
}

// Encoded characters, encoded otherwise or not at all.
const decodeSome = (random, raw) => raw.replaceAll(/%[0-9A-Fa-f]{2}/g, hex => {
  if (random.chance(0.5)) return hex;
  return random.chance(0.5) ? hex.toLowerCase() : String.fromCharCode(parseInt(hex.slice(1), 16));
});

const lab = new Lab('param');
const failures = [];
const total = {cases: 0, taken: 0, parameters: 0};

async function compare(seed) {
  const random = new Random(seed);
  const subject = parameter(random);
  const raws = Array.from({length: textsEach}, () => text(random, subject));
  const answers = await lab.askAll(raws.map(raw => ({parameter: subject, raw})));
  total.parameters++;
  answers.forEach((answer, i) => {
    const expected = read(subject, raws[i]);
    total.cases++;
    if ('value' in expected) total.taken++;
    const same = 'value' in expected ? isDeepStrictEqual(answer.value, expected.value) : 'refused' in answer;
    if (!same) failures.push(`seed ${seed}: ${JSON.stringify(subject)} from ${JSON.stringify(raws[i])} must be ${JSON.stringify(expected)}, is ${JSON.stringify(answer)}`);
  });
}

for (const seed of seeds({rounds})) await compare(seed);
lab.close();

conclude({
  name: 'parameters_differential',
  title: 'Parameters at random',
  source: 'random parameters and texts, and the second implementation',
  target: 'the same answer',
  passed: total.cases - failures.length,
  failures,
  text: `${total.cases} texts for ${total.parameters} parameters; ${total.taken} of them are accepted. Valid texts of clients are changed until they are invalid, by
[parameters_differential.mjs](../tests/conformance/parameters_differential.mjs).
`,
});
