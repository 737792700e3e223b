// Holds the CEL engine against @bufbuild/cel-spec (the conformance suite of the specification, v0.25).
//
//   node tests/conformance/cel.mjs [--verbose]
//
// Exits 1 when a case fails that is not left out, or when fewer core cases pass than there are without protobuf.
import { createRequire } from "node:module";
import { Lab } from "./support/lab.mjs";
import { conclude, table } from "./support/suite.mjs";

const require = createRequire(new URL("../package.json", import.meta.url));
const { tests: suite } = require("@bufbuild/cel-spec/testdata/conformance.js");
// The core cases that need JSON values only.
const coreCases = 1076;

// Why a case is left out; nothing when it is not.
const leftOutBecause = [
  ["protobuf message types (TestAllTypes and its kind)", (t) => /TestAllTypes|NestedTestAllTypes|TestRequired|GlobalEnum|NestedEnum|conformance\.proto[23]/.test(t)],
  ["proto extensions (proto.getExt, proto.hasExt)", (t) => /proto\.(get|has)Ext/.test(t)],
  ["messages of google.protobuf as literals", (t, o) => /google\.protobuf\.[A-Z]\w*\s*\{|(Any|Value|Struct|ListValue|Timestamp|Duration)\s*\{/.test(o.expr) || /google.protobuf.Any/.test(t)],
];

function reasonToLeaveOut(test) {
  const { name, description, container, ...rest } = test;
  const text = JSON.stringify(rest) + (container?.includes("conformance.proto") && /[A-Z]\w*\s*[.{]/.test(test.expr) ? container : "");
  return leftOutBecause.find(([, applies]) => applies(text, test))?.[0];
}

// Files of the language itself; the others are extensions.
const core = new Set(["basic", "comparisons", "conversions", "dynamic", "enums", "fields", "fp_math", "integer_math", "lists",
  "logic", "macros", "namespace", "parse", "plumbing", "proto2", "proto3", "string", "timestamps", "wrappers", "type_deductions"]);

function* cases(node, file) {
  for (const test of node.tests ?? []) yield { file, section: node.name, test: test.original, type: test.error ? undefined : test.type };
  for (const child of node.suites ?? []) yield* cases(child, file ?? child.name);
}

const all = [...cases(suite)].map((entry) => ({ ...entry, leftOut: reasonToLeaveOut(entry.test) }));
const asked = all.filter((entry) => !entry.leftOut);
const lab = new Lab("cel");
const answers = await lab.askAll(asked.map(({ test }) => ({
  expr: test.expr,
  container: test.container,
  bindings: Object.fromEntries(Object.entries(test.bindings ?? {}).map(([name, { value }]) => [name, value])),
  types: Object.fromEntries((test.typeEnv ?? []).map((d) => [d.name, d.function ? { function: d.function } : d.ident.type])),
  disable_check: test.disableCheck,
  check_only: test.checkOnly,
})));
lab.close();

const number = (value) => (typeof value === "string" ? Number(value) : value);
function same(a, b) {
  if (a === undefined || b === undefined) return false;
  const [kind] = Object.keys(a);
  if (!(kind in b)) return false;
  const [x, y] = [a[kind], b[kind]];
  if (kind === "doubleValue") return Object.is(number(x), number(y)) || number(x) === number(y);
  if (kind === "int64Value" || kind === "uint64Value") return String(x) === String(y);
  if (kind === "nullValue") return true;
  if (kind === "listValue") {
    const [p, q] = [x.values ?? [], y.values ?? []];
    return p.length === q.length && p.every((v, i) => same(v, q[i]));
  }
  if (kind === "mapValue") {
    const [p, q] = [x.entries ?? [], y.entries ?? []];
    return p.length === q.length && p.every((e) => q.some((f) => same(e.key, f.key) && same(e.value, f.value)));
  }
  return JSON.stringify(x) === JSON.stringify(y);
}

// A cel.expr.Type as the checker writes it.
const primitives = { BOOL: "bool", INT64: "int", UINT64: "uint", DOUBLE: "double", STRING: "string", BYTES: "bytes" };
function typeText(type) {
  if (type.primitive) return primitives[type.primitive];
  if (type.wrapper) return `wrapper(${primitives[type.wrapper]})`;
  if (type.wellKnown) return type.wellKnown.toLowerCase();
  if ("null" in type) return "null";
  if (type.listType) return `list(${typeText(type.listType.elemType)})`;
  if (type.mapType) return `map(${typeText(type.mapType.keyType)}, ${typeText(type.mapType.valueType)})`;
  if (type.type) return `type(${typeText(type.type)})`;
  if (type.abstractType) return `${type.abstractType.name}(${type.abstractType.parameterTypes.map(typeText).join(", ")})`;
  return "dyn";
}

function verdict({ test, type }, answer) {
  const deduced = test.typedResult?.deducedType;
  const wantedType = deduced ? typeText(deduced) : type;
  if (test.evalError) return answer.error !== undefined ? undefined : `should fail, gave ${JSON.stringify(answer)}`;
  if (answer.error !== undefined) return `failed: ${answer.error}`;
  if (!test.checkOnly) {
    const wanted = test.typedResult?.result ?? test.value ?? { boolValue: true };
    if (!same(wanted, answer.value)) return `should be ${JSON.stringify(wanted)}, is ${JSON.stringify(answer.value)}`;
  }
  if (wantedType && !test.disableCheck && wantedType !== answer.type) return `should be of type ${wantedType}, is of ${answer.type}`;
  return undefined;
}

const files = new Map();
for (const entry of all) {
  if (!files.has(entry.file)) files.set(entry.file, { passed: 0, failed: 0, leftOut: 0 });
  if (entry.leftOut) files.get(entry.file).leftOut++;
}
const failures = [];
asked.forEach((entry, i) => {
  const wrong = answers[i] === undefined ? "no answer" : verdict(entry, answers[i]);
  files.get(entry.file)[wrong ? "failed" : "passed"]++;
  if (wrong) failures.push(`${entry.file}/${entry.section}/${entry.test.name}: ${entry.test.expr}\n    ${wrong}`);
});

const total = { passed: 0, failed: 0, leftOut: 0 };
for (const counts of files.values()) for (const key of Object.keys(total)) total[key] += counts[key];
const rows = [...files].map(([file, c]) => [file, core.has(file) ? "core" : "extension", c.passed, c.failed, c.leftOut]);
const corePassed = rows.filter((r) => r[1] === "core").reduce((sum, r) => sum + r[2], 0);
if (corePassed < coreCases) failures.push(`only ${corePassed} core cases pass, ${coreCases} are needed`);

const reasons = new Map();
for (const { leftOut } of all) if (leftOut) reasons.set(leftOut, (reasons.get(leftOut) ?? 0) + 1);
conclude({
  name: "cel",
  title: "CEL",
  source: `the conformance suite of the CEL specification v0.25: npm \`@bufbuild/cel-spec\` 0.6.1, ${all.length} cases`,
  target: "every case that needs no protobuf message, all core cases over JSON values among them",
  passed: total.passed,
  left: total.leftOut,
  failures,
  text: `A case passes when its value, or that it fails, and the type that the checker deduces are as the suite says. What
conditions can say is described in [conditions.md](conditions.md).

${table(["file", "", "passed", "failed", "left out"], [...rows, ["**all**", "", total.passed, total.failed, total.leftOut]])}

### Cases that are left out, and the reasons

Conditions see JSON values, times and addresses; Gatehouse has no protobuf messages, so its CEL has none.

${[...reasons].map(([reason, count]) => `- ${count} cases: ${reason}`).join("\n")}
`,
});
