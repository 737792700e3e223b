// The lab tool itself: one answer for each line, whatever the line is, in the form that is promised.
//
//   node tests/conformance/lab.mjs [--rounds N | --seconds N] [--seed N] [--verbose]
import {isDeepStrictEqual} from 'node:util';
import {seeds} from './support/budget.mjs';
import {Lab} from './support/lab.mjs';
import {Random} from './support/random.mjs';
import {conclude} from './support/suite.mjs';

const failures = [];
let passed = 0;
const expect = (good, text) => { if (good) passed++; else failures.push(text); };

// ---- [subject, question as value or text, answer; `true` where a member need only be a text] -----------

const integers = {name: 'n', in: 'query', schema: {type: 'integer'}};
const object = {properties: {a: true}};
const cases = [
  ['schema', {schema: {type: 'integer'}, instance: 1}, {valid: true}],
  ['schema', '{"schema": {"type": "integer"}, "instance": 1.0}', {valid: true}],
  ['schema', {schema: false, instance: null}, {valid: false}],
  ['schema', {schema: true}, {error: true}],
  ['schema', {instance: 1}, {error: true}],
  ['schema', {schema: 5, instance: 1}, {error: true}],
  ['schema', {schema: {type: 'float'}, instance: 1}, {error: true}],
  ['schema', {schema: {pattern: '(a)\\1'}, instance: 'a'}, {error: true}],
  ['schema', {schema: {format: 'date'}, instance: 'x', formats: true}, {valid: false}],
  ['schema', {schema: {format: 'date'}, instance: 'x', formats: false}, {valid: true}],
  ['schema', {schema: {format: 'date'}, instance: 'x', formats: 1}, {error: true}],
  ['schema', {schema: object, instance: {b: 1}, sealed: true}, {valid: false}],
  ['schema', {schema: object, instance: {b: 1}, sealed: false}, {valid: true}],
  ['schema', {schema: {type: 'string', nullable: true}, instance: null, dialect: '3.0'}, {valid: true}],
  ['schema', {schema: {type: 'string', nullable: true}, instance: null, dialect: '2020-12'}, {valid: false}],
  ['schema', {schema: true, instance: null, dialect: 'draft-04'}, {error: true}],
  ['schema', {schema: true, instance: null, dialect: 3.0}, {error: true}],
  ['schema', {schema: {$ref: 'http://x.test/y'}, instance: 1, remotes: {'http://x.test/y': {type: 'string'}}}, {valid: false}],
  ['schema', {schema: {$ref: 'http://x.test/y'}, instance: 1}, {error: true}],
  ['schema', {schema: {$ref: 'http://x.test/y'}, instance: 1, remotes: []}, {error: true}],
  ['json', {base64: 'e30='}, {accepted: true, reason: ''}],
  ['json', {base64: ''}, {accepted: false, reason: 'empty'}],
  ['json', {base64: 'WzFd'}, {accepted: true, reason: ''}],
  ['json', {base64: 'e30'}, {error: true}],
  ['json', {base64: 1}, {error: true}],
  ['json', {}, {error: true}],
  ['cel', {expr: 'x + 1', bindings: {x: {int64Value: '41'}}}, {value: {int64Value: '42'}, type: 'int'}],
  ['cel', {expr: 'x', bindings: {x: {doubleValue: '1.5'}}}, {value: {doubleValue: 1.5}, type: 'dyn'}],
  ['cel', {expr: 'y', container: 'x', bindings: {'x.y': {boolValue: true}}}, {value: {boolValue: true}, type: 'dyn'}],
  ['cel', {expr: 'x.a', types: {x: 'map(string, int)'}, bindings: {x: {mapValue: {entries: [{key: {stringValue: 'a'}, value: {int64Value: '1'}}]}}}},
    {value: {int64Value: '1'}, type: 'int'}],
  ['cel', {expr: 'x + 1', types: {x: 'string'}}, {error: true}],
  ['cel', {expr: 'x', types: {x: 'int'}}, {error: true}],
  ['cel', {expr: 'x', bindings: {x: {int64Value: 'one'}}}, {error: true}],
  ['cel', {expr: 'x', bindings: {x: {int64Value: '9223372036854775808'}}}, {error: true}],
  ['cel', {expr: 'x', bindings: {x: {uint64Value: '-1'}}}, {error: true}],
  ['cel', {expr: 'x', bindings: {x: 5}}, {error: true}],
  ['cel', {expr: '1 / 0'}, {error: true}],
  ['cel', {expr: '1 +'}, {error: true}],
  ['cel', {expr: 1}, {error: true}],
  ['jws', {jwks: {keys: []}, token: 'e30.e30.AAAA', algorithms: ['ES256']}, {valid: false, reason: true}],
  ['jws', {jwks: {keys: []}, token: '', algorithms: ['none']}, {valid: false, reason: true}],
  ['jws', {jwks: 1, token: '', algorithms: []}, {valid: false, reason: true}],
  ['jws', {jwks: {keys: []}, token: 1, algorithms: []}, {error: true}],
  ['jws', {jwks: {keys: []}, token: 'a.b.c'}, {error: true}],
  ['param', {parameter: integers, raw: 'n=1'}, {value: 1}],
  ['param', {parameter: integers, raw: 'n=one'}, {refused: true}],
  ['param', {parameter: integers, raw: ''}, {refused: true}],
  ['param', {parameter: {...integers, required: false}, raw: ''}, {value: null}],
  ['param', {parameter: {...integers, in: 'path'}, raw: '7'}, {value: 7}],
  ['param', {parameter: {...integers, in: 'header', name: 'X-N'}, raw: '7'}, {value: 7}],
  ['param', {parameter: {...integers, in: 'header', name: 'Accept'}, raw: '7'}, {error: true}],
  ['param', {parameter: {...integers, in: 'cookie'}, raw: 'a=b; n=7'}, {value: 7}],
  ['param', {parameter: {...integers, in: 'body'}, raw: '7'}, {error: true}],
  ['param', {parameter: {...integers, schema: {$ref: 'other.json'}}, raw: 'n=7'}, {error: true}],
  ['field', {field: 'Accept', value: 'text/html, x'}, {kept: 'part', value: 'text/html'}],
  ['field', {field: 'accept', value: ''}, {kept: 'nothing', value: ''}],
  ['field', {field: 'Content-Type', value: 'Text/HTML;Charset="utf-8"'}, {kept: 'whole', value: 'text/html; charset="utf-8"', parameters: {charset: 'utf-8'}}],
  ['field', {field: 'Cookie', value: 'a=%62'}, {pairs: [{name: 'a', value: '%62', form: 'octets', agreed: 'b'}]}],
  ['field', {field: 'Host', value: 'a'}, {error: true}],
  ['field', {field: 'X-Own', value: 'a'}, {error: true}],
  ['field', {field: 'Accept'}, {error: true}],
  ['param', {parameter: integers}, {error: true}],
  ['param', {raw: 'n=1'}, {error: true}],
];
const subjects = ['schema', 'json', 'cel', 'jws', 'param', 'field'];
for (const subject of [...subjects, 'openapi']) {
  for (const line of ['', ' ', '{', 'null', '[]', '1', '"x"', '{}', '{"a":1,"a":2}', '{"x":"\u0000"}', '{"x":"\\ud800"}', '['.repeat(5000)]) {
    cases.push([subject, line, {error: true}]);
  }
}

const fits = (answer, wanted) => isDeepStrictEqual(Object.keys(answer).sort(), Object.keys(wanted).sort()) &&
  Object.entries(wanted).every(([key, value]) => (value === true && key !== 'valid' && key !== 'accepted' && key !== 'value' ?
    typeof answer[key] === 'string' && answer[key] !== '' : isDeepStrictEqual(answer[key], value)));

for (const subject of [...subjects, 'openapi']) {
  const asked = cases.filter(([of]) => of === subject);
  const lab = new Lab(subject);
  const answers = await lab.askAll(asked.map(([, question]) => question));
  lab.close();
  asked.forEach(([, question, wanted], i) => expect(fits(answers[i], wanted),
    `${subject}: ${JSON.stringify(question).slice(0, 200)} is answered ${JSON.stringify(answers[i])}, not ${JSON.stringify(wanted)}`));
}

// ---- mangled questions: an answer of the promised form to each -------------------------------------------

const members = {
  schema: ['valid', 'error'], json: ['accepted', 'reason', 'error'], cel: ['value', 'type', 'error'],
  jws: ['valid', 'reason', 'error'], param: ['value', 'refused', 'error'],
  field: ['kept', 'value', 'parameters', 'pairs', 'error'],
};
const strange = [null, true, false, 0, -1, 1e400, 1.5, '', 'a', '#', '#/', 'e30=', '\u202e', {}, [], [[]], {a: {}}, 'x'.repeat(300),
  {$ref: '#'}, {allOf: [{$ref: '#/allOf/0'}]}, ['integer', 'null'], '^(a+)+$', '[x].map(x, x)', {keys: [{kty: 'EC'}]}];

function mangle(value, random) {
  if (random.below(6) === 0) return random.pick(strange);
  if (Array.isArray(value)) return value.map(element => mangle(element, random));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [random.below(30) ? key : random.pick(['', '$id', 'type', 'name', 'x']), mangle(inner, random)]));
}

for (const seed of seeds({rounds: 20})) {
  const random = new Random(seed);
  for (const subject of subjects) {
    const known = cases.filter(([of, question]) => of === subject && typeof question === 'object').map(([, question]) => question);
    const questions = Array.from({length: 100}, () => mangle(random.pick(known), random));
    const lab = new Lab(subject);
    try {
      const answers = await lab.askAll(questions);
      answers.forEach((answer, i) => expect(Object.keys(answer).length > 0 && Object.keys(answer).every(key => members[subject].includes(key)),
        `${subject}, seed ${seed}: ${JSON.stringify(questions[i])} is answered ${JSON.stringify(answer)}`));
    } catch (error) {
      failures.push(`${subject}, seed ${seed}: ${error.message}`);
    }
    lab.close();
  }
}

conclude({
  name: 'lab', title: 'The lab tool', source: 'the forms of its questions and answers', target: 'an answer for each line',
  passed, failures, text: '',
});
