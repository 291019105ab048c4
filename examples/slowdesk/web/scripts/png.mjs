// A picture in memory, and its PNG: 8-bit RGBA, one filter for all lines.
import { crc32, deflateSync } from "node:zlib";

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body) >>> 0);
  return Buffer.concat([length, body, check]);
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function filtered(pixels, width, height) {
  const stride = width * 4;
  const out = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    out[y * (stride + 1)] = 4;
    for (let i = 0; i < stride; i++) {
      const at = y * stride + i;
      const left = i >= 4 ? pixels[at - 4] : 0;
      const up = y > 0 ? pixels[at - stride] : 0;
      const corner = i >= 4 && y > 0 ? pixels[at - stride - 4] : 0;
      out[y * (stride + 1) + 1 + i] = pixels[at] - paeth(left, up, corner);
    }
  }
  return out;
}

export function picture(width, height) {
  const pixels = new Uint8ClampedArray(width * height * 4);

  function set(x, y, red, green, blue, alpha) {
    pixels.set([red, green, blue, alpha], (y * width + x) * 4);
  }

  function blend(x, y, color, cover) {
    const at = (y * width + x) * 4;
    const under = pixels[at + 3] / 255;
    const alpha = cover + under * (1 - cover);
    for (let i = 0; i < 3; i++) {
      pixels[at + i] = (color[i] * cover + pixels[at + i] * under * (1 - cover)) / alpha;
    }
    pixels[at + 3] = alpha * 255;
  }

  function encode() {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header.set([8, 6, 0, 0, 0], 8);
    return Buffer.concat([
      Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
      chunk("IHDR", header),
      chunk("IDAT", deflateSync(filtered(pixels, width, height), { level: 9 })),
      chunk("IEND", Buffer.alloc(0)),
    ]);
  }

  return { width, height, set, blend, encode };
}
