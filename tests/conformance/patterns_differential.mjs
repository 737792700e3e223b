// Random regular expressions and texts, for which the engine and the JavaScript that runs this (with the u flag, as
// JSON Schema says) must say the same: whether the expression is one (`format: regex`), and what it is found in (`pattern`).
//
//   node tests/conformance/patterns_differential.mjs [--rounds N | --seconds N] [--seed N] [--verbose]
import {seeds} from './support/budget.mjs';
import {Lab} from './support/lab.mjs';
import {Random} from './support/random.mjs';
import {conclude} from './support/suite.mjs';

const textsEach = 10;
const rounds = 2000;

// Characters on which engines differ: ends of lines, unusual white space, letters that fold to ASCII, beyond
// the BMP.
const characters = [...'abA1_-., $^/\\{}[]()*+?|<&~', '\n', '\r', '\t', '\v', '\f', '\0', '\u0085', '\u00a0', '\u1680', '\u180e', '\u2028',
  '\u2029', '\u200b', '\ufeff', 'é', 'ß', 'λ', 'К', '٣', '\u212a', '\u017f', '\ue000', '\ud7ff', '\uffff', '😀', '\u{10ffff}'];
const sets = ['\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\p{L}', '\\P{Lu}', '\\p{Letter}', '\\p{gc=Nd}', '\\p{Zs}', '\\p{ASCII}', '\\p{Any}',
  '\\p{Script=Greek}', '\\p{sc=Cyrl}', '\\P{sc=Latn}'];
const escapes = ['\\t', '\\n', '\\v', '\\f', '\\r', '\\0', '\\x41', '\\u0061', '\\u{1F600}', '\\uD83D\\uDE00', '\\cJ', '\\/', '\\.', '\\\\', '\\$'];
const ranges = ['a-z', 'A-b', '0-9', '\\x00-\\x1f', '\\t-\\r', 'é-\\u{10ffff}', '\\u{1F600}-\\u{1F64F}', '+--', 'z-a', '\\w-a'];
const notGrammar = ['{', '}', ']', '(', ')', '*', '(?z)', '\\a', '\\-', '\\99', '\\u{110000}', '\\x4', '\\p{Nothing}', '[b-a]', 'a{2,1}', '(?<a'];
const quantifiers = ['', '', '', '', '*', '+', '?', '{2}', '{0}', '{1,}', '{0,2}', '*?', '+?', '??', '{1,2}?'];
const assertions = ['^', '$', '\\b', '\\B'];

const literal = character => (/[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character);

function characterClass(random) {
  const members = random.list(4, () => random.pick([
    () => random.pick(characters).replace(/[\]\\^-]/, '\\$&'),
    () => random.pick(ranges), () => random.pick(sets), () => random.pick(['\\b', '\\-', '\\]', '-']),
  ])());
  return `[${random.chance(0.3) ? '^' : ''}${members.join('')}]`;
}

function expression(random) {
  let groups = 0;
  const atom = depth => random.pick([
    () => literal(random.pick(characters)), () => literal(random.pick(characters)), () => '.', () => characterClass(random),
    () => random.pick(sets), () => random.pick(escapes),
    () => (depth === 0 ? 'a' : `(${random.pick(['', '?:', `?<n${groups++}>`])}${either(depth - 1)})`),
  ])() + random.pick(quantifiers);
  const term = depth => (random.chance(0.15) ? random.pick(assertions) : random.chance(0.01) ? random.pick(notGrammar) : atom(depth));
  const sequence = depth => random.list(3, () => term(depth)).join('');
  const either = depth => (random.chance(0.25) ? `${sequence(depth)}|${sequence(depth)}` : sequence(depth));
  // Lookaround, where its place is known.
  const looks = (...kinds) => random.list(2, () => `(${random.pick(kinds)}${either(1)})`).join('');
  const fixed = () => random.list(2, () => random.pick([literal(random.pick(characters)), random.pick(sets), characterClass(random)])).join('');
  const asserted = depth => {
    const left = random.chance(0.7) ? `${looks('?=', '?!')}^${looks('?<=', '?<!', '?=')}${fixed()}${looks('?=', '?!')}` : '';
    const right = !left || random.chance(0.4) ? `${looks('?<=', '?<!')}${fixed()}$${looks('?=', '?!')}` : '';
    const whole = `${left}${sequence(1)}${right}`;
    return depth > 0 && random.chance(0.3) ? `^(?:${asserted(0)}|${asserted(0)})$` : whole;
  };
  if (random.chance(0.4)) return random.chance(0.3) ? `${asserted(1)}|${either(1)}` : asserted(1);
  return either(2);
}

function compiled(text) {
  try { return new RegExp(text, 'u'); } catch { return undefined; }
}

const lab = new Lab('schema');
const failures = [];
const total = {cases: 0, found: 0, refused: 0};

async function compare(seed) {
  const random = new Random(seed);
  const pattern = expression(random);
  const texts = Array.from({length: textsEach}, () => random.list(5, () => random.pick(characters)).join(''));
  const expect = (wanted, answer, text) => {
    total.cases++;
    if (answer.valid !== wanted) failures.push(`seed ${seed}: ${JSON.stringify(pattern)}, ${text}: ${JSON.stringify(answer)}, not ${wanted}`);
  };
  const expected = compiled(pattern);
  expect(expected !== undefined, await lab.ask({schema: {format: 'regex'}, instance: pattern, formats: true}), 'is it one');
  // `pattern` also accepts harmless forms that the grammar has without the u flag; JavaScript cannot check
  // those.
  if (!expected) { total.refused++; return; }
  const answers = await lab.askAll(texts.map(instance => ({schema: {pattern}, instance})));
  answers.forEach((answer, i) => {
    const wanted = expected.test(texts[i]);
    if (wanted) total.found++;
    expect(wanted, answer, `found in ${JSON.stringify(texts[i])}`);
  });
}

for (const seed of seeds({rounds})) await compare(seed);
lab.close();

conclude({
  name: 'patterns_differential',
  title: 'Patterns at random',
  source: 'random regular expressions and texts, and the JavaScript that runs the tests',
  target: 'the same answer',
  passed: total.cases - failures.length,
  failures,
  text: `${rounds} expressions, ${total.refused} of which ECMA-262 refuses with the u flag; the others are searched in ${textsEach} texts each, and found in
${total.found}. Lookaround is supported if its place is known; at any other place, and for back references, \`pattern\` refuses when the schema is compiled.
`,
});
