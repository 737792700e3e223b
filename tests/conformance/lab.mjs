// Asks the lab tool: one question a line, one answer a line, in order.
import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';

export class Lab {
  constructor(subject, binary = process.env.LAB ?? 'build/release/lab') {
    this.process = spawn(binary, [subject], {stdio: ['pipe', 'pipe', 'inherit']});
    this.waiting = [];
    createInterface({input: this.process.stdout}).on('line', line => this.waiting.shift().resolve(JSON.parse(line)));
    this.process.on('exit', code => {
      for (const {reject} of this.waiting.splice(0)) reject(new Error(`lab ended with ${code}`));
    });
  }

  // `question` is a value, or JSON text where numbers must arrive as they are written.
  ask(question) {
    const text = typeof question === 'string' ? question : JSON.stringify(question);
    return new Promise((resolve, reject) => {
      this.waiting.push({resolve, reject});
      this.process.stdin.write(text + '\n');
    });
  }

  close() { this.process.stdin.end(); }
}
