// Chance that can be repeated: the same seed, the same cases.
export class Random {
  constructor(seed) { this.state = seed >>> 0; }

  // From 0 up to 1 (splitmix32).
  next() {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  }

  below(n) { return Math.floor(this.next() * n); }
  chance(p) { return this.next() < p; }
  pick(list) { return list[this.below(list.length)]; }
  some(list, p) { return list.filter(() => this.chance(p)); }
  list(most, make) { return Array.from({length: this.below(most + 1)}, make); }
}
