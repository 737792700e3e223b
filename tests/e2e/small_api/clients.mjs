// The clients that the users of a service have, each by its own ways of writing a query, a JSON body and a form with a file. Each: (url,
// {ca, caFile}, steps) => answers, where a step is {method, path, ids, query, headers, json, file} with a path as `/tasks/{id}`, and an
// answer {status, body: Buffer}.

import { execFile, execFileSync } from 'node:child_process';
import { Agent as HttpsAgent } from 'node:https';
import { fileURLToPath } from 'node:url';

import axios from 'axios';
import createClient from 'openapi-fetch';
import { Agent, FormData as UndiciFormData, fetch } from 'undici';

const deadline = 120_000;
export const file = (name) => fileURLToPath(new URL(name, import.meta.url));
export const works = (program, ...words) => {
  try {
    execFileSync(program, words, { stdio: 'ignore', timeout: deadline });
    return undefined;
  } catch {
    return `${program} ${words.join(' ')} does not work here`;
  }
};
const filled = ({ path, ids = {} }) => path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(ids[name]));
const upload = ({ file: text }, Form = FormData) => {
  const form = new Form();
  form.append('file', new Blob([text]), 'a.bin');
  return form;
};
// In a process of its own.
const program = (...words) => (url, { caFile }, steps) => new Promise((resolve, reject) => {
  const env = { ...process.env, HTTPS_PROXY: '', https_proxy: '', HTTP_PROXY: '', http_proxy: '', NO_PROXY: '*', no_proxy: '*' };
  const child = execFile(words[0], [...words.slice(1), url, caFile], { timeout: deadline, env, maxBuffer: 1 << 24 }, (error, stdout, stderr) => (
    error ? reject(new Error(`${words.join(' ')}: ${error.message}\n${stderr}`)) : resolve(JSON.parse(stdout).map(({ status, body }) => ({ status, body: Buffer.from(body ?? '', 'base64') })))));
  child.stdin.end(JSON.stringify(steps));
});
const each = async (steps, send) => {
  const answers = [];
  for (const step of steps) answers.push(await send(step));
  return answers;
};
const answered = async (answer) => ({ status: answer.status, body: Buffer.from(await answer.arrayBuffer()) });

async function undici(url, { ca }, steps) {
  const dispatcher = new Agent({ connect: { ca } });
  try {
    return await each(steps, async (step) => {
      const query = new URLSearchParams(Object.entries(step.query ?? {}).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)])));
      const headers = { ...step.headers, ...(step.json === undefined ? {} : { 'content-type': 'application/json' }) };
      const body = step.json !== undefined ? JSON.stringify(step.json) : step.file ? upload(step, UndiciFormData) : undefined;
      return answered(await fetch(`${url}${filled(step)}${query.size ? `?${query}` : ''}`, { method: step.method, headers, body, dispatcher }));
    });
  } finally {
    await dispatcher.close();
  }
}

async function ofAxios(url, { ca }, steps) {
  const httpsAgent = new HttpsAgent({ ca });
  // `indexes: null`: the name once for each item, without brackets.
  const client = axios.create({ baseURL: url, httpsAgent, proxy: false, timeout: deadline, validateStatus: () => true, paramsSerializer: { indexes: null }, responseType: 'arraybuffer' });
  try {
    return await each(steps, async (step) => {
      const { status, data } = await client.request({ method: step.method, url: filled(step), params: step.query, headers: step.headers, data: step.file ? upload(step) : step.json });
      return { status, body: Buffer.from(data) };
    });
  } finally {
    httpsAgent.destroy();
  }
}

async function openapiFetch(url, { ca }, steps) {
  const dispatcher = new Agent({ connect: { ca } });
  const send = async (request) => fetch(request.url, { method: request.method, headers: [...request.headers], body: request.body ? Buffer.from(await request.arrayBuffer()) : undefined, dispatcher });
  const client = createClient({ baseUrl: url, fetch: send });
  try {
    return await each(steps, async (step) => {
      const { data, response } = await client[step.method](step.path, {
        params: { path: step.ids, query: step.query }, headers: step.headers, parseAs: 'arrayBuffer',
        ...(step.json === undefined ? {} : { body: step.json }), ...(step.file ? { body: step, bodySerializer: (one) => upload(one) } : {}),
      });
      return { status: response.status, body: Buffer.from(data ?? '') };
    });
  } finally {
    await dispatcher.close();
  }
}
const curl = (url, { caFile }, steps) => each(steps, (step) => new Promise((resolve, reject) => {
  const query = Object.entries(step.query ?? {}).flatMap(([name, value]) => [value].flat().flatMap((one) => ['--data-urlencode', `${name}=${one}`]));
  const words = ['--silent', '--show-error', '--max-time', '60', '--noproxy', '*', '--cacert', caFile, '--write-out', '%{stderr}%{http_code}', '-X', step.method, ...(query.length ? ['--get', ...query] : []),
    ...Object.entries(step.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(step.json === undefined ? [] : ['-H', 'Content-Type: application/json', '-d', JSON.stringify(step.json)]), ...(step.file ? ['-F', 'file=@-;filename=a.bin'] : []), `${url}${filled(step)}`];
  const child = execFile('curl', words, { encoding: 'buffer', maxBuffer: 1 << 24 }, (error, stdout, stderr) => (
    error ? reject(new Error(`curl ${words.join(' ')}: ${stderr}`)) : resolve({ status: Number(stderr.toString()), body: stdout })));
  child.stdin.on('error', () => {});
  child.stdin.end(step.file ?? '');
}));

const python = (name) => ({ send: program('/usr/bin/python3', file('client.py'), name), missing: works('/usr/bin/python3', '-c', `import ${name}`) });
export const clients = {
  undici: { send: undici },
  axios: { send: ofAxios },
  'openapi-fetch': { send: openapiFetch },
  curl: { send: curl },
  requests: python('requests'),
  httpx: python('httpx'),
  Go: { send: program('go', 'run', file('client.go')), missing: works('go', 'version') },
};
