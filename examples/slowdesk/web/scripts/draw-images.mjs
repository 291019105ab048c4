// Draws every picture of the app: `npm run images`. The same source gives the same bytes.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { picture } from "./png.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

function save(path, image) {
  const target = join(ROOT, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, image.encode());
  console.log(`${path} ${image.width}x${image.height}`);
}

const mix = (a, b, t) => a.map((value, index) => value + (b[index] - value) * t);
const clamp = (value) => Math.min(1, Math.max(0, value));
const smooth = (value) => value * value * (3 - 2 * value);

function waves(width, height, stops, { bands }) {
  const image = picture(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const u = x / width;
      const v = y / height;
      let color = mix(stops[0], stops[1], smooth(clamp((u + v) / 2)));
      for (let band = 0; band < bands; band++) {
        const line = 0.3 + 0.62 * (band / bands) + 0.07 * Math.sin(u * (3 + band) + band * 1.9) + 0.03 * Math.sin(u * 11 + band);
        const edge = clamp((v - line) * 90);
        const glow = Math.exp(-Math.max(0, v - line) * 9);
        color = mix(color, stops[2 + (band % (stops.length - 2))], edge * (0.16 + 0.26 * glow));
      }
      image.set(x, y, ...color, 255);
    }
  }
  return image;
}

// Shapes answer how far a point is inside: > 0 inside, in pixels.
const circle = (cx, cy, r) => (x, y) => r - Math.hypot(x - cx, y - cy);
const ellipse = (cx, cy, rx, ry) => (x, y) => (1 - Math.hypot((x - cx) / rx, (y - cy) / ry)) * Math.min(rx, ry);
const box = (cx, cy, hw, hh, r) => (x, y) => {
  const dx = Math.abs(x - cx) - hw + r;
  const dy = Math.abs(y - cy) - hh + r;
  return r - Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) - Math.min(Math.max(dx, dy), 0);
};
const both = (a, b) => (x, y) => Math.min(a(x, y), b(x, y));
const without = (a, b) => (x, y) => Math.min(a(x, y), -b(x, y));
const below = (line) => (x, y) => y - line;

function paint(image, shape, shade) {
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const cover = clamp(shape(x + 0.5, y + 0.5) + 0.5);
      if (cover > 0) image.blend(x, y, shade(x / image.width, y / image.height), cover);
    }
  }
}

function logo() {
  const size = 1024;
  const image = picture(size, size);
  paint(image, box(512, 512, 500, 500, 230), (u, v) => {
    const light = 26 * Math.exp(-((u - 0.25) ** 2 + (v - 0.15) ** 2) * 6);
    return mix([99, 102, 241], [67, 45, 190], smooth(clamp((u + v) / 2))).map((value) => value + light);
  });
  paint(image, box(512, 470, 300, 230, 110), (u, v) => mix([255, 255, 255], [226, 228, 255], v));
  paint(image, both(without(circle(380, 700, 130), circle(290, 770, 170)), below(640)), () => [232, 233, 255]);
  for (const [index, x] of [392, 512, 632].entries()) {
    paint(image, circle(x, 470, 40), () => mix([99, 102, 241], [16, 185, 129], index / 2));
  }
  return image;
}

const SKIN = [[246, 205, 175], [224, 172, 138], [190, 134, 98], [141, 93, 65], [252, 220, 196], [110, 70, 50], [232, 186, 152], [205, 150, 115], [238, 190, 160], [120, 80, 58], [250, 214, 188], [176, 120, 86]];
const HAIR = [[60, 40, 32], [25, 22, 28], [20, 18, 20], [30, 24, 22], [196, 150, 84], [15, 14, 16], [140, 70, 40], [90, 88, 96], [222, 188, 120], [22, 18, 18], [112, 58, 34], [48, 36, 30]];
const SHIRT = [[79, 70, 229], [16, 185, 129], [245, 158, 11], [239, 68, 68], [6, 182, 212], [139, 92, 246], [30, 64, 175], [219, 39, 119], [15, 118, 110], [234, 88, 12], [100, 116, 139], [124, 58, 237]];
const BACK = [[224, 231, 255], [209, 250, 229], [254, 243, 199], [254, 226, 226], [207, 250, 254], [237, 233, 254], [219, 234, 254], [252, 231, 243], [204, 251, 241], [255, 237, 213], [241, 245, 249], [243, 232, 255]];

function avatar(index) {
  const size = 512;
  const image = picture(size, size);
  const skin = SKIN[index];
  const hair = HAIR[index];
  paint(image, box(256, 256, 400, 400, 0), (u, v) => mix(BACK[index], [255, 255, 255], 0.45 * (1 - v)));
  if (index % 2) paint(image, ellipse(256, 270, 148, 190), () => hair);
  paint(image, ellipse(256, 520, 190, 150), (u, v) => mix(SHIRT[index], [20, 20, 40], clamp((v - 0.7) * 0.8)));
  paint(image, box(256, 360, 46, 70, 40), () => mix(skin, [90, 50, 40], 0.18));
  paint(image, ellipse(256, 232, 104, 128), (u, v) => mix(skin, [120, 70, 50], clamp((u - 0.5) * 0.35)));
  paint(image, both(without(ellipse(256, 196, 118, 116), ellipse(index % 2 ? 300 : 238, 268, 116, 112)), (x, y) => 300 - y), () => hair);
  for (const side of [-1, 1]) {
    paint(image, ellipse(256 + side * 40, 240, 9, 11), () => [38, 30, 34]);
    paint(image, both(ellipse(256 + side * 40, 214, 24, 10), (x, y) => 212 - y), () => hair);
    if (index % 3 === 1) paint(image, without(circle(256 + side * 42, 242, 34), circle(256 + side * 42, 242, 29)), () => [45, 45, 60]);
  }
  paint(image, both(ellipse(256, 288, 34, 26), below(292)), () => [186, 82, 78]);
  return image;
}

save("src/assets/logo.png", logo());
save("src/assets/login-hero.png", waves(1400, 1500, [[24, 24, 68], [67, 45, 190], [99, 102, 241], [6, 182, 212], [139, 92, 246]], { bands: 5 }));
save("src/assets/dashboard-banner.png", waves(1800, 480, [[49, 46, 129], [79, 70, 229], [129, 140, 248], [34, 211, 238]], { bands: 4 }));
for (let index = 0; index < 12; index++) save(`public/avatars/${index + 1}.png`, avatar(index));
