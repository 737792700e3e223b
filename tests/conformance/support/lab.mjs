// Asks the lab tool: one question a line, one answer a line, in order.
import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import {labBinary} from './suite.mjs';

export class Lab {
  constructor(subject) {
    this.process = spawn(labBinary, [subject], {stdio: ['pipe', 'pipe', 'inherit']});
    this.waiting = [];
    this.process.on('error', error => this.#end(error));
    this.process.on('exit', (code, signal) => this.#end(new Error(`lab ${subject} ended with ${signal ?? code}`)));
    this.process.stdin.on('error', () => {}); // 'exit' says more
    createInterface({input: this.process.stdout}).on('line', line => this.waiting.shift().resolve(JSON.parse(line)));
  }

  #end(error) {
    this.ended = error;
    for (const {reject} of this.waiting.splice(0)) reject(error);
  }

  // `question` is a value, or JSON text where numbers must arrive as they are written.
  ask(question) {
    if (this.ended) return Promise.reject(this.ended);
    const text = typeof question === 'string' ? question : JSON.stringify(question);
    return new Promise((resolve, reject) => {
      this.waiting.push({resolve, reject});
      this.process.stdin.write(text + '\n');
    });
  }

  askAll(questions) { return Promise.all(questions.map(question => this.ask(question))); }

  close() { this.process.stdin.end(); }
}
