// Loads the documents of @octokit/openapi and @readme/oas-examples as the server does, and says for each how many
// operations it has, what is wrong with it, and how long that took.
//
//   node tests/conformance/openapi/openapi.mjs [--problems] [--json]
//
// Fails when a document of octokit takes longer than allowed, or when a document has a
// problem that expected.json does not know, or no longer has one that it knows. --json prints what was found.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../../..");
const modules = path.join(root, "tests/node_modules");
const kMostMilliseconds = 3000;

function* files(directory) {
  for (const name of readdirSync(directory).sort()) {
    const file = path.join(directory, name);
    if (statSync(file).isDirectory()) yield* files(file);
    else if (/\.(json|ya?ml)$/.test(name)) yield file;
  }
}

const octokit = path.join(modules, "@octokit/openapi/generated");
const readme = path.join(modules, "@readme/oas-examples");
const documents = [
  ...[...files(octokit)].filter((file) => !file.endsWith(".deref.json")),
  ...["3.0", "3.1"].flatMap((version) => [...files(path.join(readme, version))]),
];

const lab = spawn(path.join(root, "build/release/lab"), ["openapi"], { stdio: ["pipe", "pipe", "inherit"] });
const answers = readline.createInterface({ input: lab.stdout })[Symbol.asyncIterator]();

const expectedFile = path.join(here, "expected.json");
const expected = existsSync(expectedFile) ? JSON.parse(readFileSync(expectedFile, "utf8")) : {};
const found = {};
let failures = 0;
for (const file of documents) {
  lab.stdin.write(JSON.stringify({ path: file }) + "\n");
  const answer = JSON.parse((await answers.next()).value);
  const name = path.relative(modules, file);
  const large = file.startsWith(octokit);
  const known = expected[name] ?? [];
  const unknown = answer.problems.filter((problem) => !known.includes(problem));
  const slow = large && answer.milliseconds > kMostMilliseconds;
  const missing = known.filter((problem) => !answer.problems.includes(problem));
  if (unknown.length + missing.length > 0 || slow) failures += 1;
  if (answer.problems.length > 0) found[name] = answer.problems;
  console.log(
    `${String(answer.operations).padStart(5)} operations ${String(answer.milliseconds).padStart(5)} ms ` +
      `${String(answer.problems.length).padStart(4)} problems  ${name}${slow ? "  TOO SLOW" : ""}`,
  );
  for (const problem of process.argv.includes("--problems") ? answer.problems : unknown) console.log(`        ${problem}`);
  for (const problem of missing) console.log(`        no longer reported: ${problem}`);
}
lab.stdin.end();
await once(lab, "close");
if (process.argv.includes("--json")) console.log(JSON.stringify(found, null, 1));
console.log(`${documents.length} documents, ${failures} not as expected`);
process.exit(failures === 0 ? 0 : 1);
