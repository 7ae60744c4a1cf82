// numpy's random numbers: default_rng(seed) is SeedSequence -> PCG64 (XSL-RR), here in BigInt.
// random() equals numpy's bit for bit; normal() to a few units in the last place.

const MASK_64 = (1n << 64n) - 1n;
const MASK_128 = (1n << 128n) - 1n;
const MULTIPLIER = (2549297995355413924n << 64n) + 4865540595714422341n;

// The four 64-bit words that numpy's SeedSequence makes of an integer seed, or its child of that
// number.
function seedWords(seed, child) {
  let entropyHash = 0x43b0d7e5;
  const hash = (value) => {
    value = (value ^ entropyHash) >>> 0;
    entropyHash = Math.imul(entropyHash, 0x931e8875) >>> 0;
    value = Math.imul(value, entropyHash) >>> 0;
    return (value ^ (value >>> 16)) >>> 0;
  };
  const mix = (x, y) => {
    const value = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) >>> 0;
    return (value ^ (value >>> 16)) >>> 0;
  };
  const entropy = [seed % 2 ** 32, Math.floor(seed / 2 ** 32), 0, 0];
  const pool = entropy.map(hash);
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
    }
  }
  if (child !== undefined) {
    for (let to = 0; to < 4; to++) pool[to] = mix(pool[to], hash(child));
  }
  let outputHash = 0x8b51f9dd;
  const words = Array.from({ length: 8 }, (_, i) => {
    let value = (pool[i % 4] ^ outputHash) >>> 0;
    outputHash = Math.imul(outputHash, 0x58f38ded) >>> 0;
    value = Math.imul(value, outputHash) >>> 0;
    return BigInt((value ^ (value >>> 16)) >>> 0);
  });
  return [0, 2, 4, 6].map((i) => words[i] | (words[i + 1] << 32n));
}

// The ziggurat of 256 layers, its tables computed: layer i reaches to x = width[i] 2^52.
const TAIL_START = 3.6541528853610088;
const TAIL_AREA = 3.2339576466332126e-4; // of exp(-x^2/2) beyond it
const SCALE_52 = 2 ** 52;
const ZIGGURAT = zigguratTables();

function zigguratTables() {
  const density = (x) => Math.exp(-0.5 * x * x);
  const edge = new Float64Array(257);
  // The area of each layer: the rectangle below the tail and the tail itself.
  const area = TAIL_START * density(TAIL_START) + TAIL_AREA;
  edge[256] = area / density(TAIL_START);
  edge[255] = TAIL_START;
  for (let i = 255; i > 1; i--) {
    edge[i - 1] = Math.sqrt(-2 * Math.log(area / edge[i] + density(edge[i])));
  }
  const inside = new Float64Array(256),
    width = new Float64Array(256),
    height = new Float64Array(256);
  inside[0] = Math.floor((TAIL_START / edge[256]) * SCALE_52);
  width[0] = edge[256] / SCALE_52;
  height[0] = 1;
  for (let i = 1; i < 256; i++) {
    inside[i] = i > 1 ? Math.floor((edge[i - 1] / edge[i]) * SCALE_52) : 0;
    width[i] = edge[i] / SCALE_52;
    height[i] = density(edge[i]);
  }
  return { inside, width, height };
}

// numpy.random.default_rng(seed), seed an integer from 0 to 2^53 - 1; or what its spawn(1) gives,
// with child 0, whose numbers are independent of the parent's.
export class Generator {
  constructor(seed, child) {
    const [high, low, sequenceHigh, sequenceLow] = seedWords(seed, child);
    this.increment = ((((sequenceHigh << 64n) | sequenceLow) << 1n) | 1n) & MASK_128;
    this.state = this.increment;
    this.state = (this.state + ((high << 64n) | low)) & MASK_128;
    this.advance();
  }

  advance() {
    this.state = (this.state * MULTIPLIER + this.increment) & MASK_128;
  }

  // 64 random bits.
  bits() {
    this.advance();
    const folded = ((this.state >> 64n) ^ this.state) & MASK_64;
    const turn = this.state >> 122n;
    return ((folded >> turn) | (folded << ((64n - turn) & 63n))) & MASK_64;
  }

  // Uniform in [0, 1).
  random() {
    return Number(this.bits() >> 11n) * 2 ** -53;
  }

  // Standard normal.
  normal() {
    const { inside, width, height } = ZIGGURAT;
    for (;;) {
      const bits = this.bits();
      const layer = Number(bits & 0xffn);
      const size = Number((bits >> 9n) & 0xfffffffffffffn);
      const x = (bits & 0x100n ? -size : size) * width[layer];
      if (size < inside[layer]) return x;
      if (layer === 0) return this.beyond(size);
      const drawn = (height[layer - 1] - height[layer]) * this.random() + height[layer];
      if (drawn < Math.exp(-0.5 * x * x)) return x;
    }
  }

  // A normal beyond the start of the tail, by Marsaglia's method.
  beyond(size) {
    for (;;) {
      const x = -Math.log1p(-this.random()) / TAIL_START;
      const y = -Math.log1p(-this.random());
      if (y + y > x * x) {
        return Math.floor(size / 256) % 2 ? -(TAIL_START + x) : TAIL_START + x;
      }
    }
  }
}
