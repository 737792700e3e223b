// Random schemas and instances, for which the schema engine and ajv must say the same. Where ajv is alone, and known to err
// over such a schema, a plain evaluator decides (support/schema_evaluator.mjs).
//
//   node tests/conformance/schema_differential.mjs [--rounds N | --seconds N] [--seed N] [--verbose]
import {createRequire} from 'node:module';
import {Lab} from './support/lab.mjs';
import {seeds} from './support/budget.mjs';
import {Random} from './support/random.mjs';
import {accepts} from './support/schema_evaluator.mjs';
import {instance, schema} from './support/schema_grammar.mjs';
import {conclude} from './support/suite.mjs';

const Ajv = createRequire(new URL('../package.json', import.meta.url))('ajv/dist/2020').default;
const instancesEach = 10;
const rounds = 2000;

const lab = new Lab('schema');
const ajv = new Ajv({strict: false, logger: false, addUsedSchema: false});
const failures = [];
const total = {cases: 0, valid: 0, ajvAlone: 0};

// Undefined where ajv's own code throws, which it sometimes does.
function ajvAnswer(validate, one) {
  try { return validate(one); } catch { return undefined; }
}

// Whether ajv is known to err over such a schema. Its `contains` sets the verdict in the loop over the items, in a variable
// that it shares with its neighbours: {"contains": false, "prefixItems": [true, {"minimum": 1}]} takes [0], and
// {"items": {"contains": {"minimum": 1}}} takes [[1], []].
function mayErr(subject, answer) {
  return answer === undefined || /"(unevaluated\w+|contains)"/.test(JSON.stringify(subject));
}

async function compare(seed) {
  const random = new Random(seed);
  const subject = schema(random);
  const validate = ajv.compile(subject);
  const instances = Array.from({length: instancesEach}, () => instance(random));
  const answers = await lab.askAll(instances.map(one => ({schema: subject, instance: one})));
  if (typeof subject === 'object') ajv.removeSchema(subject); // it would keep every one
  answers.forEach((answer, i) => {
    const said = {engine: answer.valid, evaluator: accepts(subject, instances[i]), ajv: ajvAnswer(validate, instances[i])};
    total.cases++;
    if (said.evaluator) total.valid++;
    const alone = mayErr(subject, said.ajv) && said.engine === said.evaluator && said.ajv !== said.engine;
    if (alone) total.ajvAlone++;
    if (!alone && (said.engine !== said.evaluator || said.engine !== said.ajv)) {
      failures.push(`seed ${seed}: ${JSON.stringify({...said, answer})}: ${JSON.stringify(subject)} for ${JSON.stringify(instances[i])}`);
    }
  });
}

for (const seed of seeds({rounds})) await compare(seed);
lab.close();

conclude({
  name: 'schema_differential',
  title: 'JSON Schema beside ajv',
  source: 'random schemas and instances, npm `ajv` 8, and a plain evaluator',
  target: 'the same answer',
  passed: total.cases - failures.length,
  failures,
  text: `${total.cases} instances, ${instancesEach} for each schema; ${total.valid} of them are valid. In ${total.ajvAlone} cases, ajv throws,
or answers differently for \`unevaluatedProperties\`, \`unevaluatedItems\` or \`contains\`, and is
alone: the engine and the evaluator, which follows the text of the specification and was written independently of the engine, agree. The grammar, and the cases that it leaves out because ajv is known to answer wrongly,
are in [schema_grammar.mjs](../tests/conformance/support/schema_grammar.mjs).
`,
});
