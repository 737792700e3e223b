// Answers that come in pieces: each piece reaches the client when it is there, however long the whole takes.
// Rooms: server target

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import https from 'node:https';
import { after, before, describe, it } from 'node:test';

import axios from 'axios';
import { Agent, EventSource, fetch } from 'undici';

import { Desk, unlessBuilt } from './harness.mjs';

const kPieces = 5;
const piece = (index) => `data: ${index}\n\n`;

// The upstream's bytes for a piece in each framing.
const framings = {
  'in chunks': { head: 'Transfer-Encoding: chunked', write: (text) => `${text.length.toString(16)}\r\n${text}\r\n`, end: '0\r\n\r\n' },
  'with a length': { head: `Content-Length: ${kPieces * piece(0).length}`, write: (text) => text, end: '' },
  'until the connection ends': { head: 'Connection: close', write: (text) => text, end: undefined },
};

describe('an answer in pieces', unlessBuilt, () => {
  let desk;
  let agent;
  before(async () => {
    desk = await Desk.open({ change: (configuration) => {
      Object.assign(configuration.upstreams.orders, { timeout: '400ms', idle: '2s' });
      configuration.defaults.timeout = '400ms';
    } });
    agent = new Agent({ connect: { ca: desk.tls.ca } });
  });
  after(async () => {
    await agent?.close();
    await desk?.close();
  });

  // The upstream sends a piece only when the client has the one before, and each after a pause, so that the
  // whole takes longer than the timeout.
  const stream = ({ head, write, end }) => {
    let socket;
    const took = async (count) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      if (count < kPieces) socket.write(write(piece(count)));
      else if (end === undefined) socket.end();
      else socket.write(end);
    };
    took.asked = new Promise((resolve) => (desk.upstream.answer = (_, to) => {
      socket = to;
      resolve();
      to.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${head}\r\n\r\n`);
    }));
    return took;
  };
  const url = () => `https://localhost:${desk.port}/orders`;

  // Each calls `took` with how many pieces it has, from the head (0) on.
  const clients = {
    curl: async (took) => {
      const { ca, authorization } = { ca: desk.folder.write('ca.pem', desk.tls.ca), ...desk.bearer };
      const curl = spawn('curl', ['-sSN', '--cacert', ca, '-H', `authorization: ${authorization}`, url()]);
      await took.asked; // curl shows no head
      await took(0);
      await readPieces(curl.stdout, took);
    },
    undici: async (took) => {
      const answer = await fetch(url(), { dispatcher: agent, headers: desk.bearer });
      await took(0);
      await readPieces(answer.body, took);
    },
    axios: async (took) => {
      const { data } = await axios.get(url(), { responseType: 'stream', headers: desk.bearer, httpsAgent: new https.Agent({ ca: desk.tls.ca }) });
      await took(0);
      await readPieces(data, took);
    },
  };
  async function readPieces(source, took) {
    let text = '';
    let count = 0;
    for await (const bytes of source) {
      text += Buffer.from(bytes).toString();
      const there = text.split('\n\n').length - 1;
      if (there > count) await took(count = there);
    }
    assert.equal(text, Array.from({ length: kPieces }, (_, index) => piece(index)).join(''));
  }

  for (const [framing, how] of Object.entries(framings)) {
    for (const [client, read] of Object.entries(clients)) {
      it(`${framing} reaches ${client} piece by piece, beyond the timeout`, () => read(stream(how)));
    }
  }

  it('reaches an EventSource', async () => {
    const took = stream(framings['in chunks']);
    const source = new EventSource(url(), { dispatcher: agent.compose((dispatch) => (options, handler) => dispatch({ ...options, headers: { ...options.headers, ...desk.bearer } }, handler)) });
    const seen = [];
    await new Promise((resolve, reject) => {
      source.onopen = () => took(0);
      source.onerror = () => (seen.length === kPieces ? resolve() : reject(new Error(`after ${seen}`)));
      source.onmessage = ({ data }) => {
        seen.push(data);
        took(seen.length);
        if (seen.length === kPieces) resolve();
      };
    });
    source.close();
    assert.deepEqual(seen, ['0', '1', '2', '3', '4']);
  });

  it('that stops breaks off after the idle time, and is recorded so', async () => {
    desk.upstream.answer = (_, socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n');
    const answer = await fetch(url(), { dispatcher: agent, headers: desk.bearer });
    assert.equal(answer.status, 200);
    await assert.rejects(answer.text());
    const event = await desk.gatehouse.event(({ reason }) => reason === 'upstream_late', 'upstream_late');
    assert.deepEqual([event.outcome, event['http.response.status_code'], event['http.response.body.size']], ['failed', 200, 5]);
  });

  it('that is an error is collected, and late by the timeout', async () => {
    desk.upstream.answer = (_, socket) => void socket.write('HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n');
    const answer = await fetch(url(), { dispatcher: agent, headers: desk.bearer });
    assert.equal(answer.status, 504);
    await answer.text();
  });
});
