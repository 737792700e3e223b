// The clients that people use: undici, axios and curl behind one shape, {status, headers, text, json()}.

import { execFile } from 'node:child_process';
import { Agent as HttpsAgent } from 'node:https';

import axios from 'axios';
import { Agent, request } from 'undici';

const deadline = 20_000;

const answer = (status, headers, text) => ({ status, headers, text, json: () => JSON.parse(text) });

// Each: (method, url, {headers, body, ca, cert, key}) => answer. `close` releases its resources.
export function undiciClient({ ca, cert, key, connections = 32 } = {}) {
  const dispatcher = new Agent({ connections, pipelining: 1, headersTimeout: deadline, bodyTimeout: deadline, connect: { ca, cert, key } });
  const send = async (method, url, { headers = {}, body } = {}) => {
    const { statusCode, headers: received, body: stream } = await request(url, { method, headers, body, dispatcher });
    return answer(statusCode, received, await stream.text());
  };
  return { send, close: () => dispatcher.destroy() };
}

export function axiosClient({ ca, cert, key } = {}) {
  const httpsAgent = new HttpsAgent({ ca, cert, key, keepAlive: true });
  const send = async (method, url, { headers = {}, body } = {}) => {
    const { status, headers: received, data } = await axios.request({
      method, url, headers, data: body, httpsAgent, proxy: false, timeout: deadline, responseType: 'text',
      transformResponse: (text) => text, transformRequest: (text) => text, validateStatus: () => true, maxRedirects: 0,
    });
    return answer(status, { ...received }, data);
  };
  return { send, close: () => httpsAgent.destroy() };
}

export function curlClient({ caFile, certFile, keyFile } = {}) {
  const send = (method, url, { headers = {}, body } = {}) => new Promise((resolve, reject) => {
    const words = ['--silent', '--show-error', '--path-as-is', '--max-time', String(deadline / 1000), '--noproxy', '*', '-i', '-X', method,
      ...(caFile ? ['--cacert', caFile] : []), ...(certFile ? ['--cert', certFile, '--key', keyFile] : []),
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      ...(body === undefined ? [] : ['--data-binary', '@-']), url];
    const child = execFile('curl', words, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) return reject(new Error(`curl: ${stderr}`));
      // `100 Continue` may stand before the answer.
      const [head, ...rest] = stdout.replace(/^(HTTP\/[\d.]+ 1\d\d[^]*?\r\n\r\n)+/, '').split('\r\n\r\n');
      const [line, ...fields] = head.split('\r\n');
      const received = Object.fromEntries(fields.map((field) => [field.split(':')[0].toLowerCase(), field.slice(field.indexOf(':') + 1).trim()]));
      return resolve(answer(Number(line.split(' ')[1]), received, rest.join('\r\n\r\n')));
    });
    child.stdin.end(body ?? '');
  });
  return { send, close: () => {} };
}
