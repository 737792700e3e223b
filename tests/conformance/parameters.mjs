// Parameters in every style: the examples of the specification, what clients write (every value, in every combination of
// place, style, explode and type), and hostile texts, for which support/parameters.mjs says what must come out.
//
//   node tests/conformance/parameters.mjs [--verbose]
import {isDeepStrictEqual} from 'node:util';
import {Lab} from './support/lab.mjs';
import {defaultStyle, explodes, read, styleOf, write} from './support/parameters.mjs';
import {conclude, table} from './support/suite.mjs';

const scalarTypes = [{type: 'string'}, {type: 'integer'}, {type: 'number'}, {type: 'boolean'}, {type: ['integer', 'string']}];
const arrays = [{type: 'array', items: {type: 'string'}}, {type: 'array', items: {type: 'integer'}}];
const rgb = {R: {type: 'integer'}, G: {type: 'integer'}, name: {type: 'string'}};
const objects = [
  {type: 'object', properties: rgb},
  {type: 'object', properties: rgb, additionalProperties: false, required: ['R']},
];
const styles = {
  path: ['simple', 'label', 'matrix'], header: ['simple'], cookie: ['form'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
};

// Whether OpenAPI gives the combination a meaning.
function isDefined(style, explode, type) {
  if (style === 'deepObject') return type === 'object';
  if (style === 'spaceDelimited' || style === 'pipeDelimited') return type === 'array' || (type === 'object' && !explode);
  return true;
}

export const combinations = Object.entries(styles).flatMap(([place, known]) => known.flatMap(style =>
  [true, false].flatMap(explode => [...scalarTypes, ...arrays, ...objects].filter(schema => isDefined(style, explode, schema.type)).map(schema => ({
    name: place === 'header' ? 'X-Color' : 'color', in: place, style, explode, schema})))));
const contents = Object.keys(styles).flatMap(place => ['application/json', 'text/plain'].map(type => ({
  name: 'color', in: place, content: {[type]: {schema: type === 'text/plain' ? {type: 'string'} : {}}}})));
const variants = combinations.filter(({in: place}) => place === 'query').flatMap(parameter => [
  {...parameter, allowReserved: true}, {...parameter, allowEmptyValue: true}]);

// ---- cases: [group, parameter, raw, expected: {value} or {refused}] ------------------------------------

const cases = [];

// OpenAPI 3.1.0 section 4.8.12.4 "Style Examples", and its empty strings.
const [text, list, map] = ['blue', ['blue', 'black', 'brown'], {R: 100, G: 200, B: 150}];
for (const [place, style, explode, empty, string, array, object] of [
  ['path', 'matrix', false, ';color', ';color=blue', ';color=blue,black,brown', ';color=R,100,G,200,B,150'],
  ['path', 'matrix', true, ';color', ';color=blue', ';color=blue;color=black;color=brown', ';R=100;G=200;B=150'],
  ['path', 'label', false, '.', '.blue', '.blue,black,brown', '.R,100,G,200,B,150'],
  ['path', 'label', true, '.', '.blue', '.blue.black.brown', '.R=100.G=200.B=150'],
  ['query', 'form', false, 'color=', 'color=blue', 'color=blue,black,brown', 'color=R,100,G,200,B,150'],
  ['query', 'form', true, 'color=', 'color=blue', 'color=blue&color=black&color=brown', 'R=100&G=200&B=150'],
  ['path', 'simple', false, undefined, 'blue', 'blue,black,brown', 'R,100,G,200,B,150'],
  ['path', 'simple', true, undefined, 'blue', 'blue,black,brown', 'R=100,G=200,B=150'],
  ['header', 'simple', false, '', 'blue', 'blue,black,brown', 'R,100,G,200,B,150'],
  ['header', 'simple', true, '', 'blue', 'blue,black,brown', 'R=100,G=200,B=150'],
  ['cookie', 'form', false, 'color=', 'color=blue', 'color=blue,black,brown', 'color=R,100,G,200,B,150'],
  ['query', 'spaceDelimited', false, undefined, undefined, 'color=blue%20black%20brown', 'color=R%20100%20G%20200%20B%20150'],
  ['query', 'pipeDelimited', false, undefined, undefined, 'color=blue%7Cblack%7Cbrown', 'color=R%7C100%7CG%7C200%7CB%7C150'],
  ['query', 'deepObject', true, undefined, undefined, undefined, 'color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150'],
]) {
  const parameter = schema => ({name: 'color', in: place, style, explode, schema});
  const integers = {type: 'object', properties: {R: {type: 'integer'}, G: {type: 'integer'}, B: {type: 'integer'}}};
  const add = (schema, raw, value) => { if (raw !== undefined) cases.push(['examples of the specification', parameter(schema), raw, {value}]); };
  add({type: 'string'}, empty, '');
  add({type: 'string'}, string, text);
  add(arrays[0], array, list);
  add(integers, object, map);
}

// A client's value comes out unchanged, if the style can express it.
const strings = ['blue', '', ' ', 'a b', 'a,b', 'a&b=c', 'a;b', 'a.b', 'a|b', 'a+b', '100%', '%41', '%2541', 'é€😀', '[x]', '"q"', '~!*\'()', '/etc/passwd', '..', 'null', 'true', '12', '\u200b', '\u0080'];
const numbers = [0, -1, 42, 1.5, -2.25, 1e-7, 9007199254740991];
const members = [{R: 1, G: 2}, {R: 1, name: 'a b&c'}, {R: 7}, {R: -3, name: ''}, {R: 1, G: 2, name: 'x,y;z|w'}];
const valuesOf = ({type, items}) => {
  if (Array.isArray(type)) return [1, 'x', '1.5', -7];
  if (type === 'array') return items.type === 'string' ? [['blue'], strings, ['', 'a'], ['a', ''], ...strings.map(s => [s, 'x'])] : [[1], [1, 2, 3], [0, -5]];
  return {string: strings, integer: numbers.filter(Number.isInteger), number: numbers, boolean: [true, false], object: members}[type];
};
for (const parameter of combinations) {
  for (const value of valuesOf(parameter.schema)) {
    const raw = write(parameter, value);
    // Of a cookie's encoded values only those go on that every reader decodes to the same, and of lists those without
    // an encoded delimiter within an item.
    const expected = (parameter.in === 'cookie' && /[%+]/.test(raw)) || (typeof value === 'object' && /%(?:2c|3b)/i.test(raw)) ? read(parameter, raw) : {value};
    if (raw !== undefined && raw !== '') cases.push(['values, written by RFC 6570 and read again', parameter, raw, expected]);
  }
}

// Texts that two readers could take differently, in every combination.
const hostileValues = ['', 'a', '1', '01', '+1', '1.0', '1e2', '1.', '.5', '0x1', 'NaN', 'TRUE', 'true', 'null', 'a+b', 'a%20b', 'a%2Bb', '%', '%4', '%zz', '%00', '%0a', '%0D%0A', '%1F', '%7F',
  '%C0%AF', '%C0%80', '%ED%A0%80', '%F4%90%80%80', '%FF', '%C3', '%C3%A9', '%c3%a9', 'é', 'a b', 'a\tb', 'a#b', 'a"b', 'a\\b', 'a%5Cb', 'a/b', 'a%2Fb', 'a%2fb', '.', '..', '%2e%2e', '%252e', '%2541', 'a,b', 'a%2Cb', ',', 'a,', ',a', 'a,,b',
  'a|b', 'a%7Cb', 'a%7cb', 'a%20', '%20', '%20a', 'a;b', 'a%3Bb', 'a=b', 'a%3Db', '=', 'R,1', 'R,1,G', 'R,1,R,2', 'R=1', 'R=1,G=2', 'R=1,R=2', 'R=1.G=2', 'R%2C1', 'R%3D1', '%52,1', '%52=1', ',1', 'R,', 'x,1', 'x=1', '__proto__,1', '__proto__=1', 'constructor=1',
  'R|1|G|2', 'a/b=1', '%2F=1', '%2F,1', '..=1', '%2e%2e,1', 'R%201%20G%202', 'a%26color=b', 'a&b', 'a&color=b', 'a&color', 'a; color=b', 'a; b=c', 'a;b=c', '[a]', '{"a":1}', '%7B%22a%22:1%7D', '%5B1,2%5D', '"a"', '%22a%22', '1 ', ' 1', '\u00a0', '%E2%80%A8', '%EF%BB%BFa', '😀', '%F0%9F%98%80', '%uD83D', 'a\r\nb'];
const around = {
  path: {simple: ['*'], label: ['.*', '*', '..*', '.*.x', '.R=1.G=*', '.R,1,G,*'], matrix: [';color=*', ';color', ';*', 'color=*', ';color=*;color=x', ';COLOR=*', ';c%6Flor=*', ';R=1;G=*', ';color=*;x=1', ';color=R,1,G,*', ';']},
  header: {simple: ['*', ' * ', 'R,*', 'R=*', 'R = * , G=1', '*,x']},
  cookie: {form: ['color=*', 'a=b; color=*', 'color=*; color=x', 'R=*', 'R=1; G=*; x=y', 'color=*;', 'color=* ', 'color = *', '*', 'color=R,1,G,*', 'COLOR=*', 'c%6Flor=*']},
  query: {
    form: ['color=*', '*=1', 'color=*&color=x', 'color=x&color=*', 'color', 'color&color=*', 'R=*', 'R=1&G=*', 'R=1&G=*&G=2', '&color=*', 'color=*&', 'color=*&&color=*', 'c%6Flor=*', 'COLOR=*', 'color[]=*', 'color[R]=*', 'color=R,1,G,*', 'x=1&color=*', ''],
    deepObject: ['color[R]=*', 'color%5BR%5D=*', 'color%5bR%5d=*', 'color[R]=1&color[*]=2', 'color[R]=1&color[R]=*', 'color[R][x]=*', 'color[]=*', 'color=*', 'color', 'color[R', 'color[R]', 'colorR]=*', 'color[R]x=*', 'color[[R]]=*', 'x[R]=*', 'color[R]=1&x=*', 'color[*]=1', ''],
  },
};
around.query.spaceDelimited = around.query.pipeDelimited = around.query.form;
for (const [i, parameter] of [...combinations, ...variants, ...contents].entries()) {
  for (const [j, frame] of around[parameter.in][parameter.content ? defaultStyle[parameter.in] : styleOf(parameter)].entries()) {
    // The whole list in the first frame, a fifth of it, each time another, in the others.
    const values = j === 0 ? hostileValues : hostileValues.filter((_, k) => (i + j + k) % 5 === 0);
    for (const value of frame.includes('*') ? values : ['']) {
      const raw = frame.replaceAll('*', () => value);
      cases.push(['hostile texts, compared with the second implementation', parameter, raw, read(parameter, raw)]);
    }
  }
}

// ---- asking -------------------------------------------------------------------------------------------

console.log(`${cases.length} cases`);
const lab = new Lab('param');
const answers = await lab.askAll(cases.map(([, parameter, raw]) => ({parameter, raw})));
lab.close();

const groups = new Map();
const failures = [];
cases.forEach(([group, parameter, raw, expected], i) => {
  const counts = groups.get(group) ?? {cases: 0, passed: 0, taken: 0};
  groups.set(group, counts);
  const answer = answers[i];
  const good = 'value' in expected ? 'value' in answer && isDeepStrictEqual(answer.value, expected.value) : 'refused' in answer;
  counts.cases++;
  if ('value' in expected) counts.taken++;
  if (good) counts.passed++;
  else failures.push(`${group}: ${JSON.stringify(parameter)} from ${JSON.stringify(raw)} must be ${JSON.stringify(expected)}, is ${JSON.stringify(answer)}`);
});

conclude({
  name: 'parameters',
  title: 'Parameters',
  source: 'the examples of OpenAPI 3.1, RFC 6570, and a second implementation in JavaScript',
  target: 'every case',
  passed: cases.length - failures.length,
  failures,
  text: `Every combination of place, \`style\`, \`explode\` and type that OpenAPI defines (${combinations.length}), with \`allowReserved\` and
\`allowEmptyValue\` in queries, and \`content\` parameters as JSON and as text. The second implementation is
[parameters.mjs](../tests/conformance/support/parameters.mjs). The rules by which an ambiguous text is refused are in
[parameter.h](../src/openapi/parameter.h).

${table(['group', 'cases', 'of them accepted', 'passed'], [...groups].map(([name, {cases, taken, passed}]) => [name, cases, taken, passed]))}
`,
});
