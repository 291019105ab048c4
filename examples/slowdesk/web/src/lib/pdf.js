import { PDFDocument, StandardFonts, rgb } from "pdf-lib";
import { download } from "./download.js";

const A4 = [595.28, 841.89];
const MARGIN = 48;
const INK = rgb(0.12, 0.16, 0.23);
const FAINT = rgb(0.45, 0.5, 0.58);

// The standard fonts only know Western letters; anything else would throw.
function encodable(text, font) {
  const known = new Set(font.getCharacterSet());
  return Array.from(String(text ?? ""), (letter) => (known.has(letter.codePointAt(0)) ? letter : "?")).join("");
}

function wrap(text, font, size, width) {
  const lines = [];
  for (const paragraph of text.split(/\r?\n/)) {
    let line = "";
    for (const word of encodable(paragraph, font).split(" ")) {
      const longer = line ? `${line} ${word}` : word;
      if (line && font.widthOfTextAtSize(longer, size) > width) {
        lines.push(line);
        line = word;
      } else {
        line = longer;
      }
    }
    lines.push(line);
  }
  return lines;
}

async function paper() {
  const pdf = await PDFDocument.create();
  const regular = await pdf.embedFont(StandardFonts.Helvetica);
  const bold = await pdf.embedFont(StandardFonts.HelveticaBold);
  let page = pdf.addPage(A4);
  let y = A4[1] - MARGIN;

  function write(text, { size = 10, font = regular, color = INK, after = 4 } = {}) {
    for (const line of wrap(text, font, size, A4[0] - 2 * MARGIN)) {
      if (y < MARGIN + size) {
        page = pdf.addPage(A4);
        y = A4[1] - MARGIN;
      }
      page.drawText(line, { x: MARGIN, y: y - size, size, font, color });
      y -= size * 1.45;
    }
    y -= after;
  }

  async function save(name) {
    download(new Blob([await pdf.save()], { type: "application/pdf" }), name);
  }

  return { write, save, bold };
}

// sections: [{heading, note, text}]
export async function saveAsPdf(title, subtitle, sections, name) {
  const sheet = await paper();
  sheet.write(title, { size: 18, font: sheet.bold, after: 2 });
  sheet.write(subtitle, { color: FAINT, after: 14 });
  for (const section of sections) {
    sheet.write(section.heading, { size: 11, font: sheet.bold, after: 0 });
    if (section.note) sheet.write(section.note, { size: 8, color: FAINT, after: 2 });
    sheet.write(section.text, { after: 12 });
  }
  await sheet.save(name);
}
