// Times ajv (compiled) on the order that src/schema/order_bench.cc uses, with and without JSON.parse.
//   node tests/bench/ajv.mjs
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';

const require = createRequire(new URL('../package.json', import.meta.url));
const Ajv = require('ajv/dist/2020').default;
const addFormats = require('ajv-formats').default;

const data = new URL('../data/', import.meta.url);
const text = readFileSync(new URL('order.json', data), 'utf8');
const ajv = new Ajv({strict: false});
addFormats(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(new URL('order.schema.json', data), 'utf8')));
const order = JSON.parse(text);
if (!validate(order)) throw new Error('the order is not valid');

function time(name, work) {
  const rounds = [];
  for (let round = 0; round < 11; round++) {
    const count = 50_000;
    const begin = process.hrtime.bigint();
    for (let i = 0; i < count; i++) if (!work()) throw new Error('not valid');
    rounds.push(Number(process.hrtime.bigint() - begin) / count);
  }
  rounds.sort((a, b) => a - b);
  console.log(`${name}: ${(rounds[5] / 1000).toFixed(2)} µs (median of 11 rounds)`);
}

time('check', () => validate(order));
time('parse', () => JSON.parse(text) !== null);
time('parse and check', () => validate(JSON.parse(text)));
