// Random values of header fields, and what the npm packages that most services read them with find in what goes on:
// the same as Gatehouse read. What does not parse is left out before a package sees it.
//
//   node tests/conformance/fields_differential.mjs [--rounds N | --seconds N] [--seed N] [--verbose]
import {createRequire} from 'node:module';
import {isDeepStrictEqual} from 'node:util';
import {seeds} from './support/budget.mjs';
import {Lab} from './support/lab.mjs';
import {Random} from './support/random.mjs';
import {conclude} from './support/suite.mjs';

process.env.TZ = 'UTC'; // `fresh` reads the asctime form of a date as local time
const require = createRequire(import.meta.url);
const Negotiator = require('negotiator');
const parseRange = require('range-parser');
const fresh = require('fresh');
const contentType = require('content-type');
const cookies = require('cookie');

const rounds = 1500;
const valuesEach = 12;
const size = 1000;

// ---- how Gatehouse's members are read: its grammars leave quoted texts without escapes, and no other comma in them ----

const parted = (text, at) => text.match(new RegExp(`(?:"[^"]*"|[^"${at}])+`, 'g'))?.map(one => one.trim()).filter(one => one !== '') ?? [];
const members = text => parted(text, ',');
const unquoted = text => (text.startsWith('"') ? text.slice(1, -1) : text);
function weighted(member) {
  const [name, ...parameters] = parted(member, ';');
  const q = parameters.find(one => /^q=/i.test(one));
  return {name, q: q === undefined ? 1 : Number(q.slice(2))};
}
const byWeight = list => list.filter(({q}) => q > 0).sort((a, b) => b.q - a.q).map(({name}) => name);
const isTag = /^(?:W\/)?"[^"]*"$/;

// ---- one subject for each package: [field, random value, (forwarded value, question) => the difference, or
// undefined] ----

const tokens = ['gzip', 'br', 'identity', '*', 'utf-8', 'de', 'de-CH', 'en', 'zh-Hans-CN', 'x', "a'b", '__proto__', 'constructor', 'q', 'GZIP', '$', 'a_b'];
const weights = ['', '', '', ';q=0', ';q=1', ';q=0.5', ' ; q=.2', ';q=0.001', ';Q=1.000', ';q=1.5', ';q=-1', ';q=abc', ';q=', ';q="0.5"', ';q=0.3;q=0.9', ';level=1', ';a="x,y/z"', ';a="x;q=0"', ';a="\\""', ';__proto__=1'];
const ranges = ['text/html', 'text/*', '*/*', '*', 'application/json', 'image/svg+xml', 'TEXT/Html', 'a', '/', 'a/', '/b', '*/b', 'a/b/c', '__proto__/x', '${jndi:x}'];
const dates = ['Thu, 01 Jan 1970 00:00:00 GMT', 'Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994', 'Fri, 31 Dec 2099 23:59:59 GMT', 'Sun, 06 Nov 1994 08:49:37 PST', '1994-11-06', '0', 'Tue, 31 Feb 2023 00:00:00 GMT', 'sun, 06 nov 1994 08:49:37 gmt'];
const tags = ['"a"', 'W/"a"', '"b"', '""', 'a', '*', '"a', 'w/"a"', '"x,y"', '"*"', '"é"', "'a'", '"a" '];
const noise = [',', ' ', ';', '=', '"', '\t', '\\', 'a', '/', '*', '-', '0', 'é', '%', '(', '{'];

const list = (random, make, between = [', ', ',', ' , ', ',,', '; ']) => Array.from({length: 1 + random.below(5)}, make).reduce((text, one) => (text === '' ? one : text + random.pick(between) + one), '');
const numbers = random => random.pick(['0', '1', '499', '500', '999', '1000', '99999999999999999', '00', '007', '', '-1', '1e3', '0x10', '18446744073709551616']);

const accepts = (field, of, make) => [field, random => list(random, () => random.pick(make) + random.pick(weights)), value => of(new Negotiator({headers: {[field]: value}}), value)];
const differs = (found, read) => (isDeepStrictEqual(found, read) ? undefined : `${JSON.stringify(found)}, not ${JSON.stringify(read)}`);

function readRanges(value) {
  const positions = members(value.slice(value.indexOf('=') + 1)).map(one => {
    const [first, last] = one.split('-');
    if (first === '') return [size - Number(last), size - 1];
    return [Number(first), Math.min(last === '' ? size - 1 : Number(last), size - 1)];
  });
  const satisfiable = positions.filter(([first, last]) => first >= 0 && first <= last).map(([start, end]) => ({start, end}));
  return satisfiable.length ? satisfiable : -1;
}

const subjects = {
  negotiator: [
    accepts('accept', (found, value) => differs(found.mediaTypes(), byWeight(members(value).map(weighted).filter(({name}) => name !== '*'))), ranges),
    accepts('accept-charset', (found, value) => differs(found.charsets(), byWeight(members(value).map(weighted))), tokens),
    accepts('accept-language', (found, value) => differs(found.languages(), byWeight(members(value).map(weighted))), tokens),
    accepts('accept-encoding', (found, value) => {
      const read = members(value).map(weighted);
      const lowest = Math.min(1, ...read.map(({q}) => q || 1));
      if (!read.some(({name}) => /^(?:identity|\*)$/i.test(name))) read.push({name: 'identity', q: lowest});
      return differs(found.encodings(), byWeight(read));
    }, tokens),
  ],
  'range-parser': [
    ['range', random => random.pick(['bytes=', 'bytes=', 'bytes=', 'Bytes=', 'bytes =', 'lines=', '']) + list(random, () => random.pick([`${numbers(random)}-${numbers(random)}`, `${numbers(random)}-`, `-${numbers(random)}`, numbers(random)]), [',', ', ', ' ,']),
      value => {
        const found = parseRange(size, value);
        return differs(Array.isArray(found) ? found.map(({start, end}) => ({start, end})) : found, readRanges(value));
      }],
  ],
  fresh: [
    // A comma within a tag is a tag's own: `fresh` parts there, finds no such tag, and sends the whole, as it does where a tab stands between tags.
    ['if-none-match', random => list(random, () => random.pick(tags)), value => {
      const read = value === '*' || members(value).some(one => ['"a"', 'W/"a"'].includes(one));
      const found = fresh({'if-none-match': value}, {etag: '"a"'});
      if (value !== '*' && !members(value).every(one => isTag.test(one))) return isTag.test(value) || !found ? undefined : 'an unquoted tag is found';
      return found === read || (!found && value.includes('\t')) ? undefined : `${found}, not ${read}`;
    }],
    ['if-modified-since', random => random.pick(dates), value => {
      const found = fresh({'if-modified-since': value}, {'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT'});
      const year = Number(/\b\d{4}\b/.exec(value)?.[0] ?? 1994);
      return value.includes('08:49:37') ? differs(found, year >= 1994) : undefined; // of the other texts the day may differ too
    }],
    ['cache-control', random => list(random, () => random.pick(['no-cache', 'no-store', 'max-age=0', 'x="no-cache"', 'x=", no-cache, "', 'no-cache="a"', 'No-Cache', 'private', 'max-age = 1'])), value => {
      const found = !fresh({'if-none-match': '*', 'cache-control': value}, {etag: '"a"'});
      const read = members(value).includes('no-cache');
      return found === read || (found && value.includes('"')) ? undefined : `no-cache is ${found}, not ${read}`;
    }],
  ],
  'content-type': [
    ['content-type', random => random.pick(['application/json', 'Text/HTML', 'multipart/form-data', 'a', 'text/plain ', 'application/vnd.a+json']) +
      Array.from({length: random.below(4)}, () => random.pick([';', '; ', ' ; ', ';\t', ';;']) + random.pick(['charset', 'Charset', 'boundary', 'version', 'charset*', 'a', '__proto__', '']) +
        random.pick(['=', '=', '=', ' = ', '']) + random.pick(['utf-8', 'UTF-8', '"utf-8"', 'utf-7', '"utf-\\7"', '"a;charset=utf-7"', '"a, b"', '----x', '1', '"', ''])).join(''),
    (value, {parameters}) => {
      const found = contentType.parse(value);
      return differs({type: found.type, parameters: {...found.parameters}}, {type: value.split(';')[0], parameters});
    }],
  ],
};

function changed(random, text) {
  const at = random.below(text.length + 1);
  return random.pick([
    () => text.slice(0, at) + random.pick(noise) + text.slice(at),
    () => text.slice(0, at) + text.slice(at + 1),
    () => text.slice(0, at) + text.slice(random.below(text.length + 1)),
  ])();
}
function valueOf(random, make) {
  let value = make(random);
  while (random.chance(0.35)) value = changed(random, value);
  return value.trim();
}

// Cookie is forwarded as pairs that Gatehouse writes: the first of each name, and of a declared one the value
// on which all readers agree.
function cookieField(random) {
  const pair = () => random.pick(['theme', 'a', 'b', 'Theme', '__proto__', '$Path', 'x[1]', 't%68eme', '']) + random.pick(['=', '=', '=', ' = ', '']) +
    random.pick(['light', 'go%6Fd', 'a+b', '"q"', '"a;b"', 'a b', 'a,b', 'a,b=c', '%', '%zz', '%22', '%3B', '%E2%82%AC', 'é', '\\"', '', 'b theme=evil', '"b; theme=evil"']);
  return valueOf(random, () => Array.from({length: 1 + random.below(5)}, pair).join(random.pick(['; ', '; ', '; ', ';', ', ', ' '])));
}
function compareCookies(pairs) {
  const first = pairs.filter(({name}, i) => pairs.findIndex(one => one.name === name) === i);
  const forwarded = first.filter(({form}) => form === 'octets' || form === 'quoted');
  const decoded = text => { try { return decodeURIComponent(text); } catch { return text; } };
  const asSent = cookies.parse(forwarded.map(({name, value}) => `${name}=${value}`).join('; '));
  const declared = first.filter(({agreed}) => agreed !== null);
  const asChecked = cookies.parse(declared.map(({name, agreed}) => `${name}=${agreed}`).join('; '));
  const own = list => Object.fromEntries(list.filter(([name]) => name !== '__proto__')); // no property of an object that `cookie` makes
  return differs([own(Object.entries(asSent)), own(Object.entries(asChecked))],
    [own(forwarded.map(({name, value}) => [name, value.includes('%') ? decoded(value) : value])), own(declared.map(({name, agreed}) => [name, agreed]))]);
}

const lab = new Lab('field');
const failures = [];
const total = {cases: 0};
const read = Object.fromEntries([...Object.keys(subjects), 'cookie'].map(name => [name, 0]));

async function compare(seed) {
  const random = new Random(seed);
  for (const [name, fields] of Object.entries(subjects)) {
    const [field, make, differs] = random.pick(fields);
    const values = Array.from({length: valuesEach}, () => valueOf(random, make)).map(value => value.toWellFormed?.() ?? value);
    const answers = await lab.askAll(values.map(value => ({field, value})));
    answers.forEach((answer, i) => {
      total.cases++;
      if (answer.kept === 'nothing') return;
      read[name]++;
      const wrong = differs(answer.value, answer);
      if (wrong !== undefined) failures.push(`seed ${seed}: ${field}: ${JSON.stringify(values[i])} goes on as ${JSON.stringify(answer.value)}, in which ${name} finds ${wrong}`);
    });
  }
  const fields = Array.from({length: valuesEach}, () => cookieField(random));
  (await lab.askAll(fields.map(value => ({field: 'cookie', value})))).forEach(({pairs}, i) => {
    total.cases++;
    read.cookie++;
    const wrong = compareCookies(pairs);
    if (wrong !== undefined) failures.push(`seed ${seed}: cookie: ${JSON.stringify(fields[i])}: ${wrong}`);
  });
}

for (const seed of seeds({rounds})) await compare(seed);
lab.close();
for (const [name, count] of Object.entries(read)) if (count < total.cases / 100) failures.push(`${name} was given ${count} of ${total.cases} values: too few to say anything`);

conclude({
  name: 'fields_differential',
  title: 'Header fields at random',
  source: 'random values, and npm `negotiator`, `range-parser`, `fresh`, `content-type` and `cookie`',
  target: 'the same reading of the forwarded values',
  passed: total.cases - failures.length,
  failures,
  text: `${total.cases} values of \`Accept\`, \`Accept-Charset\`, \`-Encoding\`, \`-Language\`, \`Range\`, \`If-None-Match\`, \`If-Modified-Since\`, \`Cache-Control\`, \`Content-Type\` and
\`Cookie\`. Their forwarded values are read with ${Object.entries(read).map(([name, count]) => `\`${name}\` (${count})`).join(', ')}. Known differences, none of which allows
more: \`negotiator\` ignores \`*\` without \`/\`, which Java sends; \`fresh\` splits an entity tag at a comma in it, keeps a tab before a tag, does not accept an unquoted tag, and finds \`no-cache\` within quotes.
`,
});
